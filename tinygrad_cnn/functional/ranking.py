"""Losses of pairs, triplets and several labels: margins between what fits and what does not."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    TensorLike,
    broadcastable,
    choice,
    flag,
    floating,
    number,
    on_host,
    operand,
    values,
)
from tinygrad_cnn.functional.distances import cosine_similarity, pairwise_distance
from tinygrad_cnn.functional.loss import REDUCTIONS, as_target, binary_cross_entropy_with_logits
from tinygrad_cnn.functional.reduce import mean
from tinygrad_cnn.functional.reduce import sum as sum_over

__all__ = [
    "cosine_embedding_loss",
    "margin_ranking_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def soft_margin_loss(x: Operand[T], target: Operand[T], *, reduction: str = "mean") -> T:
    """A smooth loss of two classes: log(1 + e^(-target · x)).

    Args:
        x: float scores.   target: 1 or -1, of the same shape.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'.
    Raises:
        ShapeError: the shapes differ.   DTypeError: x is not float.   ArgumentError: another reduction.
    Source: Bishop 2006, "Pattern Recognition and Machine Learning", 7.1.2.
    >>> soft_margin_loss([0.0, 1000.0], [1, -1], reduction="none").round(4)
    array([6.931e-01, 1.000e+03], dtype=float32)
    """
    name, x = "soft_margin_loss", floating("soft_margin_loss", x)
    choice(name, "reduction", reduction, REDUCTIONS)
    target = as_target(name, target, x)
    _equal_shapes(name, x, target)
    return reduced(ops.Softplus(1.0, inf)(-(target * x)), reduction)


def multilabel_soft_margin_loss(
    x: Operand[T], target: Operand[T], weight: TensorLike | None = None, *, reduction: str = "mean"
) -> T:
    """Cross-entropy of several labels at once: `binary_cross_entropy_with_logits`, averaged over classes.

    Args:
        x: (..., K) float scores.   target: of the same shape, 1 for each class that is there, else 0.
        weight: a factor per class that broadcasts to x, or None for 1.
        reduction: 'mean' over the samples (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape without its last axis with 'none'.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float.   ArgumentError: another reduction.
    Source: Zhang & Zhou 2006, "Multilabel neural networks with applications to functional genomics".
    >>> multilabel_soft_margin_loss([[0.0, 0.0]], [[1, 0]]).round(4)
    np.float32(0.6931)
    """
    name, x = "multilabel_soft_margin_loss", floating("multilabel_soft_margin_loss", x)
    choice(name, "reduction", reduction, REDUCTIONS)
    if not x.ndim:
        raise ShapeError(f"{name}: x needs an axis of classes, it is 0-d")
    each = binary_cross_entropy_with_logits(x, target, weight, reduction="none")
    return reduced(mean(each, -1), reduction)


def multilabel_margin_loss(x: Operand[T], target: Operand[T], *, reduction: str = "mean") -> T:
    """Hinge loss of several labels: each label should score 1 more than each class that is none.

        loss = sum over labels j, classes i that are not labels of max(0, 1 - (x[j] - x[i])) / K

    Args:
        x: (N, K) or (K,) float scores.
        target: integer labels of x's shape, those after the first -1 in a row count for nothing.
        reduction: 'mean' over the samples (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or (N,), () with 'none'; dtype of x.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float, or labels not integers.
        OutOfRangeError: a label that is no class.   ArgumentError: another reduction.
    Source: Elisseeff & Weston 2001, "A kernel method for multi-labelled classification".
    >>> multilabel_margin_loss([[0.25, 0.5, 0.0]], [[1, -1, 0]], reduction="sum").round(4)
    np.float32(0.4167)
    """
    name, x = "multilabel_margin_loss", floating("multilabel_margin_loss", x)
    choice(name, "reduction", reduction, REDUCTIONS)
    labels = on_host(target, name)
    if x.ndim not in (1, 2):
        raise ShapeError(f"{name}: x needs shape (N, K) or (K,), got {x.shape}")
    if labels.shape != x.shape:
        raise ShapeError(f"{name}: x has shape {x.shape}, target {labels.shape}; equal shapes fit")
    if labels.dtype.kind not in "iu" and labels.size:
        raise DTypeError(f"{name}: labels have dtype {labels.dtype}, integers fit")
    rows, one = labels.reshape(-1, labels.shape[-1]), x.ndim == 1
    counted = np.logical_and.accumulate(rows >= 0, axis=1)
    wrong = rows[counted & (rows >= x.shape[-1])]
    if wrong.size:
        raise OutOfRangeError(f"{name}: label {wrong[0]} is out of range for {x.shape[-1]} classes")
    is_label = np.zeros(rows.shape, bool)
    n, k = np.nonzero(counted)
    is_label[n, rows[n, k]] = True
    scores = x.reshape(rows.shape)
    own = scores[n, np.where(counted, rows, 0)[n, k]]  # one score for each label
    excess = ops.ReLU()(1 - own.reshape((-1, 1)) + scores[n])
    each = sum_over(excess * (~is_label[n]).astype(x.dtype), 1) / x.shape[-1]
    losses = ops.IndexAdd((n,), (len(rows),))(each)
    return reduced(losses.reshape(()) if one else losses, reduction)


def margin_ranking_loss(
    x1: Operand[T], x2: Operand[T], target: Operand[T], *, margin: float = 0.0, reduction: str = "mean"
) -> T:
    """A loss of two scores, of which the first should be larger (target 1) or smaller (-1):
    max(0, -target · (x1 - x2) + margin).

    Args:
        x1, x2: float scores, of shapes that broadcast.   target: 1 or -1, broadcasts too.
        margin: the wanted distance.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or the broadcast shape with 'none'.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: not float.
        ArgumentError: another reduction.
    Source: Herbrich, Graepel & Obermayer 1999, "Support vector learning for ordinal regression".
    >>> margin_ranking_loss([0.5, 0.5], [0.25, 0.25], [1, -1], reduction="none")
    array([0.  , 0.25], dtype=float32)
    """
    name = "margin_ranking_loss"
    x1, x2 = floating(name, x1, "x1"), floating(name, x2, "x2")
    choice(name, "reduction", reduction, REDUCTIONS)
    target = as_target(name, target, x1)
    broadcastable(name, x1, x2, target)
    gap = number(name, "margin", margin, -inf, inf)
    return reduced(ops.ReLU()(-target * (x1 - x2) + gap), reduction)


def cosine_embedding_loss(
    x1: Operand[T], x2: Operand[T], target: Operand[T], *, margin: float = 0.0, reduction: str = "mean"
) -> T:
    """A loss of angles: 1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1.

    Args:
        x1, x2: (N, D) or (D,) float.   target: (N,) or (), 1 or -1, a constant.
        margin: the cosine below which unlike pairs cost nothing.
        reduction: 'mean' over the pairs (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or the target's shape with 'none'.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: not float.
        ArgumentError: a target that is neither 1 nor -1, or another reduction.
    Source: Chopra, Hadsell & LeCun 2005, "Learning a similarity metric discriminatively".
    >>> cosine_embedding_loss([[1.0, 0.0]], [[0.0, 1.0]], [1])
    array(1., dtype=float32)
    """
    name = "cosine_embedding_loss"
    x1, x2 = floating(name, x1, "x1"), floating(name, x2, "x2")
    choice(name, "reduction", reduction, REDUCTIONS)
    signs = values(operand(name, target))
    if x1.ndim not in (1, 2) or signs.shape != broadcastable(name, x1, x2)[:-1]:
        raise ShapeError(f"{name}: x1 and x2 (N, D) and target (N,) fit, got {x1.shape}, {signs.shape}")
    if (abs(signs) != 1).any():
        raise ArgumentError(f"{name}: the target must be 1 or -1, got {signs[abs(signs) != 1][0]:g}")
    gap = number(name, "margin", margin, -inf, inf)
    likeness = cosine_similarity(x1, x2, -1)
    return reduced(ops.Where(signs == 1)(1 - likeness, ops.ReLU()(likeness - gap)), reduction)


def triplet_margin_loss(
    anchor: Operand[T],
    positive: Operand[T],
    negative: Operand[T],
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> T:
    """A loss of three vectors, of which two should be near: max(0, d(a, p) - d(a, n) + margin).

    Args:
        anchor, positive, negative: (..., D) float.   margin: the wanted difference of the distances.
        p, eps: of `pairwise_distance`.
        swap: whether the negative is compared with the nearer of anchor and positive.
        reduction: 'mean' over the triplets (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or the shape without its last axis with 'none'.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: not float.
        ArgumentError: another reduction.
    Source: Balntas, Riba, Ponsa & Mikolajczyk 2016, "Learning local feature descriptors with triplets".
    >>> triplet_margin_loss([[0.0]], [[1.0]], [[4.0]], margin=5.0).round(4)
    np.float32(2.0)
    """
    order = number("triplet_margin_loss", "p", p, -inf, inf)
    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance=lambda a, b: pairwise_distance(a, b, order, eps=eps),
        margin=margin, swap=swap, reduction=reduction,
    )  # fmt: skip


def triplet_margin_with_distance_loss(
    anchor: Operand[T],
    positive: Operand[T],
    negative: Operand[T],
    *,
    distance: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> T:
    """`triplet_margin_loss` with any distance.

    Args:
        anchor, positive, negative: (..., D) float.
        distance: a function of two of them that gives their distances; None for `pairwise_distance`.
        margin, swap, reduction: as `triplet_margin_loss`.
    Returns:
        A 0-d value, or the shape of the distances with 'none'.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: not float.
        ArgumentError: another reduction.
    Source: Balntas, Riba, Ponsa & Mikolajczyk 2016, "Learning local feature descriptors with triplets".
    >>> def city(a, b): return abs(a - b).sum(-1)
    >>> loss = triplet_margin_with_distance_loss(*np.eye(3, dtype="float32"), distance=city)
    >>> float(loss)
    1.0
    """
    name = "triplet_margin_with_distance_loss"
    choice(name, "reduction", reduction, REDUCTIONS)
    parts = zip(("anchor", "positive", "negative"), (anchor, positive, negative), strict=True)
    a, p, n = (floating(name, value, word) for word, value in parts)
    gap, far_from = number(name, "margin", margin, -inf, inf), distance or pairwise_distance
    near, far = far_from(a, p), far_from(a, n)
    if flag(name, "swap", swap):
        far = ops.Minimum()(far, far_from(p, n))
    return reduced(ops.ReLU()(near - far + gap), reduction)


def reduced(losses: Any, reduction: str) -> Any:
    """The losses, their mean or their sum.

    >>> reduced(np.array([1.0, 3.0]), "mean")
    array(2.)
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return sum_over(losses)
    return mean(losses) if losses.size else sum_over(losses) * np.nan


def _equal_shapes(name: str, x: Any, target: Any) -> None:
    if target.shape != x.shape:
        raise ShapeError(f"{name}: x has shape {x.shape}, target {target.shape}; equal shapes fit")
