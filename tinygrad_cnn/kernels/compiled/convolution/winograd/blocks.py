"""The steps of `winograd`, compiled: tiles of images, weights and results, and the products between.

All work on blocks of 16 channels, one per lane. What is spread over the 36 products lies in 36
matrices, `far` floats from each to the next; `far` is an odd number of vectors, so that the 36 do
not fall on the same lines of the cache. A row of tiles lies side by side in one image.
"""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: N803 (arguments have the names of the formulas)

from __future__ import annotations

from typing import NamedTuple

from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.tiles import LANES, ROWS, panel
from tinygrad_cnn.kernels.compiled.convolution.winograd.lanes import (
    clear,
    finish,
    gather,
    interleaved,
    scatter,
    transposed,
)
from tinygrad_cnn.kernels.compiled.convolution.winograd.lines import (
    to_gradient,
    to_image,
    to_kernel,
    to_output,
    to_weight,
)


class Side(NamedTuple):
    """The pixels of each image that are read or written: the pixels at one end of a convolution.

    Attributes:
        channels, height, width: of an image.   down, across: its tiles.
        above, before: rows and columns of padding.
    """

    channels: int
    height: int
    width: int
    down: int
    across: int
    above: int
    before: int


@inlined
def side_of(numbers):
    """The numbers of a `Side` by name."""
    n = numbers
    return Side(n[0], n[1], n[2], n[3], n[4], n[5], n[6])


class Pass(NamedTuple):
    """The tiles that are worked on from V's making to its last use.

    Attributes:
        first, rows: the first row of tiles, and how many.
        group: rows of tiles whose products are computed at once; 0 if all are.
        place: channels of V, rounded up.   far: floats from each of the 36 matrices of V to the next.
        wide: results of a block of weights.   broad: inputs of a block of their derivative.
    """

    first: int
    rows: int
    group: int
    place: int
    far: int
    wide: int
    broad: int


@inlined
def pass_of(numbers):
    """The numbers of a `Pass` by name."""
    n = numbers
    return Pass(n[0], n[1], n[2], n[3], n[4], n[5], n[6])


# --------------------------------------------------------------------------- images
@kernel("void(float32[::1], int64, int64, int64, int64, int64, int64, int64, float32[::1], float32[::1])")
def image_columns(x, at, lanes, H, W, top, left, width, strip, half):
    """B' down the columns of six rows of an image: x -> half (6, width, 16).

    Rows `top` .. `top + 5` and columns `left` .. `left + width - 1` of the image at x[at], of which
    what lies outside is 0. The borders of `half` that have no column of the image are left alone.
    """
    high, low = max(top, 0), min(top + 6, H)
    for a in range(6):
        if not high <= top + a < low:
            for w in range(W):
                clear(strip, (a * W + w) * 16)
    if high < low:
        gather(x, at + high * W, lanes, H * W, (low - high) * W, strip, (high - top) * W * 16)
    for w in range(max(left, 0), min(left + width, W)):
        to_image(strip, w * 16, W * 16, half, (w - left) * 16, width * 16)


