"""Convolution with kernels of one pixel: a matrix product for each image, whose pixels are columns.

    y[n] = W x[n] + b        dx[n] = Wᵀ g[n]

Strides leave pixels out, so they are left out before. With vectors of 16 floats a tile of columns of x is
copied side by side and stays in the first-level cache, while all blocks of rows of the weights pass over
it. With shorter ones NumPy's own product is up to twice as quick, image by image, and serves.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.constants import tuned
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, Room, plain
from tinygrad_cnn.kernels.compiled.base.packing import pack_weights
from tinygrad_cnn.kernels.compiled.base.tiles import LANES, ROWS, VECTORS, move, tile
from tinygrad_cnn.kernels.compiled.convolution import direct
from tinygrad_cnn.kernels.numpy.blocks import products, steps

Array = NDArray[Any]

#: Whether NumPy's products serve: measured on AVX2, where a tile of 6 × 16 sums uses all registers.
BY_BLAS = LANES < 16
#: Bytes of an image's result above which the bias is added to it while it is in the cache.
LARGE = 1 << 16
#: Columns of a tile.
WIDE = VECTORS * LANES
#: Multiply-adds below which one thread does it all.
WORTH_SHARING = tuned("convolution.pointwise.WORTH_SHARING", 500_000)
ZERO = np.float32(0)


@kernel(
    "void(float32[::1], int64, float32[::1], float32[:, :, ::1], float32[:, :, ::1], int64[::1],"
    " float32[::1], float32[::1], int64, int64)"
)
def mix(a, rows, bias, x, y, off, s, c, start, stop):
    """Tiles [start, stop) of all images: y[n, f, p] = bias[f] + sum_d a[f, d] * x[n, d, p].

    Args:
        a: packed weights (blocks, depth, ROWS).   x (N, depth, P), y (N, rows, P), P at least WIDE.
        off: d * WIDE.   s: room for depth × WIDE.   c: for ROWS × WIDE.
    """
    depth, pixels = x.shape[1], x.shape[2]
    tiles = (pixels + WIDE - 1) // WIDE
    flat_x, flat_y = x.reshape(-1), y.reshape(-1)
    for number in range(start, stop):
        n = number // tiles
        p = min((number - n * tiles) * WIDE, pixels - WIDE)  # the last one over what is done already
        for d in range(depth):
            for v in range(0, WIDE, LANES):
                move(s, d * WIDE + v, flat_x, (n * depth + d) * pixels + p + v, ZERO)
        for f in range(0, rows, ROWS):
            tile(a, f * depth, s, 0, off, 0, depth, c, 0, WIDE, VECTORS, 0)
            for m in range(min(ROWS, rows - f)):
                for v in range(0, WIDE, LANES):
                    move(flat_y, (n * rows + f + m) * pixels + p + v, c, m * WIDE + v, bias[f + m])


def suits(grid: Grid) -> bool:
    """Whether kernels have one pixel, every window lies on the image, and there are columns for a tile."""
    return (
        prod(grid.kernel) == 1
        and all(pair == (0, 0) for pair in grid.padding)
        and prod(grid.output) >= WIDE
    )


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """See the reference."""
    return _product(_left(x, grid), w, b, len(w), 1).reshape(len(x), len(w), *grid.output)


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """See the reference."""
    channels = w.shape[1]
    dx = _product(g, w, None, channels, 0).reshape(len(g), channels, *grid.output)
    if grid.output == grid.image:
        return dx
    full = np.zeros((len(g), channels, *grid.image), FLOAT32)
    full[_places(grid)] = dx
    return full


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """See the reference."""
    x = _left(x, grid)
    if not BY_BLAS:
        whole = Grid(grid.output, grid.kernel, (1, 1), grid.padding, (1, 1))
        return direct.conv_kernel(x, g, whole, groups)
    n, channels, kernels, pixels = len(x), x.shape[1], g.shape[1], prod(grid.output)
    images, slopes = plain(x).reshape(n, channels, pixels), plain(g).reshape(n, kernels, pixels)
    if n < threads.get_num_threads():
        dw = sum(reference.matmul(slopes[i], images[i].T) for i in range(n))
        return np.asarray(dw).reshape(kernels, channels, *grid.kernel)
    sums = np.zeros((threads.get_num_threads(), kernels, channels), FLOAT32)

    def part(k: int, start: int, stop: int) -> None:
        for i in range(start, stop):
            sums[k] += slopes[i] @ images[i].T

    products(n, n * pixels * channels * kernels, part)
    return np.asarray(sums.sum(axis=0)).reshape(kernels, channels, *grid.kernel)


def _left(x: Array, grid: Grid) -> Array:
    """The pixels that windows are put on."""
    return x if grid.output == grid.image else x[_places(grid)]


def _places(grid: Grid) -> tuple[slice | Any, ...]:
    steps = (slice(0, (o - 1) * s + 1, s) for o, s in zip(grid.output, grid.stride, strict=True))
    return (..., *steps)


def _product(x: Array, w: Array, b: Array | None, rows: int, by_row: int) -> Array:
    """(N, depth, ...) -> (N, rows, pixels)."""
    n, depth, pixels = len(x), x.shape[1], prod(x.shape[2:])
    images, y = plain(x).reshape(n, depth, pixels), np.empty((n, rows, pixels), FLOAT32)
    if BY_BLAS:
        _by_blas(images, w.reshape(rows, depth) if by_row else w.reshape(depth, rows).T, b, y)
        return y
    bias = np.zeros(rows, FLOAT32) if b is None else plain(b)
    off, count = np.arange(depth) * WIDE, n * -(-pixels // WIDE)
    blocks = -(-rows // ROWS)
    with Room() as room:
        a = room(0, "weights", blocks * depth * ROWS)
        pack_weights(plain(w).reshape(-1), 0, blocks, rows, depth, by_row, 1, a, 0)

        def part(k: int, start: int, stop: int) -> None:
            mix(a, rows, bias, images, y, off, room(k, "columns", depth * WIDE),
                room(k, "results", ROWS * WIDE), start, stop)  # fmt: skip

        if n * pixels * depth * rows < WORTH_SHARING:
            part(0, 0, count)
        else:
            threads.share(count, part)
    return y


def _by_blas(images: Array, w: Array, b: Array | None, y: Array) -> None:
    """y (N, rows, pixels) = w (rows, depth) @ images (N, depth, pixels) + b."""
    step = 1 if b is not None and y[0].nbytes > LARGE else len(y)

    def part(_: int, start: int, stop: int) -> None:
        for first, last in steps(start, stop, step):
            np.matmul(w, images[first:last], out=y[first:last])
            if b is not None:
                y[first:last] += b[:, None]

    if len(y) < threads.get_num_threads():
        for image, result in zip(images, y, strict=True):
            result[...] = reference.matmul(w, image)
            if b is not None:
                result += b[:, None]
    else:
        products(len(y), images.size * len(w), part)
