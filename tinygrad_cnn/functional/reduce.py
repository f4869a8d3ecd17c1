"""Reductions over axes."""

from __future__ import annotations

from math import inf
from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import (
    Axis,
    Operand,
    T,
    axes,
    flag,
    floating,
    like,
    number,
    operand,
    torch_names,
    values,
)

__all__ = ["all", "any", "logsumexp", "max", "mean", "min", "norm", "prod", "std", "sum", "var"]


@torch_names
def sum(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Sum of the elements along axes.

    Args:
        x: array or Tensor.   axis: int, tuple of ints, or None for all.
        keepdims: keep the summed axes, with length 1.
    Returns:
        x's shape without the axes; x's dtype (integers as NumPy widens them).
    Raises:
        ShapeError: no such axis, or an axis named twice.
    Source: NumPy's `sum`.
    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([4., 6.], dtype=float32)
    """
    x = operand("sum", x)
    return ops.Sum(axes("sum", axis, x.ndim), flag("sum", "keepdims", keepdims))(x)


@torch_names
def mean(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Mean of the elements along axes: their sum over their number.

    Args:
        x: array or Tensor; of no elements it is NaN, with NumPy's warning.
        axis: int, tuple of ints, or None for all.
        keepdims: keep the averaged axes, with length 1.
    Returns:
        x's shape without the axes; x's dtype if float, else float64.
    Raises:
        ShapeError: no such axis, or an axis named twice.
    Source: NumPy's `mean`.
    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([1.5, 3.5], dtype=float32)
    """
    x = operand("mean", x)
    return ops.Mean(axes("mean", axis, x.ndim), flag("mean", "keepdims", keepdims))(x)


@torch_names
def max(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Largest element along axes. Elements that tie for it share its gradient evenly.

    Args:
        x: array or Tensor; NaN wins, and NaNs share.   axis: int, tuple of ints, or None for all.
        keepdims: keep the reduced axes, with length 1.
    Returns:
        x's shape without the axes, x's dtype.
    Raises:
        ShapeError: no such axis, or there is no element along it.
    Source: NumPy's `max`; the subgradient of least norm (Rockafellar 1970, "Convex Analysis", 23).
    >>> max([[1.0, 2.0], [3.0, 0.0]], axis=1)
    array([2., 3.], dtype=float32)
    """
    x = operand("max", x)
    return ops.Max(axes("max", axis, x.ndim), flag("max", "keepdims", keepdims))(x)


@torch_names
def min(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Smallest element along axes. Elements that tie for it share its gradient evenly.

    Args:
        x: array or Tensor; NaN wins, and NaNs share.   axis: int, tuple of ints, or None for all.
        keepdims: keep the reduced axes, with length 1.
    Returns:
        x's shape without the axes, x's dtype.
    Raises:
        ShapeError: no such axis, or there is no element along it.
    Source: NumPy's `min`; the subgradient of least norm (Rockafellar 1970, "Convex Analysis", 23).
    >>> min([[1.0, 2.0], [3.0, 0.0]], axis=1)
    array([1., 0.], dtype=float32)
    """
    x = operand("min", x)
    return ops.Min(axes("min", axis, x.ndim), flag("min", "keepdims", keepdims))(x)


@torch_names
def prod(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Product of the elements along axes; d/dx_i is the product of the others.

    The derivative divides by nothing, so it is exact with any number of zeros, to any order.

    Args:
        x: array or Tensor; of no elements it is 1.   axis: int, tuple of ints, or None for all.
        keepdims: keep the multiplied axes, with length 1.
    Returns:
        x's shape without the axes; x's dtype (integers as NumPy widens them).
    Raises:
        ShapeError: no such axis, or an axis named twice.
    Source: NumPy's `prod`.
    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([ 2., 12.], dtype=float32)
    """
    x = operand("prod", x)
    return ops.Prod(axes("prod", axis, x.ndim), flag("prod", "keepdims", keepdims))(x)


@torch_names
def var(x: Operand[T], axis: Axis = None, keepdims: bool = False, *, ddof: float = 0) -> T:
    """Variance along axes: sum((x - mean)²) / (N - ddof).

    Args:
        x: array or Tensor; where N - ddof is not above 0 the result is NaN or inf, with NumPy's
            warning.
        axis: int, tuple of ints, or None for all.   keepdims: keep the axes, with length 1.
        ddof: 0 as in NumPy, for the biased variance; 1 for the unbiased one, which is what PyTorch
            does unless told. Its name `correction` is understood too.
    Returns:
        x's shape without the axes; x's dtype if float, else float64.
    Raises:
        ShapeError: no such axis, or an axis named twice.   DTypeError: ddof is not a number.
    Source: NumPy's `var`; Bessel's correction.
    >>> var([1.0, 2.0, 3.0]), var([1.0, 2.0, 3.0, 4.0, 5.0], correction=1)
    (array(0.6666667, dtype=float32), array(2.5, dtype=float32))
    """
    x = operand("var", x)
    return ops.Var(axes("var", axis, x.ndim), flag("var", "keepdims", keepdims), _ddof("var", ddof))(x)


@torch_names
def std(x: Operand[T], axis: Axis = None, keepdims: bool = False, *, ddof: float = 0) -> T:
    """Standard deviation along axes: the root of `var`, with gradient 0 where it is 0.

    Args:
        x: array or Tensor; where N - ddof is not above 0 the result is NaN or inf, with NumPy's
            warning.
        axis: int, tuple of ints, or None for all.   keepdims: keep the axes, with length 1.
        ddof: 0 as in NumPy; 1 is what PyTorch does unless told. Its name `correction` is
            understood too.
    Returns:
        x's shape without the axes; x's dtype if float, else float64.
    Raises:
        ShapeError: no such axis, or an axis named twice.   DTypeError: ddof is not a number.
    Source: NumPy's `std`; the gradient at 0 is PyTorch's.
    >>> std([1.0, 3.0])
    array(1., dtype=float32)
    """
    x = operand("std", x)
    return ops.Std(axes("std", axis, x.ndim), flag("std", "keepdims", keepdims), _ddof("std", ddof))(x)


@torch_names
def logsumexp(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """ln(sum(e^x)) along axes, without overflow; its derivative is the softmax.

    Args:
        x: float array or Tensor; of no elements, or of -inf alone, it is -inf (with gradient NaN).
        axis: int, tuple of ints, or None for all.   keepdims: keep the axes, with length 1.
    Returns:
        x's shape without the axes, x's dtype.
    Raises:
        ShapeError: no such axis, or an axis named twice.   DTypeError: x is not float.
    Source: Blanchard, Higham & Higham 2021, "Accurately computing the log-sum-exp and softmax".
    >>> logsumexp([[1000.0, 1000.0]], axis=1).round(3)
    array([1000.693], dtype=float32)
    """
    x = floating("logsumexp", x)
    return ops.LogSumExp(axes("logsumexp", axis, x.ndim), flag("logsumexp", "keepdims", keepdims))(x)


@torch_names
def norm(x: Operand[T], ord: float = 2, axis: Axis = None, keepdims: bool = False) -> T:
    """Vector norm along axes, of all elements by default: (sum |x|^ord)^(1/ord).

    ord = inf is max |x|, -inf is min |x|, 0 the number of elements that are not 0. Several axes
    count as one long vector; there are no matrix norms. The gradient is 0 where the norm is 0, 0
    for an element that is 0, and shared evenly between ties for inf and -inf.

    Args:
        x: float array or Tensor.   ord: any number; 2 is the Euclidean (Frobenius) norm.
        axis: int, tuple of ints, or None for all.   keepdims: keep the axes, with length 1.
    Returns:
        x's shape without the axes, x's dtype.
    Raises:
        ShapeError: no such axis, or no element along it for inf and -inf.
        DTypeError: x is not float, or ord no number.   ArgumentError: ord is NaN.
    Source: PyTorch's `linalg.vector_norm`.
    >>> norm([3.0, 4.0]), norm([3.0, -4.0], 1), norm([3.0, -4.0], np.inf)
    (array(5., dtype=float32), array(7., dtype=float32), array(4., dtype=float32))
    """
    x, order = floating("norm", x), number("norm", "ord", ord, -inf, inf)
    return ops.Norm(axes("norm", axis, x.ndim), flag("norm", "keepdims", keepdims), order)(x)


@torch_names
def any(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Whether an element along axes is true, that is, not 0; no gradient.

    Args:
        x: array or Tensor; of no elements it is False.   axis: int, tuple of ints, or None for all.
        keepdims: keep the axes, with length 1.
    Returns:
        bool, x's shape without the axes.
    Raises:
        ShapeError: no such axis, or an axis named twice.
    Source: NumPy's `any`.
    >>> any([[0.0, 2.0], [0.0, 0.0]], axis=1)
    array([ True, False])
    """
    x = operand("any", x)
    return like(
        x, values(x).any(axis=axes("any", axis, x.ndim), keepdims=flag("any", "keepdims", keepdims))
    )


@torch_names
def all(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Whether all elements along axes are true, that is, not 0; no gradient.

    Args:
        x: array or Tensor; of no elements it is True.   axis: int, tuple of ints, or None for all.
        keepdims: keep the axes, with length 1.
    Returns:
        bool, x's shape without the axes.
    Raises:
        ShapeError: no such axis, or an axis named twice.
    Source: NumPy's `all`.
    >>> all([[1.0, 2.0], [0.0, 3.0]], axis=1)
    array([ True, False])
    """
    x = operand("all", x)
    return like(
        x, values(x).all(axis=axes("all", axis, x.ndim), keepdims=flag("all", "keepdims", keepdims))
    )


def _ddof(function: str, ddof: Any) -> float:
    """Check what is taken from the number of elements; an int stays one, for drawings."""
    found = number(function, "ddof", ddof, -inf, inf)
    return int(found) if found.is_integer() else found
