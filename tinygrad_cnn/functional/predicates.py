"""Questions about numbers and bits: bool and integer results, which carry no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import Operand, T, TensorLike, flag, like, operand, values
from tinygrad_cnn.graph import Traced

__all__ = [
    "allclose", "array_equal", "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "isclose", "isin", "signbit",
]  # fmt: skip


def isclose(
    a: Operand[T], b: Operand[T], rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> T:
    """Where |a - b| is at most atol + rtol·|b|; no gradient.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.   rtol, atol: at least 0.
        equal_nan: whether NaN is close to NaN.
    Returns:
        bool, of the broadcast shape.
    Source: NumPy's `isclose`.
    >>> isclose([1.0, 2.0], [1.0, 2.1])
    array([ True, False])
    """
    near = np.isclose(values(a), values(b), rtol, atol, flag("isclose", "equal_nan", equal_nan))
    return like(a if isinstance(a, Traced) else b, near)


def allclose(
    a: Operand[T], b: Operand[T], rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether `isclose` holds everywhere.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.   rtol, atol: at least 0.
        equal_nan: whether NaN is close to NaN.
    Returns:
        True or False.
    Source: NumPy's `allclose`.
    >>> allclose([1.0], [1.0 + 1e-7])
    True
    """
    return bool(np.allclose(values(a), values(b), rtol, atol, flag("allclose", "equal_nan", equal_nan)))


def array_equal(a: Operand[T], b: Operand[T]) -> bool:
    """Whether a and b have the same shape and elements; NaN equals nothing.

    Args:
        a, b: arrays, Tensors or numbers.
    Returns:
        True or False.
    Source: NumPy's `array_equal`.
    >>> array_equal([1.0], [1.0])
    True
    """
    return bool(np.array_equal(values(a), values(b)))


def signbit(x: Operand[T]) -> T:
    """Where the sign of x is negative, also that of -0.0; no gradient.

    Args:
        x: array or Tensor.
    Returns:
        bool, of the shape of x.
    Source: NumPy's `signbit`.
    >>> signbit([-0.0, 1.0])
    array([ True, False])
    """
    x = operand("signbit", x)
    return like(x, np.signbit(values(x)))


def isin(x: Operand[T], test_elements: TensorLike, invert: bool = False) -> T:
    """Where an element of x is among others; no gradient.

    Args:
        x: array or Tensor.   test_elements: array, Tensor or list.   invert: where it is not.
    Returns:
        bool, of the shape of x.
    Source: NumPy's `isin`.
    >>> isin(np.array([1, 2, 3]), [2, 3])
    array([False,  True,  True])
    """
    others = devices.beside(values(test_elements), x)
    found = np.isin(values(x), others, invert=flag("isin", "invert", invert))
    return like(x, found)


def bitwise_and(a: Operand[T], b: Operand[T]) -> T:
    """The bits that are set in both: a & b; no gradient.

    Args:
        a, b: arrays or Tensors of integers or bools whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        DTypeError: another type.
    Source: NumPy's `bitwise_and`.
    >>> int(bitwise_and(np.array(12), np.array(10)))
    8
    """
    return _bits("bitwise_and", a, b)


def bitwise_or(a: Operand[T], b: Operand[T]) -> T:
    """The bits that are set in one or both: a | b; no gradient.

    Args:
        a, b: arrays or Tensors of integers or bools whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        DTypeError: another type.
    Source: NumPy's `bitwise_or`.
    >>> int(bitwise_or(np.array(12), np.array(10)))
    14
    """
    return _bits("bitwise_or", a, b)


def bitwise_xor(a: Operand[T], b: Operand[T]) -> T:
    """The bits that are set in exactly one: a ^ b; no gradient.

    Args:
        a, b: arrays or Tensors of integers or bools whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        DTypeError: another type.
    Source: NumPy's `bitwise_xor`.
    >>> int(bitwise_xor(np.array(12), np.array(10)))
    6
    """
    return _bits("bitwise_xor", a, b)


def bitwise_left_shift(a: Operand[T], b: Operand[T]) -> T:
    """The bits of a moved left by b, times 2^b; no gradient.

    Args:
        a, b: arrays or Tensors of integers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        DTypeError: another type.
    Source: NumPy's `bitwise_left_shift`.
    >>> int(bitwise_left_shift(np.array(12), np.array(10)))
    12288
    """
    return _bits("bitwise_left_shift", a, b)


def bitwise_right_shift(a: Operand[T], b: Operand[T]) -> T:
    """The bits of a moved right by b, a // 2^b; no gradient.

    Args:
        a, b: arrays or Tensors of integers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        DTypeError: another type.
    Source: NumPy's `bitwise_right_shift`.
    >>> int(bitwise_right_shift(np.array(12), np.array(10)))
    0
    """
    return _bits("bitwise_right_shift", a, b)


def bitwise_invert(x: Operand[T]) -> T:
    """Each bit turned over: -x - 1 of an integer, `not` of a bool; no gradient.

    Args:
        x: array or Tensor of integers or bools.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: another type.
    Source: NumPy's `bitwise_invert`.
    >>> int(bitwise_invert(np.array(5)))
    -6
    """
    return _bits("bitwise_invert", x)


def _bits(function: str, *operands: Any) -> Any:
    """NumPy's function of the same name, for integers and bools."""
    first = next((x for x in operands if isinstance(x, Traced)), operands[0])
    arrays = [devices.beside(values(x), first) for x in operands]
    for array in arrays:
        if array.dtype.kind not in "biu":
            raise DTypeError(f"{function}: got dtype {array.dtype}, integers and bools fit")
    ufunc = {"bitwise_invert": np.invert, "bitwise_left_shift": np.left_shift,
             "bitwise_right_shift": np.right_shift}  # fmt: skip
    return like(first, (ufunc.get(function) or getattr(np, function))(*arrays))