@kernel("void(float32[::1], float32[::1], float32[::1], int64[::1], int64[::1], int64, int64)")
def image_tiles(x, V, room, image, work, start, stop):
    """V = B'x for blocks of 16 channels [start, stop) and the rows of tiles of a pass.

    Args:
        x: images (N, C, H, W).   image: numbers of their `Side`.   work: of the `Pass`.
        V: (36, tiles, place); or, in groups, whose tiles are interleaved by ROWS, as `tiles.panel` wants
            its A: (groups, 36, tiles / ROWS, place, ROWS).
        room: 6 * W + 6 * (4 * across + 2) + 36 * ROWS vectors.
    """
    side, of = side_of(image), pass_of(work)
    C, H, W, across = side.channels, side.height, side.width, side.across
    first, rows, group, place, far = of.first, of.rows, of.group, of.place, of.far
    width = 4 * across + 2
    strip, half = room[: 96 * W], room[96 * W : 96 * (W + width)]
    pack = room[96 * (W + width) : 96 * (W + width) + 36 * ROWS * 16]
    pack[:] = 0
    for block in range(start, stop):
        half[:] = 0
        q = 0
        for r in range(first, first + rows):
            n, i = r // side.down, r % side.down
            at, top = (n * C + block * 16) * H * W, 4 * i - side.above
            image_columns(x, at, C - block * 16, H, W, top, -side.before, width, strip, half)
            last = group > 0 and ((r - first) % group == group - 1 or r == first + rows - 1)
            for j in range(across):
                if group > 0:
                    out, base, gap = pack, q % ROWS * 16, ROWS * 16
                else:
                    out, base, gap = V, q * place + block * 16, far
                for a in range(6):
                    to_image(half, (a * width + 4 * j) * 16, 16, out, base + 6 * a * gap, gap)
                q += 1
                if group > 0 and (q % ROWS == 0 or (last and j == across - 1)):
                    t = (r - first) // group * 36 * far + ((q - 1) // ROWS * place + block * 16) * ROWS
                    for product in range(36):
                        interleaved(pack, product * ROWS * 16, V, t + product * far)
            if last:
                q = 0


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32[::1], int64[::1], int64[::1], int64, int64,"
    " int64, int64, int64)"
)
def gradient_tiles(g, D, strip, half, output, work, k, lanes, column, place, far):
    """D[:, tile, column : column + 16] = A g for channels k .. k + lanes - 1; D (36, tiles, place)."""
    side, of = side_of(output), pass_of(work)
    K, H, W, down, across = side.channels, side.height, side.width, side.down, side.across
    width = 4 * across
    half[: 6 * width * 16] = 0
    for r in range(of.rows):
        n, i = (of.first + r) // down, (of.first + r) % down
        inside = min(4, H - 4 * i)
        strip[inside * W * 16 : 4 * W * 16] = 0
        gather(g, ((n * K + k) * H + 4 * i) * W, lanes, H * W, inside * W, strip, 0)
        for w in range(W):
            to_gradient(strip, w * 16, W * 16, half, w * 16, width * 16)
        for j in range(across):
            base = (r * across + j) * place + column
            for a in range(6):
                to_gradient(half, (a * width + 4 * j) * 16, 16, D, base + 6 * a * far, far)


# --------------------------------------------------------------------------- weights
@kernel("void(float32[::1], int64, int64, float32[::1], int64, int64, float32[::1])")
def weight_tile(taps, i, sign, U, j, far, half):
    """U = G w: nine vectors from taps[i], 16 * sign apart -> 36 vectors from U[j], `far` apart."""
    for v in range(3):
        to_weight(taps, i + v * 16 * sign, 48 * sign, half, v * 16, 48)
    for a in range(6):
        to_weight(half, a * 48, 16, U, j + 6 * a * far, far)


@kernel(
    "void(float32[::1], boolean, int64, int64, int64, float32[::1], int64, int64, int64,"
    " float32[::1], float32[::1])"
)
def weights(w, turned, F, C, k, U, j, place, far, taps, half):
    """U (36, inputs, place) from U[j] = G w for 16 results from k on; w (F, C, 3, 3).

    Turned, for the adjoint in the image, the results are the channels C and the taps are reversed.
    """
    # Turned, a weight's taps of 16 results lie side by side; else those of 16 inputs do.
    inputs, share, sign = (F, 1, -1) if turned else (C, 16, 1)
    for c0 in range(0, inputs, share):
        i, count = (c0 * C + k) * 9 if turned else (k * C + c0) * 9, min(share, inputs - c0)
        if not turned:
            gather(w, i, F - k, C * 9, count * 9, taps, 0)
        elif k + 16 <= C and i + 15 * 9 + 16 <= len(w):
            transposed(w, i, 9, taps, 0, 16)  # reads past the nine taps, into the next weights
        else:
            gather(w, i, C - k, 9, 9, taps, 0)
        for c in range(count):
            first = 128 if turned else c * 144
            weight_tile(taps, first, sign, U, j + (c0 + c) * place, far, half)


