"""Compiled long short-term memory over whole sequences."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.functions import ONE, hyperbolic_tangent, logistic
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, plain
from tinygrad_cnn.kernels.compiled.recurrent.steps import (
    lay,
    multiples,
    product,
    through,
    widened,
)

Array = NDArray[Any]


@kernel(
    "void(float32[:, :, ::1], float32[:, ::1], float32[:, ::1], float32[:, ::1], int64[::1],"
    " float32[:, :, ::1], float32[:, :, ::1], float32[::1], float32[:, ::1], int64, int64)"
)
def lstm_rows(z, h, c, w, off, out, cells, packed, sums, start, stop):
    """z becomes the gates. out (T + 1, N, H), cells (T, N, H), w (H, 4H in whole vectors)."""
    steps, size, rows, wide = z.shape[0], h.shape[1], stop - start, w.shape[1]
    flat, states, flat_w = sums.reshape(-1), out.reshape(-1), w.reshape(-1)
    lay(h.reshape(-1), start * size, rows, size, size, packed)
    for t in range(steps):
        for r in range(rows):
            row, total = z[t, start + r], sums[r]
            for k in range(row.size):
                total[k] = row[k]
        product(packed, rows, size, flat_w, wide, off, flat, 1)
        for r in range(rows):
            before = c[start + r] if t == 0 else cells[t - 1, start + r]
            both, total = z[t, start + r, : 2 * size], sums[r, : 2 * size]
            for k in range(2 * size):
                both[k] = logistic(total[k])
            u, total = z[t, start + r, 2 * size : 3 * size], sums[r, 2 * size : 3 * size]
            for k in range(size):
                u[k] = hyperbolic_tangent(total[k])
            o, total = z[t, start + r, 3 * size :], sums[r, 3 * size : 4 * size]
            for k in range(size):
                o[k] = logistic(total[k])
            i, f, new = both[:size], both[size:], cells[t, start + r]
            for k in range(size):
                new[k] = f[k] * before[k] + i[k] * u[k]
            state = out[t, start + r]
            for k in range(size):
                state[k] = o[k] * hyperbolic_tangent(new[k])
        if t + 1 < steps:
            lay(states, (t * h.shape[0] + start) * size, rows, size, size, packed)
    for r in range(start, stop):
        last, new = out[steps, r], cells[steps - 1, r]
        for k in range(size):
            last[k] = new[k]


@kernel(
    "void(float32[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], float32[:, ::1], float32[:, ::1],"
    " int64[::1], float32[:, :, ::1], float32[:, ::1], float32[:, ::1], float32[::1], float32[:, ::1],"
    " int64, int64)"
)
def lstm_slope_rows(g, gates, cells, c, w, off, dz, dh, dc, packed, sums, start, stop):
    """w (4H, H in whole vectors). dc holds the gradient of the last cell state, then that of c."""
    steps, size, rows, wide = gates.shape[0], c.shape[1], stop - start, w.shape[1]
    flat, slopes, flat_w = sums.reshape(-1), dz.reshape(-1), w.reshape(-1)
    for t in range(steps - 1, -1, -1):
        for r in range(rows):
            at = start + r
            gh, given, top = sums[r, :size], g[t, at], dh[at]  # dh is spare until the end
            for k in range(size):
                gh[k] = given[k] if t == steps - 1 else given[k] + gh[k]
            new = cells[t, at]
            for k in range(size):
                top[k] = hyperbolic_tangent(new[k])
            i, f = gates[t, at, :size], gates[t, at, size : 2 * size]
            u, o = gates[t, at, 2 * size : 3 * size], gates[t, at, 3 * size :]
            cell = dc[at]
            for k in range(size):
                cell[k] += gh[k] * o[k] * (ONE - top[k] * top[k])
            di, df = dz[t, at, :size], dz[t, at, size : 2 * size]
            du, do = dz[t, at, 2 * size : 3 * size], dz[t, at, 3 * size :]
            for k in range(size):
                do[k] = gh[k] * top[k] * o[k] * (ONE - o[k])
            for k in range(size):
                di[k] = cell[k] * u[k] * i[k] * (ONE - i[k])
            before = c[at] if t == 0 else cells[t - 1, at]
            for k in range(size):
                df[k] = cell[k] * before[k] * f[k] * (ONE - f[k])
            for k in range(size):
                du[k] = cell[k] * i[k] * (ONE - u[k] * u[k])
            for k in range(size):
                cell[k] *= f[k]
        lay(slopes, (t * c.shape[0] + start) * 4 * size, rows, 4 * size, 4 * size, packed)
        product(packed, rows, 4 * size, flat_w, wide, off, flat, 0)
    for r in range(rows):
        first, total = dh[start + r], sums[r]
        for k in range(size):
            first[k] = total[k]


def lstm(z: Array, h: Array, c: Array, w: Array) -> tuple[Array, Array, Array]:
    """See the reference."""
    if not z.size or any(a.dtype != FLOAT32 for a in (z, h, c, w)):
        return reference.lstm(z, h, c, w)
    (steps, count, _), size = z.shape, h.shape[1]
    gates, columns = plain(z), widened(w.T)
    out, cells = np.empty((steps + 1, count, size), FLOAT32), np.empty((steps, count, size), FLOAT32)
    operands = gates, plain(h), plain(c), columns, multiples(columns.shape[1], size), out, cells

    def part(packed: Array, sums: Array, start: int, stop: int) -> None:
        lstm_rows(*operands, packed, sums, start, stop)

    through(count, steps, columns, part)
    return out, gates, cells


def lstm_slope(
    g: Array, out: Array, x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b: Array | None,
    gates: Array, cells: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """See the reference."""
    if not gates.size or any(a.dtype != FLOAT32 for a in (g, gates, cells, c, w_hh)):
        return reference.lstm_slope(g, out, x, h, c, w_ih, w_hh, b, gates, cells)
    steps, count, size = cells.shape
    rows = widened(w_hh)
    dz, dh, dc = np.empty(gates.shape, FLOAT32), np.empty((count, size), FLOAT32), np.array(g[-1])
    operands = plain(g), gates, cells, plain(c), rows, multiples(rows.shape[1], 4 * size), dz, dh, dc

    def part(packed: Array, sums: Array, start: int, stop: int) -> None:
        lstm_slope_rows(*operands, packed, sums, start, stop)

    through(count, steps, rows, part)
    return dz, dh, dc
