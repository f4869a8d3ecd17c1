"""Compiled gated recurrent units over whole sequences."""

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
    "void(float32[:, :, ::1], float32[:, ::1], float32[:, ::1], float32[::1], int64[::1],"
    " float32[:, :, ::1], float32[:, :, ::1], float32[::1], float32[:, ::1], int64, int64)"
)
def gru_rows(z, h, w, b, off, out, inner, packed, sums, start, stop):
    """z becomes the gates. out, inner (T, N, H), w (H, 3H in whole vectors), b (3H,)."""
    steps, size, rows, wide = z.shape[0], h.shape[1], stop - start, w.shape[1]
    flat, states, flat_w = sums.reshape(-1), out.reshape(-1), w.reshape(-1)
    lay(h.reshape(-1), start * size, rows, size, size, packed)
    for t in range(steps):
        product(packed, rows, size, flat_w, wide, off, flat, 0)
        for r in range(rows):
            both, total = z[t, start + r, : 2 * size], sums[r, : 2 * size]
            for k in range(2 * size):
                both[k] = logistic(both[k] + (total[k] + b[k]))
            reset, within, total = both[:size], inner[t, start + r], sums[r, 2 * size : 3 * size]
            shift, n = b[2 * size :], z[t, start + r, 2 * size :]
            for k in range(size):
                within[k] = total[k] + shift[k]
            for k in range(size):
                n[k] = hyperbolic_tangent(n[k] + reset[k] * within[k])
            u, state = both[size:], out[t, start + r]
            before = h[start + r] if t == 0 else out[t - 1, start + r]
            for k in range(size):
                state[k] = n[k] + u[k] * (before[k] - n[k])
        if t + 1 < steps:
            lay(states, (t * h.shape[0] + start) * size, rows, size, size, packed)


@kernel(
    "void(float32[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], float32[:, ::1],"
    " float32[:, ::1], int64[::1], float32[:, :, ::1], float32[:, :, ::1], float32[:, ::1],"
    " float32[::1], float32[:, ::1], int64, int64)"
)
def gru_slope_rows(g, out, gates, inner, h, w, off, dx, dy, dh, packed, sums, start, stop):
    """w (3H, H in whole vectors). dx and dy (T, N, 3H): of the sums of inputs and of states."""
    steps, size, rows, wide = gates.shape[0], h.shape[1], stop - start, w.shape[1]
    flat, slopes, flat_w = sums.reshape(-1), dy.reshape(-1), w.reshape(-1)
    for t in range(steps - 1, -1, -1):
        for r in range(rows):
            at = start + r
            gh, given, rest = sums[r, :size], g[t, at], dh[at]
            for k in range(size):
                gh[k] = given[k] if t == steps - 1 else given[k] + (gh[k] + rest[k])
            reset, u, n = gates[t, at, :size], gates[t, at, size : 2 * size], gates[t, at, 2 * size :]
            before, within = h[at] if t == 0 else out[t - 1, at], inner[t, at]
            dr, du, dn = dx[t, at, :size], dx[t, at, size : 2 * size], dx[t, at, 2 * size :]
            for k in range(size):
                dn[k] = gh[k] * (ONE - u[k]) * (ONE - n[k] * n[k])
            for k in range(size):
                du[k] = gh[k] * (before[k] - n[k]) * u[k] * (ONE - u[k])
            for k in range(size):
                dr[k] = dn[k] * within[k] * reset[k] * (ONE - reset[k])
            for k in range(size):
                rest[k] = gh[k] * u[k]
            both, same = dx[t, at, : 2 * size], dy[t, at, : 2 * size]
            for k in range(2 * size):
                same[k] = both[k]
            last = dy[t, at, 2 * size :]
            for k in range(size):
                last[k] = dn[k] * reset[k]
        lay(slopes, (t * h.shape[0] + start) * 3 * size, rows, 3 * size, 3 * size, packed)
        product(packed, rows, 3 * size, flat_w, wide, off, flat, 0)
    for r in range(rows):
        rest, total = dh[start + r], sums[r]
        for k in range(rest.size):
            rest[k] += total[k]


def gru(z: Array, h: Array, w: Array, b: Array | None) -> tuple[Array, Array, Array]:
    """See the reference."""
    if not z.size or any(a is not None and a.dtype != FLOAT32 for a in (z, h, w, b)):
        return reference.gru(z, h, w, b)
    (steps, count, wide), size = z.shape, h.shape[1]
    gates, columns = plain(z), widened(w.T)
    out, inner = np.empty((2, steps, count, size), FLOAT32)
    bias = np.zeros(wide, FLOAT32) if b is None else plain(b)
    operands = gates, plain(h), columns, bias, multiples(columns.shape[1], size), out, inner

    def part(packed: Array, sums: Array, start: int, stop: int) -> None:
        gru_rows(*operands, packed, sums, start, stop)

    through(count, steps, columns, part)
    return out, gates, inner


def gru_slope(
    g: Array, out: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None,
    b_hh: Array | None, gates: Array, inner: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """See the reference."""
    if not gates.size or any(a.dtype != FLOAT32 for a in (g, out, gates, inner, h, w_hh)):
        return reference.gru_slope(g, out, x, h, w_ih, w_hh, b_ih, b_hh, gates, inner)
    steps, count, size = inner.shape
    rows = widened(w_hh)
    dx, dy, dh = np.empty(gates.shape, FLOAT32), np.empty(gates.shape, FLOAT32), np.empty(h.shape, FLOAT32)
    off = multiples(rows.shape[1], 3 * size)
    operands = plain(g), plain(out), gates, inner, plain(h), rows, off, dx, dy, dh

    def part(packed: Array, sums: Array, start: int, stop: int) -> None:
        gru_slope_rows(*operands, packed, sums, start, stop)

    through(count, steps, rows, part)
    return dx, dy, dh
