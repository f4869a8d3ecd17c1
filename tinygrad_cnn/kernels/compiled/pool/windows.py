"""Compiled pooling: who serves what, operands, and the split of the work. The loops: `pool_loops`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain
from tinygrad_cnn.kernels.compiled.pool.loops import (
    largest,
    largest_of_four,
    largest_of_nine,
    mean_of_four,
    means,
    placed,
    placed_in_four,
    spread_out,
    spread_over_four,
)
from tinygrad_cnn.kernels.compiled.pool.single import (
    is_single,
    largest_singly,
    means_singly,
    spread_singly,
)

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]


@lru_cache(maxsize=256)
def geometry_of(grid: Grid) -> Array:
    """The numbers of a grid as the kernels take them."""
    before = tuple(first for first, _ in grid.padding)
    parts = (grid.image, grid.output, grid.kernel, grid.stride, before, grid.dilation)
    return np.array([number for part in parts for number in part], np.int64)


@lru_cache(maxsize=256)
def taps_of(grid: Grid) -> Array:
    """The row and the column of each tap for the window at (0, 0): (KH * KW, 2)."""
    starts = np.array([before for before, _ in grid.padding])
    return np.array([tap for tap, _ in grid.taps], np.int64) * grid.dilation - starts


@lru_cache(maxsize=256)
def share_of(grid: Grid, count_include_pad: bool) -> Array:
    """1 over the number of pixels that each window counts, (OH, OW)."""
    return (1 / grid.coverage(count_include_pad)).astype(FLOAT32)


def is_plainly(grid: Grid, size: int) -> bool:
    """Whether windows are size × size, two pixels apart, and all on the image."""
    ends = (2 * out - 2 + size <= n for out, n in zip(grid.output, grid.image, strict=True))
    return (
        grid.kernel == (size, size)
        and grid.stride == (2, 2)
        and grid.dilation == (1, 1)
        and all(before == 0 for before, _ in grid.padding)
        and all(ends)
    )


def _fit(x: Array, grid: Grid) -> bool:
    return is_served(x) and len(grid.image) == 2 and len(grid.taps) <= 256


def _planes(x: Array) -> Array:
    """x (..., H, W) as plain memory (R, H, W)."""
    return plain(x).reshape(-1, *x.shape[-2:])


def max_pool(x: Array, grid: Grid) -> Array:
    """See the reference."""
    return max_pool_places(x, grid)[0] if _fit(x, grid) else reference.max_pool(x, grid)


def max_pool_places(x: Array, grid: Grid) -> tuple[Array, Array]:
    """See the reference."""
    if not _fit(x, grid):
        return reference.max_pool_places(x, grid)
    y = np.empty((*x.shape[:-2], *grid.output), FLOAT32)
    places = np.empty(y.shape, np.uint8)
    planes, out, numbers = _planes(x), _planes(y), _planes(places)
    if is_plainly(grid, 2):
        over(len(planes), 6 * x.size, largest_of_four, planes, out, numbers)
    elif is_plainly(grid, 3):
        over(len(planes), 12 * x.size, largest_of_nine, planes, out, numbers)
    else:
        geometry = geometry_of(grid)
        nbytes = 4 * len(grid.taps) * y.size
        loop = largest_singly if is_single(grid) else largest
        over(len(planes), nbytes, loop, planes, out, numbers, geometry)
    return y, places


def place(g: Array, places: Array, grid: Grid) -> Array:
    """See the reference."""
    if not (_fit(g, grid) and places.dtype == np.uint8 and places.shape == g.shape):
        return reference.place(g, places, grid)
    dx = np.empty((*g.shape[:-2], *grid.image), FLOAT32)
    planes, numbers, out = _planes(g), _planes(places), _planes(dx)
    if is_plainly(grid, 2):
        over(len(planes), 6 * dx.size, placed_in_four, planes, numbers, out)
    else:
        geometry, taps = geometry_of(grid), taps_of(grid)
        over(len(planes), 20 * g.size, placed, planes, numbers, geometry, taps, out)
    return dx


def avg_pool(x: Array, grid: Grid, count_include_pad: bool) -> Array:
    """See the reference."""
    if not _fit(x, grid):
        return reference.avg_pool(x, grid, count_include_pad)
    y = np.empty((*x.shape[:-2], *grid.output), FLOAT32)
    planes, out = _planes(x), _planes(y)
    if is_plainly(grid, 2):
        over(len(planes), 5 * x.size, mean_of_four, planes, out)
    else:
        geometry, share = geometry_of(grid), share_of(grid, count_include_pad)
        nbytes = 4 * len(grid.taps) * y.size
        over(len(planes), nbytes, means_singly if is_single(grid) else means, planes, share, geometry, out)
    return y


def spread(g: Array, grid: Grid, count_include_pad: bool) -> Array:
    """See the reference."""
    if not _fit(g, grid):
        return reference.spread(g, grid, count_include_pad)
    dx = np.empty((*g.shape[:-2], *grid.image), FLOAT32)
    planes, out = _planes(g), _planes(dx)
    if is_plainly(grid, 2):
        over(len(planes), 5 * dx.size, spread_over_four, planes, out)
    else:
        geometry, share = geometry_of(grid), share_of(grid, count_include_pad)
        nbytes = 8 * len(grid.taps) * g.size
        loop = spread_singly if is_single(grid) else spread_out
        over(len(planes), nbytes, loop, planes, share, geometry, out)
    return dx
