"""Convolution in plain NumPy: readable, any float dtype, any number of spatial axes.

Shapes: N images, C channels, F kernels, spatial sizes as tuples: `*image`, `*kernel` (KH, KW),
`*output` (OH, OW), from a `Grid`, which is the only place that knows where a tap reads.

For each tap of the kernel, the pixels that it reads are gathered into a matrix of columns; then
convolution is one matrix product (Chellapilla et al. 2006, "High performance convolutional neural
networks for document processing"). Two things make that quick here:

- The batch lies last in memory, (C, *image, N), as in Krizhevsky's cuda-convnet (2012): the same
  pixel of all images is one run of numbers, so a tap reads whole runs of OW * N of them. Results are
  NCHW views of such memory, so the next layer finds it so.
- Some rows of the result are computed at a time, so that their columns stay in the cache and are
  never all there. The rows are also what is split over threads.

        x (C, H, W, N)          columns (C * taps, rows * OW * N)       y (F, rows * OW * N)
        . . . . . .               tap (0,0)  of c = 0  | x x x x ...
        . x x x x .   gather      tap (0,1)  of c = 0  | x x x x ...    = w (F, C * taps) @ columns
        . x x x x .   ----->      ...
        . x x x x .
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.numpy.blocks import in_blocks, products, steps

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

#: Bytes of columns at a time: what the caches of a core hold. 512 KB to 4 MB differed by some 10 %.
COLUMNS = 1 << 21
#: Weights so few, and rows of the result so long, that their products are summed row by row.
SMALL, LONG = 1500, 400


# --------------------------------------------------------------------------- memory
def batch_last(x: Array) -> Array:
    """x (N, C, ...) -> (C, ..., N), contiguous: a view where x lies so already.

    >>> batch_last(np.zeros((2, 3, 4))).shape
    (3, 4, 2)
    """
    return np.ascontiguousarray(x.transpose(*range(1, x.ndim), 0))


def batch_first(x: Array) -> Array:
    """(C, ..., N) -> (N, C, ...), the same memory.

    >>> batch_first(np.zeros((3, 4, 2))).shape
    (2, 3, 4)
    """
    return x.transpose(x.ndim - 1, *range(x.ndim - 1))


def bordered(x: Array, grid: Grid) -> Array:
    """x (N, C, *image) -> (C, *padded, N), with the zeros around it that windows read."""
    if not grid.is_padded:
        return batch_last(x)
    out = np.zeros((x.shape[1], *grid.padded, x.shape[0]), x.dtype)
    inside, moved = out[(slice(None), *grid.interior[1:])], x.transpose(*range(1, x.ndim), 0)

    def work(start: int, stop: int) -> None:
        inside[start:stop] = moved[start:stop]

    in_blocks(len(moved), x.nbytes, work)
    return out


def windows(padded: Array, grid: Grid) -> Array:
    """(C, *padded, N) -> (C, *kernel, *output, N), a view: what each tap reads at each place.

    >>> from tinygrad_cnn.grid import Grid
    >>> windows(np.arange(4).reshape(1, 4, 1), Grid((4,), (2,), (1,), ((0, 0),), (1,)))[0, :, :, 0]
    array([[0, 1, 2],
           [1, 2, 3]])
    """
    inner = padded.strides[1:-1]
    taps = (step * d for step, d in zip(inner, grid.dilation, strict=True))
    # Where a stride leads out of the image there is one place, and the product could be too large a number.
    places = (step * min(s, n) for step, s, n in zip(inner, grid.stride, padded.shape[1:-1], strict=True))
    shape = (padded.shape[0], *grid.kernel, *grid.output, padded.shape[-1])
    strides = (padded.strides[0], *taps, *places, padded.strides[-1])
    return np.lib.stride_tricks.as_strided(padded, shape, strides, writeable=False)


def gather(seen: Array, grid: Grid, start: int, stop: int) -> Array:
    """Gather what each tap reads for rows [start, stop) of the result: (C * taps, rows * OW * N).

    One copy for all taps: between calls of NumPy a thread waits for Python's lock.
    """
    rows = seen[(slice(None),) * (1 + len(grid.kernel)) + (slice(start, stop),)]
    return rows.reshape(rows.shape[0] * len(grid.taps), prod(rows.shape[1 + len(grid.kernel) :]))


def scatter(columns: Array, padded: Array, grid: Grid, start: int, stop: int) -> None:
    """The adjoint of `gather`: each column added to `padded` (C, *padded, N) where it was read."""
    c, n = padded.shape[0], padded.shape[-1]
    columns = columns.reshape(c, len(grid.taps), stop - start, *grid.output[1:], n)
    for t, (_, where) in enumerate(grid.taps):
        read = padded[(slice(None), *where[1:])][:, start:stop]
        read += columns[:, t]


def rows_at_a_time(columns_of_a_row: int, weights: int, itemsize: int) -> int:
    """Choose how many rows of the result to compute at a time.

    Their columns should stay in the cache; but each product reads all weights once more, so there
    should not be more weights than columns either.

    >>> rows_at_a_time(9 * 28 * 100, 9 * 8, 4)
    20
    """
    wanted = max(COLUMNS // itemsize, weights)
    return max(1, wanted // max(columns_of_a_row, 1))


# --------------------------------------------------------------------------- convolution
def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, *image), w (F, C/groups, *kernel), b (F,) or None -> (N, F, *output)."""
    n, c, f = len(x), x.shape[1], len(w)
    height, width = grid.output[0], prod(grid.output[1:]) * n
    seen = windows(bordered(x, grid), grid)
    flat = w.reshape(groups, f // groups, prod(w.shape[1:]))
    dtype = np.result_type(x, w) if b is None else np.result_type(x, w, b)
    y = np.empty((groups, f // groups, height * width), dtype)
    step = rows_at_a_time(c * len(grid.taps) * width, w.size, x.itemsize)

    def work(_: int, start: int, stop: int) -> None:
        for first, last in steps(start, stop, step):
            columns = gather(seen, grid, first, last)
            block = y[..., first * width : last * width]
            np.matmul(flat, columns.reshape(groups, flat.shape[2], block.shape[2]), out=block)
            if b is not None:
                block += b.reshape(groups, f // groups, 1)

    products(height, y.size * flat.shape[2], work)
    return batch_first(y.reshape(f, *grid.output, n))


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, F, *output), w -> (N, C, *image)."""
    n, f, c = len(g), len(w), w.shape[1]  # c: the channels of one group, which threads share
    taps, height, width = len(grid.taps), grid.output[0], prod(grid.output[1:]) * n
    rows = batch_last(g).reshape(groups, f // groups, height * width)
    flat = w.reshape(groups, f // groups, c * taps).swapaxes(1, 2)
    padded = np.zeros((groups, c, *grid.padded, n), np.result_type(g, w))

    def work(_: int, start: int, stop: int) -> None:
        mine = flat[:, start * taps : stop * taps]
        step = rows_at_a_time(groups * mine.shape[1] * width, mine.size, g.itemsize)
        for first, last in steps(0, height, step):
            columns = mine @ rows[..., first * width : last * width]
            for group in range(groups):
                scatter(columns[group], padded[group, start:stop], grid, first, last)

    products(c, rows.size * flat.shape[1], work)
    whole = padded.reshape(groups * c, *grid.padded, n)
    return batch_first(whole[(slice(None), *grid.interior[1:])])


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, *image), g (N, F, *output) -> (F, C/groups, *kernel).

    The products of blocks of rows are added in order, within each thread's part and then over the
    parts, so the same number of threads gives the same bits.
    """
    n, c, f = len(x), x.shape[1], g.shape[1]
    inner = c // groups * len(grid.taps)
    height, width = grid.output[0], prod(grid.output[1:]) * n
    seen = windows(bordered(x, grid), grid)
    rows = batch_last(g).reshape(groups, f // groups, height * width)
    step = rows_at_a_time(c * len(grid.taps) * width, inner * f, x.itemsize)
    totals: dict[int, Array] = {}

    def work(part: int, start: int, stop: int) -> None:
        total = np.zeros((groups, inner, f // groups), np.result_type(x, g))
        for first, last in steps(start, stop, step):
            columns = gather(seen, grid, first, last).reshape(groups, inner, last - first, width)
            total += summed_products(columns, rows[..., first * width : last * width])
        totals[part] = total

    products(height, rows.size * inner, work)
    dw = sum((totals[part] for part in sorted(totals)[1:]), totals[0])
    return np.ascontiguousarray(dw.swapaxes(1, 2)).reshape(f, c // groups, *grid.kernel)


def summed_products(columns: Array, rows: Array) -> Array:
    """columns (G, I, R, W) and rows (G, F, R * W) -> (G, I, F): products summed over R and W.

    This way round a BLAS takes two thirds of the time that rows @ columns.T takes. Where the result is
    small, the sums are long: it takes a third of the time for them in pieces of W.
    """
    groups, inner, pieces, width = columns.shape
    if inner * rows.shape[1] > SMALL or width < LONG:
        return columns.reshape(groups, inner, pieces * width) @ rows.swapaxes(1, 2)
    apart = rows.reshape(groups, rows.shape[1], pieces, width).transpose(0, 2, 3, 1)  # (G, R, W, F)
    out: Array = (columns.swapaxes(1, 2) @ apart).sum(axis=1)
    return out


def unfold(x: Array, grid: Grid) -> Array:
    """x (N, C, *image) -> (N, C * taps, positions): in each column what one window reads."""
    columns = gather(windows(bordered(x, grid), grid), grid, 0, grid.output[0])
    return batch_first(columns.reshape(len(columns), prod(grid.output), len(x)))


def fold(columns: Array, grid: Grid) -> Array:
    """The adjoint of `unfold`: (N, C * taps, positions) -> (N, C, *image), overlaps added."""
    n, c = len(columns), columns.shape[1] // len(grid.taps)
    padded = np.zeros((c, *grid.padded, n), columns.dtype)
    scatter(batch_last(columns), padded, grid, 0, grid.output[0])
    return batch_first(padded[(slice(None), *grid.interior[1:])])
