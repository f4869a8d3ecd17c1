"""Products of a vector and a matrix, and affine maps of few sums.

Plain loops, of which the compiler makes vectors; nothing is copied or packed. Each weight is read once, so
packing would cost as much as it brings, and small products are done before a call of BLAS has begun: that
takes one to two microseconds, and four more where threads have to be kept out of it.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, over, plain

Array = NDArray[Any]

#: A run of fewer multiply-adds takes longer to begin, 2 ns, than NumPy takes for it.
LONG_RUN = 16
#: Affine maps of so few multiply-adds, or of so few runs, are quicker here: NumPy takes two calls for one.
FEW_SUMS, FEW_RUNS = 16_000, 500
ZERO = np.float32(0)
#: Any layout, also read-only.
ANY = types.Array(types.float32, 2, "A", readonly=True)
ROWS, ROW = types.float32[:, ::1], types.float32[::1]


@kernel(types.void(ROWS, ROWS, ROW, ROWS, types.int64, types.int64))
def dots_of_rows(x, w, bias, y, start, stop):
    """y[i, o] = bias[o] + sum_k x[i, k] * w[o, k], start <= o < stop."""
    for i in range(x.shape[0]):
        for o in range(start, stop):
            total = ZERO
            for k in range(w.shape[1]):
                total += x[i, k] * w[o, k]
            y[i, o] = total + bias[o]


@kernel(types.void(ANY, ROWS, ROWS, types.int64, types.int64))
def sums_of_rows(a, b, c, start, stop):
    """c[i, j] = sum_t a[i, t] * b[t, j], start <= j < stop, four rows of b at a time."""
    terms = a.shape[1]
    for i in range(a.shape[0]):
        row, first, factor = c[i, start:stop], b[0, start:stop], a[i, 0]
        for j in range(row.size):
            row[j] = factor * first[j]
        for t in range(1, terms - 3, 4):
            p, q, r, s = b[t, start:stop], b[t + 1, start:stop], b[t + 2, start:stop], b[t + 3, start:stop]
            f, g, h, k = a[i, t], a[i, t + 1], a[i, t + 2], a[i, t + 3]
            for j in range(row.size):
                row[j] += (f * p[j] + g * q[j]) + (h * r[j] + k * s[j])
        for t in range(terms - (terms - 1) % 4, terms):
            last, factor = b[t, start:stop], a[i, t]
            for j in range(row.size):
                row[j] += factor * last[j]


def linear(x: Array, w: Array, b: Array | None) -> Array:
    """x (M, I), w (O, I), b (O,) or None, all float32 -> x @ w.T + b, (M, O)."""
    outputs = len(w)
    y = np.empty((len(x), outputs), FLOAT32)
    bias = np.zeros(outputs, FLOAT32) if b is None else plain(b)
    over(outputs, 4 * w.size, dots_of_rows, plain(x), plain(w), bias, y)
    return y


def matmul(a: Array, b: Array) -> Array:
    """a (M, K) @ b (K, N), both float32, K at least 1."""
    c = np.empty((len(a), b.shape[1]), FLOAT32)
    factors = a if a.flags.aligned else a.copy()
    over(b.shape[1], 4 * (b.size + c.size), sums_of_rows, factors, plain(b), c)
    return c
