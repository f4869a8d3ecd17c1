"""Pooling over windows, and the linear pairs that its derivatives are made of.

MaxPool's gradient goes to one place per window: `Place` puts it there and `Pick` takes it back,
each the other's adjoint at fixed places. AvgPool and `Spread` are adjoint in the same way.
AdaptiveMaxPool and MaxUnpool know their places as positions in the image: AddAlongAxis and Index.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.graph import OUT, Needs, Op, Result
from tinygrad_cnn.grid import Grid, along_axes, by
from tinygrad_cnn.ops.index import AddAlongAxis, Index, beside, written

__all__ = ["AdaptiveMaxPool", "AvgPool", "LpPool", "MaxPool", "MaxUnpool", "Pick", "Place", "Spread"]


class PoolFamily(Op):
    """Shared by all pools: the geometry."""

    wide = True
    family = "pool"

    grid: Grid

    def options(self) -> dict[str, Any]:
        options = self.grid.describe()
        if self.grid.stride == self.grid.kernel:  # the usual case goes without saying
            options.pop("stride", None)
        elif "stride" not in options:
            options["stride"] = self.grid.stride
        return {"kernel": by(self.grid.kernel), **options}


class MaxPool(PoolFamily):
    """Largest element of each window: x (..., *image) -> (..., *output).

        y[o] = max_u x[o*stride + u*dilation - padding], for the taps u

    A tie's whole gradient goes to the first maximum in row-major order; padding never wins.
    The residual holds the maxima's places in their windows, where a derivative needs them or
    `places` asks for them.
    """

    def __init__(self, grid: Grid, places: bool = False) -> None:
        self.grid, self._places = grid, places

    def forward(self, x: Any, *, needs: Needs = ()) -> Any:
        if not any(needs) and not self._places:
            return kernels.max_pool(x, self.grid)
        return Result(*kernels.max_pool_places(x, self.grid))

    def backward(self, g: Any, places: Any) -> tuple[Any, ...]:
        return (Place(self.grid, places)(g),)


class Place(PoolFamily):
    """g (..., *output) added at one tap per window, zeros elsewhere -> (..., *image).

    x[o*stride + u*dilation - padding] += g[o], u the tap of window o
    """

    word = "MaxPool gradient"

    def __init__(self, grid: Grid, places: Any) -> None:
        self.grid, self._places = grid, places

    def forward(self, g: Any) -> Any:
        return kernels.place(g, self._places, self.grid)

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (Pick(self.grid, self._places)(h),)


class Pick(PoolFamily):
    """x (..., *image) at one tap per window -> (..., *output); the adjoint of `Place`.

    y[o] = x[o*stride + u*dilation - padding], u the tap of window o
    """

    word = "MaxPool, known places"

    def __init__(self, grid: Grid, places: Any) -> None:
        self.grid, self._places = grid, places

    def forward(self, x: Any) -> Any:
        return kernels.pick(x, self._places, self.grid)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Place(self.grid, self._places)(g),)


class AvgPool(PoolFamily):
    """Mean of each window: x (..., *image) -> (..., *output).

        y[o] = sum_u x[o*stride + u*dilation - padding] / K, for the K taps u

    Padding counts as zeros when `count_include_pad`; the overhang of ceil_mode never counts.
    """

    def __init__(self, grid: Grid, count_include_pad: bool = True) -> None:
        self.grid, self.count_include_pad = grid, count_include_pad

    def forward(self, x: Any) -> Any:
        return kernels.avg_pool(x, self.grid, self.count_include_pad)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Spread(self.grid, self.count_include_pad)(g),)


class Spread(PoolFamily):
    """Each g shared evenly over its window: (..., *output) -> (..., *image); AvgPool's adjoint.

    x[o*stride + u*dilation - padding] += g[o] / K, for the K taps u
    """

    word = "AvgPool gradient"

    def __init__(self, grid: Grid, count_include_pad: bool = True) -> None:
        self.grid, self.count_include_pad = grid, count_include_pad

    def forward(self, g: Any) -> Any:
        return kernels.spread(g, self.grid, self.count_include_pad)

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (AvgPool(self.grid, self.count_include_pad)(h),)


class LpPool(PoolFamily):
    """(sum of x^p over each window)^(1/p); a sum of 0 gets gradient 0.

    A window that overhangs the image in ceil_mode is scaled up by its missing pixels, as in PyTorch.
    """

    keep = (0, OUT)

    def __init__(self, grid: Grid, p: float) -> None:
        self.grid, self.p = grid, p

    def options(self) -> dict[str, Any]:
        return {"p": self.p, **super().options()}

    def forward(self, x: Any) -> Any:
        with np.errstate(invalid="ignore"):  # a root of a negative sum is NaN
            return (kernels.avg_pool(x**self.p, self.grid, True) * self._taps) ** (1 / self.p)

    def backward(self, g: Any, x: Any, y: Any) -> tuple[Any, ...]:
        safe = y + (y == 0)  # any number but 0, whose power would be infinite
        share = Spread(self.grid)(g * (y != 0) * safe ** (1 - self.p))
        return (share * x ** (self.p - 1) * self._taps,)

    @property
    def _taps(self) -> int:
        return prod(self.grid.kernel)


class AdaptiveMaxPool(Op):
    """Largest element of each of the bins that cover the image: (..., *image) -> (..., *output).

        y[o] = max_i x[i], i in bin o

    Bin i of an axis holds the pixels from floor(i*n/o) up to ceil((i+1)*n/o); neighbours may share
    pixels. The first maximum in row-major order gets the gradient; the residual holds the maxima's
    flat positions in their images, and the shape of x.
    """

    family = "pool"

    def __init__(self, output: tuple[int, ...]) -> None:
        self.output = output

    def forward(self, x: Any) -> Any:
        y, flat = kernels.adaptive_max_pool(x, self.output)
        return Result(y, (flat, x.shape))

    def backward(self, g: Any, residual: tuple[Any, tuple[int, ...]]) -> tuple[Any, ...]:
        flat, shape = residual
        lead, size = shape[: -len(self.output)], prod(shape[-len(self.output) :])
        lines = (*lead, prod(self.output))
        add = AddAlongAxis(flat.reshape(lines), len(lead), size)
        return (add(g.reshape(lines)).reshape(shape),)


class MaxUnpool(Op):
    """Zeros (..., *image), with each element of x at its flat position in its image.

        y[p[i]] = x[i], p positions

    Where positions repeat, the last element in row-major order stays and gets the gradient.
    """

    family = "pool"

    def __init__(self, flat: Any, image: tuple[int, ...]) -> None:
        self._flat, self.image = flat, image

    def forward(self, x: Any) -> Any:
        shape, key = (*x.shape[: -len(self.image)], *self.image), key_of(self._flat, self.image)
        if type(x) in devices.ON_DEVICES:
            out, _, stays = written(devices.zeros(shape, x.dtype, like=x), beside(key, x), x)
            return Result(out, stays)
        out = np.zeros(shape, x.dtype)
        out[key] = x
        last, number = np.zeros(shape, np.int64), np.arange(x.size).reshape(x.shape)
        last[key] = number
        return Result(out, last[key] == number)

    def backward(self, h: Any, stays: Any) -> tuple[Any, ...]:
        return (Index(key_of(self._flat, self.image))(h) * stays,)


def key_of(flat: Any, image: tuple[int, ...]) -> tuple[Any, ...]:
    """The key into (..., *image) that takes, in each image, the pixels at flat positions.

    >>> [axis.tolist() for axis in key_of(np.array([[5]]), (2, 3))]
    [[[1]], [[2]]]
    """
    lead = np.ogrid[tuple(slice(n) for n in flat.shape[: -len(image)])]
    beside = (..., *(None for _ in image))
    return (*(axis[beside] for axis in lead), *along_axes(flat, image))
