"""Functions of each element by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import floating, operand


def exp(x: Any) -> Any:
    """Exponential of each element: e^x, its own derivative.

    Args:
        x: float array or Tensor; above about 88.7 (float32) or 709.8 (float64) it overflows to inf,
            with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.2.
    >>> exp([0.0, 1.0]).round(4)
    array([1.    , 2.7183], dtype=float32)
    """
    return ops.Exp()(floating("exp", x))


def log(x: Any) -> Any:
    """Natural logarithm of each element: ln x, with derivative 1/x.

    Args:
        x: float array or Tensor; 0 gives -inf and negative values NaN, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.1.
    >>> log([1.0, np.e])
    array([0., 1.], dtype=float32)
    """
    return ops.Log()(floating("log", x))


def astype(x: Any, dtype: Any) -> Any:
    """x with elements of another type; the gradient comes back in x's own type.

    Args:
        x: array or Tensor.   dtype: anything that NumPy takes for a real dtype.
    Returns:
        Shape of x. Converted to an integer or bool type, a result carries no gradient.
    Raises:
        DTypeError: not a dtype of real numbers.
    Source: NumPy's `ndarray.astype`.
    >>> astype(np.array([1.5, 2.5]), "float32")
    array([1.5, 2.5], dtype=float32)
    """
    x = operand("astype", x)
    try:
        wanted = np.dtype(dtype)
    except TypeError as error:
        raise DTypeError(f"astype: {dtype!r} is no dtype: {error}") from None
    if wanted.kind not in "biuf":
        raise DTypeError(f"astype: dtype {wanted} does not hold real numbers")
    return ops.Cast(wanted)(x)
