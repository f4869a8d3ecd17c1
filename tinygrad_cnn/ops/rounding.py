"""Functions that are flat between steps: their gradients are zeros, which are there."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.ops.families import Elementwise
from tinygrad_cnn.ops.pairs_of_arrays import of_two
from tinygrad_cnn.ops.select import no_slope

__all__ = ["Ceil", "Floor", "FloorDiv", "Round", "Sign", "Step", "Trunc"]


class Flat(Elementwise):
    """Shared by functions whose derivative is 0 wherever they have one."""

    wide = False

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (no_slope(g),)


class Sign(Flat):
    """-1, 0 or 1.

    y = x / |x|, y = 0 at 0
    """

    def forward(self, x: Any) -> Any:
        return np.sign(x)


class Floor(Flat):
    """The largest whole number that is not above x.

    y = floor(x)
    """

    def forward(self, x: Any) -> Any:
        return np.floor(x)


class Ceil(Flat):
    """The smallest whole number that is not below x.

    y = ceil(x)
    """

    def forward(self, x: Any) -> Any:
        return np.ceil(x)


class Trunc(Flat):
    """x without what comes after the point.

    y = x / |x| · floor(|x|)
    """

    def forward(self, x: Any) -> Any:
        return np.trunc(x)


class Round(Flat):
    """The nearest number with some decimals, the even one of two.

    y = round(10^d · x) / 10^d, d the decimals
    """

    def __init__(self, decimals: int = 0) -> None:
        self.decimals = decimals

    def forward(self, x: Any) -> Any:
        return np.round(x, self.decimals)


class Step(Flat):
    """1 where x > 0, else 0; NaN stays NaN."""

    def forward(self, x: Any) -> Any:
        return np.heaviside(x, 0).astype(x.dtype, copy=False)


class FloorDiv(Elementwise):
    """The largest whole number that is not above a / b."""

    def forward(self, a: Any, b: Any) -> Any:
        return of_two("floor_divide", a, b)

    def backward(self, g: Any) -> tuple[Any, ...]:
        zeros = no_slope(g)
        return zeros, zeros
