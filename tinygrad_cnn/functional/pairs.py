"""Functions of two numbers that are more than arithmetic, and numbers in the place of NaN."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.functional.arguments import Operand, T, broadcastable, floating, number, operands, values
from tinygrad_cnn.functional.arithmetic import maximum, minimum
from tinygrad_cnn.functional.elementwise import where

__all__ = [
    "addcdiv", "addcmul", "copysign", "fmax", "fmin", "fmod", "hypot", "lerp", "logaddexp", "logaddexp2",
    "nan_to_num", "sinc", "xlogy",
]  # fmt: skip


def logaddexp(a: Operand[T], b: Operand[T]) -> T:
    """ln(e^a + e^b), also where e^a or e^b overflows; the derivatives are softmax(a, b).

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: NumPy's `logaddexp`.
    >>> logaddexp([0.0], [0.0]).round(4)
    array([0.6931], dtype=float32)
    """
    return ops.LogAddExp()(*_pair("logaddexp", a, b))


def logaddexp2(a: Operand[T], b: Operand[T]) -> T:
    """log2(2^a + 2^b), also where 2^a or 2^b overflows.

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: NumPy's `logaddexp2`.
    >>> logaddexp2([0.0], [0.0]).round(4)
    array([1.], dtype=float32)
    """
    a, b = _pair("logaddexp2", a, b)
    return ops.LogAddExp()(a * log(2), b * log(2)) / log(2)


def hypot(a: Operand[T], b: Operand[T]) -> T:
    """sqrt(a² + b²) without overflow in between; both derivatives are 0 at the origin.

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: NumPy's `hypot`.
    >>> hypot([3.0], [4.0])
    array([5.], dtype=float32)
    """
    return ops.Hypot()(*_pair("hypot", a, b))


def copysign(a: Operand[T], b: Operand[T]) -> T:
    """|a| with the sign of b; the derivative in a is 1 or -1, and 0 at 0, that in b is 0.

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: NumPy's `copysign`.
    >>> copysign([1.0, 2.0], [-1.0, 1.0])
    array([-1.,  2.], dtype=float32)
    """
    return ops.CopySign()(*_pair("copysign", a, b))


def fmod(a: Operand[T], b: Operand[T]) -> T:
    """The rest of a / b, with the sign of a; the derivative in a is 1, that in b is -trunc(a / b).

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: NumPy's `fmod`.
    >>> fmod([-5.0, 5.0], [3.0, 3.0])
    array([-2.,  2.], dtype=float32)
    """
    return ops.Fmod()(*_pair("fmod", a, b))


def fmax(a: Operand[T], b: Operand[T]) -> T:
    """The larger of a and b; where one is NaN, the other. Equal ones get half of the gradient each.

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: NumPy's `fmax`.
    >>> fmax([1.0, np.nan], [2.0, 3.0])
    array([2., 3.], dtype=float32)
    """
    a, b = _pair("fmax", a, b)
    return where(np.isnan(values(a)), b, where(np.isnan(values(b)), a, maximum(a, b)))


def fmin(a: Operand[T], b: Operand[T]) -> T:
    """The smaller of a and b; where one is NaN, the other. Equal ones get half of the gradient each.

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: NumPy's `fmin`.
    >>> fmin([1.0, np.nan], [2.0, 3.0])
    array([1., 3.], dtype=float32)
    """
    a, b = _pair("fmin", a, b)
    return where(np.isnan(values(a)), b, where(np.isnan(values(b)), a, minimum(a, b)))


def lerp(a: Operand[T], b: Operand[T], weight: Operand[T]) -> T:
    """A way between a and b: a + weight·(b - a).

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.   weight: number, array or
        Tensor; 0 gives a, 1 gives b.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: Graphics Gems 1990, 'linear interpolation'.
    >>> lerp([0.0], [10.0], 0.25)
    array([2.5], dtype=float32)
    """
    a, b = _pair("lerp", a, b)
    return a + weight * (b - a)


def xlogy(a: Operand[T], b: Operand[T]) -> T:
    """a·ln b, and 0 where a is 0, also where b is 0.

    Args:
        a, b: float arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: SciPy's `special.xlogy`.
    >>> xlogy([0.0, 1.0], [0.0, 1.0])
    array([0., 0.], dtype=float32)
    """
    a, b = _pair("xlogy", a, b)
    x, y = np.broadcast_arrays(values(a), values(b))
    zero = (x == 0) & ~((y > 0) & (y < np.inf))  # elsewhere the slope by a is ln b, also where a is 0
    return where(zero, a * 0.0, a * ops.Log()(where(zero, 1.0, b)))


def sinc(x: Operand[T]) -> T:
    """sin(πx) / (πx), and 1 at 0, with exact derivatives there.

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: NumPy's `sinc`.
    >>> sinc([0.0, 0.5]).round(4)
    array([1.    , 0.6366], dtype=float32)
    """
    return ops.Sinc()(floating("sinc", x))


def nan_to_num(
    x: Operand[T], nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> T:
    """x with numbers in the place of NaN and of infinities, where its gradient is 0.

    Args:
        x: float array or Tensor.   nan: for NaN.
        posinf, neginf: for infinities; None for the dtype's largest and smallest number.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: NumPy's `nan_to_num`.
    >>> nan_to_num([np.nan, 1.0])
    array([0., 1.], dtype=float32)
    """
    x = floating("nan_to_num", x)
    array, most = values(x), np.finfo(x.dtype)
    high = float(most.max) if posinf is None else number("nan_to_num", "posinf", posinf)
    low = float(most.min) if neginf is None else number("nan_to_num", "neginf", neginf)
    fill = number("nan_to_num", "nan", nan)
    if type(array) not in devices.ON_DEVICES:  # a device may lack NumPy's function
        finite = np.isfinite(array)
        others: Any = 0.0 if finite.all() else np.nan_to_num(array, nan=fill, posinf=high, neginf=low)
        return where(finite, x, others)
    x = where(np.isnan(array), fill, x)
    return where(np.isposinf(array), high, where(np.isneginf(array), low, x))


def addcmul(x: Operand[T], a: Operand[T], b: Operand[T], value: float = 1.0) -> T:
    """x + value·a·b.

    Args:
        x, a, b: float arrays or Tensors whose shapes broadcast.   value: number.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: PyTorch's `addcmul`.
    >>> addcmul(np.ones(2), np.ones(2), np.ones(2), 2.0)
    array([3., 3.])
    """
    x, a, b = operands("addcmul", floating("addcmul", x), a, b)
    return x + number("addcmul", "value", value) * a * b


def addcdiv(x: Operand[T], a: Operand[T], b: Operand[T], value: float = 1.0) -> T:
    """x + value·a / b.

    Args:
        x, a, b: float arrays or Tensors whose shapes broadcast.   value: number.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: PyTorch's `addcdiv`.
    >>> addcdiv(np.ones(2), np.ones(2), np.ones(2), 2.0)
    array([3., 3.])
    """
    x, a, b = operands("addcdiv", floating("addcdiv", x), a, b)
    return x + number("addcdiv", "value", value) * a / b


def _pair(function: str, a: Operand[T], b: Operand[T]) -> tuple[T, ...]:
    """Two float operands that broadcast; Python numbers stay numbers."""
    pair = operands(function, a, b)
    for name, value in zip(("a", "b"), pair, strict=True):
        if not isinstance(value, (int, float)):
            floating(function, value, name)
    broadcastable(function, *pair)
    return pair
