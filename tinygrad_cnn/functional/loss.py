"""Losses: how far a prediction is from its target, as one number to minimise.

`functional.classification` holds those of integer labels.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    TensorLike,
    as_array,
    choice,
    flag,
    floating,
    number,
    on_host,
    values,
)
from tinygrad_cnn.graph import Traced
from tinygrad_cnn.hints import say

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "half_squared_error",
    "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "mse_loss", "smooth_l1_loss",
]  # fmt: skip

REDUCTIONS = ("mean", "sum", "none")


def mse_loss(x: Operand[T], target: Operand[T], *, reduction: str = "mean") -> T:
    """Squared error of each element: (x - target)².

    Args:
        x: float predictions.   target: of the same shape; gets a gradient too.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; NumPy's result type of x and target.
    Raises:
        ShapeError: the shapes differ.   DTypeError: x is not float.   ArgumentError: another reduction.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 5.1.4.
    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    array(2., dtype=float32)
    """
    x, target = _pair("mse_loss", x, target, reduction)
    return ops.SquaredError(reduction)(x, target)


def half_squared_error(x: Operand[T], target: Operand[T], *, reduction: str = "sum") -> T:
    """Half the squared error, the form of the textbooks: ½ Σ (x - target)², with derivative x - target.

    Args:
        x: float predictions.   target: of the same shape; gets a gradient too.
        reduction: 'sum', 'mean' over all elements (of none: NaN) or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; NumPy's result type of x and target.
    Raises:
        ShapeError: the shapes differ.   DTypeError: x is not float.   ArgumentError: another reduction.
    Source: Bishop 2006, "Pattern Recognition and Machine Learning", 1.1.
    >>> half_squared_error([1.0, 2.0], [1.0, 4.0])
    array(2., dtype=float32)
    """
    x, target = _pair("half_squared_error", x, target, reduction)
    return ops.SquaredError(reduction, 0.5)(x, target)


def l1_loss(x: Operand[T], target: Operand[T], *, reduction: str = "mean") -> T:
    """Absolute error of each element: |x - target|, with derivative 0 where they are equal.

    Args:
        x: float predictions.   target: of the same shape; gets a gradient too.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; NumPy's result type of x and target.
    Raises:
        ShapeError: the shapes differ.   DTypeError: x is not float.   ArgumentError: another reduction.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 6.2.2.4.
    >>> l1_loss([1.0, 2.0], [1.0, 4.0])
    array(1., dtype=float32)
    """
    x, target = _pair("l1_loss", x, target, reduction)
    return ops.AbsoluteError(reduction)(x, target)


def smooth_l1_loss(x: Operand[T], target: Operand[T], *, beta: float = 1.0, reduction: str = "mean") -> T:
    """Absolute error, rounded off near 0: ½d²/beta where |d| < beta, else |d| - ½beta; d = x - target.

    Args:
        x: float predictions.   target: of the same shape; gets a gradient too.
        beta: where the parabola ends, at least 0; 0 is `l1_loss`.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; NumPy's result type of x and target.
    Raises:
        ShapeError: the shapes differ.   DTypeError: x is not float.
        ArgumentError: beta is negative, or another reduction.
    Source: Girshick 2015, "Fast R-CNN", arXiv:1504.08083.
    >>> smooth_l1_loss([0.5, 3.0], [0.0, 0.0], reduction="none")
    array([0.125, 2.5  ], dtype=float32)
    """
    x, target = _pair("smooth_l1_loss", x, target, reduction)
    width = number("smooth_l1_loss", "beta", beta, 0, inf)
    return (
        ops.Huber(reduction, width, 1 / width)(x, target)
        if width
        else ops.AbsoluteError(reduction)(x, target)
    )


def huber_loss(x: Operand[T], target: Operand[T], *, delta: float = 1.0, reduction: str = "mean") -> T:
    """Squared error near 0, absolute error far away, with d = x - target.

        ½d² where |d| < delta, else delta·(|d| - ½delta)

    Args:
        x: float predictions.   target: of the same shape; gets a gradient too.
        delta: where the parabola ends, above 0.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; NumPy's result type of x and target.
    Raises:
        ShapeError: the shapes differ.   DTypeError: x is not float.
        ArgumentError: delta is not above 0, or another reduction.
    Source: Huber 1964, "Robust estimation of a location parameter".
    >>> huber_loss([0.5, 3.0], [0.0, 0.0], delta=2.0, reduction="none")
    array([0.125, 4.   ], dtype=float32)
    """
    x, target = _pair("huber_loss", x, target, reduction)
    width = number("huber_loss", "delta", delta, 0, inf)
    if not width:
        raise ArgumentError(f"huber_loss: delta must be above 0, got {delta!r}")
    return ops.Huber(reduction, width)(x, target)


def binary_cross_entropy(
    x: Operand[T], target: Operand[T], weight: TensorLike | None = None, *, reduction: str = "mean"
) -> T:
    """Cross-entropy of probabilities of two classes: -w · (t·ln x + (1 - t)·ln(1 - x)), t the target.

    Each logarithm is at least -100, so that 0 and 1 give finite losses; the denominator x(1 - x) of
    the derivative is at least 1e-12. For scores, `binary_cross_entropy_with_logits` is more exact.

    Args:
        x: float probabilities in [0, 1].   target: of the same shape, usually in [0, 1]; gets a
            gradient too (infinite where x is 0 or 1).
        weight: a factor per element that broadcasts to x, or None for 1.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; NumPy's result type of x and target.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float.
        ArgumentError: x leaves [0, 1], an integer target is neither 0 nor 1, or another reduction.
    Source: Bishop 2006, "Pattern Recognition and Machine Learning", 4.3.2.
    >>> binary_cross_entropy([0.5, 0.0], [1.0, 1.0], reduction="none").round(4)
    array([  0.6931, 100.    ], dtype=float32)
    """
    name = "binary_cross_entropy"
    _two_classes(name, target)
    x, target = _pair(name, x, target, reduction)
    found = values(x)
    wrong = found[~((found >= 0) & (found <= 1))]
    if wrong.size:
        raise ArgumentError(
            f"{name}: x must lie in [0, 1], got {wrong[0]}; "
            "for scores there is binary_cross_entropy_with_logits"
        )
    return ops.BinaryCrossEntropy(reduction, _factors(name, "weight", weight, x))(x, target)


def binary_cross_entropy_with_logits(
    x: Operand[T],
    target: Operand[T],
    weight: TensorLike | None = None,
    *,
    pos_weight: TensorLike | None = None,
    reduction: str = "mean",
) -> T:
    """Cross-entropy of sigmoid(x) and a target t of two classes, without overflow.

        loss = -w · (pos_weight · t · ln sigmoid(x) + (1 - t) · ln(1 - sigmoid(x)))

    Args:
        x: float scores (logits).   target: of the same shape, usually in [0, 1]; gets a gradient too.
        weight: a factor per element that broadcasts to x, or None for 1.
        pos_weight: a factor of the positive part that broadcasts to x, (K,) for K classes, or None.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; NumPy's result type of x and target.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float.
        ArgumentError: an integer target is neither 0 nor 1, or another reduction.
    Source: Bishop 2006, "Pattern Recognition and Machine Learning", 4.3.2.
    >>> binary_cross_entropy_with_logits([0.0, -1000.0], [1.0, 1.0], reduction="none").round(4)
    array([6.931e-01, 1.000e+03], dtype=float32)
    """
    name = "binary_cross_entropy_with_logits"
    _two_classes(name, target)
    x, target = _pair(name, x, target, reduction)
    node = getattr(x, "_node", None)
    if node is not None and type(node.op) is ops.Sigmoid:
        say(
            "softmax",
            f"{name}: x was made by sigmoid, which this loss computes itself; leave it out, or use "
            "binary_cross_entropy",
        )
    factors = _factors(name, "weight", weight, x), _factors(name, "pos_weight", pos_weight, x)
    return ops.BinaryCrossEntropyWithLogits(reduction, *factors)(x, target)


def kl_div(x: Operand[T], target: Operand[T], *, log_target: bool = False, reduction: str = "mean") -> T:
    """Kullback-Leibler divergence of a target from x, the logarithm of probabilities, by element.

        t · (ln t - x), 0 · ln 0 being 0;   with log_target   e^t · (t - x)

    Only 'sum' and 'batchmean' are the divergence of the definition; 'mean' divides by K as well.
    The gradient in a target of 0 is NaN, as in PyTorch.

    Args:
        x: float, logarithms of probabilities.   target: of the same shape, probabilities, or their
            logarithms; gets a gradient too.
        log_target: whether the target holds logarithms.
        reduction: 'mean' over all elements (of none: NaN), 'batchmean' (the sum over the length of
            the first axis), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; NumPy's result type of x and target.
    Raises:
        ShapeError: the shapes differ, or 'batchmean' of a 0-d x.   DTypeError: x is not float.
        ArgumentError: another reduction.
    Source: Kullback & Leibler 1951, "On information and sufficiency".
    >>> float(kl_div(np.log([0.5, 0.5]), [1.0, 0.0], reduction="sum").round(4))
    0.6931
    """
    name = "kl_div"
    x, target = _pair(name, x, target, reduction, (*REDUCTIONS, "batchmean"))
    if reduction != "batchmean":
        return ops.KLDivergence(reduction, flag("kl_div", "log_target", log_target))(x, target)
    if not x.ndim:
        raise ShapeError(f"{name}: reduction='batchmean' needs a first axis, x is 0-d")
    total = ops.KLDivergence("sum", flag("kl_div", "log_target", log_target))(x, target)
    return total / x.shape[0] if x.shape[0] else total * np.nan


def hinge_embedding_loss(
    x: Operand[T], target: Operand[T], *, margin: float = 1.0, reduction: str = "mean"
) -> T:
    """A loss of distances: x where the target is 1, max(0, margin - x) where it is -1.

    At the kink, x = margin, the derivative is -1.

    Args:
        x: float, usually distances.   target: 1 or -1, of the same shape, a constant.
        margin: the distance from which unlike pairs cost nothing.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'; dtype of x.
    Raises:
        ShapeError: the shapes differ.   DTypeError: x is not float.
        ArgumentError: a target that is neither 1 nor -1, or another reduction.
    Source: Hadsell, Chopra & LeCun 2006, "Dimensionality reduction by learning an invariant mapping".
    >>> hinge_embedding_loss([0.25, 0.25], [1, -1], reduction="none")
    array([0.25, 0.75], dtype=float32)
    """
    name = "hinge_embedding_loss"
    x, target = _pair(name, x, target, reduction)
    signs = values(target)
    wrong = signs[abs(signs) != 1]
    if wrong.size:
        raise ArgumentError(f"{name}: the target must be 1 or -1, got {wrong[0]:g}")
    return ops.HingeEmbedding(signs, number(name, "margin", margin, -inf, inf), reduction)(x)


# --------------------------------------------------------------------------- checks
def as_target(name: str, target: Operand[T], x: T) -> T:
    """A target as an operand: integers, bools and lists in x's type, floats in their own."""
    given: Any = (
        target if isinstance(target, Traced) else as_array(name, target)
    )  # refuses what is no number
    if not isinstance(target, (Traced, np.generic, *devices.CLASSES)):
        given = np.asarray(target, x.dtype)
        return given
    return given if given.dtype.kind == "f" else as_array(name, values(given)).astype(x.dtype)


