"""Compiled pooling over two spatial axes: any kernel, stride, padding and dilation.

x is taken as planes (R, H, W), one per image and channel. A row of the result is filled tap by tap:
for tap (u, v) all its windows read one row of the plane, every SW-th pixel; the row of the result
stays in the first cache. The usual windows, 2×2 side by side (and
for the maximum 3×3 two pixels apart), have loops of their own, which keep the best in a register:

      x  . . p q . .       y  . m . .        m = max(p, q, s, t)
         . . s t . .                         place = 0, 1, 2 or 3, the first of them that is m

`geometry` is int64 (H, W, OH, OW, KH, KW, SH, SW, PH, PW, DH, DW), P the padding before the image.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import reference
from tinygrad_cnn.kernels.fast.compiling import inlined, kernel
from tinygrad_cnn.kernels.fast.operands import FLOAT32, is_large, over, plain

if TYPE_CHECKING:
    from tinygrad_cnn.ops.window import Grid

Array = NDArray[Any]

ZERO, QUARTER, NONE = np.float32(0), np.float32(0.25), np.float32(-np.inf)


@inlined
def beats(q, m):
    """Whether q takes the place of m: it is larger, or NaN where m is none."""
    return (not q <= m) & (m == m)


@inlined
def ceiling(a, b):
    """a / b rounded up, at least 0."""
    return max(-(-a // b), 0)


@inlined
def clear_rest(dx, r, height, width):
    """Zeros in what no window reads: the pixels from `height` down and from `width` on."""
    for i in range(dx.shape[1]):
        for j in range(width if i < height else 0, dx.shape[2]):
            dx[r, i, j] = ZERO


@inlined
def numbers_of(geometry):
    """The geometry as a tuple."""
    return (
        geometry[0], geometry[1], geometry[2], geometry[3], geometry[4], geometry[5],
        geometry[6], geometry[7], geometry[8], geometry[9], geometry[10], geometry[11],
    )  # fmt: skip


# --------------------------------------------------------------------------- windows of 2×2 side by side
@kernel("void(float32[:, :, ::1], float32[:, :, ::1], uint8[:, :, ::1], int64, int64)")
def largest_of_four(x, y, places, start, stop):
    x, y, places = x[start:stop], y[start:stop], places[start:stop]
    for r in range(len(y)):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                m, place = x[r, 2 * i, 2 * j], np.uint8(0)
                q, s, t = x[r, 2 * i, 2 * j + 1], x[r, 2 * i + 1, 2 * j], x[r, 2 * i + 1, 2 * j + 1]
                won = beats(q, m)
                m, place = q if won else m, np.uint8(1) if won else place
                won = beats(s, m)
                m, place = s if won else m, np.uint8(2) if won else place
                won = beats(t, m)
                y[r, i, j] = t if won else m
                places[r, i, j] = np.uint8(3) if won else place


@kernel("void(float32[:, :, ::1], uint8[:, :, ::1], float32[:, :, ::1], int64, int64)")
def placed_in_four(g, places, dx, start, stop):
    g, places, dx = g[start:stop], places[start:stop], dx[start:stop]
    height, width = g.shape[1], g.shape[2]
    for r in range(len(g)):
        for i in range(height):
            for j in range(width):
                value, place = g[r, i, j], places[r, i, j]
                dx[r, 2 * i, 2 * j] = value if place == 0 else ZERO
                dx[r, 2 * i, 2 * j + 1] = value if place == 1 else ZERO
                dx[r, 2 * i + 1, 2 * j] = value if place == 2 else ZERO
                dx[r, 2 * i + 1, 2 * j + 1] = value if place == 3 else ZERO
        clear_rest(dx, r, 2 * height, 2 * width)


@kernel("void(float32[:, :, ::1], float32[:, :, ::1], int64, int64)")
def mean_of_four(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for r in range(len(y)):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                upper = x[r, 2 * i, 2 * j] + x[r, 2 * i, 2 * j + 1]
                y[r, i, j] = (upper + x[r, 2 * i + 1, 2 * j] + x[r, 2 * i + 1, 2 * j + 1]) * QUARTER


@kernel("void(float32[:, :, ::1], float32[:, :, ::1], int64, int64)")
def spread_over_four(g, dx, start, stop):
    g, dx = g[start:stop], dx[start:stop]
    height, width = g.shape[1], g.shape[2]
    for r in range(len(g)):
        for i in range(height):
            for j in range(width):
                share = g[r, i, j] * QUARTER
                dx[r, 2 * i, 2 * j] = dx[r, 2 * i, 2 * j + 1] = share
                dx[r, 2 * i + 1, 2 * j] = dx[r, 2 * i + 1, 2 * j + 1] = share
        clear_rest(dx, r, 2 * height, 2 * width)


# --------------------------------------------------------------------------- windows of 3×3, two apart
@inlined
def best_of_row(line, j, m, place, tap):
    """The best of three pixels from line[2 * j] on, whose taps are `tap` and the next, and of `m`."""
    p, q, s = line[2 * j], line[2 * j + 1], line[2 * j + 2]
    won = beats(p, m)
    m, place = p if won else m, tap if won else place
    won = beats(q, m)
    m, place = q if won else m, tap + np.uint8(1) if won else place
    won = beats(s, m)
    return s if won else m, tap + np.uint8(2) if won else place


@kernel("void(float32[:, :, ::1], float32[:, :, ::1], uint8[:, :, ::1], int64, int64)")
def largest_of_nine(x, y, places, start, stop):
    x, y, places = x[start:stop], y[start:stop], places[start:stop]
    for r in range(len(y)):
        for i in range(y.shape[1]):
            upper, middle, lower = x[r, 2 * i], x[r, 2 * i + 1], x[r, 2 * i + 2]
            for j in range(y.shape[2]):
                m, place = best_of_row(upper, j, upper[2 * j], np.uint8(0), np.uint8(0))
                m, place = best_of_row(middle, j, m, place, np.uint8(3))
                m, place = best_of_row(lower, j, m, place, np.uint8(6))
                y[r, i, j] = m
                places[r, i, j] = place


# --------------------------------------------------------------------------- any windows
@inlined
def compete(line, step, best, where, tap):
    """The pixels line[0], line[step], ... against the best so far."""
    for j in range(best.size):
        q, m = line[j * step], best[j]
        won = beats(q, m)
        best[j] = q if won else m
        where[j] = tap if won else where[j]


@kernel("void(float32[:, :, ::1], float32[:, :, ::1], uint8[:, :, ::1], int64[::1], int64, int64)")
def largest(x, y, places, geometry, start, stop):
    x, y, places = x[start:stop], y[start:stop], places[start:stop]
    height, width, down, across, tall, wide, sh, sw, ph, pw, dh, dw = numbers_of(geometry)
    for r in range(len(y)):
        for i in range(down):
            for j in range(across):
                # -inf at the first tap on the image: what stays if the image is nothing but -inf
                u, v = ceiling(ph - i * sh, dh), ceiling(pw - j * sw, dw)
                on = i * sh - ph + u * dh < height and j * sw - pw + v * dw < width
                y[r, i, j] = NONE
                places[r, i, j] = np.uint8(u * wide + v) if on and u < tall and v < wide else np.uint8(0)
            for u in range(tall):
                row = i * sh - ph + u * dh
                if row < 0 or row >= height:
                    continue
                for v in range(wide):
                    at = v * dw - pw
                    first, last = ceiling(-at, sw), min(across, (width - 1 - at) // sw + 1)
                    if last <= first:
                        continue
                    line, best, where = (
                        x[r, row, at + first * sw :],
                        y[r, i, first:last],
                        places[r, i, first:last],
                    )
                    tap = np.uint8(u * wide + v)
                    if sw == 1:  # with the step known, the compiler makes vectors
                        compete(line, 1, best, where, tap)
                    elif sw == 2:
                        compete(line, 2, best, where, tap)
                    else:
                        compete(line, sw, best, where, tap)


@kernel("void(float32[:, :, ::1], uint8[:, :, ::1], int64[::1], float32[:, :, ::1], int64, int64)")
def placed(g, places, geometry, dx, start, stop):
    g, places, dx = g[start:stop], places[start:stop], dx[start:stop]
    height, width, down, across, _, wide, sh, sw, ph, pw, dh, dw = numbers_of(geometry)
    for r in range(len(g)):
        dx[r] = ZERO
        for i in range(down):
            for j in range(across):
                tap = np.int64(places[r, i, j])
                u = tap // wide
                row, column = i * sh - ph + u * dh, j * sw - pw + (tap - u * wide) * dw
                if 0 <= row < height and 0 <= column < width:  # a window wholly on padding has none
                    dx[r, row, column] += g[r, i, j]


@kernel("void(float32[:, :, ::1], float32[:, ::1], int64[::1], float32[:, :, ::1], int64, int64)")
def means(x, share, geometry, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    height, width, down, across, tall, wide, sh, sw, ph, pw, dh, dw = numbers_of(geometry)
    for r in range(len(y)):
        for i in range(down):
            y[r, i] = ZERO
            for u in range(tall):
                row = i * sh - ph + u * dh
                if row < 0 or row >= height:
                    continue
                for v in range(wide):
                    at = v * dw - pw
                    first, last = ceiling(-at, sw), min(across, (width - 1 - at) // sw + 1)
                    if last <= first:
                        continue
                    line, total = x[r, row, at + first * sw :], y[r, i, first:last]
                    for j in range(total.size):
                        total[j] += line[j * sw]
            for j in range(across):
                y[r, i, j] *= share[i, j]


@kernel("void(float32[:, :, ::1], float32[:, ::1], int64[::1], float32[:, :, ::1], int64, int64)")
def spread_out(g, share, geometry, dx, start, stop):
    g, dx = g[start:stop], dx[start:stop]
    height, width, down, across, tall, wide, sh, sw, ph, pw, dh, dw = numbers_of(geometry)
    for r in range(len(g)):
        dx[r] = ZERO
        for i in range(down):
            for u in range(tall):
                row = i * sh - ph + u * dh
                if row < 0 or row >= height:
                    continue
                for v in range(wide):
                    at = v * dw - pw
                    for j in range(ceiling(-at, sw), min(across, (width - 1 - at) // sw + 1)):
                        dx[r, row, at + j * sw] += g[r, i, j] * share[i, j]


# --------------------------------------------------------------------------- drivers
@lru_cache(maxsize=256)
def geometry_of(grid: Grid) -> Array:
    """The numbers of a grid as the kernels take them."""
    before = tuple(first for first, _ in grid.padding)
    parts = (grid.image, grid.output, grid.kernel, grid.stride, before, grid.dilation)
    return np.array([number for part in parts for number in part], np.int64)


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
    return is_large(x) and len(grid.image) == 2 and len(grid.taps) <= 256


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
        over(len(planes), 6 * x.size, lambda a, e: largest_of_four(planes, out, numbers, a, e))
    elif is_plainly(grid, 3):
        over(len(planes), 12 * x.size, lambda a, e: largest_of_nine(planes, out, numbers, a, e))
    else:
        geometry = geometry_of(grid)
        nbytes = 4 * len(grid.taps) * y.size
        over(len(planes), nbytes, lambda a, e: largest(planes, out, numbers, geometry, a, e))
    return y, places


def place(g: Array, places: Array, grid: Grid) -> Array:
    """See the reference."""
    if not (_fit(g, grid) and places.dtype == np.uint8 and places.shape == g.shape):
        return reference.place(g, places, grid)
    dx = np.empty((*g.shape[:-2], *grid.image), FLOAT32)
    planes, numbers, out = _planes(g), _planes(places), _planes(dx)
    if is_plainly(grid, 2):
        over(len(planes), 6 * dx.size, lambda a, e: placed_in_four(planes, numbers, out, a, e))
    else:
        geometry = geometry_of(grid)
        over(len(planes), 20 * g.size, lambda a, e: placed(planes, numbers, geometry, out, a, e))
    return dx


def avg_pool(x: Array, grid: Grid, count_include_pad: bool) -> Array:
    """See the reference."""
    if not _fit(x, grid):
        return reference.avg_pool(x, grid, count_include_pad)
    y = np.empty((*x.shape[:-2], *grid.output), FLOAT32)
    planes, out = _planes(x), _planes(y)
    if is_plainly(grid, 2):
        over(len(planes), 5 * x.size, lambda a, e: mean_of_four(planes, out, a, e))
    else:
        geometry, share = geometry_of(grid), share_of(grid, count_include_pad)
        nbytes = 4 * len(grid.taps) * y.size
        over(len(planes), nbytes, lambda a, e: means(planes, share, geometry, out, a, e))
    return y


def spread(g: Array, grid: Grid, count_include_pad: bool) -> Array:
    """See the reference."""
    if not _fit(g, grid):
        return reference.spread(g, grid, count_include_pad)
    dx = np.empty((*g.shape[:-2], *grid.image), FLOAT32)
    planes, out = _planes(g), _planes(dx)
    if is_plainly(grid, 2):
        over(len(planes), 5 * dx.size, lambda a, e: spread_over_four(planes, out, a, e))
    else:
        geometry, share = geometry_of(grid), share_of(grid, count_include_pad)
        nbytes = 8 * len(grid.taps) * g.size
        over(len(planes), nbytes, lambda a, e: spread_out(planes, share, geometry, out, a, e))
    return dx
