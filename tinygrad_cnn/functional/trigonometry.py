"""Functions of angles and their inverses, and the hyperbolic ones; angles are in radians."""

from __future__ import annotations

from math import pi

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import Operand, T, floating, operands

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cos", "cosh", "deg2rad",
    "rad2deg", "sin", "sinh", "tan",
]  # fmt: skip


def sin(x: Operand[T]) -> T:
    """Sine of each element, with derivative cos x.

    Args:
        x: float array or Tensor of angles in radians; an infinite one gives NaN, with a warning.
    Returns:
        Shape and dtype of x, values in [-1, 1].
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.3.
    >>> sin([0.0, 0.5]).round(4)
    array([0.    , 0.4794], dtype=float32)
    """
    return ops.Sin()(floating("sin", x))


def cos(x: Operand[T]) -> T:
    """Cosine of each element, with derivative -sin x.

    Args:
        x: float array or Tensor of angles in radians; an infinite one gives NaN, with a warning.
    Returns:
        Shape and dtype of x, values in [-1, 1].
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.3.
    >>> cos([0.0, 0.5]).round(4)
    array([1.    , 0.8776], dtype=float32)
    """
    return ops.Cos()(floating("cos", x))


def tan(x: Operand[T]) -> T:
    """Tangent of each element, with derivative 1 + tan² x.

    Args:
        x: float array or Tensor of angles in radians; an infinite one gives NaN, with a warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.3.
    >>> tan([0.0, 0.5]).round(4)
    array([0.    , 0.5463], dtype=float32)
    """
    return ops.Tan()(floating("tan", x))


def arcsin(x: Operand[T]) -> T:
    """Angle whose sine is x, with derivative 1 / sqrt(1 - x²): inf at -1 and 1.

    Args:
        x: float array or Tensor in [-1, 1]; values outside give NaN, with NumPy's warning.
    Returns:
        Shape and dtype of x, in radians, in [-π/2, π/2].
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.4.
    >>> arcsin([0.0, 0.5]).round(4)
    array([0.    , 0.5236], dtype=float32)
    """
    return ops.Arcsin()(floating("arcsin", x))


def arccos(x: Operand[T]) -> T:
    """Angle whose cosine is x, with derivative -1 / sqrt(1 - x²): -inf at -1 and 1.

    Args:
        x: float array or Tensor in [-1, 1]; values outside give NaN, with NumPy's warning.
    Returns:
        Shape and dtype of x, in radians, in [0, π].
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.4.
    >>> arccos([1.0, 0.5]).round(4)
    array([0.    , 1.0472], dtype=float32)
    """
    return ops.Arccos()(floating("arccos", x))


def arctan(x: Operand[T]) -> T:
    """Angle whose tangent is x, with derivative 1 / (1 + x²).

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x, in radians, in [-π/2, π/2].
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.4.
    >>> arctan([0.0, 0.5]).round(4)
    array([0.    , 0.4636], dtype=float32)
    """
    return ops.Arctan()(floating("arctan", x))


def arctan2(a: Operand[T], b: Operand[T]) -> T:
    """Angle between the positive first axis and the point (b, a): arctan(a / b), in all quadrants.

    The derivatives are b / (a² + b²) in a and -a / (a² + b²) in b, both 0 at the origin.

    Args:
        a: the points' second coordinates.   b: their first ones. Float arrays, Tensors or
            numbers whose shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type; in radians, in [-π, π].
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: an array is not float.
    Source: NumPy's `arctan2`.
    >>> arctan2([1.0, -1.0], [1.0, -1.0]).round(4)
    array([ 0.7854, -2.3562], dtype=float32)
    """
    a, b = operands("arctan2", a, b)
    for name, value in (("a", a), ("b", b)):
        if not isinstance(value, (int, float)):
            floating("arctan2", value, name)
    return ops.Arctan2()(a, b)


def sinh(x: Operand[T]) -> T:
    """Hyperbolic sine of each element: (e^x - e^-x) / 2, with derivative cosh x.

    Args:
        x: float array or Tensor; large values overflow to ±inf, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.5.
    >>> sinh([0.0, 0.5]).round(4)
    array([0.    , 0.5211], dtype=float32)
    """
    return ops.Sinh()(floating("sinh", x))


def cosh(x: Operand[T]) -> T:
    """Hyperbolic cosine of each element: (e^x + e^-x) / 2, with derivative sinh x.

    Args:
        x: float array or Tensor; large values overflow to inf, with NumPy's warning.
    Returns:
        Shape and dtype of x, values of at least 1.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.5.
    >>> cosh([0.0, 0.5]).round(4)
    array([1.    , 1.1276], dtype=float32)
    """
    return ops.Cosh()(floating("cosh", x))


def arcsinh(x: Operand[T]) -> T:
    """The number whose hyperbolic sine is x, with derivative 1 / sqrt(x² + 1).

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.6.
    >>> arcsinh([0.0]).round(4)
    array([0.], dtype=float32)
    """
    return ops.Arcsinh()(floating("arcsinh", x))


def arccosh(x: Operand[T]) -> T:
    """The number of at least 0 whose hyperbolic cosine is x, with derivative 1 / sqrt(x² - 1).

    Args:
        x: float array or Tensor. At least 1; smaller values give NaN, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.6.
    >>> arccosh([1.0])
    array([0.], dtype=float32)
    """
    return ops.Arccosh()(floating("arccosh", x))


def arctanh(x: Operand[T]) -> T:
    """The number whose hyperbolic tangent is x, with derivative 1 / (1 - x²).

    Args:
        x: float array or Tensor. In (-1, 1); -1 and 1 give ∓inf, values outside NaN, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.6.
    >>> arctanh([0.0])
    array([0.], dtype=float32)
    """
    return ops.Arctanh()(floating("arctanh", x))


def deg2rad(x: Operand[T]) -> T:
    """Degrees as radians: x·π/180.

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: NumPy's `deg2rad`.
    >>> deg2rad([180.0]).round(4)
    array([3.1416], dtype=float32)
    """
    return floating("deg2rad", x) * (pi / 180)


def rad2deg(x: Operand[T]) -> T:
    """Radians as degrees: x·180/π.

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: NumPy's `rad2deg`.
    >>> rad2deg(np.array([np.pi]))
    array([180.])
    """
    return floating("rad2deg", x) * (180 / pi)
