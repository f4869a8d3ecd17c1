"""Functions of each element by itself."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.devices import Device
from tinygrad_cnn.graph import OUT, Result
from tinygrad_cnn.ops.families import Elementwise
from tinygrad_cnn.ops.select import Gate

__all__ = ["Cast", "Clip", "Exp", "Exp2", "Expm1", "Log", "Log1p", "Log2", "Log10", "Move"]


class Exp(Elementwise):
    """e^x."""

    symbol = "exp"
    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.exp(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * y,)


class Log(Elementwise):
    """ln x."""

    symbol = "log"
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.log(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / x,)


class Expm1(Elementwise):
    """e^x - 1, exact also where x is tiny."""

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.expm1(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * (y + 1),)


class Log1p(Elementwise):
    """ln(1 + x), exact also where x is tiny."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.log1p(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / (x + 1),)


class Log2(Elementwise):
    """The logarithm to base 2.

    y = ln x / ln 2
    """

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.log2(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / (x * log(2)),)


class Log10(Elementwise):
    """The logarithm to base 10.

    y = ln x / ln 10
    """

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.log10(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / (x * log(10)),)


class Clip(Elementwise):
    """x, but at least `low` and at most `high` (either may be None); derivative 1 at both bounds.

    y = min(max(x, low), high)
    """

    wide = False
    keep = (0,)

    def __init__(self, low: Any, high: Any) -> None:
        self.low, self.high = low, high

    def forward(self, x: Any) -> Any:
        return np.clip(x, *self._bounds(x))

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        low, high = self._bounds(x)
        inside = True if low is None else x >= low
        return (Gate(inside if high is None else inside & (x <= high))(g),)

    def _bounds(self, x: Any) -> tuple[Any, ...]:
        """Both bounds, where x lies."""
        return tuple(b if b is None else devices.beside(b, x) for b in (self.low, self.high))


class Cast(Elementwise):
    """x with another element type; its gradient returns in the operand's own type.

    y = x
    """

    wide = False

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def forward(self, x: Any) -> Any:
        return x.astype(self.dtype)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (g,)  # the walk casts every gradient to its operand's type

    def options(self) -> dict[str, Any]:
        return {"dtype": str(self.dtype)}


class Move(Elementwise):
    """x on another device; its gradient returns to where x lies. The residual is that place.

    y = x
    """

    wide = False

    def __init__(self, device: Device) -> None:
        self.device = device

    def forward(self, x: Any) -> Any:
        return Result(devices.moved(x, self.device), devices.device_of(x))

    def backward(self, g: Any, source: Device) -> tuple[Any, ...]:
        return (Move(source)(g),)


class Exp2(Elementwise):
    """2^x."""

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.exp2(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * y * log(2),)
