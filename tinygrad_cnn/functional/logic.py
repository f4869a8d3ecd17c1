"""Comparisons, logic and tests of numbers: bool results, which carry no gradient.

On Tensors the operators `== != < <= > >=` and, between bools, `& | ^ ~` do the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    broadcastable,
    like,
    observed,
    operand,
    operands,
    values,
)
from tinygrad_cnn.graph import Traced

__all__ = [
    "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "not_equal",
]  # fmt: skip


def equal(a: Operand[T], b: Operand[T]) -> T:
    """Where a equals b; NaN equals nothing.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `equal`.
    >>> equal([1.0, 2.0], 2)
    array([False,  True])
    """
    return _compare("equal", np.equal, a, b)


def not_equal(a: Operand[T], b: Operand[T]) -> T:
    """Where a differs from b; NaN differs from everything.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `not_equal`.
    >>> not_equal([1.0, 2.0], 2)
    array([ True, False])
    """
    return _compare("not_equal", np.not_equal, a, b)


def less(a: Operand[T], b: Operand[T]) -> T:
    """Where a < b; false where either is NaN.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `less`.
    >>> less([1.0, 2.0], 2)
    array([ True, False])
    """
    return _compare("less", np.less, a, b)


def less_equal(a: Operand[T], b: Operand[T]) -> T:
    """Where a <= b; false where either is NaN.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `less_equal`.
    >>> less_equal([1.0, 3.0], 2)
    array([ True, False])
    """
    return _compare("less_equal", np.less_equal, a, b)


def greater(a: Operand[T], b: Operand[T]) -> T:
    """Where a > b; false where either is NaN.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `greater`.
    >>> greater([1.0, 3.0], 2)
    array([False,  True])
    """
    return _compare("greater", np.greater, a, b)


def greater_equal(a: Operand[T], b: Operand[T]) -> T:
    """Where a >= b; false where either is NaN.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `greater_equal`.
    >>> greater_equal([1.0, 2.0], 2)
    array([False,  True])
    """
    return _compare("greater_equal", np.greater_equal, a, b)


def logical_and(a: Operand[T], b: Operand[T]) -> T:
    """Where a and b are both true; numbers other than 0, NaN too, count as true.

    Args:
        a, b: arrays or Tensors, of bools or numbers, whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `logical_and`.
    >>> logical_and([True, True], [True, False])
    array([ True, False])
    """
    return _compare("logical_and", np.logical_and, a, b)


def logical_or(a: Operand[T], b: Operand[T]) -> T:
    """Where a or b or both are true; numbers other than 0, NaN too, count as true.

    Args:
        a, b: arrays or Tensors, of bools or numbers, whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `logical_or`.
    >>> logical_or([True, False], [False, False])
    array([ True, False])
    """
    return _compare("logical_or", np.logical_or, a, b)


def logical_xor(a: Operand[T], b: Operand[T]) -> T:
    """Where exactly one of a and b is true; numbers other than 0, NaN too, count as true.

    Args:
        a, b: arrays or Tensors, of bools or numbers, whose shapes broadcast.
    Returns:
        bool, of the broadcast shape; no gradient.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `logical_xor`.
    >>> logical_xor([True, True], [True, False])
    array([False,  True])
    """
    return _compare("logical_xor", np.logical_xor, a, b)


def logical_not(x: Operand[T]) -> T:
    """Where x is false; numbers other than 0, NaN too, count as true.

    Args:
        x: array or Tensor, of bools or numbers.
    Returns:
        bool, of the shape of x; no gradient.
    Source: NumPy's `logical_not`.
    >>> logical_not([True, False])
    array([False,  True])
    """
    return _test("logical_not", np.logical_not, x)


def isnan(x: Operand[T]) -> T:
    """Where x is not a number.

    Args:
        x: array or Tensor.
    Returns:
        bool, of the shape of x; no gradient.
    Source: IEEE 754.
    >>> isnan([1.0, np.nan, np.inf])
    array([False,  True, False])
    """
    return _test("isnan", np.isnan, x)


def isinf(x: Operand[T]) -> T:
    """Where x is infinite, of either sign.

    Args:
        x: array or Tensor.
    Returns:
        bool, of the shape of x; no gradient.
    Source: IEEE 754.
    >>> isinf([1.0, np.nan, np.inf])
    array([False, False,  True])
    """
    return _test("isinf", np.isinf, x)


def isfinite(x: Operand[T]) -> T:
    """Where x is neither infinite nor NaN.

    Args:
        x: array or Tensor.
    Returns:
        bool, of the shape of x; no gradient.
    Source: IEEE 754.
    >>> isfinite([1.0, np.nan, np.inf])
    array([ True, False, False])
    """
    return _test("isfinite", np.isfinite, x)


def _compare(function: str, ufunc: np.ufunc, a: Any, b: Any) -> Any:
    pair = operands(function, a, b)
    broadcastable(function, *pair)
    result = ufunc(*(x.array if isinstance(x, Traced) else x for x in pair))
    return observed(function, tuple(pair), like(a if isinstance(a, Traced) else b, result))


def _test(function: str, ufunc: np.ufunc, x: Any) -> Any:
    return observed(function, (x,), like(x, ufunc(values(operand(function, x)))))
