"""Compiled Elman networks over whole sequences."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.functions import ONE, hyperbolic_tangent
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, plain
from tinygrad_cnn.kernels.compiled.recurrent.steps import (
    ZERO,
    lay,
    multiples,
    product,
    through,
    widened,
)

Array = NDArray[Any]


@kernel(
    "void(float32[:, :, ::1], float32[:, ::1], float32[:, ::1], int64[::1], boolean, float32[:, :, ::1],"
    " float32[::1], float32[:, ::1], int64, int64)"
)
def rnn_rows(z, h, w, off, rectified, out, packed, sums, start, stop):
    """out (T, N, H), w (H, H in whole vectors)."""
    steps, size, rows, wide = z.shape[0], h.shape[1], stop - start, w.shape[1]
    flat, states, flat_w = sums.reshape(-1), out.reshape(-1), w.reshape(-1)
    lay(h.reshape(-1), start * size, rows, size, size, packed)
    for t in range(steps):
        product(packed, rows, size, flat_w, wide, off, flat, 0)
        for r in range(rows):
            row, total, state = z[t, start + r], sums[r], out[t, start + r]
            if rectified:
                for k in range(size):
                    s = row[k] + total[k]
                    state[k] = ZERO if s <= ZERO else s  # NaN stays
            else:
                for k in range(size):
                    state[k] = hyperbolic_tangent(row[k] + total[k])
        if t + 1 < steps:
            lay(states, (t * h.shape[0] + start) * size, rows, size, size, packed)


@kernel(
    "void(float32[:, :, ::1], float32[:, :, ::1], float32[:, ::1], int64[::1], boolean,"
    " float32[:, :, ::1], float32[:, ::1], float32[::1], float32[:, ::1], int64, int64)"
)
def rnn_slope_rows(g, out, w, off, rectified, dz, dh, packed, sums, start, stop):
    """w (H, H in whole vectors)."""
    steps, size, rows, wide = out.shape[0], out.shape[2], stop - start, w.shape[1]
    flat, slopes, flat_w = sums.reshape(-1), dz.reshape(-1), w.reshape(-1)
    for t in range(steps - 1, -1, -1):
        for r in range(rows):
            at = start + r
            gh, given, y, slope = sums[r, :size], g[t, at], out[t, at], dz[t, at]
            for k in range(size):
                gh[k] = given[k] if t == steps - 1 else given[k] + gh[k]
            if rectified:
                for k in range(size):
                    slope[k] = gh[k] if y[k] > ZERO else ZERO
            else:
                for k in range(size):
                    slope[k] = gh[k] * (ONE - y[k] * y[k])
        lay(slopes, (t * out.shape[1] + start) * size, rows, size, size, packed)
        product(packed, rows, size, flat_w, wide, off, flat, 0)
    for r in range(rows):
        first, total = dh[start + r], sums[r]
        for k in range(size):
            first[k] = total[k]


def rnn(z: Array, h: Array, w: Array, rectified: bool) -> Array:
    """See the reference."""
    if not z.size or any(a.dtype != FLOAT32 for a in (z, h, w)):
        return reference.rnn(z, h, w, rectified)
    columns, out = widened(w.T), np.empty(z.shape, FLOAT32)
    operands = plain(z), plain(h), columns, multiples(columns.shape[1], len(w)), bool(rectified), out

    def part(packed: Array, sums: Array, start: int, stop: int) -> None:
        rnn_rows(*operands, packed, sums, start, stop)

    through(z.shape[1], len(z), columns, part)
    return out


def rnn_slope(g: Array, out: Array, w: Array, rectified: bool) -> tuple[Array, Array]:
    """See the reference."""
    if not out.size or any(a.dtype != FLOAT32 for a in (g, out, w)):
        return reference.rnn_slope(g, out, w, rectified)
    rows, dz, dh = widened(w), np.empty(out.shape, FLOAT32), np.empty(out.shape[1:], FLOAT32)
    operands = plain(g), plain(out), rows, multiples(rows.shape[1], len(w)), bool(rectified), dz, dh

    def part(packed: Array, sums: Array, start: int, stop: int) -> None:
        rnn_slope_rows(*operands, packed, sums, start, stop)

    through(out.shape[1], len(out), rows, part)
    return dz, dh
