"""Losses of `torch.nn.functional`: PyTorch's argument order, and its old `size_average` and `reduce`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.tensors import Tensor


def reduction_of(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction that old arguments stand for.

    >>> reduction_of("mean", size_average=False), reduction_of("mean", reduce=False)
    ('sum', 'none')
    """
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "mean" if size_average is None or size_average else "sum"


def _reduced(values: Any, reduction: str) -> Any:
    if reduction == "mean":
        return F.mean(values)
    if reduction == "sum":
        return F.sum(values)
    if reduction != "none":
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return values


def _pair(native: Any) -> Any:
    def function(
        input: Any,
        target: Any,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        weight: Any = None,
        **options: Any,
    ) -> Any:
        reduction = reduction_of(reduction, size_average, reduce)
        if input._array.shape != target._array.shape:
            shape = np.broadcast_shapes(input._array.shape, target._array.shape)
            input, target = F.broadcast_to(input, shape), F.broadcast_to(target, shape)
        if target._array.dtype != input._array.dtype:
            target = F.astype(target, input._array.dtype)
        if weight is not None:
            return _reduced(native(input, target, reduction="none", **options) * weight, reduction)
        return native(input, target, reduction=reduction, **options)

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


mse_loss, l1_loss = _pair(F.mse_loss), _pair(F.l1_loss)
_smooth, _huber = _pair(F.smooth_l1_loss), _pair(F.huber_loss)


