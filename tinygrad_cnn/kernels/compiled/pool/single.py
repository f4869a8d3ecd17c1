"""The loops of compiled pooling where a row of the result is short, or its windows far apart.

There a pass along a row of the result, tap by tap, has little to do: so each window is taken by itself,
with all its taps. The same results as those of `loops`, of which the arguments are.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.pool.loops import NONE, ZERO, beats, ceiling, numbers_of

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

#: Rows of fewer windows are short; windows further apart make no vectors.
SHORT, NEAR = 8, 2


def is_single(grid: Grid) -> bool:
    """Whether each window is better taken by itself."""
    return grid.output[-1] < SHORT or grid.stride[-1] > NEAR


@inlined
def taps_on(start, step, taps, size):
    """The first tap of a window that lies on the image, and the one after the last."""
    first = min(ceiling(-start, step), taps)
    return first, max(min(taps, (size - 1 - start) // step + 1), first)


@kernel("void(float32[:, :, ::1], float32[:, :, ::1], uint8[:, :, ::1], int64[::1], int64, int64)")
def largest_singly(x, y, places, geometry, start, stop):
    height, width, down, across, tall, wide, sh, sw, ph, pw, dh, dw = numbers_of(geometry)
    for r in range(start, stop):
        for i in range(down):
            top, bottom = taps_on(i * sh - ph, dh, tall, height)
            for j in range(across):
                left, right = taps_on(j * sw - pw, dw, wide, width)
                m, place = (
                    NONE,
                    np.uint8(top * wide + left) if top < bottom and left < right else np.uint8(0),
                )
                for u in range(top, bottom):
                    at = j * sw - pw + left * dw
                    line = x[r, i * sh - ph + u * dh, at:]
                    for v in range(right - left):
                        q = line[v * dw]
                        if beats(q, m):
                            m, place = q, np.uint8(u * wide + left + v)
                y[r, i, j] = m
                places[r, i, j] = place


@kernel("void(float32[:, :, ::1], float32[:, ::1], int64[::1], float32[:, :, ::1], int64, int64)")
def means_singly(x, share, geometry, y, start, stop):
    height, width, down, across, tall, wide, sh, sw, ph, pw, dh, dw = numbers_of(geometry)
    for r in range(start, stop):
        for i in range(down):
            top, bottom = taps_on(i * sh - ph, dh, tall, height)
            for j in range(across):
                left, right = taps_on(j * sw - pw, dw, wide, width)
                total = ZERO
                for u in range(top, bottom):
                    line = x[r, i * sh - ph + u * dh, j * sw - pw + left * dw :]
                    for v in range(right - left):
                        total += line[v * dw]
                y[r, i, j] = total * share[i, j]


@kernel("void(float32[:, :, ::1], float32[:, ::1], int64[::1], float32[:, :, ::1], int64, int64)")
def spread_singly(g, share, geometry, dx, start, stop):
    height, width, down, across, tall, wide, sh, sw, ph, pw, dh, dw = numbers_of(geometry)
    for r in range(start, stop):
        for i in range(height):
            line = dx[r, i]
            for j in range(line.size):
                line[j] = ZERO
        for i in range(down):
            top, bottom = taps_on(i * sh - ph, dh, tall, height)
            for j in range(across):
                left, right = taps_on(j * sw - pw, dw, wide, width)
                value = g[r, i, j] * share[i, j]
                for u in range(top, bottom):
                    line = dx[r, i * sh - ph + u * dh, j * sw - pw + left * dw :]
                    for v in range(right - left):
                        line[v * dw] += value