@kernel("void(float32[::1], int64, int64, float32[::1], float32[::1])")
def kernel_tile(U, i, far, half, taps):
    """G'U: 36 vectors from U[i], `far` apart -> nine vectors from taps[0]."""
    for b in range(6):
        to_kernel(U, i + b * far, 6 * far, half, b * 16, 96)
    for a in range(3):
        to_kernel(half, a * 96, 16, taps, a * 48, 16)


# --------------------------------------------------------------------------- results
@kernel(
    "void(float32[::1], int64, int64, int64, float32[::1], float32[::1], float32[::1], float32[::1],"
    " float32[::1], int64[::1], int64, int64, int64)"
)
def output_tiles(M, column, place, far, bias, y, seen, strip, half, output, first, rows, k):
    """y = A'M + bias for channels k .. k + 15, rows of tiles first .. first + rows - 1.

    M (36, tiles, place), of which the lanes column .. column + 15; y (N, K, H, W), `output` its `Side`.
    """
    side = side_of(output)
    K, H, W, down, across = side.channels, side.height, side.width, side.down, side.across
    for r in range(rows):
        n, i = (first + r) // down, (first + r) % down
        # From right to left: what a tile writes beyond its row of the result, the first one repairs.
        for j in range(across - 1, -1, -1):
            for b in range(6):
                to_output(M, (r * across + j) * place + column + b * far, 6 * far, half, b * 16, 96)
            for a in range(4):
                to_output(half, a * 96, 16, strip, (a * W + 4 * j) * 16, 16)
        inside = min(4, H - 4 * i)
        finish(strip, inside * W, bias, k, seen)
        scatter(strip, 0, y, ((n * K + k) * H + 4 * i) * W, K - k, H * W, inside * W)


# --------------------------------------------------------------------------- products
@kernel(
    "void(float32[::1], int64, int64, float32[::1], int64, int64[::1], int64, float32[::1], int64,"
    " int64, int64, int64)"
)
def multiply(a, ia, lda, b, ib, places, count, c, ic, ldc, blocks, vectors):
    """`tiles.panel`, compiled once for both kernels below."""
    panel(a, ia, lda, b, ib, places, 0, count, c, ic, ldc, blocks, vectors, 0)


