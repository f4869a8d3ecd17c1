"""Functions of each element by itself."""

from __future__ import annotations

from typing import Any

from numpy.typing import DTypeLike

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    broadcastable,
    floating,
    like,
    operand,
    operands,
    values,
)
from tinygrad_cnn.functional.storage import real_type
from tinygrad_cnn.graph import Traced

__all__ = ["astype", "clip", "erf", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "where"]


def exp(x: Operand[T]) -> T:
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


def log(x: Operand[T]) -> T:
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


def expm1(x: Operand[T]) -> T:
    """Exponential less one of each element: e^x - 1, exact also for tiny x; derivative e^x.

    Args:
        x: float array or Tensor; large values overflow to inf, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Kahan 1987, "Branch cuts for complex elementary functions".
    >>> expm1([0.0, 1.0]).round(4)
    array([0.    , 1.7183], dtype=float32)
    """
    return ops.Expm1()(floating("expm1", x))


def log1p(x: Operand[T]) -> T:
    """Natural logarithm of one more than each element: ln(1 + x), exact also for tiny x.

    The derivative is 1 / (1 + x).

    Args:
        x: float array or Tensor; -1 gives -inf and smaller values NaN, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Kahan 1987, "Branch cuts for complex elementary functions".
    >>> log1p([0.0, 1.0]).round(4)
    array([0.    , 0.6931], dtype=float32)
    """
    return ops.Log1p()(floating("log1p", x))


def log2(x: Operand[T]) -> T:
    """Logarithm to base 2 of each element, with derivative 1 / (x·ln 2).

    Args:
        x: float array or Tensor; 0 gives -inf and negative values NaN, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.1.
    >>> log2([1.0, 8.0])
    array([0., 3.], dtype=float32)
    """
    return ops.Log2()(floating("log2", x))


def log10(x: Operand[T]) -> T:
    """Logarithm to base 10 of each element, with derivative 1 / (x·ln 10).

    Args:
        x: float array or Tensor; 0 gives -inf and negative values NaN, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, 4.1.
    >>> log10([1.0, 1000.0]).round(4)
    array([0., 3.], dtype=float32)
    """
    return ops.Log10()(floating("log10", x))


def erf(x: Operand[T]) -> T:
    """Error function of each element: 2/√π · integral of e^(-t²) from 0 to x, in [-1, 1].

    The derivative is 2/√π · e^(-x²). Right to a few units in the last place.

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Cody 1969, "Rational Chebyshev approximations for the error function", Math. Comp. 23.
    >>> erf([0.0, 0.5]).round(4)
    array([0.    , 0.5205], dtype=float32)
    """
    return ops.Erf()(floating("erf", x))


def clip(
    x: Operand[T], min: Operand[T] | None = None, max: Operand[T] | None = None
) -> T:  # named as in NumPy
    """Each element, but at least `min` and at most `max`. The derivative is 1 inside and at both
    bounds, 0 outside. Where min exceeds max, the result is max.

    Args:
        x: array or Tensor. NaN stays NaN, with derivative 0.
        min, max: numbers, or arrays that broadcast with x; None for no bound on that side. They
            are constants and taken in the dtype of a float x.
    Returns:
        The broadcast shape, dtype of x.
    Raises:
        ArgumentError: neither bound is given.   ShapeError: a bound does not broadcast with x.
        GraphError: a bound requires grad; `maximum` and `minimum` differentiate both operands.
    Source: NumPy's `clip`.
    >>> clip([-1.0, 0.5, 2.0], 0, 1)
    array([0. , 0.5, 1. ], dtype=float32)
    """
    x = operand("clip", x)
    if min is None and max is None:
        raise ArgumentError("clip: min, max or both must be given, got neither")
    low, high = (_bound(x, name, bound) for name, bound in (("min", min), ("max", max)))
    broadcastable("clip", x, *(b for b in (low, high) if b is not None))
    return ops.Clip(low, high)(x)


def _bound(x: Any, name: str, bound: Any) -> Any:
    """A bound of `clip` as a number or an array of its own."""
    if bound is None or isinstance(bound, (int, float)):
        return bound
    if getattr(bound, "requires_grad", False):
        raise GraphError(
            f"clip: {name} requires grad, but bounds are constants; use maximum and minimum, or "
            f"{name}.detach()"
        )
    array = values(operand("clip", bound))
    return array.astype(x.dtype if x.dtype.kind == "f" else array.dtype)


def where(condition: Operand[T], a: Operand[T], b: Operand[T]) -> T:
    """a where the condition holds, b elsewhere. Each gets the gradient where it was chosen, and
    exactly 0 where it was not, also where its value there is inf or NaN.

    Args:
        condition: bool array or Tensor; a constant.
        a, b: arrays, Tensors or numbers; all three shapes broadcast.
    Returns:
        The broadcast shape; NumPy's result type of a and b.
    Raises:
        DTypeError: the condition is not bool.   ShapeError: the shapes do not broadcast.
    Source: NumPy's `where`.
    >>> where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.], dtype=float32)
    """
    mask = values(condition, "where").copy()  # a copy: the caller may write to the original
    if mask.dtype != bool:
        raise DTypeError(
            f"where: the condition has dtype {mask.dtype}, bool fits; compare it, as in condition != 0"
        )
    chosen = operands("where", a, b)
    broadcastable("where", mask, *chosen)
    result: Any = ops.Where(mask)(*chosen)
    recorded = isinstance(result, Traced)
    return result if recorded else like(condition, result)


def astype(x: Operand[T], dtype: DTypeLike) -> T:
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
    return ops.Cast(real_type("astype", dtype))(x)


def exp2(x: Operand[T]) -> T:
    """Two to the power of each element: 2^x, with derivative ln 2 · 2^x.

    Args:
        x: float array or Tensor. Large values overflow to inf, with NumPy's warning.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: NumPy's `exp2`.
    >>> exp2([0.0, 3.0])
    array([1., 8.], dtype=float32)
    """
    return ops.Exp2()(floating("exp2", x))
