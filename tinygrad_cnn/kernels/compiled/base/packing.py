"""Images of a batch side by side: from (N, C, H, W) to channels × places × images, and back.

With the images of a block innermost, neighbours in memory share their place in the image, so that a
vector of them has the same taps, whatever the place: no tap on padding needs to be computed, and the
rows may be as short as one pixel. Squares of LANES × LANES floats are transposed in registers, which
costs little more than a copy. A block of one image keeps the order of its pixels.

    x[n, c, h, w]  ->  s[c * plane + (layout.place(w) + h * pitch) * count + n]
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.tiles import (
    LANES,
    ROWS,
    copy_row,
    copy_spaced,
    pick_rows,
    transpose,
)

ZERO = np.float32(0)


@kernel("void(float32[::1], int64, int64, float32[::1], int64, int64, int64, int64, float32)")
def turn(a, ia, lda, c, ic, ldc, rows, columns, number):
    """c[ic + j*ldc + i] = a[ia + i*lda + j] + number, i < rows, j < columns."""
    if rows < LANES or columns < LANES:
        for i in range(rows):
            copy_spaced(c, ic + i, ldc, a, ia + i * lda, 1, columns, number)
        return
    # The last square of each row and column ends with it, over what was done before.
    for i in range(0, rows, LANES):
        m = min(i, rows - LANES)
        for j in range(0, columns, LANES):
            k = min(j, columns - LANES)
            transpose(a, ia + m * lda + k, lda, c, ic + k * ldc + m, ldc, number)


@kernel("void(float32[::1], int64, float32[::1], int64, int64, float32)")
def line(c, ic, a, ia, length, number):
    """`copy_row`, compiled once for all that is below."""
    copy_row(c, ic, a, ia, length, number)


@kernel("void(float32[::1], int64, int64, float32[::1], int64, int64, int64, int64, int64)")
def split(c, ic, step, a, ia, width, count, first, phases):  # c and a may not overlap
    """Pixels w of a row, q = first + w: a -> c[ic + q % phases * step + q // phases * count]."""
    for phase in range(phases):
        start = (phase - first) % phases
        to = ic + phase * step + (start + first) // phases * count
        number = (width - start + phases - 1) // phases
        if count == 1:
            copy_spaced(c, to, 1, a, ia + start, phases, number, ZERO)
        else:
            for j in range(number):
                line(c, to + j * count, a, ia + (start + j * phases) * count, count, ZERO)


@kernel("void(float32[::1], int64, float32[::1], int64, int64, int64, int64, int64, float32)")
def merge(c, ic, a, ia, step, width, count, phases, number):
    """The reverse of `split`, with no places before the row, and a number added."""
    for phase in range(phases):
        pixels = (width - phase + phases - 1) // phases
        if count == 1:
            copy_spaced(c, ic + phase, phases, a, ia + phase * step, 1, pixels, number)
        else:
            for j in range(pixels):
                line(c, ic + (phase + j * phases) * count, a, ia + phase * step + j * count, count, number)


@kernel(
    "void(float32[::1], int64, int64, int64, int64, int64, int64,"
    " float32[::1], int64, int64, int64, int64, float32[::1])"
)
def pack(x, start, count, first, channels, height, width, s, plane, pitch, before, phases, spare):
    """Lay the images [start, start + count) into s; borders keep what they hold (zeros).

    Args:
        x: flat.   first: channels in all x, of which all are laid.   spare: see `spare_size`.
    """
    area = height * width
    plain = phases == 1 and pitch == width and before == 0
    if count > 1 and area < LANES:  # the pixels of all channels as if of one
        turn(x, start * first * area, first * area, spare, 0, count, count, channels * area, ZERO)
    for c in range(channels):
        at = (start * first + c) * area
        done = 0
        if count > 1 and area < LANES:
            done = c * area * count
        elif count > 1:
            if plain:
                turn(x, at, first * area, s, c * plane, count, count, area, ZERO)
                continue
            turn(x, at, first * area, spare, 0, count, count, area, ZERO)
        if phases > 1:
            for h in range(height):
                q, step = c * plane + h * pitch * count, height * pitch * count
                if count == 1:
                    split(s, q, step, x, at + h * width, width, 1, before, phases)
                else:
                    split(s, q, step, spare, done + h * width * count, width, count, before, phases)
            continue
        for h in range(height):
            q = c * plane + (h * pitch + before) * count
            if count == 1:
                line(s, q, x, at + h * width, width, ZERO)
            else:
                line(s, q, spare, done + h * width * count, width * count, ZERO)


@kernel(
    "void(float32[::1], int64, int64, float32[::1], int64, float32[::1], int64, int64, int64,"
    " int64, int64, int64, int64, float32[::1])"
)
def unpack(s, plane, channels, bias, first, y, start, count, total, height, width, pitch, phases, spare):
    """Lay `channels` rows of s, plus their bias, into the channels [first, ..) of images of y.

    Args:
        bias: (total,).   total: channels of y.   Others: see `pack`.
    """
    area = height * width
    plain = phases == 1 and pitch == width
    for c in range(channels):
        number = bias[first + c]
        at = (start * total + first + c) * area
        if count > 1 and area >= LANES and plain:
            turn(s, c * plane, count, y, at, total * area, area, count, number)
            continue
        done = c * area * count if area < LANES else 0
        for h in range(height):
            q, to = c * plane + h * pitch * count, done + h * width * count
            if phases > 1:
                step = height * pitch * count
                if count == 1:
                    merge(y, at + h * width, s, q, step, width, 1, phases, number)
                else:
                    merge(spare, to, s, q, step, width, count, phases, number)
            elif count == 1:
                line(y, at + h * width, s, q, width, number)
            else:
                line(spare, to, s, q, width * count, number)
        if count > 1 and area >= LANES:
            turn(spare, 0, count, y, at, total * area, area, count, ZERO)
    if count > 1 and area < LANES:
        at = (start * total + first) * area
        turn(spare, 0, count, y, at, total * area, channels * area, count, ZERO)


def aligned(*shape: int) -> NDArray[np.float32]:
    """An array with anything in it, contiguous, that starts where a line of the cache starts.

    A vector stored across two lines takes twice as long; NumPy's own arrays start at any 16 bytes.

    >>> aligned(2, 3).shape, aligned(5).ctypes.data % 64
    ((2, 3), 0)
    """
    size = prod(shape)
    whole = np.empty(size + 15, np.float32)
    first = -whole.ctypes.data // 4 % 16
    return whole[first : first + size].reshape(shape)


def block_of(images: int, floats: int, budget: int) -> int:
    """Choose how many images to lay side by side, with so many floats each, in so many bytes.

    One by one if they are too few to fill a vector; else whole vectors, three at most.
    """
    if images < LANES:
        return 1
    return min(max(budget // (4 * floats) // LANES, 1) * LANES, 48, images // LANES * LANES)


def spare_size(channels: int, area: int, count: int) -> int:
    """Floats that `pack` and `unpack` need to put by."""
    return count * area * (channels if area < LANES else 1) if count > 1 else 1


@kernel("void(float32[::1], int64, int64, int64, int64, int64, int64, float32[::1], int64)")
def pack_weights(w, first, blocks, rows, depth, by_row, taps, a, ia):
    """Weights as blocks of ROWS rows: a[ia + ((k*taps + t)*depth + d)*ROWS + m], rows past the end zero.

    Args:
        first, blocks: blocks [first, first + blocks).   rows: rows in all, of length `depth` × `taps`.
        by_row: 1 if w is (rows, depth, taps), 0 if it is (depth, rows, taps).
    """
    to_row = depth * taps if by_row else taps
    to_depth = taps if by_row else rows * taps
    for i in range(blocks * depth):
        # In the order of w, so that what is fetched with a float is used soon.
        k, d = (i // depth, i % depth) if by_row else (i % blocks, i // blocks)
        row = (first + k) * ROWS
        at = row * to_row + d * to_depth
        to = ia + (k * taps * depth + d) * ROWS
        for t in range(taps):
            spot = to + t * depth * ROWS
            if row + ROWS <= rows:
                pick_rows(a, spot, w, at + t, to_row)
                continue
            for m in range(ROWS):
                a[spot + m] = w[at + m * to_row + t] if row + m < rows else ZERO
