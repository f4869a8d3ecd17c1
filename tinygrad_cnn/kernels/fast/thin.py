"""Products that take no longer than a call of BLAS: of a vector and a matrix, or of few sums.

Plain loops, of which the compiler makes vectors; nothing is copied or packed. A call takes 0.4 µs; NumPy's
takes one to two, and four more where threads have to be kept out of BLAS.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from tinygrad_cnn.kernels.fast.compiling import kernel
from tinygrad_cnn.kernels.fast.operands import FLOAT32, plain

Array = NDArray[Any]

#: A run of fewer multiply-adds takes longer to begin, 2 ns, than NumPy takes for it.
LONG_RUN = 16
#: Affine maps of so few multiply-adds, or of so few runs, are quicker here: NumPy takes two calls for one.
FEW_SUMS, FEW_RUNS = 16_000, 500
ZERO = np.float32(0)
#: Any layout, also read-only.
ANY = types.Array(types.float32, 2, "A", readonly=True)
ROWS, ROW = types.float32[:, ::1], types.float32[::1]


@kernel(types.void(ROWS, ROWS, ROW, ROWS))
def dots_of_rows(x, w, bias, y):
    """y[i, o] = bias[o] + sum_k x[i, k] * w[o, k]."""
    for i in range(x.shape[0]):
        for o in range(w.shape[0]):
            total = ZERO
            for k in range(w.shape[1]):
                total += x[i, k] * w[o, k]
            y[i, o] = total + bias[o]


@kernel(types.void(ANY, ROWS, ROWS))
def sums_of_rows(a, b, c):
    """c[i] = sum_t a[i, t] * b[t], row after row."""
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            c[i, j] = a[i, 0] * b[0, j]
        for t in range(1, a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, t] * b[t, j]


def linear(x: Array, w: Array, b: Array | None) -> Array:
    """x (M, I), w (O, I), b (O,) or None, all float32 -> x @ w.T + b, (M, O)."""
    outputs = len(w)
    y = np.empty((len(x), outputs), FLOAT32)
    dots_of_rows(plain(x), plain(w), np.zeros(outputs, FLOAT32) if b is None else plain(b), y)
    return y


def matmul(a: Array, b: Array) -> Array:
    """a (M, K) @ b (K, N), both float32, K at least 1."""
    c = np.empty((len(a), b.shape[1]), FLOAT32)
    sums_of_rows(a if a.flags.aligned else a.copy(), plain(b), c)
    return c
