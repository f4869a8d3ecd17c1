"""Functions that make small elements smaller, or replace them."""

from __future__ import annotations

from math import inf

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import Operand, T, floating, number

__all__ = ["hardshrink", "softshrink", "tanhshrink", "threshold"]


def hardshrink(x: Operand[T], lambd: float = 0.5) -> T:
    """Each element as it is where |x| > lambd, else 0, which is also the derivative there.

    Args:
        x: float array or Tensor.   lambd: the width of the gap on either side, at least 0.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ArgumentError: lambd is negative.
    Source: Donoho & Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage".
    >>> hardshrink([-1.0, 0.25, 2.0])
    array([-1.,  0.,  2.], dtype=float32)
    """
    return ops.Hardshrink(number("hardshrink", "lambd", lambd, 0, inf))(floating("hardshrink", x))


def softshrink(x: Operand[T], lambd: float = 0.5) -> T:
    """Each element moved towards 0 by lambd, and 0 where |x| <= lambd, with derivative 0 there.

    Args:
        x: float array or Tensor.   lambd: by how much, at least 0.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ArgumentError: lambd is negative.
    Source: Donoho & Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage".
    >>> softshrink([-1.0, 0.25, 2.0])
    array([-0.5,  0. ,  1.5], dtype=float32)
    """
    return ops.Softshrink(number("softshrink", "lambd", lambd, 0, inf))(floating("softshrink", x))


def tanhshrink(x: Operand[T]) -> T:
    """x - tanh x of each element, with derivative tanh² x.

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Kavukcuoglu, Ranzato & LeCun 2008, arXiv:1010.3467.
    >>> tanhshrink([-1.0, 0.0]).round(4)
    array([-0.2384,  0.    ], dtype=float32)
    """
    x = floating("tanhshrink", x)
    return x - ops.Tanh()(x)


def threshold(x: Operand[T], threshold: float, value: float) -> T:
    """Each element where it is above a threshold, else a value, with derivative 0 there.

    Args:
        x: float array or Tensor; NaN stays NaN.   threshold, value: numbers.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float, or an option no number.
    Source: Hahnloser et al. 2000, "Digital selection and analogue amplification coexist in a
        cortex-inspired silicon circuit".
    >>> threshold([0.5, 2.0], 1.0, -1.0)
    array([-1.,  2.], dtype=float32)
    """
    bound, other = (
        number("threshold", name, given, -inf, inf)
        for name, given in (("threshold", threshold), ("value", value))
    )
    return ops.Threshold(bound, other)(floating("threshold", x))
