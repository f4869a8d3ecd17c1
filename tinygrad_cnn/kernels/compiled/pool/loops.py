"""The loops of compiled pooling: any kernel, stride, padding and dilation over two spatial axes.

x is taken as planes (R, H, W), one per image and channel. A row of the result is filled tap by tap:
for tap (u, v) all its windows read one row of the plane, every SW-th pixel; the row of the result
stays in the first cache. The usual windows, 2×2 side by side (and for the maximum 3×3 two pixels
apart), have loops of their own, which keep the best in a register:

      x  . . p q . .       y  . m . .        m = max(p, q, s, t)
         . . s t . .                         place = 0, 1, 2 or 3, the first of them that is m

`geometry` is int64 (H, W, OH, OW, KH, KW, SH, SW, PH, PW, DH, DW), P the padding before the image.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel

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
def windows_on(at, step, count, width):
    """The first of `count` windows, `step` pixels apart, whose tap lies on the row, and the one after
    the last; the tap of the first window is at column `at`."""
    return ceiling(-at, step), min(count, (width - 1 - at) // step + 1)


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
                    first, last = windows_on(at, sw, across, width)
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


@kernel(
    "void(float32[:, :, ::1], uint8[:, :, ::1], int64[::1], int64[:, ::1], float32[:, :, ::1],"
    " int64, int64)"
)
def placed(g, places, geometry, taps, dx, start, stop):
    """`taps` (KH * KW, 2): the row and the column of each tap for the window at (0, 0)."""
    g, places, dx = g[start:stop], places[start:stop], dx[start:stop]
    height, width, down, across, _, _, sh, sw, _, _, _, _ = numbers_of(geometry)
    for r in range(len(g)):
        dx[r] = ZERO
        for i in range(down):
            for j in range(across):
                tap = places[r, i, j]
                row, column = i * sh + taps[tap, 0], j * sw + taps[tap, 1]
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
                    first, last = windows_on(at, sw, across, width)
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
                    first, last = windows_on(at, sw, across, width)
                    for j in range(first, last):
                        dx[r, row, at + j * sw] += g[r, i, j] * share[i, j]
