"""Losses of scores of classes: cross-entropy, negative log-likelihood, multi-class margin."""

from __future__ import annotations

from math import inf, prod
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    TensorLike,
    choice,
    floating,
    integer,
    number,
    on_host,
    shape_of,
    values,
)
from tinygrad_cnn.functional.linalg import linear
from tinygrad_cnn.functional.loss import REDUCTIONS, as_target
from tinygrad_cnn.hints import say

__all__ = ["cross_entropy", "linear_cross_entropy", "multi_margin_loss", "nll_loss"]


def cross_entropy(
    x: Operand[T], target: Operand[T], weight: TensorLike | None = None, *, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> T:  # fmt: skip
    """Cross-entropy of softmax(x) and labels, or probabilities, of K classes.

        loss = -w[label] · log softmax(x)[label],   or   -sum_k w_k · target_k · log softmax(x)_k

    Label smoothing s puts (1 - s) · target + s / K in the place of the target, also for labels.

    Args:
        x: (N, K), (N, K, ...) or (K,) float, the scores (logits).
        target: integer labels in [0, K), of x's shape without K; or float probabilities of x's own
            shape, which get a gradient if they are a Tensor that requires one; integers of that shape
            are one-hot, and for x of (N, K) or more.
        weight: (K,) a factor per class, or None for 1.
        ignore_index: the label that counts nothing and gets no gradient.
        reduction: 'mean', 'sum' or 'none'. The mean divides by the summed weights of the labels
            kept, also with label smoothing (nothing kept: NaN); for probabilities by the number of
            samples, N times the pixels.
        label_smoothing: s, in [0, 1].
    Returns:
        A 0-d value, or x's shape without K with 'none'; dtype of x.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float, or labels not integers.
        OutOfRangeError: a label that is no class.
        ArgumentError: an option out of its range, or an ignore_index beside probabilities.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 6.2.2.3; label smoothing: Szegedy et
        al. 2016, arXiv:1512.00567.
    >>> float(cross_entropy(np.zeros((2, 4)), [0, 3]).round(6))
    1.386294
    >>> cross_entropy([[1.0, 0.0]], [[0.5, 0.5]], reduction="none").round(4)
    array([0.8133], dtype=float32)
    """
    name = "cross_entropy"
    x = floating(name, x)
    _no_softmax_before(name, x, "scores: leave the softmax out, this loss has its own")
    choice(name, "reduction", reduction, REDUCTIONS)
    smoothing = number(name, "label_smoothing", label_smoothing, 0, 1)
    ignored = integer(name, "ignore_index", ignore_index)
    if x.ndim == 1:  # one sample: a batch of one
        _no_labels_of_several(name, x, target)
        batch = (1, *x.shape)
        only = cross_entropy(
            x.reshape(batch), _batch_of_one(target), weight, ignore_index=ignored,
            reduction=reduction, label_smoothing=smoothing,
        )  # fmt: skip
        return only.reshape(()) if reduction == "none" else only
    factors = _class_weights(name, x, weight)
    if x.ndim > 1 and shape_of(target, name) == shape_of(x):
        if ignored >= 0:
            raise ArgumentError(f"{name}: ignore_index={ignored} needs labels, got probabilities")
        _one_hot_if_whole(name, target)
        return _soft_cross_entropy(x, as_target(name, target, x), factors, smoothing, reduction)
    labels, whole = _labels(name, x, target, ignored)
    if not smoothing:
        share = _shares(labels, whole, factors, x.dtype, reduction)
        loss = ops.SoftmaxCrossEntropy(labels, share, reduction)(x)
    else:
        mixed = np.full(x.shape, smoothing / x.shape[1], x.dtype)
        kept = np.maximum(np.expand_dims(labels, 1), 0)
        np.put_along_axis(mixed, kept, 1 - smoothing + smoothing / x.shape[1], 1)
        counted = np.where(labels < 0, 0, _divisor(labels, factors, reduction)).astype(x.dtype)
        side = _beside(x, factors)
        loss = ops.SoftTargetCrossEntropy(side * np.expand_dims(counted, 1), reduction)(x, mixed)
    return _nan_of_none(loss, labels, whole, reduction)


def linear_cross_entropy(
    x: Operand[T], linear_weight: Operand[T], target: Operand[T], *, linear_bias: Operand[T] | None = None,
    weight: TensorLike | None = None, reduction: str = "mean", ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> T:  # fmt: skip
    """Cross-entropy of the scores x @ linear_weight.T + linear_bias: `linear` and `cross_entropy` in one.

    Args:
        x: (N, D) or (D,) float.
        linear_weight: (K, D), or (K, d1, ..., D) for a classification at each of d1 × ... places.
        target: labels (N, d1, ...), or float probabilities (N, K, d1, ...); without N for x of (D,).
        linear_bias: (K,) or (K, d1, ...), or None.
        weight, reduction, label_smoothing: as `cross_entropy`.
        ignore_index: the label that counts nothing; None is -100.
    Returns:
        A 0-d value, or the labels' shape with 'none'; NumPy's result type of x and the weight.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float, or labels not integers.
        OutOfRangeError: a label that is no class.
        ArgumentError: an option out of its range, or an ignore_index beside probabilities.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 6.2.2.3.
    >>> float(linear_cross_entropy(np.zeros((2, 3)), np.ones((4, 3)), [0, 3]).round(6))
    1.386294
    """
    name = "linear_cross_entropy"
    x, linear_weight = floating(name, x), floating(name, linear_weight, "linear_weight")
    places = tuple(linear_weight.shape[:-1])
    if x.ndim not in (1, 2) or not places or linear_weight.shape[-1] != x.shape[-1]:
        raise ShapeError(f"{name}: x {x.shape} and linear_weight {linear_weight.shape} do not fit")
    if x.ndim == 1 and len(places) > 1:
        raise ShapeError(f"{name}: linear_weight {linear_weight.shape} needs x of 2 axes, got {x.shape}")
    rows = linear_weight.reshape((prod(places), x.shape[-1]))
    bias = None
    if linear_bias is not None:
        bias = floating(name, linear_bias, "linear_bias")
        if bias.shape != places:
            raise ShapeError(f"{name}: linear_bias needs the shape {places}, got {bias.shape}")
        bias = bias.reshape((prod(places),))
    shape = (*x.shape[:-1], *places)
    scores = linear(x, rows, bias).reshape(shape)
    if ignore_index is not None and np.shape(values(target, name)) == shape:
        raise ArgumentError(f"{name}: ignore_index={ignore_index} needs labels, got probabilities")
    return cross_entropy(
        scores, target, weight, ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction, label_smoothing=label_smoothing,
    )  # fmt: skip


def nll_loss(
    x: Operand[T],
    target: TensorLike,
    weight: TensorLike | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> T:
    """Negative log-likelihood of labels: -w[label] · x[label], for x that is a log-softmax already.

    Args:
        x: (N, K), (N, K, ...) or (K,) float, logarithms of probabilities.
        target: integer labels in [0, K), of x's shape without K.
        weight: (K,) a factor per class, or None for 1.
        ignore_index: the label that counts nothing and gets no gradient.
        reduction: 'mean' (over the summed weights of the labels kept; nothing kept: NaN), 'sum' or
            'none'.
    Returns:
        A 0-d value, or the labels' shape with 'none'; dtype of x.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float, or labels not integers.
        OutOfRangeError: a label that is no class.   ArgumentError: an option out of its range.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 5.5.
    >>> nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [1, 0], reduction="none")
    array([2., 3.], dtype=float32)
    """
    name = "nll_loss"
    x = floating(name, x)
    _no_softmax_before(name, x, "logarithms: use log_softmax, or cross_entropy without softmax")
    choice(name, "reduction", reduction, REDUCTIONS)
    ignored = integer(name, "ignore_index", ignore_index)
    if x.ndim == 1:
        row = (1, *x.shape)
        batch = x.reshape(row)
        only = nll_loss(batch, _batch_of_one(target), weight, ignore_index=ignored, reduction=reduction)
        return only.reshape(()) if reduction == "none" else only
    factors = _class_weights(name, x, weight)
    labels, whole = _labels(name, x, target, ignored)
    share = _shares(labels, whole, factors, x.dtype, reduction)
    loss = ops.NegativeLogLikelihood(labels, share, reduction)(x)
    return _nan_of_none(loss, labels, whole, reduction)


def multi_margin_loss(
    x: Operand[T],
    target: TensorLike,
    p: int = 1,
    margin: float = 1.0,
    weight: TensorLike | None = None,
    *,
    reduction: str = "mean",
) -> T:
    """Hinge loss of several classes: each class should score `margin` less than the label.

        loss = w[label] · sum over k ≠ label of max(0, margin - x[label] + x[k])^p / K

    At the kink the derivative is 0.

    Args:
        x: (N, K) or (K,) float scores.   target: (N,) or () integer labels in [0, K).
        p: 1 or 2.   margin: the wanted distance.   weight: (K,) a factor per class, or None for 1.
        reduction: 'mean' over the samples (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or the labels' shape with 'none'; dtype of x.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float, or labels not integers.
        OutOfRangeError: a label that is no class.   ArgumentError: an option out of its range.
    Source: Crammer & Singer 2001, "On the algorithmic implementation of multiclass kernel-based vector
        machines"; summed over the classes: Weston & Watkins 1999.
    >>> multi_margin_loss([[0.0, 0.5, 0.0, 2.0]], [3])
    array(0., dtype=float32)
    """
    name = "multi_margin_loss"
    x = floating(name, x)
    choice(name, "reduction", reduction, REDUCTIONS)
    if integer(name, "p", p) not in (1, 2):
        raise ArgumentError(f"{name}: p must be 1 or 2, got {p}")
    margin = number(name, "margin", margin, -inf, inf)
    if x.ndim == 1:
        row = (1, *x.shape)
        batch = x.reshape(row)
        only = multi_margin_loss(batch, _batch_of_one(target), p, margin, weight, reduction=reduction)
        return only.reshape(()) if reduction == "none" else only
    if x.ndim != 2:
        raise ShapeError(f"{name}: x needs shape (N, K) or (K,), got {x.shape}")
    factors = _class_weights(name, x, weight)
    labels, whole = _labels(name, x, target, None)
    share = _shares(labels, whole, None, x.dtype, reduction)
    if factors is not None:
        share = share * factors[labels]  # its mean divides by the samples, whatever they weigh
    loss = ops.MultiMargin(labels, share, int(p), margin, reduction)(x)
    return _nan_of_none(loss, labels, whole, reduction)


# --------------------------------------------------------------------------- checks and shares
def _no_softmax_before(name: str, x: Any, fitting: str) -> None:
    """Say it once if probabilities come where something else is meant; the graph knows it."""
    node = getattr(x, "_node", None)
    if node is not None and type(node.op) is ops.Softmax:
        say(
            "softmax",
            f"{name}: x was made by softmax, so the loss is computed of probabilities as if of {fitting}",
        )


def _batch_of_one(target: Any) -> Any:
    """A target with an axis of one sample in front; a number or a list as an array of its type."""
    target = target if hasattr(target, "reshape") else np.asarray(target)
    return target.reshape((1, *target.shape))


def _no_labels_of_several(name: str, x: Any, target: Any) -> None:
    """Refuse integers of the shape of one sample's scores: they are labels of several samples."""
    found = values(target, name)
    if found.dtype.kind in "iub" and found.shape == x.shape and found.size > 0:
        raise DTypeError(
            f"{name}: x {x.shape} holds the scores of one sample, and the target {found.dtype} of shape "
            f"{found.shape}; a label of shape () fits, or float probabilities; for {found.size} samples x "
            f"needs shape ({found.size}, K)"
        )


def _one_hot_if_whole(name: str, target: Any) -> None:
    """Refuse integers of x's shape that are no one-hot rows: they are labels that got an axis too many."""
    if values(target, name).dtype.kind not in "iub":
        return
    found = on_host(target, name)
    if ((found != 0) & (found != 1)).any() or (found.sum(axis=1) != 1).any():
        raise ArgumentError(
            f"{name}: the target has x's shape {found.shape} and type {found.dtype}: 0 and a single 1 "
            "along axis 1 fit, float probabilities, or labels, which have no axis of classes"
        )


def _class_weights(name: str, x: Any, weight: Any) -> Any:
    """A factor per class, in x's type, or None for 1."""
    if x.ndim < 2:
        raise ShapeError(f"{name}: x needs shape (K,) or (N, K, ...), got {x.shape}")
    if weight is None:
        return None
    found = on_host(weight, name).astype(x.dtype)  # a copy: the derivative reads it again
    if found.shape != (x.shape[1],):
        raise ShapeError(f"{name}: weight has shape {found.shape}, ({x.shape[1]},) fits: one per class")
    return found


def _labels(name: str, x: Any, target: Any, ignored: int | None) -> tuple[Any, bool]:
    """Labels (N, ...) in [0, K), and -1 where the target is `ignored`; whether there are some, all kept."""
    found = np.array(on_host(target, name))  # a copy: the derivative reads it again
    sizes = shape_of(x)
    if found.shape != (sizes[0], *sizes[2:]):
        raise ShapeError(
            f"{name}: x (N, K, ...) and labels (N, ...) do not fit: x {x.shape}, labels {found.shape}"
        )
    if found.dtype.kind not in "iu" and found.size:
        raise DTypeError(f"{name}: labels have dtype {found.dtype}, integers fit")
    labels = found.astype(np.intp, copy=False)
    # Without signs a negative label is a huge one: one question instead of two.
    within = labels.size > 0 and labels.view(np.uintp).max() < sizes[1]
    if within and (ignored is None or ignored < 0):
        return labels, True  # as mostly
    left_out = np.zeros(found.shape, bool) if ignored is None else found == ignored
    wrong = found[~left_out & ((found < 0) | (found >= x.shape[1]))]
    if wrong.size:
        raise OutOfRangeError(
            f"{name}: label {wrong[0]} is out of range for {x.shape[1]} classes; 0 to {x.shape[1] - 1} fit"
        )
    return np.where(left_out, -1, labels), bool(within and not left_out.any())


def _divisor(labels: Any, factors: Any, reduction: str) -> Any:
    """The weight of a factor of 1 in the reduced loss: 1, or 1 over the summed weights of the kept."""
    if reduction != "mean":
        return 1.0
    kept = labels[labels >= 0]
    with np.errstate(divide="ignore"):
        return 1 / (factors[kept].sum() if factors is not None else kept.size) if kept.size else 0.0


def _shares(labels: Any, whole: bool, factors: Any, dtype: Any, reduction: str) -> Any:
    """The weight of each label in the reduced loss: its class's factor; 0 if ignored."""
    if whole and factors is None:
        share = np.empty(labels.shape, dtype)
        share.fill(1 / labels.size if reduction == "mean" else 1)
        return share
    share = np.zeros(labels.shape, dtype)
    kept = labels >= 0
    with np.errstate(invalid="ignore"):  # factors that sum to 0 give NaN
        factor = 1.0 if factors is None else factors[labels[kept]]
        share[kept] = factor * _divisor(labels, factors, reduction)
    return share


def _nan_of_none(loss: Any, labels: Any, whole: bool, reduction: str) -> Any:
    """The loss, or NaN if it is the mean of no label."""
    return loss + np.nan if reduction == "mean" and not whole and not (labels >= 0).any() else loss


def _beside(x: Any, factors: Any) -> Any:
    """The factor of each class along axis 1 of x, in as many axes as x has."""
    factors = np.ones(x.shape[1], x.dtype) if factors is None else factors
    return factors.reshape((1, -1, *(1 for _ in x.shape[2:])))


def _soft_cross_entropy(x: Any, target: Any, factors: Any, smoothing: float, reduction: str) -> Any:
    """Cross-entropy against probabilities of x's shape."""
    if smoothing:
        target = target * (1 - smoothing) + smoothing / x.shape[1]
    samples = x.size // x.shape[1] if x.size else 1
    side = _beside(x, factors)
    loss = ops.SoftTargetCrossEntropy(side / samples if reduction == "mean" else side, reduction)(x, target)
    return loss + np.nan if reduction == "mean" and not x.size else loss
