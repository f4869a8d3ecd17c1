"""NumPy's functions of polynomials, whose factors stand in an array, the highest power first.

By NumPy's names only, `np.polyval(p, t)`. They take and return what NumPy's do, and are recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from math import perm
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import floating, integer, on_host, operand


def _line(name: str, p: Any) -> Any:
    """Factors along one axis; a single number is a polynomial of degree 0."""
    p = operand(name, p)
    if p.ndim > 1:
        raise ShapeError(f"np.{name}: the factors of a polynomial lie along one axis, got {p.shape}")
    return F.reshape(p, (-1,)) if p.ndim == 0 else p


def _trimmed(p: Any) -> Any:
    """Without zeros before the first factor; at least one factor stays."""
    there = np.flatnonzero(on_host(p))
    return p[int(there[0]) if there.size else -1 :]


# --------------------------------------------------------------------------- values and points
def polyval(p: Any, x: Any) -> Any:
    """`np.polyval`: a polynomial by Horner's rule, the highest power first, in x and in its factors."""
    p, x = operand("polyval", p), operand("polyval", x)
    if p.ndim == 0:
        raise ShapeError("np.polyval: the factors of a polynomial lie along an axis, got ()")
    found = x * 0
    for k in range(p.shape[0]):
        found = found * x + p[k]
    return found


def polyfit(x: Any, y: Any, deg: int, rcond: None = None, full: bool = False, w: Any = None) -> Any:
    """`np.polyfit`: factors of the polynomial that is nearest to points, by least squares."""
    if full or rcond is not None or not isinstance(deg, int):
        raise ArgumentError("np.polyfit: a degree and w are what is supported for Tensors")
    x, y = floating("polyfit", x), floating("polyfit", y)
    rows = F.stack([x**k for k in range(deg, 0, -1)] + [np.ones(x.shape, x.dtype)], axis=1)
    if w is not None:
        w = floating("polyfit", w)
        rows, y = rows * F.expand_dims(w, 1), y * (w if y.ndim == 1 else F.expand_dims(w, 1))
    scale = np.sqrt((on_host(rows) ** 2).sum(0))
    found = F.lstsq(rows / scale, y)
    return found / (scale if y.ndim == 1 else scale[:, None])


# --------------------------------------------------------------------------- sums, products, quotients
def polyadd(a1: Any, a2: Any) -> Any:
    """`np.polyadd`: the sum of two polynomials."""
    a1, a2 = _line("polyadd", a1), _line("polyadd", a2)
    size = max(a1.shape[0], a2.shape[0])
    return _of_size(a1, size) + _of_size(a2, size)


def polysub(a1: Any, a2: Any) -> Any:
    """`np.polysub`: the difference of two polynomials."""
    a1, a2 = _line("polysub", a1), _line("polysub", a2)
    size = max(a1.shape[0], a2.shape[0])
    return _of_size(a1, size) - _of_size(a2, size)


def _of_size(p: Any, size: int) -> Any:
    """With zeros before the first factor."""
    missing = size - p.shape[0]
    return F.concatenate([np.zeros(missing, p.dtype), p]) if missing else p


def polymul(a1: Any, a2: Any) -> Any:
    """`np.polymul`: the product of two polynomials."""
    return F.convolve1d(_trimmed(floating("polymul", _line("polymul", a1))),
                        _trimmed(floating("polymul", _line("polymul", a2))))  # fmt: skip


def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """`np.polydiv`: the quotient of two polynomials, and what remains, by long division."""
    u, v = floating("polydiv", _line("polydiv", u)), floating("polydiv", _line("polydiv", v))
    steps = u.shape[0] - v.shape[0] + 1
    if steps < 1:
        return F.reshape(u[0] * 0, (1,)), u
    rest, found = u, []
    for _ in range(steps):  # the first factor of what is left goes
        found.append(rest[0] / v[0])
        rest = F.concatenate([rest[1 : v.shape[0]] - found[-1] * v[1:], rest[v.shape[0] :]])
    if not rest.shape[0]:
        return F.stack(found), F.reshape(u[0] * 0, (1,))
    left = on_host(rest)
    first = 0
    while first < left.size - 1 and np.allclose(left[first], 0, rtol=1e-14):
        first += 1
    return F.stack(found), rest[first:]


