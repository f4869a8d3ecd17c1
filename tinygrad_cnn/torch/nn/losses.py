"""Losses of `torch.nn.functional`: PyTorch's argument order, and its old `size_average` and `reduce`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import broadcastable
from tinygrad_cnn.torch.mixing import mixed


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


def _reduced(values: Any, weight: Any, reduction: str, by_weight: bool) -> Any:
    if reduction == "none":
        return values * weight
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    total = F.sum(values * weight)
    return total if reduction == "sum" else total / (F.sum(weight) if by_weight else values._array.size)


def _pair(native: Any, by_weight: bool = True) -> Any:
    """A loss of pairs; its mean with weights is over their sum, or over the number of pairs."""

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
            shape = broadcastable(native.__name__, input, target)
            input, target = F.broadcast_to(input, shape), F.broadcast_to(target, shape)
        if target._array.dtype != input._array.dtype:
            input, target = mixed(input, target)
        if weight is not None:
            return _reduced(
                native(input, target, reduction="none", **options), weight, reduction, by_weight
            )
        return native(input, target, reduction=reduction, **options)

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


mse_loss, l1_loss = _pair(F.mse_loss), _pair(F.l1_loss)
_smooth, _huber = _pair(F.smooth_l1_loss), _pair(F.huber_loss, by_weight=False)


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


def linear_cross_entropy(
    input: Any, linear_weight: Any, target: Any, *, linear_bias: Any = None, weight: Any = None,
    reduction: str = "mean", ignore_index: int | None = None, label_smoothing: float = 0.0,
    options: Any = None,
) -> Any:  # fmt: skip
    """`cross_entropy` of linear scores; `options` only say how much memory PyTorch uses at a time."""
    return F.linear_cross_entropy(
        input, linear_weight, target, linear_bias=linear_bias, weight=weight, reduction=reduction,
        ignore_index=ignore_index, label_smoothing=label_smoothing,
    )  # fmt: skip


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
    return F.soft_margin_loss(input, target, reduction=reduction_of(reduction, size_average, reduce))


def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """The mean over classes of binary cross-entropy with logits."""
    reduction = reduction_of(reduction, size_average, reduce)
    return F.multilabel_soft_margin_loss(input, target, weight, reduction=reduction)


def multilabel_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """Margins between each label's score and those of classes that are none."""
    return F.multilabel_margin_loss(input, target, reduction=reduction_of(reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """max(0, -t·(x1 - x2) + margin)."""
    reduction = reduction_of(reduction, size_average, reduce)
    return F.margin_ranking_loss(input1, input2, target, margin=margin, reduction=reduction)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """x1·x2 / (|x1|·|x2|)."""
    return F.cosine_similarity(x1, x2, dim, eps)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """1 - cos for the label 1, max(0, cos - margin) for -1."""
    reduction = reduction_of(reduction, size_average, reduce)
    return F.cosine_embedding_loss(input1, input2, target, margin=margin, reduction=reduction)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The p-norm of x1 - x2 + eps, row by row."""
    return F.pairwise_distance(x1, x2, float(p), eps, keepdim)


def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """max(0, d(anchor, positive) - d(anchor, negative) + margin)."""
    reduction = reduction_of(reduction, size_average, reduce)
    return F.triplet_margin_loss(
        anchor, positive, negative, margin=margin, p=p, eps=eps, swap=swap, reduction=reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, *, distance_function: Any = None, margin: float = 1.0,
    swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """`triplet_margin_loss` with any distance."""
    return F.triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance=distance_function,
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, size_average: Any = None,
    eps: float = 1e-8, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """-log of Poisson's density."""
    reduction = reduction_of(reduction, size_average, reduce)
    return F.poisson_nll_loss(input, target, log_input=log_input, full=full, eps=eps, reduction=reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """-log of a normal density."""
    shape = np.broadcast_shapes(input._array.shape, target._array.shape)
    input, target = (x if x._array.shape == shape else F.broadcast_to(x, shape) for x in (input, target))
    return F.gaussian_nll_loss(input, target, var, full=full, eps=eps, reduction=reduction)


def ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Any:  # fmt: skip
    """-log of the probability of all alignments (Graves et al. 2006)."""
    return F.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank=blank, reduction=reduction,
        zero_infinity=zero_infinity,
    )  # fmt: skip
