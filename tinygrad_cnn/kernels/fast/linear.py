"""Linear layers on few samples: the weights are streamed through the processor once.

With 8 samples a layer of 4096 × 5696 weights does 16 sums for each weight that it reads: memory is
what it waits for. A general matrix product copies the weights into blocks first, that is three
passes over 93 MB where one is enough. Here each weight is read once and used for all samples while
it is in registers; y, x and the gradients are small and stay in cache:

    y  = x @ w.T    few rows, whole rows of w as they lie:      `dot` tiles, sums along the inputs
    dx = g @ w      few rows, 16 rows of w at a time:           `outer` tiles, added to dx in cache
    dw = g.T @ x    few terms: each weight's gradient is written once, 8 rows at a time

Everything else is a matrix product like any other, and falls to the reference, which is BLAS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import reference
from tinygrad_cnn.kernels.fast.compiling import kernel
from tinygrad_cnn.kernels.fast.micro import DOT_COLUMNS, DOT_ROWS, LANES, ROWS, dot, panel
from tinygrad_cnn.kernels.fast.operands import plain
from tinygrad_cnn.kernels.threads import share

Array = NDArray[Any]

#: Up to so many samples the weights' bytes, not the sums, take the time.
FEW = 16
#: Smaller matrices stay in cache, where BLAS is as quick.
LARGE = 200_000
#: Rows of weights per step of `few_rows`: so many streams the processor can fetch ahead.
STREAMS = 16


@kernel("void(float32[::1], int64, float32[::1], int64, float32[::1], int64, int64, int64, int64[::1])")
def stream_dot(x, m, w, inputs, y, ldy, start, stop, off):  # type: ignore[no-untyped-def]
    """y[i, o] += sum_k x[i, k] * w[o, k], i < m (a multiple of DOT_ROWS), start <= o < stop.

    `off` has the places of DOT_COLUMNS rows of w. The last block of columns ends at `stop`: it starts
    earlier, over columns that are there already, which are reset to 0 first.
    """
    for o in range(start, stop, DOT_COLUMNS):
        first = min(o, stop - DOT_COLUMNS)
        for i in range(0, m, DOT_ROWS):
            for r in range(DOT_ROWS):
                for c in range(DOT_COLUMNS):
                    y[(i + r) * ldy + first + c] = 0
            dot(
                x, i * inputs, inputs, w, first * inputs, off, 0, 1, 0, 0, inputs,
                y, i * ldy + first, ldy,
            )  # fmt: skip


@kernel(
    "void(float32[::1], int64, int64, float32[::1], int64, int64[::1], float32[::1], int64, int64, int64)"
)
def few_rows(a, blocks, terms, b, ldb, off, c, ldc, start, stop):  # type: ignore[no-untyped-def]
    """c[i, j] += sum_t a[t, i] * b[t, j], i < blocks * ROWS, start <= j < stop.

    a: (blocks, terms, ROWS), packed.   off: t * ldb.   c: as many columns as b, rounded up to LANES.
    """
    vectors = (stop - start) // LANES
    for t in range(0, terms, STREAMS):
        count = min(STREAMS, terms - t)
        panel(
            a, t * ROWS, terms * ROWS, b, t * ldb + start, off, 0, count,
            c, start, ldc, blocks, vectors, 1,
        )  # fmt: skip
        for u in range(t, t + count):
            for j in range(start + vectors * LANES, stop):
                for i in range(blocks * ROWS):
                    c[i * ldc + j] += a[(i // ROWS * terms + u) * ROWS + i % ROWS] * b[u * ldb + j]


@kernel("void(float32[::1], int64, float32[::1], int64, int64[::1], float32[::1], int64, int64)")
def few_terms(a, terms, b, columns, off, c, start, stop):  # type: ignore[no-untyped-def]
    """c[i, j] = sum_t a[t, i] * b[t, j], start <= i < stop blocks of ROWS rows, j < columns.

    a: (blocks, terms, ROWS), packed.   c: (rows, columns), the last columns of a row not by vectors.
    """
    vectors = columns // LANES
    for block in range(start, stop):
        panel(
            a, block * terms * ROWS, 0, b, 0, off, 0, terms,
            c, block * ROWS * columns, columns, 1, vectors, 0,
        )  # fmt: skip
        for j in range(vectors * LANES, columns):
            for i in range(ROWS):
                total = np.float32(0)
                for t in range(terms):
                    total += a[(block * terms + t) * ROWS + i] * b[t * columns + j]
                c[(block * ROWS + i) * columns + j] = total


def linear(x: Array, w: Array, b: Array | None) -> Array:
    """x (M, I), w (O, I), b (O,) or None -> x @ w.T + b, (M, O)."""
    if w.size < LARGE:
        return reference.linear(x, w, b)
    (m, inputs), outputs = x.shape, len(w)
    if not (0 < m <= FEW and _large(w) and served(x, w) and inputs >= LANES and outputs >= DOT_COLUMNS):
        return reference.linear(x, w, b)
    padded = -(-m // DOT_ROWS) * DOT_ROWS
    weights = plain(w).ravel()
    rows = np.zeros((padded, inputs), np.float32)
    rows[:m] = x
    y = np.empty((padded, outputs), np.float32)
    off = np.arange(DOT_COLUMNS) * inputs
    # Parts end at multiples of DOT_COLUMNS, so that none is shorter than a tile.
    tiles = outputs // DOT_COLUMNS

    def work(_: int, start: int, stop: int) -> None:
        if start < stop:
            last = outputs if stop == tiles else stop * DOT_COLUMNS
            stream_dot(
                rows.ravel(), padded, weights, inputs, y.ravel(), outputs, start * DOT_COLUMNS, last, off
            )

    share(tiles, work)
    return y[:m] if b is None else y[:m] + b


def matmul(a: Array, b: Array) -> Array:
    """a @ b over the last two axes; the axes before them broadcast."""
    if a.ndim == 2 and b.ndim == 2 and min(a.shape) <= FEW and a.shape[1] == b.shape[0] and served(a, b):
        m, terms = a.shape
        if 0 < m <= FEW and _large(b):
            return _few_rows(a, plain(b))
        if 0 < terms <= FEW and m >= ROWS and m * b.shape[1] >= LARGE:
            return _few_terms(a, plain(b))
    return reference.matmul(a, b)


def _few_rows(a: Array, b: Array) -> Array:
    (m, terms), columns = a.shape, b.shape[1]
    blocks, wide = -(-m // ROWS), -(-columns // LANES) * LANES
    packed = _packed(a)
    off = np.arange(STREAMS) * columns
    c = np.zeros((blocks * ROWS, wide), np.float32)
    groups = -(-columns // LANES)

    def work(_: int, start: int, stop: int) -> None:
        if start < stop:
            few_rows(
                packed, blocks, terms, b.ravel(), columns, off, c.ravel(), wide,
                start * LANES, min(columns, stop * LANES),
            )  # fmt: skip

    share(groups, work)
    return c[:m, :columns]


def _few_terms(a: Array, b: Array) -> Array:
    (m, terms), columns = a.shape, b.shape[1]
    packed, off = _packed(a), np.arange(terms) * columns
    c = np.empty((m, columns), np.float32)
    whole = m // ROWS

    def work(_: int, start: int, stop: int) -> None:
        if start < stop:
            few_terms(packed, terms, b.ravel(), columns, off, c.ravel(), start, stop)

    share(whole, work)
    if whole * ROWS < m:
        np.matmul(a[whole * ROWS :], b, out=c[whole * ROWS :])
    return c


def _packed(a: Array) -> Array:
    """(M, K) -> (M / ROWS rounded up, K, ROWS), rows of zeros after the last; flat."""
    m, terms = a.shape
    blocks = -(-m // ROWS)
    rows = np.zeros((blocks * ROWS, terms), np.float32)
    rows[:m] = a
    return np.ascontiguousarray(rows.reshape(blocks, ROWS, terms).swapaxes(1, 2)).ravel()


def _large(w: Array) -> bool:
    return w.size >= LARGE and w.flags.c_contiguous


def served(a: Array, b: Array) -> bool:
    """Whether both are float32, and the second lies row after row."""
    return a.dtype == np.float32 and b.dtype == np.float32 and bool(b.flags.c_contiguous)
