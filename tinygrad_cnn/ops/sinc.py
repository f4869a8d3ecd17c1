"""The cardinal sine, with derivatives of every order that are exact near 0."""

from __future__ import annotations

from math import ceil, factorial, perm, pi
from typing import Any

import numpy as np

from tinygrad_cnn.ops.families import Elementwise

__all__ = ["Sinc", "SincSlope"]


class Sinc(Elementwise):
    """sin(πx) / (πx), and 1 at 0."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        wide = x.astype(np.result_type(x, np.float64))  # near its zeros the digits of πx decide
        return np.sinc(wide).astype(x.dtype)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * SincSlope(1)(x),)


class SincSlope(Elementwise):
    """A derivative of `Sinc`, the n-th; near 0 by its series, where the quotient would cancel.

    y = (d / dx)^n · (sin(πx) / (πx))
    """

    word = "Sinc gradient"
    keep = (0,)

    def __init__(self, n: int) -> None:
        self.n = n

    def forward(self, x: Any) -> Any:
        z = np.multiply(x, pi, dtype=np.result_type(x, np.float64))
        near = np.abs(z) < 1.0 + self.n / 2
        series, quotients = self._series(np.where(near, z, 0.0)), self._quotients(np.where(near, 1.0, z))
        return (pi**self.n * np.where(near, series, quotients)).astype(np.result_type(x), copy=False)

    def _series(self, z: Any) -> Any:
        """The n-th derivative of sum_k (-1)^k z^2k / (2k+1)!, to the last place for |z| < 4."""
        first, total, square = ceil(self.n / 2), np.zeros_like(z), z * z
        for k in reversed(range(first, first + 18)):
            total = total * square + (-1) ** k * perm(2 * k, self.n) / factorial(2 * k + 1)
        return total * z if self.n % 2 else total

    def _quotients(self, z: Any) -> Any:
        """s_n = (the n-th derivative of sin - n·s_(n-1)) / z, for z far from 0."""
        found = np.sin(z) / z
        for n in range(1, self.n + 1):
            found = (np.sin(z + n * pi / 2) - n * found) / z
        return found

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * SincSlope(self.n + 1)(x),)
