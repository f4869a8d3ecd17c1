"""Running sums and products."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import Operand, T, floating, one_axis, operand, torch_names

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "logcumsumexp"]


@torch_names
def cumsum(x: Operand[T], axis: int | None = None) -> T:
    """Sum of the elements up to each place: y_i = x_0 + ... + x_i.

    Args:
        x: array or Tensor.   axis: the axis, or None for x flattened, which makes a 0-d x (1,).
    Returns:
        x's shape, or (x.size,); its dtype (integers as NumPy widens them).
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `cumsum`.
    >>> cumsum(np.array([1.0, 2.0, 3.0]))
    array([1., 3., 6.])
    """
    x, along = one_line("cumsum", x, axis)
    return ops.CumSum(along)(x)


@torch_names
def cumprod(x: Operand[T], axis: int | None = None) -> T:
    """Product of the elements up to each place: y_i = x_0 · ... · x_i.

    The derivative divides by nothing, so it is exact with any number of zeros, to any order.

    Args:
        x: array or Tensor.   axis: the axis, or None for x flattened, which makes a 0-d x (1,).
    Returns:
        x's shape, or (x.size,); its dtype (integers as NumPy widens them).
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `cumprod`.
    >>> cumprod(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 6.])
    """
    x, along = one_line("cumprod", x, axis)
    return ops.CumProd(along)(x)


def one_line(function: str, x: Any, axis: int | None) -> tuple[Any, int]:
    """x and the axis to run along: None means x flattened."""
    x = operand(function, x)
    if axis is None:
        return (x if x.ndim == 1 else ops.Reshape((x.size,))(x)), 0
    return x, one_axis(function, axis, x.ndim)


def cummax(x: Operand[T], axis: int | None = None) -> T:
    """Largest element up to each place along an axis; of equal ones, the last gets the gradient.

    Args:
        x: array or Tensor; NaN stays from where it comes.   axis: int, or None for all elements in a row.
    Returns:
        Shape of x, or one axis; dtype of x.
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `maximum.accumulate`.
    >>> cummax([1.0, 3.0, 2.0], 0)
    array([1., 3., 3.], dtype=float32)
    """
    x, axis = one_line("cummax", x, axis)
    return ops.CumExtreme(axis, True)(x)


def cummin(x: Operand[T], axis: int | None = None) -> T:
    """Smallest element up to each place along an axis; of equal ones, the last gets the gradient.

    Args:
        x: array or Tensor; NaN stays from where it comes.   axis: int, or None for all elements in a row.
    Returns:
        Shape of x, or one axis; dtype of x.
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `minimum.accumulate`.
    >>> cummin([1.0, 3.0, 2.0], 0)
    array([1., 1., 1.], dtype=float32)
    """
    x, axis = one_line("cummin", x, axis)
    return ops.CumExtreme(axis, False)(x)


def logcumsumexp(x: Operand[T], axis: int | None = None) -> T:
    """ln of the sum of e^x up to each place along an axis, without overflow.

    Args:
        x: float array or Tensor.   axis: int, or None for all elements in a row.
    Returns:
        Shape of x, or one axis; dtype of x.
    Raises:
        ShapeError: no such axis.   DTypeError: x is not float.
    Source: NumPy's `logaddexp.accumulate`.
    >>> logcumsumexp([0.0, 0.0], 0).round(4)
    array([0.    , 0.6931], dtype=float32)
    """
    x, axis = one_line("logcumsumexp", x, axis)
    return ops.LogCumSumExp(axis)(floating("logcumsumexp", x))
