"""Convolution: which kernels do it, and how other shapes become those that they know.

The kernels have two spatial axes: a line is an image of one row, and a volume is cut into slices whose
taps along the depth count as channels. They have one group: of several, each is done by itself,
unless each kernel reads one channel (`depthwise`). What is not float32, and what strides
far, goes to the reference.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import cache
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32
from tinygrad_cnn.kernels.compiled.convolution import direct, pointwise, small, volumes

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

#: Channels of a group, in and out together, below which NumPy is quicker than one group after the other.
NARROW = 4
#: The largest stride: memory is laid out by its phases, which take room and time, read or not.
FAR = 64


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, *image), w (K, C/groups, *kernel), b (K,) or None -> (N, K, *output)."""
    if not _served(grid, x, w) or (b is not None and b.dtype != FLOAT32):
        return reference.conv(x, w, b, grid, groups)
    if len(grid.image) != 2:
        return volumes.conv(conv, x, w, b, grid, groups)
    if groups > 1:
        if w.shape[1] == 1:
            return _module("depthwise").conv(x, w, b, grid, groups)
        if len(w) // groups + w.shape[1] < NARROW:
            return reference.conv(x, w, b, grid, groups)
        y = np.empty((len(x), len(w), *grid.output), FLOAT32)
        for of_x, of_w in _groups(x.shape[1], len(w), groups):
            part = conv(x[:, of_x], w[of_w], None if b is None else b[of_w], grid, 1)
            y[:, of_w] = part
        return y
    by = _faster(len(x), x.shape[1], len(w), grid, groups)
    return by.conv(x, w, b, grid, groups)


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, K, *output), w -> (N, C, *image)."""
    if not _served(grid, g, w):
        return reference.conv_image(g, w, grid, groups)
    if len(grid.image) != 2:
        return volumes.conv_image(conv_image, g, w, grid, groups)
    if groups > 1:
        if w.shape[1] == 1:
            return _module("depthwise").conv_image(g, w, grid, groups)
        if len(w) // groups + w.shape[1] < NARROW:
            return reference.conv_image(g, w, grid, groups)
        channels = groups * w.shape[1]
        dx = np.empty((len(g), channels, *grid.image), FLOAT32)
        for of_x, of_w in _groups(channels, len(w), groups):
            dx[:, of_x] = conv_image(g[:, of_w], w[of_w], grid, 1)
        return dx
    by = _faster(len(g), w.shape[1], len(w), grid, groups)
    return by.conv_image(g, w, grid, groups)


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, *image), g (N, K, *output) -> (K, C/groups, *kernel)."""
    if not _served(grid, x, g):
        return reference.conv_kernel(x, g, grid, groups)
    if len(grid.image) != 2:
        return volumes.conv_kernel(conv_kernel, x, g, grid, groups)
    if groups > 1:
        channels, kernels = x.shape[1], g.shape[1]
        if channels == groups:
            return _module("depthwise").conv_kernel(x, g, grid, groups)
        if (channels + kernels) // groups < NARROW:
            return reference.conv_kernel(x, g, grid, groups)
        dw = np.empty((kernels, channels // groups, *grid.kernel), FLOAT32)
        for of_x, of_w in _groups(channels, kernels, groups):
            dw[of_w] = conv_kernel(x[:, of_x], g[:, of_w], grid, 1)
        return dw
    by = _faster(len(x), x.shape[1], g.shape[1], grid, groups)
    return by.conv_kernel(x, g, grid, groups)


def _served(grid: Grid, *arrays: Array) -> bool:
    return max(grid.stride) <= FAR and all(a.dtype == FLOAT32 and a.size > 0 for a in arrays)


def _groups(channels: int, kernels: int, groups: int) -> list[tuple[slice, slice]]:
    """The channels and the kernels of each group."""
    c, k = channels // groups, kernels // groups
    return [(slice(i * c, i * c + c), slice(i * k, i * k + k)) for i in range(groups)]


def _faster(n: int, c: int, k: int, grid: Grid, groups: int) -> Any:
    """The module to use. That of Winograd's transforms is not even loaded for what it never does."""
    if small.suits(n, c, k, grid):
        return small
    if pointwise.suits(grid):
        return pointwise
    if grid.kernel != (3, 3) or min(c, k) < direct.MANY_CHANNELS:
        return direct
    winograd = _module("winograd.passes")
    return winograd if winograd.suits(n, c, k, grid, groups) else direct


@lru_cache(maxsize=4)
def _module(name: str) -> Any:
    """A module of this package, loaded when it is first needed."""
    return cache.imported(f"{__name__.rpartition('.')[0]}.{name}")
