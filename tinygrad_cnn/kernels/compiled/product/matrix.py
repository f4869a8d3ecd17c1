"""Linear layers: the sums stay in registers, and large weights are read once.

A general matrix product copies both factors into blocks first. That pays for large square ones; the
products of a linear layer are long and narrow, and their factors lie as `tiles` wants them:

    y  = x @ w.T     whole rows of x and of w, as they lie:    `dots`, sums along the inputs
    dx = g @ w       g packed, rows of w as they lie:          `panels`, or `few_rows`
    dw = g.T @ x     g.T packed, rows of x as they lie:        `panels`

With 8 samples a layer of 4096 × 5696 weights does 16 sums for each weight that it reads: memory is what
it waits for. So with few samples the order of the loops is another: each weight is read once and used
for all samples while it is in registers (`few_rows`: 16 rows of w at a time, added to dx in the cache),
and each weight's gradient is written once.

`vector` serves a single sample, and what is small; BLAS serves the rest, large products among them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.constants import tuned
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, plain
from tinygrad_cnn.kernels.compiled.base.tiles import (
    DOT_COLUMNS,
    DOT_ROWS,
    LANES,
    ROWS,
    VECTORS,
    dot,
    panel,
    pick_rows,
    tile,
)
from tinygrad_cnn.kernels.compiled.product import vector
from tinygrad_cnn.kernels.threads import share

Array = NDArray[Any]

#: Up to so many samples the weights' bytes, not the sums, take the time.
FEW = 16
#: Weights that stay in the cache while all samples pass: smaller matrices are never streamed.
LARGE = 200_000
#: Multiply-adds below which NumPy is done sooner than everything is prepared here: 8 and 15 µs. Of the
#: tiles of `dots` two samples use half.
WORTH_DOTS = tuned("product.matrix.WORTH_DOTS", 250_000)
WORTH_PANELS = tuned("product.matrix.WORTH_PANELS", 1_000_000)
#: Shorter sums than this end too soon for `dots`, which adds up 20 vectors at their end.
LONG = 100
#: Beyond so many samples x does not stay in the cache, and BLAS, which copies it into blocks, is as quick.
MANY = 128
#: Each result of `dots` ends with adding up vectors. With more than FEW samples, and more results than this
#: or than so many a term, BLAS is quicker: 1.1 to 1.4 times.
MOST_DOTS, DOTS_A_TERM = 32_000, 100
#: Beyond so many results, or elements of b, `panels` reads rows that push each other out of the cache, and
#: takes up to twice as long as BLAS, which copies them side by side; not with so few terms, where all time
#: goes into writing the results, once.
MOST_PANELS, FEW_TERMS = 100_000, 8
#: Products of fewer multiply-adds stay on one thread: 60 µs, and handing half over costs 10 to 40.
WORTH_SHARING = tuned("product.matrix.WORTH_SHARING", 3_000_000)
#: Rows of weights per step of `few_rows`: so many streams the processor can fetch ahead.
STREAMS = 16
#: Terms per step of `panels`: with three vectors of columns they fill a first-level cache.
DEPTH = 256


@kernel(
    "void(float32[::1], float32[::1], int64, float32[::1], float32[::1], int64, int64[::1],"
    " int64, int64, int64, int64)"
)
def dots(x, w, inputs, bias, y, outputs, off, top, bottom, start, stop):  # type: ignore[no-untyped-def]
    """y[i, o] = bias[o] + sum_k x[i, k] * w[o, k], top <= i < bottom, start <= o < stop.

    `off` has the places of DOT_COLUMNS rows of w. There are DOT_ROWS rows and DOT_COLUMNS columns at
    least: the last tile each way ends where the matrix does, over numbers that are computed already.
    """
    for o in range(start, stop, DOT_COLUMNS):
        column = min(o, stop - DOT_COLUMNS)
        for i in range(top, bottom, DOT_ROWS):
            row = min(i, bottom - DOT_ROWS)
            for r in range(row, row + DOT_ROWS):
                for c in range(column, column + DOT_COLUMNS):
                    y[r * outputs + c] = bias[c]
            dot(
                x, row * inputs, inputs, w, column * inputs, off, 0, 1, 0, 0, inputs,
                y, row * outputs + column, outputs,
            )  # fmt: skip


@kernel(
    "void(float32[::1], int64, int64, float32[::1], int64, int64[::1], float32[::1], int64,"
    " int64, int64, int64, int64)"
)
def panels(a, terms, group, b, ldb, off, c, ldc, first, last, start, stop):  # type: ignore[no-untyped-def]
    """c[i, j] = sum_t a[t, i] * b[t, j], first <= i < last blocks of ROWS, start <= j < stop.

    Args:
        a: (blocks, terms, ROWS), packed.   group: how many blocks use a piece of b that is in cache.
        off: t * ldb, t < DEPTH.   start, stop: LANES apart at least.
    """
    for block in range(first, last, group):
        end = min(block + group, last)
        j = start
        while j < stop:
            # The last columns are no whole vector: it starts earlier, over what is computed already.
            column = min(j, stop - LANES)
            left = (stop - column) // LANES
            vectors = 2 if left == 4 and VECTORS == 3 else min(left, VECTORS)
            for t in range(0, terms, DEPTH):
                for k in range(block, end):
                    tile(
                        a, (k * terms + t) * ROWS, b, t * ldb + column, off, 0, min(DEPTH, terms - t),
                        c, k * ROWS * ldc + column, ldc, vectors, min(t, 1),
                    )  # fmt: skip
            j = column + vectors * LANES


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


@kernel("void(float32[::1], int64, int64, int64, int64, float32[::1])")
def pack(a, m, terms, down, right, c):  # type: ignore[no-untyped-def]
    """c[k, t, r] = A[k * ROWS + r, t] where A[i, t] is a[i * down + t * right], and 0 from row m on."""
    whole = m // ROWS
    for k in range(whole):
        for t in range(terms):
            pick_rows(c, (k * terms + t) * ROWS, a, k * ROWS * down + t * right, down)
    if whole * ROWS < m:
        for t in range(terms):
            for r in range(ROWS):
                i = whole * ROWS + r
                c[(whole * terms + t) * ROWS + r] = a[i * down + t * right] if i < m else np.float32(0)


def linear(x: Array, w: Array, b: Array | None) -> Array:
    """x (M, I), w (O, I), b (O,) or None -> x @ w.T + b, (M, O)."""
    (m, inputs), (outputs, terms) = x.shape, w.shape
    work = m * inputs * outputs
    fits = m <= MANY and inputs == terms and _served(x, w)
    if not fits or (b is not None and (b.dtype != FLOAT32 or b.shape != (outputs,))):
        return reference.linear(x, w, b)
    if (m == 1 or work <= vector.FEW_SUMS) and (
        inputs >= vector.LONG_RUN or m * outputs <= vector.FEW_RUNS
    ):
        return vector.linear(x, w, b)
    little = work < (WORTH_DOTS if m > 2 else 4 * WORTH_DOTS) or inputs < LONG or outputs < DOT_COLUMNS
    if little or (m > FEW and m * outputs > min(MOST_DOTS, DOTS_A_TERM * inputs)):
        return reference.linear(x, w, b)
    rows = plain(x)
    if m < DOT_ROWS:  # pragma: no cover: tiles of more than 2 rows are for vectors of 16 floats
        rows = np.zeros((DOT_ROWS, inputs), FLOAT32)
        rows[:m] = x
    y = np.empty((len(rows), outputs), FLOAT32)
    bias = np.zeros(outputs, FLOAT32) if b is None else plain(b)
    off = _multiples(inputs, DOT_COLUMNS)
    operands = rows.reshape(-1), plain(w).reshape(-1), inputs, bias, y.reshape(-1), outputs, off

    def samples(top: int, bottom: int) -> None:
        dots(*operands, top, bottom, 0, outputs)

    def columns(start: int, stop: int) -> None:
        dots(*operands, 0, len(rows), start, stop)

    if m > FEW:
        _parts(m, DOT_ROWS, work, samples)
    else:
        _parts(outputs, DOT_COLUMNS, work, columns)
    return y[:m] if m < DOT_ROWS else y


def matmul(a: Array, b: Array) -> Array:
    """a @ b over the last two axes; the axes before them broadcast."""
    if a.ndim != 2 or b.ndim != 2:
        return reference.matmul(a, b)
    (m, terms), columns = a.shape, b.shape[1]
    work = m * terms * columns
    if m == columns == 1 and work >= vector.LONG_RUN and terms == len(b) and _served(a, b):
        return vector.linear(a, b.reshape(1, terms), None)
    if (m == 1 or (terms == 1 and work < WORTH_PANELS)) and columns >= vector.LONG_RUN and work:
        return vector.matmul(a, b) if terms == len(b) and _served(a, b) else reference.matmul(a, b)
    if work >= LARGE and terms == len(b) and columns >= LANES and _served(a, b):
        if m <= FEW and b.size >= LARGE:
            return _few_rows(a, plain(b))
        small = terms <= FEW_TERMS or max(m * columns, b.size) <= MOST_PANELS
        if small and m >= ROWS and min(m, terms) <= MANY and work >= WORTH_PANELS:
            return _panels(a, plain(b))
    return reference.matmul(a, b)


def _panels(a: Array, b: Array) -> Array:
    (m, terms), columns = a.shape, b.shape[1]
    packed, blocks = _packed(a)
    off = _multiples(columns, DEPTH)
    c = np.empty((blocks * ROWS, columns), FLOAT32)
    group = 1 if terms <= FEW else blocks
    operands = packed, terms, group, b.reshape(-1), columns, off, c.reshape(-1), columns

    def across(start: int, stop: int) -> None:
        panels(*operands, 0, blocks, start, stop)

    def down(first: int, last: int) -> None:
        panels(*operands, first, last, 0, columns)

    if columns // LANES >= blocks:
        _parts(columns, LANES, m * b.size, across)
    else:
        _parts(blocks, 1, m * b.size, down)
    return c[:m]


def _few_rows(a: Array, b: Array) -> Array:
    (m, terms), columns = a.shape, b.shape[1]
    wide = -(-columns // LANES) * LANES
    packed, blocks = _packed(a)
    off = _multiples(columns, STREAMS)
    c = np.zeros((blocks * ROWS, wide), FLOAT32)

    def work(start: int, stop: int) -> None:
        few_rows(packed, blocks, terms, b.reshape(-1), columns, off, c.reshape(-1), wide, start, stop)

    _parts(columns, LANES, m * b.size, work)
    return c[:m, :columns]


def _parts(count: int, unit: int, work: int, call: Any) -> None:
    """Call `call(start, stop)` for parts of range(count), each at least `unit` long, if there is work."""
    units = count // unit

    def part(_: int, start: int, stop: int) -> None:
        if start < stop:
            call(start * unit, count if stop == units else stop * unit)

    if work < WORTH_SHARING:
        call(0, count)
    else:
        share(units, part)


def _packed(a: Array) -> tuple[Array, int]:
    """(M, K) -> (blocks, K, ROWS), rows of zeros after the last, flat; and the number of blocks."""
    m, terms = a.shape
    blocks = -(-m // ROWS)
    packed = np.empty(blocks * terms * ROWS, FLOAT32)
    if a.T.flags.carray:
        pack(a.T.reshape(-1), m, terms, 1, m, packed)
    else:
        pack(plain(a).reshape(-1), m, terms, terms, 1, packed)
    return packed, blocks


@lru_cache(maxsize=64)
def _multiples(step: int, count: int) -> Array:
    """0, step, 2 * step, ...: where rows begin."""
    return np.arange(count) * step


def _served(a: Array, b: Array) -> bool:
    """Whether both are float32, and the second lies row after row."""
    return a.dtype == FLOAT32 and b.dtype == FLOAT32 and bool(b.flags.c_contiguous)
