"""Convolution of lines and volumes, by that of images.

A line is an image of one row. A volume is cut into slices: the result at depth o reads the slices
o * stride + u * dilation - padding, u < KD, which are laid side by side as channels:

    y[n, f, o] = conv2d(x'[n, o], w'[f]),     x'[n, o] (C * KD, H, W),     w'[f] (C * KD, KH, KW)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]


@lru_cache(maxsize=256)
def as_image(grid: Grid) -> Grid:
    """The grid of an image that stands for a line, or for the last two axes of a volume.

    >>> from tinygrad_cnn.grid import Grid
    >>> as_image(Grid((9,), (3,), (2,), ((1, 1),), (1,))).output
    (1, 5)
    """
    if len(grid.image) == 1:
        return replace(
            grid, image=(1, *grid.image), kernel=(1, *grid.kernel), stride=(1, *grid.stride),
            padding=((0, 0), *grid.padding), dilation=(1, *grid.dilation),
        )  # fmt: skip
    return replace(
        grid, image=grid.image[1:], kernel=grid.kernel[1:], stride=grid.stride[1:],
        padding=grid.padding[1:], dilation=grid.dilation[1:],
    )  # fmt: skip


def conv(
    images: Callable[..., Array], x: Array, w: Array, b: Array | None, grid: Grid, groups: int
) -> Array:
    """`images` on what stands for x and w."""
    if len(grid.image) == 1:
        return images(x[:, :, None], w[:, :, None], b, as_image(grid), groups)[:, :, 0]
    y = images(_slices(x, grid), _kernels(w), b, as_image(grid), groups)
    return _together(y, len(x), grid.output[0])


def conv_image(images: Callable[..., Array], g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x."""
    if len(grid.image) == 1:
        return images(g[:, :, None], w[:, :, None], as_image(grid), groups)[:, :, 0]
    found = images(_apart(g), _kernels(w), as_image(grid), groups)
    n, channels = len(g), groups * w.shape[1]
    found = found.reshape(n, grid.output[0], channels, grid.kernel[0], *grid.image[1:])
    dx = np.zeros((n, channels, *grid.image), found.dtype)
    for tap, results, reads in _taps(grid):
        dx[:, :, reads] += found[:, results, :, tap].swapaxes(1, 2)
    return dx


def conv_kernel(images: Callable[..., Array], x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w."""
    if len(grid.image) == 1:
        return images(x[:, :, None], g[:, :, None], as_image(grid), groups)[:, :, 0]
    dw = images(_slices(x, grid), _apart(g), as_image(grid), groups)
    return dw.reshape(len(dw), x.shape[1] // groups, *grid.kernel)


def _taps(grid: Grid) -> Iterator[tuple[int, slice, slice]]:
    """Per tap along the depth: its number, the results that read the volume by it, and what they read."""
    depth, stride, before = grid.image[0], grid.stride[0], grid.padding[0][0]
    for tap in range(grid.kernel[0]):
        shift = tap * grid.dilation[0] - before
        first = max(0, -(shift // stride))
        last = min(grid.output[0], (depth - 1 - shift) // stride + 1)
        if first < last:
            reads = slice(first * stride + shift, (last - 1) * stride + shift + 1, stride)
            yield tap, slice(first, last), reads


def _slices(x: Array, grid: Grid) -> Array:
    """x (N, C, D, H, W) -> (N * OD, C * KD, H, W)."""
    n, c = x.shape[:2]
    out = np.zeros((n, grid.output[0], c, grid.kernel[0], *grid.image[1:]), x.dtype)
    for tap, results, reads in _taps(grid):
        out[:, results, :, tap] = x[:, :, reads].swapaxes(1, 2)
    return out.reshape(n * grid.output[0], c * grid.kernel[0], *grid.image[1:])


def _kernels(w: Array) -> Array:
    """w (F, C, KD, KH, KW) -> (F, C * KD, KH, KW)."""
    return w.reshape(len(w), w.shape[1] * w.shape[2], *w.shape[3:])


def _apart(g: Array) -> Array:
    """(N, F, OD, OH, OW) -> (N * OD, F, OH, OW)."""
    n, f, depth = g.shape[:3]
    return np.ascontiguousarray(g.swapaxes(1, 2)).reshape(n * depth, f, *g.shape[3:])


def _together(y: Array, n: int, depth: int) -> Array:
    """(N * OD, F, OH, OW) -> (N, F, OD, OH, OW)."""
    return np.ascontiguousarray(y.reshape(n, depth, *y.shape[1:]).swapaxes(1, 2))
