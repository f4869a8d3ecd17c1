"""Depthwise convolution: each kernel reads one channel, so that nothing is summed over channels.

A channel's image is copied with its border into planes, one for each phase of the stride; then what a
tap reads lies one step from what it read for the place before, and all rows of the result are one run:

    y[k] = b + sum_t w[t] * s[offset[t] + k]                 k = i * pitch + j, some k lie between rows
    ds[q] = sum_t w[t] * g[q - offset[t]]                    per phase, the taps that read it
    dw[t] = sum_k g[k] * s[offset[t] + k]                    g is 0 between rows

Sums stay in registers (`taps_run`, `taps_dots`); what lies between rows is computed and left out.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, over, plain
from tinygrad_cnn.kernels.compiled.base.packing import split
from tinygrad_cnn.kernels.compiled.base.tiles import LANES, copy_row, copy_spaced
from tinygrad_cnn.kernels.compiled.base.vectors import INT, ZERO, Code, instruction

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

#: Vectors of a run that are summed at once; taps whose sums are taken at once.
RUN, DOTS = 4, 9
NOTHING = np.float32(0)


@instruction
def taps_run(context, w, iw, count, s, off, io, y, iy, bias):
    """y[iy + k] = bias + sum_t w[iw + t] * s[off[io + t] + iy + k], t < count, k < RUN * LANES."""
    i = types.int64
    signature = types.void(w, i, i, s, off, i, y, i, types.float32)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        code = Code(context, builder, signature, args)
        w, s, off, y = code.at(0, args[1]), code.at(3, args[7]), code.at(4, args[5]), code.at(6, args[7])
        (sums,) = code.variables(1, RUN)
        start = code.spread(args[8])
        for one in sums:
            builder.store(start, one)
        with code.times(args[2]) as loop:
            factor = code.spread(code.number(w, loop.index))
            place = code.number(off, loop.index)
            for v, one in enumerate(sums):
                code.add_product(one, factor, code.load(s, builder.add(place, INT(v * LANES))))
        for v, one in enumerate(sums):
            code.store(builder.load(one), y, INT(v * LANES))
        return context.get_dummy_value()

    return signature, generate


@instruction
def taps_dots(context, g, s, off, io, vectors, dw, iw):
    """dw[iw + t] += sum_k g[k] * s[off[io + t] + k], t < DOTS, k < vectors * LANES."""
    i = types.int64
    signature = types.void(g, s, off, i, i, dw, i)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        code = Code(context, builder, signature, args)
        g, s = code.at(0, INT(0)), code.at(1, INT(0))
        off, dw = code.at(2, args[3]), code.at(5, args[6])
        (sums,) = code.variables(1, DOTS)
        for one in sums:
            builder.store(ZERO, one)
        places = [code.number(off, INT(t)) for t in range(DOTS)]
        with code.times(args[4]) as loop:
            k = builder.mul(loop.index, INT(LANES))
            factor = code.load(g, k)
            for one, place in zip(sums, places, strict=True):
                code.add_product(one, factor, code.load(s, builder.add(place, k)))
        for t, total in enumerate(code.sums([builder.load(one) for one in sums])):
            spot = builder.gep(dw, [INT(t)])
            builder.store(builder.fadd(builder.load(spot), total), spot)
        return context.get_dummy_value()

    return signature, generate


@kernel("void(float32[::1], int64, int64[::1], float32[::1])")
def into_planes(x, at, sizes, s):
    """The image at x[at:] into the planes of its phases; `sizes` as in `Plane`. Borders are 0 already."""
    height, width, down, across, above, before, tall, pitch = sizes[:8]
    for i in range(height):
        row = above + i
        to = (row % down * across * tall + row // down) * pitch
        if across == 1:
            copy_row(s, to + before, x, at + i * width, width, NOTHING)
        else:
            split(s, to, tall * pitch, x, at + i * width, width, 1, before, across)


@kernel("void(float32[::1], int64, int64[::1], float32[::1])")
def out_of_planes(x, at, sizes, s):
    """The reverse of `into_planes`."""
    height, width, down, across, above, before, tall, pitch = sizes[:8]
    for i in range(height):
        row = above + i
        from_ = (row % down * across * tall + row // down) * pitch
        if across == 1:
            copy_row(x, at + i * width, s, from_ + before, width, NOTHING)
        else:
            for phase in range(across):
                start = (phase - before) % across
                place = from_ + phase * tall * pitch + (start + before) // across
                number = (width - start + across - 1) // across
                copy_spaced(x, at + i * width + start, across, s, place, 1, number, NOTHING)


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32[::1], int64[::1], int64[::1], int64, int64,"
    " int64, int64)"
)
def forward(x, w, bias, y, sizes, offsets, many, kernels, start, stop):
    """Results [start, stop) of all images; `many` kernels read each channel."""
    height, width, pitch, oh, ow = sizes[0], sizes[1], sizes[7], sizes[8], sizes[9]
    taps, step = len(offsets), RUN * LANES
    length = (oh - 1) * pitch + ow
    s = np.zeros(sizes[10], np.float32)
    c = np.empty(length + step, np.float32)
    for r in range(start, stop):
        f = r % kernels
        if r == start or r % many == 0:
            into_planes(x, r // many * height * width, sizes, s)
        for k in range(0, length, step):
            taps_run(w, f * taps, taps, s, offsets, 0, c, k, bias[f])
        for i in range(oh):
            copy_row(y, (r * oh + i) * ow, c, i * pitch, ow, NOTHING)


@kernel(
    "void(float32[::1], float32[::1], float32[::1], int64[::1], int64[:, ::1], int64[::1], int64[::1],"
    " int64, int64, int64, int64)"
)
def backward(g, w, dx, sizes, phases, order, offsets, many, channels, start, stop):
    """The gradient of planes [start, stop) of x.

    Args:
        phases: (first, last) of the taps that read each phase.   order: which taps these are.
        offsets: of what they read in g, from the place in the phase.
    """
    pitch, oh, ow, height, width, tall = sizes[7], sizes[8], sizes[9], sizes[0], sizes[1], sizes[6]
    taps, step, plane, lead = len(order), RUN * LANES, tall * pitch, sizes[11]
    s = np.empty(len(phases) * plane + step, np.float32)
    h = np.zeros(lead + plane + 2 * step + oh * pitch, np.float32)
    turned = np.empty(taps, np.float32)
    for r in range(start, stop):
        c = r % channels
        for m in range(many):
            f = r * many + m
            for i in range(oh):
                copy_row(h, lead + i * pitch, g, (f * oh + i) * ow, ow, NOTHING)
            for t in range(taps):
                turned[t] = w[(c * many + m) * taps + order[t]]
            for p in range(len(phases)):
                first, last = phases[p, 0], phases[p, 1]
                for k in range(0, plane, step):
                    base = s[p * plane :]
                    if m == 0:
                        taps_run(turned, first, last - first, h, offsets, first, base, k, NOTHING)
                    else:
                        part = np.empty(step, np.float32)
                        taps_run(turned, first, last - first, h[k:], offsets, first, part, 0, NOTHING)
                        for j in range(min(step, plane - k)):
                            base[k + j] += part[j]
        out_of_planes(dx, r * height * width, sizes, s)


@inlined
def summed_at_places(g, s, offset, height, width, pitch):
    """sum_(i, j) g[i * pitch + j] * s[offset + i * pitch + j], without what lies between rows."""
    total = NOTHING
    for i in range(height):
        for j in range(width):
            total += g[i * pitch + j] * s[offset + i * pitch + j]
    return total


@kernel(
    "void(float32[::1], float32[::1], float32[::1], int64[::1], int64[::1], int64, int64, int64, int64,"
    " int64, int64)"
)
def weights(x, g, dw, sizes, offsets, taps, many, kernels, images, start, stop):
    """The gradient of kernels [start, stop), summed over all images in order."""
    height, width, pitch, oh, ow = sizes[0], sizes[1], sizes[7], sizes[8], sizes[9]
    length = (oh - 1) * pitch + ow
    vectors = (length + LANES - 1) // LANES
    s = np.zeros(sizes[10], np.float32)
    h = np.zeros(vectors * LANES + LANES, np.float32)
    sums = np.empty(len(offsets), np.float32)
    totals = np.empty(len(offsets), np.float64)
    channels = kernels // many
    for f in range(start, stop):
        totals[:] = 0
        for n in range(images):
            into_planes(x, (n * channels + f // many) * height * width, sizes, s)
            for i in range(oh):
                copy_row(h, i * pitch, g, ((n * kernels + f) * oh + i) * ow, ow, NOTHING)
            sums[:] = NOTHING
            for t in range(0, len(offsets), DOTS):
                taps_dots(h, s, offsets, t, vectors, sums, t)
            for t in range(taps):
                if not np.isfinite(sums[t]):  # between rows 0 · inf is no product of the sum
                    sums[t] = summed_at_places(h, s, offsets[t], oh, ow, pitch)
                totals[t] += sums[t]
        for t in range(taps):
            dw[f * taps + t] = np.float32(totals[t])


@dataclass(frozen=True)
class Plane:
    """The layout of one channel in memory, and what each tap reads.

    Attributes:
        sizes: height, width, stride down and across, padding above and before, height and pitch of a
            phase, height and width of the result, floats of all phases, the largest offset.
        offsets: of what each tap reads, a multiple of DOTS of them.   taps: how many are meant.
        phases, order, turned: see `backward`.
    """

    sizes: Array
    offsets: Array
    taps: int
    phases: Array
    order: Array
    turned: Array


@lru_cache(maxsize=256)
def plane_of(grid: Grid) -> Plane:
    """The memory of a channel for a grid with two axes."""
    (sh, sw), (dh, dw), (oh, ow) = grid.stride, grid.dilation, grid.output
    tall, pitch = (-(-size // s) for size, s in zip(grid.padded, grid.stride, strict=True))
    where, phase = [], []
    for u in range(grid.kernel[0]):
        for v in range(grid.kernel[1]):
            row, column = divmod(u * dh, sh), divmod(v * dw, sw)
            phase.append(row[1] * sw + column[1])
            where.append((row[0] * pitch + column[0], phase[-1] * tall * pitch))
    taps, step = len(where), RUN * LANES
    lead = max(inside for inside, _ in where)
    order = sorted(range(taps), key=lambda t: phase[t])
    ends = [sum(p < k for p in phase) for k in range(sh * sw + 1)]
    numbers = (
        *grid.image, sh, sw, grid.padding[0][0], grid.padding[1][0], tall, pitch, oh, ow,
        sh * sw * tall * pitch + lead + 2 * step, lead,
    )  # fmt: skip
    read = [inside + start for inside, start in where] + [0] * (-taps % DOTS)
    return Plane(
        np.array(numbers, np.int64), np.array(read, np.int64), taps,
        np.array([ends[:-1], ends[1:]], np.int64).T.copy(), np.array(order, np.int64),
        np.array([lead - where[t][0] for t in order], np.int64),
    )  # fmt: skip


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, H, W), w (F, 1, KH, KW), b (F,) or None, groups = C -> (N, F, OH, OW)."""
    n, f, made = len(x), len(w), plane_of(grid)
    y = np.empty((n, f, *grid.output), FLOAT32)
    bias = np.zeros(f, FLOAT32) if b is None else plain(b)
    operands = (
        plain(x).reshape(-1), plain(w).reshape(-1), bias, y.reshape(-1), made.sizes,
        made.offsets[: made.taps], f // groups, f,
    )  # fmt: skip
    over(n * f, 4 * (x.size + y.size * (1 + made.taps // 4)), forward, *operands)
    return y


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, F, OH, OW), w -> (N, C, H, W)."""
    n, f, made = len(g), len(w), plane_of(grid)
    dx = np.empty((n, groups, *grid.image), FLOAT32)
    operands = (
        plain(g).reshape(-1), plain(w).reshape(-1), dx.reshape(-1), made.sizes, made.phases, made.order,
        made.turned, f // groups, groups,
    )  # fmt: skip
    over(n * groups, 4 * (dx.size + g.size * (1 + made.taps // 4)), backward, *operands)
    return dx


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, H, W), g (N, F, OH, OW) -> (F, 1, KH, KW)."""
    n, f, made = len(x), g.shape[1], plane_of(grid)
    dw = np.empty((f, 1, *grid.kernel), FLOAT32)
    operands = (
        plain(x).reshape(-1), plain(g).reshape(-1), dw.reshape(-1), made.sizes, made.offsets, made.taps,
        f // groups, f, n,
    )  # fmt: skip
    over(f, 4 * (x.size + g.size * (1 + made.taps // 4)), weights, *operands)
    return dw
