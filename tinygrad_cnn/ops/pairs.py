"""Functions of two numbers that are more than arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import OUT, Traced
from tinygrad_cnn.ops.activation import Sigmoid
from tinygrad_cnn.ops.families import Elementwise
from tinygrad_cnn.ops.pairs_of_arrays import of_two
from tinygrad_cnn.ops.select import Where, no_slope

__all__ = ["CopySign", "Hypot", "LogAddExp"]


class LogAddExp(Elementwise):
    """ln(e^a + e^b), also where e^a or e^b overflows."""

    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return of_two("logaddexp", a, b)

    def backward(self, g: Any, a: Any, b: Any) -> tuple[Any, ...]:
        share = Sigmoid()(difference(a, b))
        return g * share, g * (1 - share)


class Hypot(Elementwise):
    """The root of a² + b², without overflow in between; both derivatives are 0 at the origin."""

    keep = (0, 1, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        return of_two("hypot", a, b)

    def backward(self, g: Any, a: Any, b: Any, y: Any) -> tuple[Any, ...]:
        safe = Where(y == 0)(1.0, y)
        return g * (a / safe), g * (b / safe)


class CopySign(Elementwise):
    """|a| with the sign of b; the derivative in a is 0 at 0."""

    wide = False
    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return np.copysign(a, b)

    def backward(self, g: Any, a: Any, b: Any) -> tuple[Any, ...]:
        signs = np.sign(plain(a)) * np.copysign(np.ones_like(plain(b)), plain(b))
        return g * signs, no_slope(g)


def difference(a: Any, b: Any) -> Any:
    """a - b, and 0 where both are the same infinity.

    >>> difference(np.array([np.inf, 2.0]), np.array([np.inf, 1.0]))
    array([0., 1.])
    """
    x, y = plain(a), plain(b)
    other = (x != y) | np.isfinite(x)  # equal numbers too: their difference has a derivative
    return Where(other)(a, 0.0) - Where(other)(b, 0.0)


def plain(x: Any) -> Any:
    """The array of a Tensor, or the array itself: for what is constant in a derivative.

    >>> plain(np.ones(2))
    array([1., 1.])
    """
    return x.array if isinstance(x, Traced) else x
