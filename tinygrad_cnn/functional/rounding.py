"""Functions that are flat between steps. Their gradients are zeros, not missing."""

from __future__ import annotations

from tinygrad_cnn import ops
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import Operand, T, integer, operand

__all__ = ["ceil", "floor", "round", "sign", "trunc"]


def sign(x: Operand[T]) -> T:
    """The sign of each element: -1, 0 or 1. The gradient is 0 everywhere.

    Args:
        x: array or Tensor of numbers. NaN stays NaN, as in NumPy.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is bool.
    Source: NumPy's `sign`.
    >>> sign([-2.5, 0.0, 3.0])
    array([-1.,  0.,  1.], dtype=float32)
    """
    return ops.Sign()(_number("sign", x))


def floor(x: Operand[T]) -> T:
    """The largest whole number not above each element. The gradient is 0 everywhere.

    Args:
        x: array or Tensor of numbers.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is bool.
    Source: Graham, Knuth & Patashnik 1994, "Concrete Mathematics", 3.1.
    >>> floor([-1.5, 1.5])
    array([-2.,  1.], dtype=float32)
    """
    return ops.Floor()(_number("floor", x))


def ceil(x: Operand[T]) -> T:
    """The smallest whole number not below each element. The gradient is 0 everywhere.

    Args:
        x: array or Tensor of numbers.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is bool.
    Source: Graham, Knuth & Patashnik 1994, "Concrete Mathematics", 3.1.
    >>> ceil([-1.5, 1.5])
    array([-1.,  2.], dtype=float32)
    """
    return ops.Ceil()(_number("ceil", x))


def round(x: Operand[T], decimals: int = 0) -> T:  # named as in NumPy
    """Each element with so many decimals, halves to the even side. The gradient is 0 everywhere.

    Args:
        x: array or Tensor of numbers.   decimals: digits after the point; -1 rounds to tens.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is bool, or decimals is not an integer.
    Source: NumPy's `round`; IEEE 754 for the halves.
    >>> round([0.5, 1.5, 2.4])
    array([0., 2., 2.], dtype=float32)
    """
    return ops.Round(integer("round", "decimals", decimals))(_number("round", x))


def _number(function: str, x: Operand[T]) -> T:
    x = operand(function, x)
    if x.dtype == bool:
        raise DTypeError(f"{function}: x has dtype bool, a dtype of numbers fits; convert it with x.astype")
    return x


def trunc(x: Operand[T]) -> T:
    """Each element without what comes after its point: the whole number towards 0. The gradient is 0.

    Args:
        x: array or Tensor of numbers.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is bool.
    Source: NumPy's `trunc`.
    >>> trunc([-1.5, 1.5])
    array([-1.,  1.], dtype=float32)
    """
    return ops.Trunc()(_number("trunc", x))
