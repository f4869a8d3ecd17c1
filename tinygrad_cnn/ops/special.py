"""The inverse of the error function, the gamma function's logarithm and its derivatives, Bessel's I."""

from __future__ import annotations

from math import factorial, pi, sqrt
from typing import Any

import numpy as np

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.graph import OUT
from tinygrad_cnn.kernels.numpy.special import polygamma
from tinygrad_cnn.ops.elementwise import Exp
from tinygrad_cnn.ops.families import Elementwise

__all__ = ["BesselI", "Erfinv", "Lgamma", "Polygamma"]


class Erfinv(Elementwise):
    """The number whose error function is x: infinite at ±1, NaN beyond.

    erf(y) = x
    """

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.erfinv(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * (Exp()(y * y) * (sqrt(pi) / 2)),)


class Lgamma(Elementwise):
    """ln |Γ(x)|."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.lgamma(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * Polygamma(0)(x),)


class Polygamma(Elementwise):
    """The derivative of order n + 1 of ln Γ(x); n = 0 is the digamma function."""

    keep = (0,)

    def __init__(self, n: int) -> None:
        self.n = n

    def forward(self, x: Any) -> Any:
        if self.n > 1:
            return polygamma(x, self.n)
        return kernels.trigamma(x) if self.n else kernels.digamma(x)

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
