"""Convolution on a device: columns, and one product for each group by the device's BLAS.

Unlike the reference's, all columns are there at once, and nothing is shared out to threads: a device
computes whole arrays quickest.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

__all__ = ["conv", "conv_image", "conv_kernel", "fold", "unfold"]


def columns_of(x: Array, grid: Grid, groups: int) -> Array:
    """x (N, C, *image) -> (N, groups, C/groups * taps, positions): what each tap reads."""
    padded = grid.pad(x)
    taps = np.stack([padded[where] for _, where in grid.taps], axis=2)  # (N, C, taps, *output)
    return taps.reshape(len(x), groups, x.shape[1] // groups * len(grid.taps), prod(grid.output))


def image_of(columns: Array, grid: Grid) -> Array:
    """The adjoint: columns (N, C, taps, *output) added where they were read -> (N, C, *image)."""
    out = devices.zeros((*columns.shape[:2], *grid.padded), columns.dtype, like=columns)
    for t, (_, where) in enumerate(grid.taps):
        out[where] += columns[:, :, t]
    return out[grid.interior]


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, *image), w (F, C/groups, *kernel), b (F,) or None -> (N, F, *output)."""
    f = len(w)
    flat = w.reshape(groups, f // groups, prod(w.shape[1:]))
    y = (flat @ columns_of(x, grid, groups)).reshape(len(x), f, *grid.output)
    return y if b is None else y + b.reshape(-1, *(1 for _ in grid.output))


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, F, *output), w -> (N, C, *image)."""
    n, f, c = len(g), len(w), w.shape[1]
    rows = g.reshape(n, groups, f // groups, prod(grid.output))
    flat = w.reshape(groups, f // groups, prod(w.shape[1:])).swapaxes(1, 2)
    columns = (flat @ rows).reshape(n, groups * c, len(grid.taps), *grid.output)
    return image_of(columns, grid)


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, *image), g (N, F, *output) -> (F, C/groups, *kernel)."""
    n, c, f = len(x), x.shape[1], g.shape[1]
    columns = columns_of(x, grid, groups)
    # One product for each group over images and positions, so that nothing is summed afterwards.
    apart = g.reshape(n, groups, f // groups, prod(grid.output)).transpose(1, 2, 0, 3)
    taken = columns.transpose(1, 0, 3, 2)  # (groups, N, positions, inner)
    inner = columns.shape[2]
    rows = apart.reshape(groups, f // groups, n * prod(grid.output))
    dw = rows @ taken.reshape(groups, n * prod(grid.output), inner)
    return dw.reshape(f, c // groups, *grid.kernel)


def unfold(x: Array, grid: Grid) -> Array:
    """x (N, C, *image) -> (N, C * taps, positions): in each column what one window reads."""
    return columns_of(x, grid, 1).reshape(len(x), x.shape[1] * len(grid.taps), prod(grid.output))


def fold(columns: Array, grid: Grid) -> Array:
    """The adjoint of `unfold`: (N, C * taps, positions) -> (N, C, *image), overlaps added."""
    n, c = len(columns), columns.shape[1] // len(grid.taps)
    return image_of(columns.reshape(n, c, len(grid.taps), *grid.output), grid)
