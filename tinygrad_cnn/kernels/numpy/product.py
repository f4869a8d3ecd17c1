"""Matrix products: NumPy's, with large ones split over the one pool of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.numpy.blocks import products

Array = NDArray[Any]

#: Products of so few multiply-adds BLAS leaves on one thread by itself: of matrices, and with a vector.
#: Telling it costs 4 µs.
ALONE, ALONE_WITH_VECTOR = 250_000, 9_000


def matmul(a: Array, b: Array) -> Array:
    """a @ b over the last two axes; the axes before them broadcast."""
    if a.ndim != 2 or b.ndim != 2:
        return _batched(a, b)
    (m, k), (terms, n) = a.shape, b.shape
    if k == terms == 1:
        return a * b  # an outer product, which BLAS takes four times as long for
    if m * n * k < (ALONE if m > 1 and n > 1 else ALONE_WITH_VECTOR):
        return a @ b
    if k != terms or a.dtype != b.dtype or a.dtype.char not in "fd":
        return a @ b  # if the sizes differ, NumPy says so
    out = np.empty((m, n), a.dtype)

    def rows(_: int, start: int, stop: int) -> None:
        np.matmul(a[start:stop], b, out=out[start:stop])

    def columns(_: int, start: int, stop: int) -> None:
        np.matmul(a, b[:, start:stop], out=out[:, start:stop])

    products(*((m, m * n * k, rows) if m >= n else (n, m * n * k, columns)))
    return out


def _batched(a: Array, b: Array) -> Array:
    """a @ b, where large batches of one length are shared by the threads, matrix by matrix."""
    alike = a.ndim == b.ndim > 2 and len(a) == len(b) > 1 and a.shape[-1] == b.shape[-2]
    if not alike or a.dtype != b.dtype or a.dtype.char not in "fd" or a.size * b.shape[-1] < ALONE:
        return a @ b
    out = np.empty((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]), a.dtype)

    def work(_: int, start: int, stop: int) -> None:
        np.matmul(a[start:stop], b[start:stop], out=out[start:stop])

    products(len(a), a.size * b.shape[-1], work)
    return out


def linear(x: Array, w: Array, b: Array | None) -> Array:
    """x (M, I), w (O, I), b (O,) or None -> x @ w.T + b, (M, O)."""
    y = matmul(x, w.T)
    if b is None:
        return y
    return np.add(y, b, out=y if y.dtype == b.dtype else None)
