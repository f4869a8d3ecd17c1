"""The inverse of the error function, the gamma function's logarithm and its derivatives, Bessel's I."""

from __future__ import annotations

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import Operand, T, floating, integer

__all__ = ["digamma", "erfinv", "i0", "lgamma", "polygamma"]


def erfinv(x: Operand[T]) -> T:
    """The number whose error function is x; infinite at ±1, NaN beyond. The derivative is √π/2 · e^(y²).

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Winitzki 2008, "A handy approximation for the error function
        and its inverse", then Halley's steps.
    >>> erfinv([0.0, 0.5]).round(4)
    array([0.    , 0.4769], dtype=float32)
    """
    return ops.Erfinv()(floating("erfinv", x))


def lgamma(x: Operand[T]) -> T:
    """ln |Γ(x)|, which is ln (n - 1)! at a whole number n; its derivative is `digamma`.

    Args:
        x: float array or Tensor; at 0, -1, -2, ... the result is infinite.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Python's `math.lgamma`.
    >>> lgamma([1.0, 5.0]).round(4)
    array([0.    , 3.1781], dtype=float32)
    """
    return ops.Lgamma()(floating("lgamma", x))


def digamma(x: Operand[T]) -> T:
    """The derivative of ln Γ(x): ψ(x) = Γ'(x) / Γ(x).

    Args:
        x: float array or Tensor; at -1, -2, ... the result is NaN.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", 6.3.
    >>> digamma([1.0, 2.0]).round(4)
    array([-0.5772,  0.4228], dtype=float32)
    """
    return ops.Polygamma(0)(floating("digamma", x))


def polygamma(n: int, x: Operand[T]) -> T:
    """The n-th derivative of `digamma`.

    Args:
        n: the order, 0 or more.   x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        ArgumentError: n is negative.   DTypeError: n is no integer, or x is not float.
    Source: Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", 6.4.
    >>> polygamma(1, [1.0]).round(4)
    array([1.6449], dtype=float32)
    """
    return ops.Polygamma(integer("polygamma", "n", n, 0))(floating("polygamma", x))


def i0(x: Operand[T]) -> T:
    """The modified Bessel function of the first kind, of order 0, of which `kaiser` makes its window.

        y = sum_k (x / 2)^(2·k) / Γ(k + 1)²

    The derivative is I_1, the function of order 1.

    Args:
        x: float array or Tensor; in float64 the result is infinite from about 713 on.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", 9.6 and 9.7.
    >>> i0([0.0, 1.0]).round(4)
    array([1.    , 1.2661], dtype=float32)
    """
    return ops.BesselI(0)(floating("i0", x))
