"""Compiled pooling: who serves what, operands, and the split of the work."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain
from tinygrad_cnn.kernels.compiled.pool.geometry import AXES, plan_of, share_of
from tinygrad_cnn.kernels.compiled.pool.loops import (
    largest_of_four,
    largest_of_nine,
    mean_of_all,
    mean_of_four,
    placed_in_four,
    spread_over_all,
    spread_over_four,
)
from tinygrad_cnn.kernels.compiled.pool.rows import largest, means, peaks, placed, spread_out

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]


#: Taps whose numbers fit into a byte.
COUNTED = 256


def _fit(x: Array, grid: Grid) -> bool:
    return is_served(x) and len(grid.image) <= AXES


def _planes(x: Array) -> Array:
    """x (..., H, W) as plain memory (R, H, W)."""
    return plain(x).reshape(-1, *x.shape[-2:])


def _volumes(x: Array, grid: Grid) -> Array:
    """x (..., *image) as plain memory (R, D, H, W), with one layer or row where it has no such axis."""
    spatial = x.shape[x.ndim - len(grid.image) :]
    rows = prod(x.shape[: x.ndim - len(grid.image)])
    return plain(x).reshape(rows, *(1,) * (AXES - len(spatial)), *spatial)


def _sized(x: Array, grid: Grid, spatial: tuple[int, ...], dtype: Any = FLOAT32) -> Array:
    """An empty array for x (..., *image) with other spatial sizes."""
    return np.empty((*x.shape[: x.ndim - len(grid.image)], *spatial), dtype)


def max_pool(x: Array, grid: Grid) -> Array:
    """See the reference."""
    if not _fit(x, grid):
        return reference.max_pool(x, grid)
    plan = plan_of(grid)
    if plan.plainly in (2, 3):
        return max_pool_places(x, grid)[0]
    y = _sized(x, grid, grid.output)
    volumes, out = _volumes(x, grid), _volumes(y, grid)
    over(len(volumes), 4 * prod(grid.kernel) * y.size, peaks, volumes, out, plan.numbers)
    return y


def max_pool_places(x: Array, grid: Grid) -> tuple[Array, Array]:
    """See the reference."""
    if not _fit(x, grid) or prod(grid.kernel) > COUNTED:
        return reference.max_pool_places(x, grid)
    y, places = _sized(x, grid, grid.output), _sized(x, grid, grid.output, np.uint8)
    plan = plan_of(grid)
    if plan.plainly == 2:
        planes = _planes(x)
        over(len(planes), 6 * x.size, largest_of_four, planes, _planes(y), _planes(places))
    elif plan.plainly == 3:
        planes = _planes(x)
        over(len(planes), 12 * x.size, largest_of_nine, planes, _planes(y), _planes(places))
    else:
        volumes, out, numbers = _volumes(x, grid), _volumes(y, grid), _volumes(places, grid)
        nbytes = 4 * prod(grid.kernel) * y.size
        over(len(volumes), nbytes, largest, volumes, out, numbers, plan.numbers)
    return y, places


def place(g: Array, places: Array, grid: Grid) -> Array:
    """See the reference."""
    if not (_fit(g, grid) and places.dtype == np.uint8 and places.shape == g.shape):
        return reference.place(g, places, grid)
    dx = _sized(g, grid, grid.image)
    plan = plan_of(grid)
    if plan.plainly == 2:
        planes = _planes(g)
        over(len(planes), 6 * dx.size, placed_in_four, planes, _planes(places), _planes(dx))
    else:
        volumes, numbers, out = _volumes(g, grid), _volumes(places, grid), _volumes(dx, grid)
        over(len(volumes), 20 * g.size, placed, volumes, numbers, plan.numbers, plan.taps, out)
    return dx


def avg_pool(x: Array, grid: Grid, count_include_pad: bool) -> Array:
    """See the reference."""
    if not _fit(x, grid):
        return reference.avg_pool(x, grid, count_include_pad)
    y = _sized(x, grid, grid.output)
    plan = plan_of(grid)
    if plan.plainly == 2:
        planes = _planes(x)
        over(len(planes), 5 * x.size, mean_of_four, planes, _planes(y))
    elif plan.is_whole:
        over(y.size, 4 * x.size, mean_of_all, plain(x).reshape(y.size, prod(grid.image)), y.reshape(y.size))
    else:
        volumes, out, share = _volumes(x, grid), _volumes(y, grid), share_of(grid, count_include_pad)
        nbytes = 4 * prod(grid.kernel) * y.size
        over(len(volumes), nbytes, means, volumes, share, plan.numbers, out)
    return y


def spread(g: Array, grid: Grid, count_include_pad: bool) -> Array:
    """See the reference."""
    if not _fit(g, grid):
        return reference.spread(g, grid, count_include_pad)
    dx = _sized(g, grid, grid.image)
    plan = plan_of(grid)
    if plan.plainly == 2:
        planes = _planes(g)
        over(len(planes), 5 * dx.size, spread_over_four, planes, _planes(dx))
    elif plan.is_whole:
        flat, rows = plain(g).reshape(g.size), dx.reshape(g.size, prod(grid.image))
        over(g.size, 4 * dx.size, spread_over_all, flat, rows)
    else:
        volumes, out, share = _volumes(g, grid), _volumes(dx, grid), share_of(grid, count_include_pad)
        nbytes = 8 * prod(grid.kernel) * g.size
        over(len(volumes), nbytes, spread_out, volumes, share, plan.numbers, out)
    return dx
