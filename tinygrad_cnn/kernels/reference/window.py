"""Convolution and pooling in plain NumPy: readable, any float dtype, any number of spatial axes.

Shapes: N images, C channels, F kernels, spatial sizes as tuples: `*image`, `*kernel` (KH, KW),
`*output` (OH, OW), from a `Grid`, which is the only place that knows where a tap reads.

Convolution gathers, for each tap, the pixels that it reads into one matrix of columns, channels
first, so that the whole batch is one matrix product; the result is an NCHW view of CNHW memory,
which the next layer gathers from without a transposition (Chellapilla et al. 2006, "High
performance convolutional neural networks for document processing").
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tinygrad_cnn.ops.window import Grid

Array = NDArray[Any]


# --------------------------------------------------------------------------- convolution
def columns(x: Array, grid: Grid, groups: int) -> Array:
    """What each tap reads: x (N, C, *image) -> (groups, C/groups * taps, N * positions)."""
    n, c = x.shape[:2]
    padded = grid.pad(x.swapaxes(0, 1))  # (C, N, *padded)
    out = np.empty((c, len(grid.taps), n, *grid.output), x.dtype)
    for t, (_, where) in enumerate(grid.taps):
        out[:, t] = padded[where]
    return out.reshape(groups, c // groups * len(grid.taps), n * prod(grid.output))


def scatter(cols: Array, n: int, c: int, grid: Grid) -> Array:
    """The adjoint of `columns`: each column added where it was read -> (N, C, *image)."""
    cols = cols.reshape(c, len(grid.taps), n, *grid.output)
    padded = np.zeros((c, n, *grid.padded), cols.dtype)
    for t, (_, where) in enumerate(grid.taps):
        padded[where] += cols[:, t]
    return grid.crop(padded).swapaxes(0, 1)


def rows(g: Array, groups: int) -> Array:
    """Gradients channels first: g (N, F, *output) -> (groups, F/groups, N * positions)."""
    n, f = g.shape[:2]
    return g.swapaxes(0, 1).reshape(groups, f // groups, n * prod(g.shape[2:]))


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, *image), w (F, C/groups, *kernel), b (F,) or None -> (N, F, *output)."""
    n, f = len(x), len(w)
    y = w.reshape(groups, f // groups, prod(w.shape[1:])) @ columns(x, grid, groups)
    y = y.reshape(f, n, *grid.output)
    if b is not None:
        beside = b.reshape(f, *(1 for _ in y.shape[1:]))
        y = np.add(y, beside, out=y if y.dtype == b.dtype else None)
    return y.swapaxes(0, 1)


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, F, *output), w -> (N, C, *image)."""
    n, f = g.shape[:2]
    flat = w.reshape(groups, f // groups, prod(w.shape[1:]))
    return scatter(flat.swapaxes(1, 2) @ rows(g, groups), n, w.shape[1] * groups, grid)


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, *image), g (N, F, *output) -> (F, C/groups, *kernel)."""
    c, f = x.shape[1], g.shape[1]
    dw = rows(g, groups) @ columns(x, grid, groups).swapaxes(1, 2)
    return dw.reshape(f, c // groups, *grid.kernel)


def unfold(x: Array, grid: Grid) -> Array:
    """x (N, C, *image) -> (N, C * taps, positions): in each column what one window reads."""
    n, c = x.shape[:2]
    cols = columns(x, grid, 1).reshape(c * len(grid.taps), n, prod(grid.output))
    return cols.swapaxes(0, 1)


def fold(cols: Array, grid: Grid) -> Array:
    """The adjoint of `unfold`: (N, C * taps, positions) -> (N, C, *image), overlaps added."""
    n, c = len(cols), cols.shape[1] // len(grid.taps)
    return scatter(cols.swapaxes(0, 1), n, c, grid)


# --------------------------------------------------------------------------- pooling
def max_pool(x: Array, grid: Grid) -> Array:
    """Largest element of each window: x (..., *image) -> (..., *output); NaN wins."""
    padded = grid.pad(x, -np.inf)
    (_, first), *others = grid.taps
    y = padded[first].copy(order="K")
    for _, where in others:
        np.maximum(y, padded[where], out=y)
    return y


def max_pool_places(x: Array, grid: Grid) -> tuple[Array, Array]:
    """`max_pool`, and per window the number of the tap that won: the first one in a tie."""
    padded = grid.pad(x, -np.inf)
    (_, first), *others = grid.taps
    y = padded[first].copy(order="K")
    places = np.zeros_like(y, np.uint8 if len(grid.taps) <= 256 else np.int32)
    for t, (_, where) in enumerate(others, start=1):
        # Numbers of taps grow, so the largest number among the winners so far is the last winner's:
        # that is two passes over bytes, where a masked assignment takes five times as long.
        won = (padded[where] > y).view(np.uint8)
        np.maximum(places, won * places.dtype.type(t), out=places)
        np.maximum(y, padded[where], out=y)
    # Nothing is greater than NaN, nor than the border where an image holds -inf itself.
    if np.isnan(y).any() or (grid.is_padded and np.isneginf(y).any()):
        places = first_places(padded, y, places.dtype, grid)
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
    padded = np.zeros_like(g, shape=(*g.shape[: -len(grid.image)], *grid.padded))  # g's layout
    for t, (_, where) in enumerate(grid.taps):
        if grid.is_disjoint:
            np.multiply(g, places == t, out=padded[where])
        else:
            padded[where] += g * (places == t)
    return grid.crop(padded)


def pick(x: Array, places: Array, grid: Grid) -> Array:
    """x (..., *image) at the tap that `places` names, per window -> (..., *output)."""
    padded = grid.pad(x)
    y = np.zeros_like(places, x.dtype)
    for t, (_, where) in enumerate(grid.taps):
        np.copyto(y, padded[where], where=places == t)
    return y


def avg_pool(x: Array, grid: Grid, count_include_pad: bool) -> Array:
    """Mean of each window: x (..., *image) -> (..., *output)."""
    padded = grid.pad(x)
    (_, first), *others = grid.taps
    total = padded[first].copy(order="K")
    for _, where in others:
        total += padded[where]
    total /= grid.coverage(count_include_pad).astype(x.dtype)
    return total


def spread(g: Array, grid: Grid, count_include_pad: bool) -> Array:
    """The adjoint of `avg_pool`: each g shared over its window -> (..., *image)."""
    share = g / grid.coverage(count_include_pad).astype(g.dtype)
    padded = np.zeros_like(g, shape=(*g.shape[: -len(grid.image)], *grid.padded))  # g's layout
    for _, where in grid.taps:
        padded[where] += share
    return grid.crop(padded)
