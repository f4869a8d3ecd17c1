"""Images of another size: averages over adaptive bins, interpolation, channels turned into pixels.

Averaging over bins, nearest and bilinear interpolation are sparse linear maps along each axis in
turn, and the adjoint of such a map is the map read backwards; so one op, `Resample`, is its own
family. Its subclasses only bear the names that a reader of a graph expects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Op
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.ops.pool import Spread

__all__ = ["AdaptiveAvgPool", "Interpolate", "PixelShuffle", "PixelUnshuffle", "Resample"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class AxisMap:
    """A sparse linear map along an axis: y[target] += weight * x[source], for each of its terms.

    Attributes:
        sources, targets, weights: one element per term.   n, count: sizes of x and of y.

    >>> AxisMap(np.array([0, 1]), np.array([0, 0]), np.array([0.5, 0.5]), 2, 1)(np.array([1.0, 3.0]), 0)
    array([2.])
    """

    sources: Array
    targets: Array
    weights: Array
    n: int
    count: int

    def transposed(self) -> AxisMap:
        """The adjoint map, from y to x.

        >>> nearest_map(2, 4, 0.5).transposed()(np.ones(4), 0)
        array([2., 2.])
        """
        return AxisMap(self.targets, self.sources, self.weights, self.count, self.n)

    def __call__(self, x: Array, axis: int) -> Array:
        return kernels.resample(x, axis, *self._ordered)

    @cached_property
    def adjoint(self) -> AxisMap:
        """`transposed()`, made once."""
        return self.transposed()

    @cached_property
    def _ordered(self) -> tuple[Array, Array, Array]:
        """Sources and weights by rising target, and where the terms of each target begin."""
        order = np.argsort(self.targets, kind="stable")
        starts = np.searchsorted(self.targets[order], np.arange(self.count + 1))
        return self.sources[order], self.weights[order], starts


@lru_cache(maxsize=256)
def average_map(n: int, count: int) -> AxisMap:
    """The means of `count` adaptive bins over n pixels.

    >>> average_map(5, 3)(np.arange(5.0), 0)
    array([0.5, 2. , 3.5])
    """
    i = np.arange(count)
    starts = i * n // count
    lengths = -(-(i + 1) * n // count) - starts
    before = np.cumsum(lengths) - lengths  # terms of the bins before
    sources = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
    return AxisMap(sources, np.repeat(i, lengths), np.repeat(1 / lengths, lengths), n, count)


@lru_cache(maxsize=256)
def nearest_map(n: int, count: int, scale: float) -> AxisMap:
    """y[i] = x[floor(i * scale)], of `count` pixels; `scale` is pixels of x per pixel of y.

    >>> nearest_map(3, 5, 3 / 5)(np.arange(3.0), 0)
    array([0., 0., 1., 1., 2.])
    """
    i = np.arange(count)
    if count in (n, 2 * n):  # whatever the scale, which may have been rounded to get here
        sources = i * n // count
    else:  # where a product is nearly whole, its rounding in float32 decides in PyTorch, and so here
        sources = np.floor(i.astype(np.float32) * np.float32(scale)).astype(np.int64)
    return AxisMap(np.minimum(sources, n - 1), i, np.ones(count), n, count)


@lru_cache(maxsize=256)
def nearest_exact_map(n: int, count: int, scale: float) -> AxisMap:
    """y[i] = x[floor((i + ½) * scale)]: the pixel whose middle is nearest.

    >>> nearest_exact_map(3, 2, 1.5)(np.arange(3.0), 0)
    array([0., 2.])
    """
    i = np.arange(count)
    places = np.floor((i.astype(np.float32) + np.float32(0.5)) * np.float32(scale)).astype(np.int64)
    return AxisMap(np.minimum(places, n - 1), i, np.ones(count), n, count)


@lru_cache(maxsize=256)
def linear_map(n: int, count: int, scale: float, align_corners: bool) -> AxisMap:
    """y[i] between the two pixels of x around its place, in proportion to how near they are.

    >>> linear_map(2, 3, 0.5, True)(np.array([0.0, 1.0]), 0)
    array([0. , 0.5, 1. ])
    """
    i = np.arange(count)
    if count == n:
        place = i.astype(float)
    elif align_corners:
        place = i * ((n - 1) / (count - 1) if count > 1 else 0.0)
    else:
        place = np.maximum((i + 0.5) * scale - 0.5, 0)
    low = np.minimum(place.astype(np.int64), n - 1)
    high = np.minimum(low + 1, n - 1)
    share = np.clip(place - low, 0, 1)
    return AxisMap(
        np.concatenate([low, high]), np.concatenate([i, i]), np.concatenate([1 - share, share]), n, count
    )


@lru_cache(maxsize=256)
def cubic_map(n: int, count: int, scale: float, align_corners: bool) -> AxisMap:
    """y[i] by Keys' cubic with slope -¾ through the four pixels of x around its place.

    >>> cubic_map(4, 7, 0.5, True)(np.arange(4.0), 0)[2:5]
    array([1. , 1.5, 2. ])
    """
    i = np.arange(count)
    apart = (n - 1) / (count - 1) if count > 1 else 0.0
    place = i * apart if align_corners else (i + 0.5) * scale - 0.5
    low = np.floor(place)
    taps = low + np.arange(-1, 3)[:, None]
    sources = np.clip(taps, 0, n - 1).astype(np.int64)
    return AxisMap(sources.ravel(), np.tile(i, 4), _keys(place - taps, -0.75).ravel(), n, count)


@lru_cache(maxsize=256)
def smooth_map(n: int, count: int, scale: float, cubic: bool) -> AxisMap:
    """As `linear_map`, or `cubic_map` with slope -½, with weights as wide as y's pixels if y is smaller.

    >>> smooth_map(4, 2, 2.0, False)(np.array([0.0, 0.0, 7.0, 7.0]), 0)
    array([1., 6.])
    """
    wide = max(scale, 1.0)
    reach = (2 if cubic else 1) * wide
    sources, targets, weights = [], [], []
    for i, middle in enumerate((np.arange(count) + 0.5) * scale):
        first, stop = max(int(middle - reach + 0.5), 0), min(int(middle + reach + 0.5), n)
        taps = np.arange(first, stop)
        distance = (taps + 0.5 - middle) / wide
        share = _keys(distance, -0.5) if cubic else np.maximum(1 - abs(distance), 0)
        sources.append(taps)
        targets.append(np.full(len(taps), i))
        weights.append(share / share.sum())
    return AxisMap(np.concatenate(sources), np.concatenate(targets), np.concatenate(weights), n, count)


def _keys(distance: Array, a: float) -> Array:
    """Keys' cubic weight at a distance, with slope a at 1 (Keys 1981)."""
    d = abs(distance)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


