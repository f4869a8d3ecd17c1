"""Pooling over windows, and the linear pairs that its derivatives are made of.

MaxPool's gradient goes to one place per window: `Place` puts it there and `Pick` takes it back,
each the other's adjoint at fixed places. AvgPool and `Spread` are adjoint in the same way.
"""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Op
from tinygrad_cnn.ops.window import Grid, by


class PoolFamily(Op):
    """What they share: the geometry."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def options(self) -> dict[str, Any]:
        options = self.grid.describe()
        if self.grid.stride == self.grid.kernel:  # the usual case goes without saying
            options.pop("stride", None)
        elif "stride" not in options:
            options["stride"] = self.grid.stride
        return {"kernel": by(self.grid.kernel), **options}


class MaxPool(PoolFamily):
    """Largest element of each window: x (..., *image) -> (..., *output).

    A tie's whole gradient goes to the first maximum in row-major order; padding never wins.
    """

    def forward(self, x: Any) -> Any:
        if not any(self.needs):
            return kernels.max_pool(x, self.grid)
        y, self._places = kernels.max_pool_places(x, self.grid)
        return y

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Place(self.grid, self._places)(g),)


class Place(PoolFamily):
    """g (..., *output) added at one tap per window, zeros elsewhere -> (..., *image)."""

    def __init__(self, grid: Grid, places: Any) -> None:
        self.grid, self._places = grid, places

    def forward(self, g: Any) -> Any:
        return kernels.place(g, self._places, self.grid)

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (Pick(self.grid, self._places)(h),)


class Pick(PoolFamily):
    """x (..., *image) at one tap per window -> (..., *output); the adjoint of `Place`."""

    def __init__(self, grid: Grid, places: Any) -> None:
        self.grid, self._places = grid, places

    def forward(self, x: Any) -> Any:
        return kernels.pick(x, self._places, self.grid)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Place(self.grid, self._places)(g),)


class AvgPool(PoolFamily):
    """Mean of each window: x (..., *image) -> (..., *output).

    Padding counts as zeros when `count_include_pad`; the overhang of ceil_mode never counts.
    """

    def __init__(self, grid: Grid, count_include_pad: bool = True) -> None:
        self.grid, self.count_include_pad = grid, count_include_pad

    def forward(self, x: Any) -> Any:
        return kernels.avg_pool(x, self.grid, self.count_include_pad)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Spread(self.grid, self.count_include_pad)(g),)


class Spread(PoolFamily):
    """Each g shared evenly over its window: (..., *output) -> (..., *image); AvgPool's adjoint."""

    def __init__(self, grid: Grid, count_include_pad: bool = True) -> None:
        self.grid, self.count_include_pad = grid, count_include_pad

    def forward(self, g: Any) -> Any:
        return kernels.spread(g, self.grid, self.count_include_pad)

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (AvgPool(self.grid, self.count_include_pad)(h),)
