"""Convolution by register tiles straight from the pixels: no matrix of columns is made.

    y[f, p] = b[f] + sum_(tap, c) w[f, c, tap] * x[c, place that the tap reads from p]

is an outer-product tile (`tiles.tile`) for ROWS kernels × some places, with a table of offsets for
(tap, c). `plans` says for which places which taps, `packing` lays the images of a block side by side.
The adjoint in the image is the same with another plan and the weights turned. Both work through

    for each block of images:                   x -> s, in the cache of one core
        for each group of rows (kernels):       so many that weights and results stay in that cache
            for each run of places, tile of it, ROWS rows, sum of taps:     the tile

Anything but float32 with two spatial axes and one group goes to the reference. Taps on padding are
mostly not computed, where the reference multiplies zeros: a weight that is infinite or NaN may therefore
leave results at the border finite that the reference makes NaN.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.constants import tuned
from tinygrad_cnn.kernels.compiled.base.operands import Room, plain
from tinygrad_cnn.kernels.compiled.base.packing import (
    aligned,
    block_of,
    pack,
    pack_weights,
    spare_size,
    unpack,
)
from tinygrad_cnn.kernels.compiled.base.tiles import LANES, ROWS, VECTORS, tile
from tinygrad_cnn.kernels.compiled.convolution.direct_weights import SMALL, kernel_gradient
from tinygrad_cnn.kernels.compiled.convolution.plans import Plan, Segment, Sum, layout_of, plan

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

#: Bytes of a block of images, of a group's weights and of a group's results: together they should
#: fit into the second-level cache of a core, 1 MB or more on most.
IMAGES = tuned("convolution.direct.IMAGES", 400_000)
WEIGHTS = tuned("convolution.direct.WEIGHTS", 200_000)
RESULTS = tuned("convolution.direct.RESULTS", 200_000)
#: Channels, in and out, below which Winograd's transforms cost more than they save.
MANY_CHANNELS = 32
#: Blocks of rows in a group, at least, where weights are turned: their rows lie in short pieces.
TURNED = 4


class Work(NamedTuple):
    """The work of one thread.

    Attributes:
        start, stop: its images, in blocks of `each` or more.
        first, last: its blocks of ROWS rows, in groups of `group`.
        depth, rows: channels of the source and of the result.
        by_row: how the weights lie, see `pack_weights`.
    """

    start: int
    stop: int
    each: int
    first: int
    last: int
    group: int
    depth: int
    rows: int
    by_row: int


@inlined
def work_of(numbers):
    """The numbers of a `Work` by name."""
    n = numbers
    return Work(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8])


@kernel(
    "void(float32[::1], int64, int64, float32[::1], int64[::1], int64, int64,"
    " int64[:, ::1], int64[:, ::1], float32[::1], int64)"
)
def multiply(a, lda, blocks, s, offsets, depth, count, segments, sums, c, ldc):
    """c[row, place, image] = sum over the taps of each place, for `blocks` blocks of rows.

    Args:
        a, lda: packed weights, elements from block to block.   s: packed source.
        offsets: (taps * depth,) elements from the base of a sum to each factor.
        depth: channels of the source.   count: images in the block.
        segments, sums: see `plans.Plan`.   c, ldc: results, elements from row to row.
    """
    for i in range(len(segments)):
        run = Segment(segments[i, 0], segments[i, 1], segments[i, 2], segments[i, 3], segments[i, 4])
        left = (run.places * count + LANES - 1) // LANES
        done = 0
        while left > 0:
            wide = 2 if left == 4 and VECTORS == 3 else min(left, VECTORS)
            for k in range(blocks):
                to = k * ROWS * ldc + run.place * count + done
                for e in range(max(run.sums, 1)):  # places that no tap reads are zero
                    one = Sum(sums[run.first + e, 0], sums[run.first + e, 1], sums[run.first + e, 2])
                    terms = one.taps * depth if run.sums > 0 else 0
                    tile(
                        a, k * lda + one.first * depth * ROWS, s, (run.base + one.base) * count + done,
                        offsets, one.first * depth, terms, c, to, ldc, wide, min(e, 1),
                    )  # fmt: skip
            done += wide * LANES
            left -= wide


@kernel(
    "void(int64[::1], float32[::1], float32[::1], float32[::1], float32[::1], int64[:, ::1], int64[::1],"
    " int64[:, ::1], int64[:, ::1], int64[::1], float32[::1], float32[::1], float32[::1], float32[::1])"
)
def slide(numbers, x, w, bias, y, layouts, taps, segments, sums, offsets, s, a, c, spare):
    """y = bias + w * x for the images and rows of one thread.

    Args:
        numbers: of a `Work`.   x, w, y: source, weights and result, flat.   bias: (rows,).
        layouts, taps, segments, sums: see `plans.Plan`.   offsets, s, a, c, spare: scratch.
    """
    work = work_of(numbers)
    source, result, depth, rows = layout_of(layouts[0]), layout_of(layouts[1]), work.depth, work.rows
    lda = len(taps) * depth * ROWS
    chunks = (work.stop - work.start) // work.each  # the last one takes the rest
    bordered = source.size > source.height * source.width
    held = 0 if chunks == 1 else 1  # the weights of all groups are kept for the next block of images
    for chunk in range(chunks):
        at = work.start + chunk * work.each
        count = work.each if chunk < chunks - 1 else work.stop - at
        step = source.size * count
        for t in range(len(taps)):
            for d in range(depth):
                offsets[t * depth + d] = d * step + taps[t] * count
        if bordered and (chunk == 0 or count != work.each):
            s[:] = 0  # blocks of one size have their borders at the same places
        pack(
            x, at, count, depth, depth, source.height, source.width,
            s, step, source.pitch, source.before, source.phases, spare,
        )  # fmt: skip
        ldc = (result.size * count + LANES - 1) // LANES * LANES + LANES
        for k in range(work.first, work.last, work.group):
            blocks = min(work.group, work.last - k)
            here = (k - work.first) * lda * held
            if chunk == 0 or not held:
                pack_weights(w, k, blocks, rows, depth, work.by_row, len(taps), a, here)
            multiply(a[here:], lda, blocks, s, offsets, depth, count, segments, sums, c, ldc)
            have = min(blocks * ROWS, rows - k * ROWS)
            unpack(
                c, ldc, have, bias, k * ROWS, y, at, count, rows,
                result.height, result.width, result.pitch, result.phases, spare,
            )  # fmt: skip


def _run(x: Array, w: Array, b: Array | None, grid: Grid, adjoint: bool) -> Array:
    n, depth = x.shape[:2]
    rows = w.shape[1] if adjoint else w.shape[0]
    parts = threads.get_num_threads()
    work = n * prod(grid.output) * w.size
    if work < SMALL:
        parts = 1
    blocks = -(-rows // ROWS)
    # Where weights outweigh images, each part takes a share of the weights: all images are packed twice.
    by_rows = parts > 1 and w.size > 2 * x.size and blocks >= parts
    most = n if by_rows else -(-n // parts)
    single = most < LANES
    made = plan(grid, adjoint, single or depth < 16, single)
    shape = grid.image if adjoint else grid.output
    y = aligned(n, rows, *shape)
    bias = np.zeros(rows, np.float32) if b is None else b

    def prepare(k: int, start: int, stop: int) -> Callable[[], None]:
        images, shares = ((0, n), (start, stop)) if by_rows else ((start, stop), (0, blocks))
        return _part(room, k, x, images, w, int(not adjoint), shares, bias, y, made)

    with Room() as room:
        if parts == 1:
            _part(room, 0, x, (0, n), w, int(not adjoint), (0, blocks), bias, y, made)()
        else:
            threads.share_prepared(blocks if by_rows else n, prepare)
    return y


def _part(
    room: Room, k: int, x: Array, images: tuple[int, int], w: Array, by_row: int, shares: tuple[int, int],
    bias: Array, y: Array, made: Plan,
) -> Callable[[], None]:  # fmt: skip
    """Make the call that does part k: these images, these blocks of rows."""
    depth, rows, taps = x.shape[1], y.shape[1], len(made.taps)
    number = images[1] - images[0]
    each = block_of(number, depth * made.source.size, IMAGES)
    chunks = number // each
    count = number - (chunks - 1) * each
    lda = taps * depth * ROWS
    ldc = made.result.size * count + 2 * LANES
    blocks = shares[1] - shares[0]
    fit = min(WEIGHTS // (4 * lda), RESULTS // (4 * ldc * ROWS))
    group = min(blocks, max(fit, 1 if by_row else TURNED))
    areas = made.source.height * made.source.width, made.result.height * made.result.width
    spare = max(spare_size(depth, areas[0], count), spare_size(group * ROWS, areas[1], count))
    work = Work(*images, each, *shares, group, depth, rows, by_row)
    return partial(
        slide,
        np.array(work, np.int64), x.reshape(-1), w.reshape(-1), bias, y.reshape(-1),
        made.layouts, made.taps, made.segments, made.sums, np.empty(taps * depth, np.int64),
        room(k, "source", depth * made.source.size * count + VECTORS * LANES),
        room(k, "weights", lda * (group if chunks == 1 else blocks)),
        room(k, "result", group * ROWS * ldc + VECTORS * LANES),
        room(k, "spare", spare),
    )  # fmt: skip


def serves(x: Array, w: Array, groups: int) -> bool:
    """Whether these kernels take such operands."""
    return (
        groups == 1 and x.ndim == w.ndim == 4 and x.dtype == w.dtype == np.float32
        and x.size > 0 and w.size > 0
    )  # fmt: skip


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, *image), w (F, C/groups, *kernel), b (F,) or None -> (N, F, *output), contiguous.

    >>> from tinygrad_cnn.grid import Grid
    >>> grid = Grid((4, 4), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))
    >>> conv(np.ones((1, 3, 4, 4), np.float32), np.ones((1, 3, 2, 2), np.float32), None, grid, 1)
    array([[[[12., 12.],
             [12., 12.]]]], dtype=float32)
    """
    if not serves(x, w, groups) or (b is not None and b.dtype != np.float32):
        return reference.conv(x, w, b, grid, groups)
    b = None if b is None else plain(b)
    return _run(plain(x), plain(w), b, grid, False)


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, F, *output), w -> (N, C, *image), contiguous.

    >>> from tinygrad_cnn.grid import Grid
    >>> grid = Grid((3, 3), (2, 2), (2, 2), ((0, 1), (0, 1)), (1, 1))
    >>> conv_image(np.ones((1, 5, 2, 2), np.float32), np.ones((5, 1, 2, 2), np.float32), grid, 1)[0, 0, 0]
    array([5., 5., 5.], dtype=float32)
    """
    if not serves(g, w, groups):
        return reference.conv_image(g, w, grid, groups)
    return _run(plain(g), plain(w), None, grid, True)


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, *image), g (N, F, *output) -> (F, C/groups, *kernel).

    The same number of threads gives the same bits; each thread sums a part of the batch.

    >>> from tinygrad_cnn.grid import Grid
    >>> grid = Grid((3, 3), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1))
    >>> conv_kernel(np.ones((5, 1, 3, 3), np.float32), np.ones((5, 1, 2, 2), np.float32), grid, 1)[0, 0]
    array([[20., 20.],
           [20., 20.]], dtype=float32)
    """
    if not serves(x, g, groups):
        return reference.conv_kernel(x, g, grid, groups)
    return kernel_gradient(plain(x), plain(g), grid)