def _two_classes(name: str, target: Any) -> None:
    """Refuse integers that are labels of more classes than two."""
    if values(target, name).dtype.kind in "iu":
        found = on_host(target, name)
        wrong = found[(found != 0) & (found != 1)]
        if wrong.size:
            raise ArgumentError(
                f"{name}: label {wrong[0]} is none of two classes; 0 and 1 fit, or floats in [0, 1]; "
                "for more classes there is cross_entropy"
            )


def _pair(
    name: str, x: Operand[T], target: Operand[T], reduction: str, reductions: tuple[str, ...] = REDUCTIONS
) -> tuple[T, T]:
    """Prediction and target, of equal shapes: broadcasting (N, 1) with (N,) is nearly always a slip."""
    x = floating(name, x)
    choice(name, "reduction", reduction, reductions)
    target = as_target(name, target, x)
    if target.shape != x.shape:
        raise ShapeError(f"{name}: x has shape {x.shape}, target {target.shape}; equal shapes fit")
    return x, target


def _factors(name: str, what: str, value: Any, x: Any) -> Any:
    """TensorLike factors that broadcast to x, in x's type; None stays None."""
    if value is None:
        return None
    found = values(value, name).astype(x.dtype)  # a copy: the derivative reads it again
    try:
        fits = np.broadcast_shapes(found.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{name}: {what} of shape {found.shape} does not broadcast to x {x.shape}")
    return found
