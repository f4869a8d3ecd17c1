"""Pooling in plain NumPy: any float dtype, any number of spatial axes, any axes before them.

Each step takes, for one tap of the window, what all windows read there, as one strided view; where
that is (`grid.taps`) only the `Grid` knows. Images are taken in blocks that fit the cache. Memory is
followed as it comes: with the batch last, as convolution leaves it, the views are long runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.grid import along_axes
from tinygrad_cnn.kernels.numpy.blocks import axes_in_memory, in_blocks
from tinygrad_cnn.kernels.numpy.pointwise import gate

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]


def image_blocks(grid: Grid, work: Callable[..., Any], large: Array, *others: Array) -> None:
    """Call `work` on matching blocks of arrays (..., *image) or (..., *output), blocks of images.

    They are cut along the axis before the spatial ones that has the largest step in memory.
    """
    lead = large.ndim - len(grid.image)
    axis = next((a for a in axes_in_memory(large) if a < lead), None)
    if axis is None:
        work(large, *others)
        return
    before = (slice(None),) * axis

    def on(start: int, stop: int) -> None:
        work(*(array[(*before, slice(start, stop))] for array in (large, *others)))

    in_blocks(large.shape[axis], large.nbytes, on)


@lru_cache(maxsize=256)
def coverage(grid: Grid, count_include_pad: bool) -> Array:
    """`Grid.coverage`, computed once per geometry; not to be written to."""
    count: Array = grid.coverage(count_include_pad)
    count.flags.writeable = False
    return count


def sized(x: Array, spatial: tuple[int, ...], dtype: Any = None) -> Array:
    """An empty array that lies in memory as x (..., *image) does, with other spatial sizes."""
    return np.empty_like(x, dtype, shape=(*x.shape[: x.ndim - len(spatial)], *spatial))


def max_pool(x: Array, grid: Grid) -> Array:
    """Largest element of each window: x (..., *image) -> (..., *output); NaN wins."""

    def work(x: Array, y: Array) -> None:
        padded = grid.pad(x, -np.inf)
        (_, first), *others = grid.taps
        y[...] = padded[first]
        for _, where in others:
            np.maximum(y, padded[where], out=y)

    y = sized(x, grid.output)
    image_blocks(grid, work, x, y)
    return y


def max_pool_places(x: Array, grid: Grid) -> tuple[Array, Array]:
    """`max_pool`, and per window the number of the tap that won: the first one in a tie."""

    def work(x: Array, y: Array, places: Array) -> None:
        padded = grid.pad(x, -np.inf)
        (_, first), *others = grid.taps
        y[...] = padded[first]
        places[...] = 0
        won = np.empty_like(y, bool)
        for t, (_, where) in enumerate(others, start=1):
            # Numbers of taps grow, so the largest number among the winners so far is the last one's:
            # that is two passes over bytes, where a masked assignment takes five times as long.
            np.greater(padded[where], y, out=won)
            np.maximum(places, won.view(np.uint8) * places.dtype.type(t), out=places)
            np.maximum(y, padded[where], out=y)
        # Nothing is greater than NaN, nor than the border where an image holds -inf itself.
        if np.isnan(y).any() or (grid.is_padded and np.isneginf(y).any()):
            places[...] = first_places(padded, y, places.dtype, grid)

    y = sized(x, grid.output)
    places = np.empty_like(y, np.uint8 if len(grid.taps) <= 256 else np.int32)
    image_blocks(grid, work, x, y, places)
    return y, places


def first_places(padded: Array, y: Array, dtype: Any, grid: Grid) -> Array:
    """Per window the number of the first tap that holds its maximum or NaN, and lies on the image."""
    places = np.zeros_like(y, dtype)
    inside = grid.pad(np.ones(grid.image, bool))
    for t in range(len(grid.taps) - 1, -1, -1):  # backwards, so that the first stays
        where = grid.taps[t][1]
        won = ((padded[where] == y) | np.isnan(padded[where])) & inside[where]
        np.copyto(places, t, where=won, casting="unsafe")
    return places


def place(g: Array, places: Array, grid: Grid) -> Array:
    """g (..., *output) added at the tap that `places` names, per window -> (..., *image)."""

    def work(padded: Array, g: Array, places: Array) -> None:
        padded[...] = 0
        g = np.array(g)  # compact, in the order of its own memory
        for t, (_, where) in enumerate(grid.taps):
            if grid.is_disjoint:
                gate(g, places == t, out=padded[where])
            else:
                padded[where] += gate(g, places == t)

    padded = np.empty_like(places, g.dtype, shape=(*places.shape[: -len(grid.image)], *grid.padded))
    image_blocks(grid, work, padded, g, places)
    return grid.crop(padded)


def pick(x: Array, places: Array, grid: Grid) -> Array:
    """x (..., *image) at the tap that `places` names, per window -> (..., *output)."""

    def work(x: Array, y: Array, places: Array) -> None:
        padded = grid.pad(x)
        for t, (_, where) in enumerate(grid.taps):
            np.copyto(y, padded[where], where=places == t)

    y = np.zeros_like(places, x.dtype)
    image_blocks(grid, work, x, y, places)
    return y


def avg_pool(x: Array, grid: Grid, count_include_pad: bool) -> Array:
    """Mean of each window: x (..., *image) -> (..., *output)."""
    count = coverage(grid, count_include_pad).astype(x.dtype)

    def work(x: Array, y: Array) -> None:
        padded = grid.pad(x)
        (_, first), *others = grid.taps
        y[...] = padded[first]
        for _, where in others:
            y += padded[where]
        y /= count

    y = sized(x, grid.output)
    image_blocks(grid, work, x, y)
    return y


def spread(g: Array, grid: Grid, count_include_pad: bool) -> Array:
    """The adjoint of `avg_pool`: each g shared over its window -> (..., *image)."""
    count = coverage(grid, count_include_pad).astype(g.dtype)

    def work(padded: Array, g: Array) -> None:
        padded[...] = 0
        share = g / count
        for _, where in grid.taps:
            if grid.is_disjoint:
                padded[where] = share
            else:
                padded[where] += share

    padded = sized(g, grid.padded)
    image_blocks(grid, work, padded, g)
    return grid.crop(padded)


def adaptive_max_pool(x: Array, output: tuple[int, ...]) -> tuple[Array, Array]:
    """Largest element of each adaptive bin, and its flat position: x (..., *image) -> (..., *output).

    >>> adaptive_max_pool(np.array([3.0, 1.0, 2.0, 5.0, 4.0]), (2,))
    (array([3., 5.]), array([0, 3]))
    """
    lead, image = x.shape[: -len(output)], x.shape[-len(output) :]
    flat = devices.empty((*lead, *output), np.int64, like=x)
    for places in product(*(enumerate(bins(n, o)) for n, o in zip(image, output, strict=True))):
        key: Any = (..., *(slice(start, stop) for _, (start, stop) in places))
        window = x[key]
        size = window.shape[-len(output) :]
        first = window.reshape((*lead, prod(size))).argmax(axis=-1)
        taps = zip(places, along_axes(first, size), strict=True)
        at = [start + tap for (_, (start, _)), tap in taps]
        key = (..., *(i for i, _ in places))
        flat[key] = np.ravel_multi_index(at, image)
    lines = x.reshape(*lead, prod(image)), flat.reshape(*lead, prod(output))
    return np.take_along_axis(*lines, -1).reshape(flat.shape), flat


def bins(n: int, count: int) -> list[tuple[int, int]]:
    """Where each of `count` adaptive bins over n pixels starts and ends.

    >>> bins(5, 3)
    [(0, 2), (1, 4), (3, 5)]
    """
    return [(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]
