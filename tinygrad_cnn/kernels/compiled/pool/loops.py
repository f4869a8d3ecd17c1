"""The loops of compiled pooling for the usual windows: 2×2 side by side, and 3×3 two pixels apart.

x is taken as planes (R, H, W), one per image and channel. The best is kept in a register:

      x  . . p q . .       y  . m . .        m = max(p, q, s, t)
         . . s t . .                         place = 0, 1, 2 or 3, the first of them that is m

Other windows are served by `rows` and `single`.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel

ZERO, ONE, QUARTER, NONE = np.float32(0), np.float32(1), np.float32(0.25), np.float32(-np.inf)


@inlined
def beats(q, m):
    """Whether q takes the place of m: it is larger, or NaN where m is none."""
    return (not q <= m) & (m == m)


@inlined
def clear_rest(dx, r, height, width):
    """Zeros in what no window reads: the pixels from `height` down and from `width` on."""
    for i in range(dx.shape[1]):
        for j in range(width if i < height else 0, dx.shape[2]):
            dx[r, i, j] = ZERO


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


# --------------------------------------------------------------------------- one window, of the whole image
@kernel("void(float32[:, ::1], float32[::1], int64, int64)")
def mean_of_all(x, y, start, stop):
    share = ONE / np.float32(x.shape[1])
    for r in range(start, stop):
        row, total = x[r], ZERO
        for i in range(row.size):
            total += row[i]
        y[r] = total * share


@kernel("void(float32[::1], float32[:, ::1], int64, int64)")
def spread_over_all(g, dx, start, stop):
    share = ONE / np.float32(dx.shape[1])
    for r in range(start, stop):
        row, value = dx[r], g[r] * share
        for i in range(row.size):
            row[i] = value
