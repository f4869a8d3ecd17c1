"""Compiled RMS norm: one sum of squares a row, which lies in one piece of memory."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import times
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, WORTH_SHARING, is_served, over, plain
from tinygrad_cnn.kernels.compiled.norm.channels import are_moderate

Array = NDArray[Any]

#: Floats that are summed in float32 before the sum goes on in float64.
RUN = 4096
ZERO = np.float32(0)


@inlined
def inverse_root_of(row, eps):
    """1 / sqrt(mean of the squares + eps) of a row."""
    square = 0.0
    for first in range(0, row.size, RUN):
        part, run = ZERO, row[first : first + RUN]
        for i in range(run.size):
            part += run[i] * run[i]
        square += float(part)
    return np.float32(1 / np.sqrt(square / row.size + eps))


@kernel("void(float32[:, ::1], float32[::1], float64, float32[:, ::1], int64, int64)")
def rms_rows(x, w, eps, y, start, stop):
    for r in range(start, stop):
        row, out = x[r], y[r]
        inverse = inverse_root_of(row, eps)
        for i in range(row.size):
            out[i] = times(row[i] * inverse, w[i])


@kernel(
    "void(float32[:, ::1], float32[:, ::1], float32[::1], float64, boolean, float32[:, ::1],"
    " float32[::1], float64[::1], int64, int64)"
)
def rms_slope_rows(g, x, w, eps, wants_x, dx, some_w, dw, start, stop):
    for r in range(start, stop):
        row, slope, out = x[r], g[r], dx[r]
        inverse, along = inverse_root_of(row, eps), ZERO
        for i in range(row.size):
            normal = row[i] * inverse
            some_w[i] += slope[i] * normal
            along += slope[i] * w[i] * normal
        if wants_x:
            tilt = along / np.float32(row.size)
            for i in range(row.size):
                out[i] = (slope[i] * w[i] - row[i] * inverse * tilt) * inverse
        if (r - start) % 64 == 63 or r == stop - 1:  # so few rows are summed in float32
            for i in range(row.size):
                dw[i] += some_w[i]
                some_w[i] = ZERO


def rms_norm(x: Array, w: Array, axes: int, eps: float) -> Array:
    """See the reference."""
    if not (is_served(x) and w.dtype == FLOAT32):
        return reference.rms_norm(x, w, axes, eps)
    y = np.empty(x.shape, FLOAT32)
    rows, out = (a.reshape(-1, w.size) for a in (plain(x), y))
    over(len(rows), 20 * x.size, rms_rows, rows, plain(w).reshape(-1), eps, out)
    return y


def rms_norm_slope(
    g: Array, x: Array, w: Array, axes: int, eps: float, wants_x: bool
) -> tuple[Array | None, Array]:
    """See the reference. Each thread sums some rows; the same number of threads gives the same bits."""
    if not (is_served(x) and g.dtype == w.dtype == FLOAT32):
        return reference.rms_norm_slope(g, x, w, axes, eps, wants_x)
    slopes, rows = plain(g).reshape(-1, w.size), plain(x).reshape(-1, w.size)
    dx = np.empty(rows.shape if wants_x else (len(rows), 0), FLOAT32)
    flat, parts = plain(w).reshape(-1), threads.get_num_threads() if 32 * x.size >= WORTH_SHARING else 1
    some, sums = np.zeros((parts, w.size), FLOAT32), np.zeros((parts, w.size))

    def work(part: int, start: int, stop: int) -> None:
        rms_slope_rows(slopes, rows, flat, eps, wants_x, dx, some[part], sums[part], start, stop)

    if parts == 1:
        work(0, 0, len(rows))
    else:
        threads.share(len(rows), work)
    dw = sums.sum(axis=0).astype(FLOAT32).reshape(w.shape)
    if not are_moderate(dw, w):
        with np.errstate(all="ignore"):
            return reference.rms_norm_slope(g, x, w, axes, eps, wants_x)
    return (dx.reshape(x.shape) if wants_x else None), dw