@kernel(
    "void(float32[::1], float32[::1], boolean, float32[::1], float32[::1], float32[::1], float32[::1],"
    " int64[::1], int64, int64[::1], int64[::1], int64, int64)"
)
def results(V, w, turned, bias, y, seen, room, places, C, output, work, start, stop):
    """y = A'(U V) + bias, U = G w, for items [start, stop): blocks of `wide` channels by groups of tiles.

    Args:
        V: from `image_tiles`, of the same pass.   w: (K, C, 3, 3), or turned (C, K, 3, 3).
        bias: K floats, and zeros up to a multiple of `wide`.   y: (N, K, H, W), `output` its `Side`.
        work: numbers of the `Pass`.   seen: 16 floats that get NaN if some y is not finite.
        places: wide * c for each c in range(C).
        room: U 36 * (C * wide + 16), M 36 * (tiles of a group, rounded up to ROWS, * wide + 16),
            a strip of 64 * W + 48, 16 * 144 + 24 * 16 for small things.
    """
    side, of = side_of(output), pass_of(work)
    K, W, across, rows, group, wide = side.channels, side.width, side.across, of.rows, of.group, of.wide
    tiles = (group * across + ROWS - 1) // ROWS * ROWS
    many, deep = (C + 15) // 16 * 16, C * wide + 16
    far_v, far_m = tiles * many + 16, tiles * wide + 16
    U, rest = room[: 36 * deep], room[36 * deep :]
    M, rest = rest[: 36 * far_m], rest[36 * far_m :]
    strip, rest = rest[: 64 * W + 48], rest[64 * W + 48 :]
    taps, half = rest[:2304], rest[2304:]
    groups = (rows + group - 1) // group
    outer, inner = (C, K) if turned else (K, C)
    have = -1
    for item in range(start, stop):
        block, part = item // groups, item % groups
        k, here = block * wide, min(group, rows - part * group)
        vectors = min(wide, (K - k + 15) // 16 * 16) // 16
        if block != have:
            have = block
            for v in range(vectors):
                weights(w, turned, outer, inner, k + 16 * v, U, 16 * v, wide, deep, taps, half)
        blocks = (here * across + ROWS - 1) // ROWS
        for product in range(36):
            multiply(V, (part * 36 + product) * far_v, many * ROWS, U, product * deep, places, C,
                     M, product * far_m, wide, blocks, vectors * 16 // LANES)  # fmt: skip
        for v in range(vectors):
            output_tiles(M, 16 * v, wide, far_m, bias, y, seen, strip, half, output,
                         of.first + part * group, here, k + 16 * v)  # fmt: skip


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], int64[::1], int64,"
    " int64[::1], int64[::1], int64, int64)"
)
def kernel_blocks(V, g, dw, seen, room, places, C, output, work, start, stop):
    """dw (+)= G'(D V'), D = A g, for items [start, stop): `wide` results by `broad` channels of x.

    Args:
        V: from `image_tiles`, of the same pass, without groups.   dw: (K, C, 3, 3), which later passes
            than the first add to.   g: (N, K, H, W), `output` its `Side`.
        work: numbers of the `Pass`.   seen: as in `results`.   places: place * q for each tile q.
        room: D 36 * (tiles * deep + 16), one matrix of D interleaved, tiles * deep,
            dU 36 * (deep * broad + 16), gradient strips 160 * W + 384 * across, 1024; where deep is
            `wide` rounded up to a multiple of ROWS.
    """
    side, of = side_of(output), pass_of(work)
    K, W, across, far, wide, broad = side.channels, side.width, side.across, of.far, of.wide, of.broad
    tiles, deep = of.rows * across, (wide + ROWS - 1) // ROWS * ROWS
    far_d, far_u = tiles * deep + 16, deep * broad + 16
    D, rest = room[: 36 * far_d], room[36 * far_d :]
    pack, rest = rest[: tiles * deep], rest[tiles * deep :]
    dU, rest = rest[: 36 * far_u], rest[36 * far_u :]
    strip, rest = rest[: 64 * W], rest[64 * W :]
    spread, rest = rest[: 384 * across], rest[384 * across :]
    half, taps, nothing, beside = rest[:288], rest[288:544], rest[544:560], rest[560:]
    taps[:] = 0
    nothing[:] = 0
    across_c = (C + broad - 1) // broad
    have = -1
    for item in range(start, stop):
        k, c = item // across_c * wide, item % across_c * broad
        mine = min(wide, K - k)
        if k != have:
            have = k
            for v in range(0, mine, 16):
                gradient_tiles(g, D, strip, spread, output, work, k + v, mine - v, v, deep, far_d)
        vectors = (min(broad, C - c) + 15) // 16 * 16 // LANES
        blocks = (mine + ROWS - 1) // ROWS
        for product in range(36):
            for block in range(blocks):
                for q in range(tiles):
                    s, t = product * far_d + q * deep + block * ROWS, (block * tiles + q) * ROWS
                    for m in range(ROWS):
                        pack[t + m] = D[s + m]
            multiply(pack, 0, tiles * ROWS, V, product * far + c, places, tiles,
                     dU, product * far_u, broad, blocks, vectors)  # fmt: skip
        for f in range(mine):
            for c0 in range(c, min(c + broad, C), 16):
                kernel_tile(dU, f * broad + c0 - c, far_u, half, taps)
                finish(taps, 9, nothing, 0, seen)
                # Nine taps of 16 channels lie side by side in dw: each row of 16 covers the last one's end.
                transposed(taps, 0, 16, beside, 0, 9)
                t, n = ((k + f) * C + c0) * 9, min(16, C - c0) * 9
                if of.first > 0:
                    for e in range(n):
                        dw[t + e] += beside[e]
                else:
                    for e in range(n):
                        dw[t + e] = beside[e]
