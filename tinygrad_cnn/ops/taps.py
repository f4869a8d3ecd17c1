"""Images read at a few places each with a weight: what interpolation at any points is made of.

The three are linear in each operand, and the derivatives of each are the other two. Images lie in one row,
x (N, C, I); places int (N, K, P) are the K pixels that make each of P points, below 0 outside of the image,
and w (N, K, P) what each counts.
"""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.graph import Needs, Op, Result

__all__ = ["TapProduct", "TapSpread", "TapSum"]


class Taps(Op):
    """Shared by the three: the places, a constant."""

    family = "shape"
    wide = True
    keep = (0, 1)

    def __init__(self, places: Any) -> None:
        self._places = places

    def beside(self, x: Any) -> Any:
        """The places, where x lies."""
        return devices.beside(self._places, x)


class TapSum(Taps):
    """Sum of the pixels at the places of each point times their weights.

    y[n, c, p] = sum_k w[n, k, p] · x[n, c, places[n, k, p]]
    """

    def forward(self, x: Any, w: Any) -> Any:
        return kernels.tap_sum(x, self.beside(x), w)

    def backward(self, g: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        dx = TapSpread(self._places, x.shape[2])(g, w) if needs[0] else None
        return dx, TapProduct(self._places)(g, x) if needs[1] else None


class TapSpread(Taps):
    """Each point added to the pixels at its places times their weights, (N, C, size).

    y[n, c, places[n, k, p]] += w[n, k, p] · g[n, c, p]
    """

    def __init__(self, places: Any, size: int) -> None:
        super().__init__(places)
        self.size = size

    def forward(self, g: Any, w: Any) -> Any:
        return kernels.tap_spread(g, self.beside(g), w, self.size)

    def backward(self, h: Any, g: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        dg = TapSum(self._places)(h, w) if needs[0] else None
        return dg, TapProduct(self._places)(g, h) if needs[1] else None


class TapProduct(Taps):
    """Product of each point with the pixels at its places, summed over channels.

    y[n, k, p] = sum_c g[n, c, p] · x[n, c, places[n, k, p]]
    """

    def forward(self, g: Any, x: Any) -> Any:
        return Result(kernels.tap_product(g, x, self.beside(g)), x.shape[2])

    def backward(self, h: Any, g: Any, x: Any, size: int, *, needs: Needs) -> tuple[Any, ...]:
        dg = TapSum(self._places)(x, h) if needs[0] else None
        return dg, TapSpread(self._places, size)(g, h) if needs[1] else None