# --------------------------------------------------------------------------- derivatives and integrals
def polyder(p: Any, m: int = 1) -> Any:
    """`np.polyder`: the m-th derivative of a polynomial."""
    m, p = integer("np.polyder", "m", m, 0), _line("polyder", p)
    degree = p.shape[0] - 1
    powers = np.array([perm(k, m) for k in range(degree, m - 1, -1)], p.dtype)
    return p[: max(degree + 1 - m, 0)] * powers


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """`np.polyint`: the m-th integral of a polynomial, with k as the constants, 0 if None."""
    m, p = integer("np.polyint", "m", m, 0), floating("polyint", _line("polyint", p))
    constants = F.reshape(floating("polyint", [0.0] if k is None else k), (-1,))
    if constants.shape[0] not in (1, m):
        raise ShapeError(f"np.polyint: k needs 1 or {m} constants, got {constants.shape[0]}")
    for constant in F.broadcast_to(F.astype(constants, p.dtype), (m,)):
        divisors = np.arange(p.shape[0], 0, -1).astype(p.dtype)
        p = F.concatenate([p / divisors, F.reshape(constant, (1,))])
    return p


# --------------------------------------------------------------------------- roots
def poly(seq_of_zeros: Any) -> Any:
    """`np.poly`: the polynomial with some roots, or the characteristic one of a square matrix."""
    zeros = floating("poly", seq_of_zeros)
    if zeros.ndim == 1:
        found = F.astype(np.ones(1), zeros.dtype)
        for k in range(zeros.shape[0]):
            zero = F.reshape(zeros[k], (1,))
            found = F.concatenate([found, found[:1] * 0]) - F.concatenate([zero * 0, zero * found])
        return found
    if zeros.ndim != 2 or zeros.shape[0] != zeros.shape[1]:
        raise ShapeError(f"np.poly: some roots or a square matrix fit, got {zeros.shape}")
    size = zeros.shape[0]
    factors, matrix, one = [np.ones((), zeros.dtype)], zeros, np.eye(size, dtype=zeros.dtype)
    for k in range(1, size + 1):  # Faddeev and LeVerrier: the factors by traces of powers
        factors.append(F.trace(matrix) * (-1 / k))
        matrix = zeros @ (matrix + factors[-1] * one)
    return F.stack([F.astype(factor, zeros.dtype) for factor in factors])


def roots(p: Any) -> Any:
    """`np.roots`: the roots of a polynomial, all of which must be real.

    Two of Newton's steps from them are recorded, which gives derivatives up to the third order. A double
    root has no derivative; the square root of the type's largest number stands for the infinite one.
    """
    p = _trimmed(floating("roots", _line("roots", p)))
    found = np.roots(on_host(p).astype(np.float64))
    size = np.abs(found).max(initial=1.0)
    if (np.abs(found.imag) > 1e-10 * size).any():
        raise ArgumentError(f"np.roots: {found} are not all real, and Tensors hold real numbers")
    places = found.real.astype(p.dtype)
    at, slope, value = places, polyder(p), polyval(p, places)
    double = on_host(polyval(slope, places)) == 0
    for _ in range(2):
        at = at - polyval(p, at) / F.where(double, places.dtype.type(1), polyval(slope, at))
    steep = np.where(double, np.sqrt(np.finfo(places.dtype).max), places.dtype.type(0))
    return at - (value - on_host(value)) * steep


#: By NumPy's name.
POLYNOMIALS: dict[str, Callable[..., Any]] = {
    "poly": poly,
    "polyadd": polyadd,
    "polyder": polyder,
    "polydiv": polydiv,
    "polyfit": polyfit,
    "polyint": polyint,
    "polymul": polymul,
    "polysub": polysub,
    "polyval": polyval,
    "roots": roots,
}
