"""Cases: arithmetic and functions of each element by itself."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.devices import Device
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import (
    SHAPES,
    Case,
    Draw,
    Problem,
    each,
    elementwise,
    pairs,
    uniform,
)
from tinygrad_cnn.testing.cases.rounding import kinked


def cardinal_sine(x: float) -> float:
    """sin(πx) / (πx), as an average of cosines: the integral of cos(πxt) over t in [0, 1], by Gauss."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    return math.fsum(
        w / 2 * math.cos(math.pi * x * (t + 1) / 2) for t, w in zip(nodes, weights, strict=True)
    )


def slope_of_sinc(n: int, x: float) -> float:
    """The n-th derivative of `cardinal_sine`, under the integral."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    moved = [((t + 1) / 2, w / 2) for t, w in zip(nodes, weights, strict=True)]
    return math.fsum(w * (math.pi * t) ** n * math.cos(math.pi * x * t + n * math.pi / 2) for t, w in moved)


@st.composite
def slopes(draw: Draw) -> Problem:
    """A derivative of the cardinal sine, near 0 and far from it."""
    n = draw(st.integers(1, 3))
    return Problem(lambda: ops.SincSlope(n), [uniform(draw, draw(SHAPES), -3, 3)])


def inverse_error(x: float) -> float:
    """The inverse of the error function, by halving."""
    low, high = -6.0, 6.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erf(middle) < x else (low, middle)
    return low


def polygamma(n: int, x: float) -> float:
    """A derivative of the digamma function: the sum of its series, and Euler's formula for the tail."""
    far = x + 400
    if not n:
        head = -math.fsum(1 / (x + k) for k in range(400))
        return head + math.log(far) - 0.5 / far - 1 / (12 * far**2) + 1 / (120 * far**4)
    head = math.fsum(1 / (x + k) ** (n + 1) for k in range(400))
    tail = far**-n / n + far ** (-n - 1) / 2 + (n + 1) / 12 * far ** (-n - 2)
    return (-1) ** (n + 1) * math.factorial(n) * (head + tail)


@st.composite
def gammas(draw: Draw) -> Problem:
    """A derivative of the digamma function, for positive numbers."""
    n = draw(st.integers(0, 2))
    return Problem(lambda: ops.Polygamma(n), [uniform(draw, draw(SHAPES), 0.6, 4)])


def bessel_i(n: int, x: float) -> float:
    """Its integral, by the trapezoidal rule, which is exact for so smooth a period."""
    angles = [math.pi * (k + 0.5) / 64 for k in range(64)]
    return math.fsum(math.exp(x * math.cos(a)) * math.cos(n * a) for a in angles) / 64


@st.composite
def bessels(draw: Draw) -> Problem:
    """Any order, numbers of both signs."""
    n = draw(st.integers(0, 3))
    return Problem(lambda: ops.BesselI(n), [uniform(draw, draw(SHAPES), -4, 4)])


CASES: dict[type[Op], Case] = {
    ops.BesselI: Case(bessels(), lambda op, x: elementwise(lambda v: bessel_i(op.n, v))(op, x)),
    ops.Add: Case(pairs(ops.Add, (-2, 2), (-2, 2)), elementwise(lambda a, b: a + b)),
    ops.Sub: Case(pairs(ops.Sub, (-2, 2), (-2, 2)), elementwise(lambda a, b: a - b)),
    ops.Mul: Case(pairs(ops.Mul, (-2, 2), (-2, 2)), elementwise(lambda a, b: a * b), (0, 1)),
    ops.Div: Case(pairs(ops.Div, (-2, 2), (0.5, 2)), elementwise(lambda a, b: a / b), (0,)),
    ops.Neg: Case(each(ops.Neg), elementwise(lambda x: -x), (0,)),
    ops.Pow: Case(pairs(ops.Pow, (0.5, 2), (-2, 2)), elementwise(lambda a, b: a**b)),
    ops.Exp: Case(each(ops.Exp), elementwise(math.exp)),
    ops.Log: Case(each(ops.Log, 0.5, 3), elementwise(math.log)),
    ops.Exp2: Case(each(ops.Exp2), elementwise(lambda x: 2**x)),
    ops.LogAddExp: Case(
        pairs(ops.LogAddExp, (-2, 2), (-2, 2)),
        elementwise(lambda a, b: math.log(math.exp(a) + math.exp(b))),
    ),
    ops.Hypot: Case(
        pairs(ops.Hypot, (0.2, 2), (-2, 2)), elementwise(lambda a, b: math.sqrt(a * a + b * b))
    ),
    ops.CopySign: Case(
        pairs(ops.CopySign, (0.2, 2), (-2, -0.2)), elementwise(lambda a, b: abs(a) if b > 0 else -abs(a))
    ),
    ops.Sinc: Case(each(ops.Sinc, -3, 3), elementwise(cardinal_sine)),
    ops.SincSlope: Case(slopes(), lambda op, x: elementwise(lambda v: slope_of_sinc(op.n, v))(op, x)),
    ops.Expm1: Case(each(ops.Expm1), elementwise(math.expm1)),
    ops.Log1p: Case(each(ops.Log1p, -0.5, 3), elementwise(math.log1p)),
    ops.Log2: Case(each(ops.Log2, 0.5, 3), elementwise(math.log2)),
    ops.Log10: Case(each(ops.Log10, 0.5, 3), elementwise(math.log10)),
    ops.Erf: Case(each(ops.Erf, -3, 3), elementwise(math.erf)),
    ops.Erfinv: Case(each(ops.Erfinv, -0.9, 0.9), elementwise(inverse_error)),
    ops.Lgamma: Case(each(ops.Lgamma, 0.3, 4), elementwise(math.lgamma)),
    ops.Polygamma: Case(gammas(), lambda op, x: elementwise(lambda v: polygamma(op.n, v))(op, x)),
    ops.Abs: Case(kinked(ops.Abs), elementwise(abs)),
    ops.Square: Case(each(ops.Square), elementwise(lambda x: x * x)),
    ops.Sqrt: Case(each(ops.Sqrt, 0.5, 3), elementwise(math.sqrt)),
    ops.Reciprocal: Case(each(ops.Reciprocal, 0.5, 3), elementwise(lambda x: 1 / x)),
    ops.Move: Case(each(lambda: ops.Move(Device("cpu"))), elementwise(float), (0,)),
    ops.Cast: Case(each(lambda: ops.Cast("float64")), elementwise(float), (0,)),
}
