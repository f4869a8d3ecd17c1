"""Arithmetic as functions; on Tensors the operators `+ - * / ** % //` and `abs()` do the same."""

from __future__ import annotations

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import Operand, T, floating, operand, operands

__all__ = [
    "abs", "add", "div", "floor_divide", "maximum", "minimum", "mul", "neg", "pow", "reciprocal",
    "remainder", "sqrt", "square", "sub",
]  # fmt: skip


def add(a: Operand[T], b: Operand[T]) -> T:
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


def sub(a: Operand[T], b: Operand[T]) -> T:
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


def mul(a: Operand[T], b: Operand[T]) -> T:
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


def div(a: Operand[T], b: Operand[T]) -> T:
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


def neg(x: Operand[T]) -> T:
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


def pow(a: Operand[T], b: Operand[T]) -> T:  # named as the operator's function, like NumPy's
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


def remainder(a: Operand[T], b: Operand[T]) -> T:
    """The remainder of a division to a whole quotient: a - b·floor(a / b), with the sign of b.

    The derivative in a is 1, that in b is -floor(a / b), also where the remainder jumps.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast. Division by 0 gives NaN, with
            NumPy's warning.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: Graham, Knuth & Patashnik 1994, "Concrete Mathematics", 3.4.
    >>> remainder([5.0, -5.0], 3)
    array([2., 1.], dtype=float32)
    """
    return ops.Remainder()(*operands("remainder", a, b))


def floor_divide(a: Operand[T], b: Operand[T]) -> T:
    """The whole quotient floor(a / b), of which `remainder` is the rest. The gradients are 0.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast. Division by 0 gives inf or NaN,
            with NumPy's warning.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: Graham, Knuth & Patashnik 1994, "Concrete Mathematics", 3.4.
    >>> floor_divide([5.0, -5.0], 3)
    array([ 1., -2.], dtype=float32)
    """
    return ops.FloorDiv()(*operands("floor_divide", a, b))


def maximum(a: Operand[T], b: Operand[T]) -> T:
    """The larger of two operands, element by element. Equal ones get half the gradient each.

    Beside NaN the result is NaN, and the whole gradient goes to both.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `maximum`; the tie as in PyTorch.
    >>> maximum([1.0, 4.0], [3.0, 2.0])
    array([3., 4.], dtype=float32)
    """
    return ops.Maximum()(*operands("maximum", a, b))


def minimum(a: Operand[T], b: Operand[T]) -> T:
    """The smaller of two operands, element by element. Equal ones get half the gradient each.

    Beside NaN the result is NaN, and the whole gradient goes to both.

    Args:
        a, b: arrays, Tensors or numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast.
    Source: NumPy's `minimum`; the tie as in PyTorch.
    >>> minimum([1.0, 4.0], [3.0, 2.0])
    array([1., 2.], dtype=float32)
    """
    return ops.Minimum()(*operands("minimum", a, b))


def abs(x: Operand[T]) -> T:  # named as in NumPy
    """The absolute value of each element: |x|, with derivative sign(x), so 0 at 0.

    Args:
        x: array or Tensor of numbers.
    Returns:
        Shape and dtype of x.
    Source: Abramowitz & Stegun 1964, 3.2.
    >>> abs([-1.5, 2.0])
    array([1.5, 2. ], dtype=float32)
    """
    return ops.Abs()(operand("abs", x))


def square(x: Operand[T]) -> T:
    """Each element times itself: x², with derivative 2x.

    Args:
        x: array or Tensor of numbers.
    Returns:
        Shape and dtype of x.
    Source: NumPy's `square`.
    >>> square([-1.5, 2.0])
    array([2.25, 4.  ], dtype=float32)
    """
    return ops.Square()(operand("square", x))


def sqrt(x: Operand[T]) -> T:
    """The square root of each element, with derivative 1 / (2·sqrt(x)): inf at 0.

    Args:
        x: float array or Tensor. A negative element gives NaN, and the derivative at 0 inf, both
            with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 3.3.
    >>> sqrt([4.0, 2.25])
    array([2. , 1.5], dtype=float32)
    """
    return ops.Sqrt()(floating("sqrt", x))


def reciprocal(x: Operand[T]) -> T:
    """One over each element: 1 / x, with derivative -1 / x².

    Args:
        x: float array or Tensor; 0 gives inf, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: NumPy's `reciprocal`.
    >>> reciprocal([4.0, -0.5])
    array([ 0.25, -2.  ], dtype=float32)
    """
    return ops.Reciprocal()(floating("reciprocal", x))
