"""The inverse of the error function, the gamma function's logarithm and its derivatives, Bessel's I."""

from __future__ import annotations

from math import factorial, log, pi, sqrt
from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.graph import OUT
from tinygrad_cnn.kernels.numpy.error_functions import complement, erf
from tinygrad_cnn.ops.elementwise import Exp
from tinygrad_cnn.ops.families import Elementwise

__all__ = ["BesselI", "Erfinv", "Lgamma", "Polygamma"]

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


class Erfinv(Elementwise):
    """The number whose error function is x: infinite at ±1, NaN beyond.

    erf(y) = x
    """

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
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
        return np.where(inside, y, edge).astype(x.dtype)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * (Exp()(y * y) * (sqrt(pi) / 2)),)


class Lgamma(Elementwise):
    """ln |Γ(x)|: Stirling's series above `FAR`, steps of Γ(x + 1) = x·Γ(x) below, reflection below 1/2."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
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
            turn = np.abs(np.sin(pi * np.where(low, np.remainder(wide, 1.0), 0.5)))
            found = np.where(low, np.log(pi / turn) - found, found)
        return np.where(np.isneginf(wide), np.inf, found).astype(x.dtype)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * Polygamma(0)(x),)


class Polygamma(Elementwise):
    """The derivative of order n + 1 of ln Γ(x); n = 0 is the digamma function."""

    keep = (0,)

    def __init__(self, n: int) -> None:
        self.n = n

    def forward(self, x: Any) -> Any:
        wide = devices.as_array(x).astype(np.result_type(x, np.float64), copy=False)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            if self.n:
                found = self._stepped(np.where(wide < -100, np.nan, wide), int(FAR) + 102)
            else:
                low = wide < 0.5
                found = self._stepped(np.where(low, 1 - wide, wide), int(FAR))
                turn = np.where(low, np.tan(pi * np.remainder(wide, 1.0)), 1.0)
                pole = (wide < 0) & (np.remainder(wide, 1.0) == 0)
                found = np.where(pole, np.nan, np.where(low, found - pi / turn, found))
        return found.astype(x.dtype)

    def _stepped(self, z: Any, most: int) -> Any:
        """The series above `FAR`; below, ψ_n(x) = ψ_n(x + 1) - (-1)^n n! / x^(n+1) up to there."""
        n, total = self.n, np.zeros_like(z)
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
        return total + (-1) ** (n + 1) * (
            factorial(n - 1) / z**n + factorial(n) / (2 * z ** (n + 1)) + tail
        )

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * Polygamma(self.n + 1)(x),)


class BesselI(Elementwise):
    """The modified Bessel function of the first kind, of a whole order n.

        y = sum_k (x / 2)^(2·k + n) / (Γ(k + 1) · Γ(k + n + 1))

    By this series up to |x| = 30, by the asymptotic one beyond; infinite from about 713 on in float64.
    """

    keep = (0,)

    def __init__(self, n: int) -> None:
        self.n = n

    def forward(self, x: Any) -> Any:
        wide = devices.as_array(x).astype(np.result_type(x, np.float64), copy=False)
        size = np.abs(wide)
        near = size <= self._edge
        far = np.where(near, 100.0, np.minimum(size, 1e5))  # there it is infinite in any type
        with np.errstate(over="ignore"):
            found = np.where(near, self._series(np.where(near, size, 1.0)), self._far(far))
            return (np.where(wide < 0, (-1) ** self.n * found, found)).astype(x.dtype)

    @property
    def _edge(self) -> float:
        return 30.0 + self.n**2

    def _series(self, z: Any) -> Any:
        """All terms are positive, so none cancel."""
        square, term = z * z / 4, (z / 2) ** self.n / factorial(self.n)
        total = term
        for k in range(1, int(1.5 * self._edge) + 20):
            term = term * square / (k * (k + self.n))
            total = total + term
        return total

    def _far(self, z: Any) -> Any:
        """e^x / sqrt(2πx) times a sum of falling powers of x."""
        total = term = np.ones_like(z)
        for k in range(1, 25):
            term = term * ((2 * k - 1) ** 2 - 4 * self.n**2) / (8 * k * z)
            total = total + term
        half = np.exp(z / 2)  # e^x alone would overflow first
        return half * (total / np.sqrt(2 * pi * z)) * half

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        if not self.n:
            return (g * BesselI(1)(x),)
        return (g * (BesselI(self.n - 1)(x) + BesselI(self.n + 1)(x)) * 0.5,)
