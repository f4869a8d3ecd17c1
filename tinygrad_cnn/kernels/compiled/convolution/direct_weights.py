"""The adjoint of convolution in its weights: sums over images and places, in one of two forms.

    dw[f, c, tap] = sum_(n, p) g[n, f, p] * x[n, c, place that the tap reads from p]

*Along* (`gather_along`): both sides with the images of a block innermost (`packing`); a tile of
`tiles.dot` holds some (f) × (tap, c) and walks along rows of the result, which both sides hold in one
piece. It ends with a sum over the lanes, so it wants many places.

*Across* (`gather_across`): for small maps with many channels. The lanes are channels of x, which lie
innermost, and (place, image) are the steps of an outer product (`tiles.tile`):

    dw[tap][f, c] += sum_t  g[t, f] * x[off[t] + c]
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.constants import tuned
from tinygrad_cnn.kernels.compiled.base.operands import Room
from tinygrad_cnn.kernels.compiled.base.packing import ZERO, aligned, block_of, pack, spare_size, turn
from tinygrad_cnn.kernels.compiled.base.tiles import (
    DOT_COLUMNS,
    DOT_ROWS,
    LANES,
    ROWS,
    VECTORS,
    copy_spaced,
    dot,
    tile,
)
from tinygrad_cnn.kernels.compiled.convolution.plans import layout_of, plan

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

#: Bytes of both sides of one block of images: they should fit into the second-level cache of a core.
BLOCK = tuned("convolution.direct_weights.BLOCK", 800_000)
#: Floats along a row of the tile's operands between two sums over the lanes: enough to make those
#: cheap, and few enough that the operands of many tiles stay in the cache.
ALONG = tuned("convolution.direct_weights.ALONG", 4096)
#: Images × places below which the sum over the lanes outweighs the rest.
FEW = 2500
#: Blocks of rows that share a tile of x while it is in the cache.
GROUP = 3
#: Multiplications below which one thread is sooner done than two: about 50 µs of work.
SMALL = 2_000_000


class Along(NamedTuple):
    """The work of one thread along rows.

    Attributes:
        start, stop: its images, in blocks of `block` or more.
        channels, rows: channels of x and of g.   height, width: of g.
        lift: places that the image lies below the start of s.   plane: places of a channel in s.
        down: places in s from one row of g to the next.   most: floats between two sums over the lanes.
    """

    start: int
    stop: int
    block: int
    channels: int
    rows: int
    height: int
    width: int
    lift: int
    plane: int
    down: int
    most: int


@inlined
def along_of(numbers):
    """The numbers of an `Along` by name."""
    n = numbers
    return Along(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10])


class Across(NamedTuple):
    """The work of one thread across channels.

    Attributes:
        images: of the batch.   channels, rows: channels of x and of g.   wide: channels, up to LANES.
        first, last: its blocks of ROWS rows, in groups of `group`.
        image_height, image_width: of x.   height, width: of g.
        step_h, step_w: steps in x from one place of g to the next.
    """

    images: int
    channels: int
    rows: int
    wide: int
    first: int
    last: int
    group: int
    image_height: int
    image_width: int
    height: int
    width: int
    step_h: int
    step_w: int


@inlined
def across_of(numbers):
    """The numbers of an `Across` by name."""
    n = numbers
    return Across(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12])


@kernel(
    "void(int64[::1], float32[::1], float32[::1], int64[::1], int64[::1], int64[:, ::1],"
    " float32[::1], int64[::1], float32[::1], float32[::1], float32[::1])"
)
def gather_along(numbers, x, g, layout, taps, spans, dw, offsets, s, h, spare):
    """dw[row, group of taps, (tap, channel)] += the share of one thread's images.

    Args:
        numbers: of an `Along`.   layout: of x, see `plans.Layout`.
        taps: (groups * taps in each,) places read, from the place of the position itself.
        spans: (groups, 2) rows of g, [first, last), in which the taps of a group read the image.
        offsets, s, h, spare: scratch.
    """
    n, source = along_of(numbers), layout_of(layout)
    channels, rows, height, plane, block = n.channels, n.rows, n.height, n.plane, n.block
    groups = len(spans)
    each = len(taps) // groups * channels
    wide = (each + DOT_COLUMNS - 1) // DOT_COLUMNS * DOT_COLUMNS
    chunks = (n.stop - n.start) // block  # the last one takes the rest
    for chunk in range(chunks):
        at = n.start + chunk * block
        count = block if chunk < chunks - 1 else n.stop - at
        if chunk == 0 or count != block:
            s[:] = 0  # blocks of one size have their borders at the same places
        for k in range(groups):
            for e in range(wide):
                tap, c = k * (each // channels) + min(e, each - 1) // channels, min(e, each - 1) % channels
                offsets[k * wide + e] = (c * plane + taps[tap]) * count
        pack(
            x, at, count, channels, channels, source.height, source.width,
            s[n.lift * count :], plane * count, source.pitch, source.before, source.phases, spare,
        )  # fmt: skip
        ldh = height * n.width * count
        pack(g, at, count, rows, rows, height, n.width, h, ldh, n.width, 0, 1, spare)
        length = n.width * count
        few = max(1, n.most // length)
        for top in range(0, height, few):
            for row in range(0, rows, DOT_ROWS):
                for k in range(groups):
                    first, last = max(top, spans[k, 0]), min(top + few, spans[k, 1])
                    if first >= last:
                        continue
                    for e in range(0, wide, DOT_COLUMNS):
                        dot(
                            h, row * ldh + first * length, ldh,
                            s, first * n.down * count, offsets, k * wide + e,
                            last - first, length, n.down * count, length,
                            dw, (row * groups + k) * wide + e, groups * wide,
                        )  # fmt: skip


@kernel(
    "void(int64[::1], float32[::1], float32[::1], int64[:, ::1], int64[:, ::1], float32[::1],"
    " int64[::1], float32[::1], float32[::1], float32[::1])"
)
def gather_across(numbers, x, g, down, right, dw, offsets, s, h, c):
    """dw[row, channel, tap] for one thread's blocks of rows.

    Args:
        numbers: of an `Across`.
        down, right: (KH, 3), (KW, 3): first and last + 1 place of g along the axis where the tap reads
            the image, and what it reads at the first.
        offsets, s, h, c: scratch.
    """
    one = across_of(numbers)
    images, channels, rows, wide, width = one.images, one.channels, one.rows, one.wide, one.width
    area, places = one.image_height * one.image_width, one.height * one.width
    taps = len(down) * len(right)
    for n in range(images):  # s[place, image, channel]
        turn(x, n * channels * area, area, s, n * wide, images * wide, channels, area, ZERO)
    for j in range(width):
        for n in range(images):
            offsets[j * images + n] = (j * one.step_w * images + n) * wide
    block = places * images * ROWS
    for k in range(one.first, one.last, one.group):
        blocks = min(one.group, one.last - k)
        have = min(blocks * ROWS, rows - k * ROWS)
        for m in range(blocks * ROWS):  # h[block, place, image, row]
            at = m // ROWS * block + m % ROWS
            for n in range(images):
                if m < have:
                    from_g = (n * rows + k * ROWS + m) * places
                    copy_spaced(h, at + n * ROWS, images * ROWS, g, from_g, 1, places, ZERO)
                else:
                    for p in range(places):
                        h[at + (p * images + n) * ROWS] = ZERO
        for t in range(taps):
            u, v = t // len(right), t % len(right)
            start, steps = right[v, 0], (right[v, 1] - right[v, 0]) * images
            done = 0
            while done < wide:
                left = (wide - done) // LANES
                vectors = 2 if left == 4 and VECTORS == 3 else min(left, VECTORS)
                for o in range(down[u, 0], max(down[u, 1], down[u, 0] + 1)):
                    row = down[u, 2] + (o - down[u, 0]) * one.step_h
                    count = steps if o < down[u, 1] else 0  # a tap that reads nothing gets zeros
                    add = 1 if o > down[u, 0] else 0
                    for b in range(blocks):
                        tile(
                            h, b * block + (o * width + start) * images * ROWS,
                            s, (row * one.image_width + right[v, 2]) * images * wide + done,
                            offsets, 0, count,
                            c, (b * ROWS * taps + t) * wide + done, taps * wide, vectors, add,
                        )  # fmt: skip
                done += vectors * LANES
        for m in range(have):
            turn(c, m * taps * wide, wide, dw, (k * ROWS + m) * channels * taps, taps, taps, channels, ZERO)


def kernel_gradient(x: Array, g: Array, grid: Grid) -> Array:
    """x (N, C, H, W), g (N, F, OH, OW), contiguous -> (F, C, KH, KW)."""
    n, c = x.shape[:2]
    f, (oh, ow), taps = g.shape[1], grid.output, len(grid.taps)
    small = n * oh * ow * c * f * taps < SMALL
    parts = 1 if small else threads.get_num_threads()
    count = 1 if n < LANES * parts else LANES
    if ow * count < LANES or (c >= LANES and n * oh * ow < FEW * parts):
        return _across(x, g, grid, parts)
    return _along(x, g, grid, parts)


def _along(x: Array, g: Array, grid: Grid, parts: int) -> Array:
    (n, c), (f, (oh, ow)), (kh, kw) = x.shape[:2], (g.shape[1], grid.output), grid.kernel
    made = plan(grid, False, True, False)
    source, (top, _), taps = made.source, grid.padding[0], made.taps
    # A tile that spans kernel rows needs a border above and below, where a span would do without.
    whole = kw * c % DOT_COLUMNS != 0 and kw * c < 2 * DOT_COLUMNS and source.phases == 1
    lift, plane, spans = 0, source.size, made.rows
    if whole:
        lift = top * source.pitch
        bottom = max(0, (oh - 1) * grid.stride[0] + (kh - 1) * grid.dilation[0] + 1 - top - source.height)
        plane, spans = source.size + lift + bottom * source.pitch, np.array([(0, oh)])
    taps = taps - top * source.pitch + lift
    each = taps.size // len(spans) * c
    wide = -(-each // DOT_COLUMNS) * DOT_COLUMNS
    f4 = -(-f // DOT_ROWS) * DOT_ROWS
    dw = np.zeros((parts, f4, len(spans), wide), np.float32)

    def part(k: int, start: int, stop: int) -> Callable[[], None]:
        block = block_of(stop - start, c * plane + f4 * oh * ow, BLOCK)
        count = block + (stop - start) % block
        spare = max(spare_size(c, source.height * source.width, count), spare_size(f, oh * ow, count))
        work = Along(start, stop, block, c, f, oh, ow, lift, plane, grid.stride[0] * source.pitch, ALONG)
        return partial(
            gather_along,
            np.array(work, np.int64), x.reshape(-1), g.reshape(-1), made.layouts[0], taps, spans,
            dw[k].reshape(-1),
            np.empty(len(spans) * wide, np.int64), room(k, "source", c * plane * count + LANES),
            room(k, "result", f4 * oh * ow * count + LANES), room(k, "spare", spare),
        )  # fmt: skip

    with Room() as room:
        if parts == 1:
            part(0, 0, n)()
        else:
            threads.share_prepared(n, part)
    total = dw[0]
    with np.errstate(invalid="ignore", over="ignore"):  # compiled code says nothing of it either
        for other in dw[1:]:
            total += other
    found = total[:f, :, :each].reshape(f, kh * kw, c)
    return np.ascontiguousarray(found.transpose(0, 2, 1)).reshape(f, c, kh, kw)


def _across(x: Array, g: Array, grid: Grid, parts: int) -> Array:
    (n, c), f, (oh, ow) = x.shape[:2], g.shape[1], grid.output
    wide, taps, blocks = -(-c // LANES) * LANES, len(grid.taps), -(-f // ROWS)
    parts = min(parts, blocks)
    dw = np.empty((f, c, *grid.kernel), np.float32)
    down, right = (_spans(grid, axis) for axis in (0, 1))

    def part(_: int, start: int, stop: int) -> None:
        if start == stop:
            return
        group = min(stop - start, GROUP)
        (height, width), (step_h, step_w) = grid.image, grid.stride
        work = Across(n, c, f, wide, start, stop, group, height, width, oh, ow, step_h, step_w)
        gather_across(
            np.array(work, np.int64), x.reshape(-1), g.reshape(-1), down, right,
            dw.reshape(-1), np.empty(ow * n, np.int64),
            aligned(n * prod(grid.image) * wide),
            np.empty(group * ROWS * n * oh * ow, np.float32),
            aligned(group * ROWS * taps * wide),
        )  # fmt: skip

    if parts == 1:
        part(0, 0, blocks)
    else:
        threads.share(blocks, part)
    return dw


def _spans(grid: Grid, axis: int) -> NDArray[np.int64]:
    """Per tap along an axis: the first place of g where it reads the image, the end, and what it reads."""
    s, d, before = grid.stride[axis], grid.dilation[axis], grid.padding[axis][0]
    table = []
    for u in range(grid.kernel[axis]):
        reads = [(o, o * s + u * d - before) for o in range(grid.output[axis])]
        inside = [(o, at) for o, at in reads if 0 <= at < grid.image[axis]]
        table.append((inside[0][0], inside[-1][0] + 1, inside[0][1]) if inside else (0, 0, 0))
    return np.array(table, np.int64)
