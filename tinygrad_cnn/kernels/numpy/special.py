"""The inverse of the error function, ln |Γ(x)|, and its first two derivatives, in plain NumPy."""

from __future__ import annotations

from math import factorial, log, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.kernels.numpy.error_functions import complement, erf

Array = NDArray[Any]

#: Bernoulli's numbers B_2, B_4, ... B_20.
BERNOULLI = (
    1 / 6,
    -1 / 30,
    1 / 42,
    -1 / 30,
    5 / 66,
    -691 / 2730,
    7 / 6,
    -3617 / 510,
    43867 / 798,
    -174611 / 330,
)
#: From here on the asymptotic series below are right to the last places of float64.
FAR = 20.0


def erfinv(x: Array) -> Array:
    """The number whose error function is x: infinite at ±1, NaN beyond.

    >>> erfinv(np.array([0.5])).round(4)
    array([0.4769])
    """
    wide = devices.as_array(x).astype(np.result_type(x, np.float64), copy=False)
    inside = np.abs(wide) < 1
    v = np.where(inside, wide, 0.0)
    tail = np.log1p(-v * v)
    a = 2 / (pi * 0.147) + tail / 2
    y = np.copysign(np.sqrt(np.sqrt(a * a - tail / 0.147) - a), v)  # right to 2 in 1,000: Winitzki
    for _ in range(3):  # Halley's steps, each with three times the digits
        far = np.clip(np.abs(y), 0.5, 6.0)
        rest = np.where(np.abs(v) < 0.6, erf(y) - v, np.sign(v) * (1 - np.abs(v) - complement(far)))
        step = rest * (sqrt(pi) / 2) * np.exp(y * y)
        y = y - step / (1 + y * step)
    edge = np.where(np.abs(wide) == 1, np.copysign(np.inf, wide), np.nan)
    return devices.as_array(np.where(inside, y, edge).astype(x.dtype))


def lgamma(x: Array) -> Array:
    """ln |Γ(x)|: Stirling's series above `FAR`, steps of Γ(x + 1) = x·Γ(x) below, reflection below 1/2.

    >>> lgamma(np.array([5.0])).round(4)
    array([3.1781])
    """
    kind = np.result_type(x, np.float64)  # large terms cancel, so float64 is computed with more digits
    more = kind == np.float64 and x.dtype == kind and type(x) not in devices.ON_DEVICES
    wide = devices.as_array(x).astype(np.longdouble if more else kind, copy=False)
    low = wide < 0.5
    z = np.where(low, 1 - wide, wide)
    product = np.ones_like(z)
    for _ in range(int(FAR)):
        near = z < FAR
        product = np.where(near, product * z, product)
        z = np.where(near, z + 1, z)
    series = sum(b / (2 * k * (2 * k - 1) * z ** (2 * k - 1)) for k, b in enumerate(BERNOULLI, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (z - 0.5) * np.log(z) - z + 0.5 * log(2 * pi) + series - np.log(product)
        found = np.where(np.isposinf(z), np.inf, found)
        turn = np.abs(np.sin(pi * np.where(low, wide - np.rint(wide), 0.5)))  # the rest is exact
        found = np.where(low, np.log(pi / turn) - found, found)
        found = np.where((wide == 1) | (wide == 2), 0, found)  # exactly
    return devices.as_array(np.where(np.isneginf(wide), np.inf, found).astype(x.dtype))


def digamma(x: Array) -> Array:
    """ψ(x), the derivative of ln Γ(x): NaN at -1, -2, ..., -inf at 0.

    >>> digamma(np.array([1.0])).round(4)
    array([-0.5772])
    """
    wide = devices.as_array(x).astype(np.result_type(x, np.float64), copy=False)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        low = wide < 0.5
        found = _stepped(np.where(low, 1 - wide, wide), 0, int(FAR))
        rest = np.where(wide == 0, 0.0, wide - np.rint(wide))  # exact; of -0 the same as of 0
        turn = np.where(low, np.tan(pi * rest), 1.0)
        pole = (wide < 0) & (rest == 0)
        found = np.where(pole, np.nan, np.where(low, found - pi / turn, found))
    return devices.as_array(found.astype(x.dtype))


def trigamma(x: Array) -> Array:
    """The derivative of `digamma`: infinite at 0, -1, -2, ....

    >>> trigamma(np.array([1.0])).round(4)
    array([1.6449])
    """
    return polygamma(x, 1)


def polygamma(x: Array, n: int) -> Array:
    """The derivative of order n + 1 of ln Γ(x), n >= 1, by reflection below 1/2.

    At 0 infinite; at -1, -2, ... too, but NaN where the two sides differ in sign: for even n.

    >>> polygamma(np.array([1.0]), 2).round(4)
    array([-2.4041])
    """
    wide = devices.as_array(x).astype(np.result_type(x, np.float64), copy=False)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        low = wide < 0.5
        rest = np.where(low, wide - np.rint(wide), 0.25)  # exact
        found = _stepped(np.where(low, 1 - wide, wide), n, int(FAR))
        found = np.where(low, (-1) ** n * found - _turn(1 / np.tan(pi * rest), n), found)
        if n % 2 == 0:
            found = np.where((wide < 0) & (rest == 0), np.nan, found)
    return devices.as_array(found.astype(x.dtype))


def _turn(c: Any, n: int) -> Any:
    """The derivative of order n of π·cot(πx), by c = cot(πx): a polynomial with terms of one sign."""
    terms = [0, 1]
    for _ in range(n):  # d/dx p(c) = -π·(1 + c²)·p'(c)
        slope = [k * a for k, a in enumerate(terms)][1:]
        terms = [-a - b for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    odd = 1 - n % 2  # every other coefficient is 0
    last, *others = reversed(terms[odd::2])
    value = np.zeros_like(c) + float(last)
    for a in others:
        value = value * (c * c) + float(a)
    return pi ** (n + 1) * (value * c if odd else value)


def _stepped(z: Any, n: int, most: int) -> Any:
    """The series above `FAR`; below, ψ_n(x) = ψ_n(x + 1) - (-1)^n n! / x^(n+1) up to there."""
    total = np.zeros_like(z)
    for _ in range(most):
        near = z < FAR
        if type(near) not in devices.ON_DEVICES and not near.any():  # asking a device is waiting for it
            break
        total = np.where(near, total - (-1) ** n * factorial(n) / z ** (n + 1), total)
        z = np.where(near, z + 1, z)
    if not n:
        tail = sum(b / (2 * k * z ** (2 * k)) for k, b in enumerate(BERNOULLI, 1))
        return total + np.log(z) - 0.5 / z - tail
    tail = sum(
        b * factorial(2 * k + n - 1) / (factorial(2 * k) * z ** (2 * k + n))
        for k, b in enumerate(BERNOULLI, 1)
    )
    return total + (-1) ** (n + 1) * (factorial(n - 1) / z**n + factorial(n) / (2 * z ** (n + 1)) + tail)
