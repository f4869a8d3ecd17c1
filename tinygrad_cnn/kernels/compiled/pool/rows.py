"""Compiled pooling of any windows over up to three spatial axes.

x is taken as volumes (R, D, H, W), one per image and channel. For a row of the result, the rows of x that
its windows read are brought together into one line with its padding, and the line into the row:

      row 0   a b c d e f          line   A B C D E F        y   max(A, B), max(C, D), max(E, F)
      row 1   g h i j k l          A = max(a, g), B = max(b, h), ...

Each step runs along memory, so the compiler makes vectors of it, and a window of K×K costs K + K
comparisons where it overlaps. What does not fill a vector is slow, so lines are rounded up: a row is read
on into the next, and what comes of that goes nowhere. `numbers` are those of `geometry.Windows`.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import larger
from tinygrad_cnn.kernels.compiled.pool.geometry import windows_of
from tinygrad_cnn.kernels.compiled.pool.loops import NONE, ZERO, beats

#: The number of a tap that there is not: padding has it, which any pixel beats.
NOWHERE = np.int32(1 << 30)


@inlined
def row_of(w, k, tap):
    """Layer and row of x that tap `tap` (of deep × tall) of row k of the result reads."""
    layer = k // w.down * w.step_d - w.pad_d + tap // w.tall * w.gap_d
    row = k % w.down * w.step_h - w.pad_h + tap % w.tall * w.gap_h
    return layer, row, (layer >= 0) & (layer < w.depth) & (row >= 0) & (row < w.height)


@inlined
def rounded(count):
    """count, rounded up to whole vectors."""
    return (count + np.int64(15)) // np.int64(16) * np.int64(16)


@inlined
def count_of(w):
    """The windows of a row, rounded up to whole vectors if they are many."""
    return rounded(w.across) if w.across >= 8 else w.across


@inlined
def line_size(w):
    """Places in a line: its padding, its pixels, and what windows read that there are not."""
    reads = (count_of(w) - 1) * w.step_w + (w.wide - 1) * w.gap_w + 1
    return max(w.pad_w + rounded(w.width), reads)


@inlined
def pixels_of(flat, w, r, layer, row):
    """A row of x (or of dx) and what follows it, if that is there."""
    at = ((r * w.depth + layer) * w.height + row) * w.width
    size = rounded(w.width)
    return flat[at : at + (size if at + size <= flat.size else w.width)]


@inlined
def best_of_rows(flat, w, r, k, lines, taps):
    """The largest of each column, and the number of its first tap, in one of two lines: which one.

    What is better goes from one line to the other: into the same one LLVM would store under a mask,
    which takes ten times as long on some processors.
    """
    now = 0
    lines[0], lines[1] = NONE, NONE  # two lines one by one: what has two axes is filled slowly
    taps[0], taps[1] = NOWHERE, NOWHERE
    for tap in range(w.deep * w.tall):
        layer, row, on = row_of(w, k, tap)
        if not on:
            continue
        pixels, number = pixels_of(flat, w, r, layer, row), np.int32(tap * w.wide)
        old, old_taps = lines[now, w.pad_w :], taps[now, w.pad_w :]
        now = 1 - now
        new, new_taps = lines[now, w.pad_w :], taps[now, w.pad_w :]
        for i in range(pixels.size):
            q, m, first = pixels[i], old[i], old_taps[i]
            won = beats(q, m) | (first == NOWHERE)
            new[i] = q if won else m
            new_taps[i] = number if won else first
    lines[now, w.pad_w + w.width :] = NONE
    taps[now, w.pad_w + w.width :] = NOWHERE
    return now


@inlined
def every(line, step, spare):
    """line[0], line[step], ... side by side, as many as `spare` takes; there, if it is not the line."""
    if step == 1:
        return line[: spare.size]
    if step == 2:  # with the step known, the compiler makes vectors
        for j in range(spare.size):
            spare[j] = line[j * 2]
    else:
        for j in range(spare.size):
            spare[j] = line[j * step]
    return spare


@inlined
def compete(line, taps, v, old, new):
    """The better of a line and the best so far; of equals the one of the first tap."""
    (values, numbers), (better, better_numbers) = old, new
    for j in range(values.size):
        q, m, number = line[j], values[j], numbers[j]  # read before anything is written
        n = np.int32(taps[j] + v)  # the sum alone is of int64
        sooner = n < number
        won = (q > m) | ((q == m) & sooner) | ((q != q) & ((m == m) | sooner))
        better[j] = q if won else m
        better_numbers[j] = n if won else number


@kernel("void(float32[:,:,:,::1], float32[:,:,:,::1], uint8[:,:,:,::1], int64[::1], int64, int64)")
def largest(x, y, places, numbers, start, stop):
    w, flat = windows_of(numbers), x.reshape(x.size)
    lines, taps = np.empty((2, line_size(w)), np.float32), np.empty((2, line_size(w)), np.int32)
    best, first = np.empty((3, count_of(w)), np.float32), np.empty((3, count_of(w)), np.int32)
    for r in range(start, stop):
        for k in range(w.layers * w.down):
            here = best_of_rows(flat, w, r, k, lines, taps)
            best[0] = NONE
            first[0] = NOWHERE
            for v in range(w.wide):
                line = every(lines[here, v * w.gap_w :], w.step_w, best[2])
                numbers_there = every(taps[here, v * w.gap_w :], w.step_w, first[2])
                old, new = (best[v % 2], first[v % 2]), (best[1 - v % 2], first[1 - v % 2])
                compete(line, numbers_there, np.int32(v), old, new)
            out, where = y[r, k // w.down, k % w.down], places[r, k // w.down, k % w.down]
            found, won = best[w.wide % 2], first[w.wide % 2]
            for j in range(out.size):
                out[j] = found[j]
                where[j] = np.uint8(won[j] if won[j] < NOWHERE else 0)


@inlined
def peaked(pixels, best):
    """The larger of pixels and the best so far."""
    for j in range(pixels.size):
        best[j] = larger(pixels[j], best[j])


@kernel("void(float32[:,:,:,::1], float32[:,:,:,::1], int64[::1], int64, int64)")
def peaks(x, y, numbers, start, stop):
    """As `largest`, without places."""
    w, flat = windows_of(numbers), x.reshape(x.size)
    line, best = np.empty(line_size(w), np.float32), np.empty((2, count_of(w)), np.float32)
    for r in range(start, stop):
        for k in range(w.layers * w.down):
            line[:] = NONE
            for tap in range(w.deep * w.tall):
                layer, row, on = row_of(w, k, tap)
                if on:
                    peaked(pixels_of(flat, w, r, layer, row), line[w.pad_w :])
            line[w.pad_w + w.width :] = NONE
            best[0] = NONE
            for v in range(w.wide):
                peaked(every(line[v * w.gap_w :], w.step_w, best[1]), best[0])
            y[r, k // w.down, k % w.down] = best[0, : w.across]


@kernel(
    "void(float32[:,:,:,::1], uint8[:,:,:,::1], int64[::1], int64[:,::1], float32[:,:,:,::1], int64, int64)"
)
def placed(g, places, numbers, taps, dx, start, stop):
    """`taps`: layer, row and column of each tap for the first window."""
    w = windows_of(numbers)
    for r in range(start, stop):
        dx[r] = ZERO
        for k in range(w.layers * w.down):
            o, i = k // w.down, k % w.down
            slope, where = g[r, o, i], places[r, o, i]
            for j in range(w.across):
                tap = where[j]
                layer, row = o * w.step_d + taps[tap, 0], i * w.step_h + taps[tap, 1]
                column = j * w.step_w + taps[tap, 2]
                on = (layer >= 0) & (layer < w.depth) & (row >= 0) & (row < w.height)
                if on & (column >= 0) & (column < w.width):  # a window wholly on padding has no place
                    dx[r, layer, row, column] += slope[j]


@inlined
def added(line, total):
    """The numbers of a line onto those of `total`."""
    for i in range(line.size):
        total[i] += line[i]


@kernel("void(float32[:,:,:,::1], float32[:,:,::1], int64[::1], float32[:,:,:,::1], int64, int64)")
def means(x, share, numbers, y, start, stop):
    w, flat = windows_of(numbers), x.reshape(x.size)
    line, total = np.empty(line_size(w), np.float32), np.empty(count_of(w), np.float32)
    spare = np.empty_like(total)
    for r in range(start, stop):
        for k in range(w.layers * w.down):
            line[:] = ZERO
            for tap in range(w.deep * w.tall):
                layer, row, on = row_of(w, k, tap)
                if on:
                    added(pixels_of(flat, w, r, layer, row), line[w.pad_w :])
            line[w.pad_w + w.width :] = ZERO
            total[:] = ZERO
            for v in range(w.wide):
                added(every(line[v * w.gap_w :], w.step_w, spare), total)
            out, part = y[r, k // w.down, k % w.down], share[k // w.down, k % w.down]
            for j in range(out.size):
                out[j] = total[j] * part[j]


@kernel("void(float32[:,:,:,::1], float32[:,:,::1], int64[::1], float32[:,:,:,::1], int64, int64)")
def spread_out(g, share, numbers, dx, start, stop):
    w = windows_of(numbers)
    flat = dx[:stop].reshape(stop * w.depth * w.height * w.width)  # no further than this part's own
    line = np.empty(line_size(w), np.float32)
    for r in range(start, stop):
        dx[r] = ZERO
        for k in range(w.layers * w.down):
            slope, part = g[r, k // w.down, k % w.down], share[k // w.down, k % w.down]
            line[:] = ZERO
            for v in range(w.wide):
                out = line[v * w.gap_w :]
                for j in range(slope.size):
                    out[j * w.step_w] += slope[j] * part[j]
            line[w.pad_w + w.width :] = ZERO
            for tap in range(w.deep * w.tall):
                layer, row, on = row_of(w, k, tap)
                if on:
                    pixels = pixels_of(flat, w, r, layer, row)
                    added(line[w.pad_w : w.pad_w + pixels.size], pixels)