def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """Squared near 0, absolute beyond `beta`."""
    if beta == 0:
        return l1_loss(input, target, size_average, reduce, reduction)
    return _smooth(input, target, size_average, reduce, reduction, beta=beta)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Any:
    """Squared near 0, with a slope of `delta` beyond it."""
    return _huber(input, target, None, None, reduction, weight, delta=delta)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log softmax at the label; labels, or probabilities of the input's shape."""
    reduction = reduction_of(reduction, size_average, reduce)
    single = input._array.ndim == 1
    if single:
        input, target = F.expand_dims(input, 0), F.expand_dims(target, 0)
    loss = F.cross_entropy(
        input,
        target,
        weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
    return F.squeeze(loss) if single and reduction == "none" else loss


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """Minus the value at the label."""
    reduction = reduction_of(reduction, size_average, reduce)
    single = input._array.ndim == 1
    if single:
        input, target = F.expand_dims(input, 0), F.expand_dims(target, 0)
    loss = F.nll_loss(input, target, weight, ignore_index=ignore_index, reduction=reduction)
    return F.squeeze(loss) if single and reduction == "none" else loss


def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """-(t·log p + (1 - t)·log(1 - p))."""
    if input._array.shape != target._array.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    target = F.astype(target, input._array.dtype) if target._array.dtype != input._array.dtype else target
    return F.binary_cross_entropy(
        input, target, weight, reduction=reduction_of(reduction, size_average, reduce)
    )


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """`binary_cross_entropy` of the sigmoid."""
    if input._array.shape != target._array.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    target = F.astype(target, input._array.dtype) if target._array.dtype != input._array.dtype else target
    return F.binary_cross_entropy_with_logits(
        input,
        target,
        weight,
        pos_weight=pos_weight,
        reduction=reduction_of(reduction, size_average, reduce),
    )


def kl_div(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """t·(log t - x), where x are logarithms."""
    reduction = reduction_of(reduction, size_average, reduce)
    if reduction == "batchmean":
        return F.kl_div(input, target, reduction="sum", log_target=log_target) / input._array.shape[0]
    return F.kl_div(input, target, reduction=reduction, log_target=log_target)


def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """x for the label 1, max(0, margin - x) for -1."""
    return F.hinge_embedding_loss(
        input, target, margin=margin, reduction=reduction_of(reduction, size_average, reduce)
    )


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """Margins between the label's score and the others."""
    return F.multi_margin_loss(
        input, target, p, margin, weight, reduction=reduction_of(reduction, size_average, reduce)
    )


def soft_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """log(1 + e^(-t·x))."""
    return _reduced(F.softplus(-target * input), reduction_of(reduction, size_average, reduce))


def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """The mean over classes of binary cross-entropy with logits."""
    each = binary_cross_entropy_with_logits(input, target, weight, reduction="none")
    return _reduced(F.mean(each, -1), reduction_of(reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """max(0, -t·(x1 - x2) + margin)."""
    return _reduced(
        F.relu(-target * (input1 - input2) + margin), reduction_of(reduction, size_average, reduce)
    )


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """x1·x2 / (|x1|·|x2|)."""
    a = F.maximum(F.norm(x1, 2, dim, True), eps)
    b = F.maximum(F.norm(x2, 2, dim, True), eps)
    return F.sum((x1 / a) * (x2 / b), dim)


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """1 - cos for the label 1, max(0, cos - margin) for -1."""
    likeness = cosine_similarity(input1, input2, -1)
    values = F.where(target._array == 1, 1 - likeness, F.relu(likeness - margin))
    return _reduced(values, reduction_of(reduction, size_average, reduce))


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The p-norm of x1 - x2 + eps, row by row."""
    return F.norm(x1 - x2 + eps, float(p), -1, keepdim)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin)."""
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = F.minimum(far, pairwise_distance(positive, negative, p, eps))
    return _reduced(F.relu(near - far + margin), reduction_of(reduction, size_average, reduce))


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: Any = None,
    eps: float = 1e-8,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """-log of Poisson's density."""
    values = F.exp(input) - target * input if log_input else input - target * F.log(input + eps)
    if full:
        t = target._array
        extra = t * np.log(np.maximum(t, 1)) - t + 0.5 * np.log(2 * np.pi * np.maximum(t, 1))
        values = values + Tensor.detached(np.where(t > 1, extra, 0).astype(values._array.dtype))
    return _reduced(values, reduction_of(reduction, size_average, reduce))


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """-log of a normal density."""
    if not isinstance(var, Tensor):
        var = Tensor.detached(np.full(input._array.shape, var, input._array.dtype))
    kept = var + Tensor.detached(
        np.maximum(eps - var._array, 0).astype(var._array.dtype)
    )  # clamped; the gradient passes
    values = 0.5 * (F.log(kept) + (input - target) ** 2 / kept)
    return _reduced(values + 0.5 * math.log(2 * math.pi) if full else values, reduction)


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """-log of the probability of all alignments (Graves et al. 2006)."""
    lengths = [
        np.asarray(getattr(x, "_array", x)).ravel().tolist() for x in (input_lengths, target_lengths)
    ]
    labels, start, losses = targets._array, 0, []
    for n, (T, S) in enumerate(zip(*lengths, strict=True)):
        own = labels[n, :S] if labels.ndim == 2 else labels[start : start + S]
        start += S
        losses.append(_alignments(log_probs[:T, n], own, blank))
    values = F.stack(losses)
    if zero_infinity:
        values = F.where(np.isinf(values._array), 0.0, values)
    if reduction == "mean":
        return F.mean(values / Tensor.detached(np.maximum(lengths[1], 1).astype(values._array.dtype)))
    return _reduced(values, reduction)


def _alignments(rows: Any, labels: Any, blank: int) -> Any:
    """Minus the logarithm of the summed probability of the paths through blanks and labels."""
    path = np.full(2 * len(labels) + 1, blank)
    path[1::2] = labels
    skips = np.zeros(len(path), bool)
    skips[2:] = (path[2:] != blank) & (path[2:] != path[:-2])
    low = -1e30
    emitted = F.index(rows, (slice(None), path))
    first = np.arange(len(path)) < 2
    alpha = F.where(first, emitted[0], low)
    for t in range(1, rows._array.shape[0]):
        one = F.concatenate([Tensor.detached(np.full(1, low, alpha._array.dtype)), alpha[:-1]])
        two = F.where(
            skips,
            F.concatenate([Tensor.detached(np.full(2, low, alpha._array.dtype)), alpha])[: len(path)],
            low,
        )
        alpha = F.logsumexp(F.stack([alpha, one, two]), 0) + emitted[t]
    return -F.logsumexp(alpha[-2:], 0)