class Resample(Op):
    """A sparse linear map along each of the last axes.

    y[i] = sum_j m[i, j] · x[j], along each axis with its own m
    """

    wide = True
    family = "pool"

    def __init__(self, *maps: AxisMap) -> None:
        self._maps = maps

    def forward(self, x: Any) -> Any:
        for axis, along in enumerate(self._maps, start=-len(self._maps)):
            x = along(x, axis)
        return x

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Resample(*(along.adjoint for along in self._maps))(g),)

    def options(self) -> dict[str, Any]:
        return {"size": tuple(along.count for along in self._maps)}


class AdaptiveAvgPool(Resample):
    """Mean of each of the bins that cover the image: (..., *image) -> (..., *output).

        y[o] = sum_i x[i] / K, for the K pixels i

    Where the bins of each axis are of one size, they are windows side by side.
    """

    def __init__(self, image: tuple[int, ...], output: tuple[int, ...]) -> None:
        super().__init__(*map(average_map, image, output))
        self._windows = windows_side_by_side(image, output)

    def forward(self, x: Any) -> Any:
        return super().forward(x) if self._windows is None else kernels.avg_pool(x, self._windows, True)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return super().backward(g) if self._windows is None else (Spread(self._windows)(g),)


@lru_cache(maxsize=256)
def windows_side_by_side(image: tuple[int, ...], output: tuple[int, ...]) -> Grid | None:
    """The windows that part an image into `output` equal ones, or None if there are none.

    >>> windows_side_by_side((6, 4), (3, 1)).kernel
    (2, 4)
    """
    if any(n == 0 or n % count for n, count in zip(image, output, strict=True)):
        return None
    size = tuple(n // count for n, count in zip(image, output, strict=True))
    return Grid(image, size, size, ((0, 0),) * len(size), (1,) * len(size))


class Interpolate(Resample):
    """An image of another size, by the nearest pixel or between neighbours.

    y[i] = sum_j m[i, j] · x[j], where m[i, j] is the share of pixel j
    """

    def __init__(self, mode: str, *maps: AxisMap) -> None:
        super().__init__(*maps)
        self.mode = mode

    def options(self) -> dict[str, Any]:
        return {**super().options(), "mode": self.mode}


class PixelShuffle(Op):
    """r² channels as r × r pixels: y[c, i*r+u, j*r+v] = x[c*r² + u*r + v, i, j]."""

    family = "pool"

    def __init__(self, r: int) -> None:
        self.r = r

    def forward(self, x: Any) -> Any:
        (*lead, channels, height, width), r = x.shape, self.r
        c, count = channels // (r * r), prod(lead)
        split = x.reshape((count, c, r, r, height, width)).transpose((0, 1, 4, 2, 5, 3))
        return split.reshape((*lead, c, height * r, width * r))

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (PixelUnshuffle(self.r)(g),)


class PixelUnshuffle(Op):
    """r × r pixels as r² channels: y[c*r² + u*r + v, i, j] = x[c, i*r+u, j*r+v]."""

    family = "pool"

    def __init__(self, r: int) -> None:
        self.r = r

    def forward(self, x: Any) -> Any:
        (*lead, c, height, width), r = x.shape, self.r
        h, w, count = height // r, width // r, prod(lead)
        split = x.reshape((count, c, h, r, w, r)).transpose((0, 1, 3, 5, 2, 4))
        return split.reshape((*lead, c * r * r, h, w))

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (PixelShuffle(self.r)(g),)
