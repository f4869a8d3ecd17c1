"""Arithmetic as functions; on Tensors the operators `+ - * / **` do the same."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import operand, operands


def add(a: Any, b: Any) -> Any:
    """Sum of two operands that broadcast: a + b.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type, in which Python numbers never widen.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's broadcasting rules.
    >>> add([1.0, 2.0], 3)
    array([4., 5.], dtype=float32)
    """
    return ops.Add()(*operands("add", a, b))


def sub(a: Any, b: Any) -> Any:
    """Difference of two operands that broadcast: a - b.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's broadcasting rules.
    >>> sub([1.0, 2.0], 3)
    array([-2., -1.], dtype=float32)
    """
    return ops.Sub()(*operands("sub", a, b))


def mul(a: Any, b: Any) -> Any:
    """Product, element by element, of two operands that broadcast: a * b.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's broadcasting rules.
    >>> mul([1.0, 2.0], [[10.0], [20.0]])
    array([[10., 20.],
           [20., 40.]], dtype=float32)
    """
    return ops.Mul()(*operands("mul", a, b))


def div(a: Any, b: Any) -> Any:
    """Quotient, element by element, of two operands that broadcast: a / b.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast. Division by 0 gives inf or NaN,
            with NumPy's warning.
    Returns:
        The broadcast shape; NumPy's result type, a float.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's broadcasting rules.
    >>> div([1.0, 2.0], 4)
    array([0.25, 0.5 ], dtype=float32)
    """
    return ops.Div()(*operands("div", a, b))


def neg(x: Any) -> Any:
    """Each element with the other sign: -x.

    Args:
        x: an array, Tensor or number.
    Returns:
        Shape and dtype of x.
    Source: NumPy's `negative`.
    >>> neg([1.0, -2.0])
    array([-1.,  2.], dtype=float32)
    """
    return ops.Neg()(operand("neg", x))


def pow(a: Any, b: Any) -> Any:  # named as the operator's function, like NumPy's
    """a to the power of b, differentiable in both: d/da = b·a^(b-1), d/db = a^b·ln a.

    Edges: the derivative in a is 0 where b = 0; the derivative in b is 0 where a = 0. A negative
    a gives NaN for a fractional b, and NaN for the derivative in b.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: Abramowitz & Stegun 1964, 4.2.
    >>> pow([1.0, 2.0, 3.0], 2)
    array([1., 4., 9.], dtype=float32)
    """
    return ops.Pow()(*operands("pow", a, b))
