"""Pooling on a device: a few whole-array operations for each tap of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.kernels.numpy.pool import coverage

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

__all__ = ["avg_pool", "max_pool", "max_pool_places", "pick", "place", "spread"]


def max_pool(x: Array, grid: Grid) -> Array:
    """Largest element of each window: x (..., *image) -> (..., *output); NaN wins."""
    padded = grid.pad(x, -np.inf)
    (_, first), *others = grid.taps
    y = padded[first].copy()
    for _, where in others:
        np.maximum(y, padded[where], out=y)
    return y


def max_pool_places(x: Array, grid: Grid) -> tuple[Array, Array]:
    """`max_pool`, and per window the number of the tap that won: the first one in a tie.

    Backwards over the taps, so that the first that holds the maximum stays; it lies on the image.
    """
    y, padded = max_pool(x, grid), grid.pad(x, -np.inf)
    inside = devices.beside(on_image(grid), x)
    places = np.zeros_like(y, dtype=np.uint8 if len(grid.taps) <= 256 else np.int32)
    for t in range(len(grid.taps) - 1, -1, -1):
        where = grid.taps[t][1]
        won = ((padded[where] == y) | np.isnan(padded[where])) & inside[where]
        places = np.where(won, places.dtype.type(t), places)
    return y, places


def on_image(grid: Grid) -> Array:
    """Where a padded image (*padded) is the image."""
    inside: Array = grid.pad(np.ones(grid.image, bool))
    return inside


def place(g: Array, places: Array, grid: Grid) -> Array:
    """g (..., *output) added at the tap that `places` names, per window -> (..., *image)."""
    places = devices.beside(places, g)
    out = devices.zeros((*places.shape[: -len(grid.image)], *grid.padded), g.dtype, like=g)
    for t, (_, where) in enumerate(grid.taps):
        out[where] += np.where(places == t, g, g.dtype.type(0))
    cropped: Array = grid.crop(out)
    return cropped


def pick(x: Array, places: Array, grid: Grid) -> Array:
    """x (..., *image) at the tap that `places` names, per window -> (..., *output)."""
    padded, places = grid.pad(x), devices.beside(places, x)
    y = np.zeros_like(places, dtype=x.dtype)
    for t, (_, where) in enumerate(grid.taps):
        y = np.where(places == t, padded[where], y)
    return y


def avg_pool(x: Array, grid: Grid, count_include_pad: bool) -> Array:
    """Mean of each window: x (..., *image) -> (..., *output)."""
    padded = grid.pad(x)
    (_, first), *others = grid.taps
    y = padded[first].copy()
    for _, where in others:
        y += padded[where]
    y /= _count(x, grid, count_include_pad)
    return y


def spread(g: Array, grid: Grid, count_include_pad: bool) -> Array:
    """The adjoint of `avg_pool`: each g shared over its window -> (..., *image)."""
    shape = (*g.shape[: g.ndim - len(grid.image)], *grid.padded)
    out = devices.zeros(shape, g.dtype, like=g)
    share = g / _count(g, grid, count_include_pad)
    for _, where in grid.taps:
        out[where] += share
    cropped: Array = grid.crop(out)
    return cropped


def _count(x: Array, grid: Grid, count_include_pad: bool) -> Any:
    """Count the pixels of each window: one number where all count as many, which needs no transfer."""
    count = coverage(grid, count_include_pad).astype(x.dtype)
    if count.size and (count == count.flat[0]).all():
        return count.flat[0]
    return devices.beside(count, x)
