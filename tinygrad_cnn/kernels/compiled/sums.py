"""Compiled sums of rows and columns: at most RUN numbers in float32, side by side in vectors, and those in
float64."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import plus
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain
from tinygrad_cnn.kernels.compiled.positions import parted

Array = NDArray[Any]

#: Numbers added up in float32.
RUN = 1024
#: Rows added up in float32 where columns are summed, columns at a time, and how many lie side by side.
ROWS, BLOCK, SIDE = 32, 512, 64
#: Numbers of a piece, where there is one row: so threads share it, and any number gives the same sum.
PIECE = 16 * RUN


@kernel("void(float32[:, ::1], float64[::1], int64, int64)")
def sums_of_rows(x, y, start, stop):
    for r in range(start, stop):
        found = 0.0
        for first in range(0, x.shape[1], RUN):
            part, run = np.float32(0), x[r, first : first + RUN]
            for i in range(run.size):
                part += run[i]
            found += float(part)
        y[r] = found


@inlined
def row_of(x, b, k, lanes, at, end):
    """A part of the k-th row of lanes."""
    return x[b, k * lanes + at : k * lanes + end]


@kernel("void(float32[:, ::1], boolean, float32[:, ::1], float64[:, ::1], int64, int64)")
def sums_of_columns(x, along, part, wide, start, stop):
    lanes = wide.shape[1]
    count = x.shape[1] // lanes
    first, last, left, right = parted(along, len(x), lanes, start, stop)
    for b in range(first, last):
        for at in range(left, right, BLOCK):
            end = min(at + BLOCK, right)
            run, total = part[b, at:end], wide[b, at:end]
            for i in range(total.size):
                total[i] = 0.0
            for begin in range(0, count, ROWS):
                for i in range(run.size):
                    run[i] = np.float32(0)
                until = min(begin + ROWS, count)
                fours = begin + (until - begin) // 4 * 4
                for k in range(begin, fours, 4):  # four rows at once: sums are written less often
                    p, q = row_of(x, b, k, lanes, at, end), row_of(x, b, k + 1, lanes, at, end)
                    r, t = row_of(x, b, k + 2, lanes, at, end), row_of(x, b, k + 3, lanes, at, end)
                    for i in range(run.size):
                        run[i] = plus(run[i], plus(plus(p[i], q[i]), plus(r[i], t[i])))
                for k in range(fours, until):
                    row = row_of(x, b, k, lanes, at, end)
                    for i in range(run.size):
                        run[i] = plus(run[i], row[i])
                for i in range(total.size):
                    total[i] += run[i]
            rest = row_of(x, b, count, lanes, at, end)  # what fills no whole row of lanes
            for i in range(rest.size):
                total[i] += rest[i]


def row_sums(x: Array) -> Array:
    """See the reference."""
    if not is_served(x):
        return reference.row_sums(x)
    rows, size = x.shape
    if rows == 1 and size >= 2 * PIECE:
        whole = size // PIECE * PIECE
        pieces, rest = plain(x[0, :whole]).reshape(-1, PIECE), plain(x[:, whole:])
        return np.array([_sums(pieces).sum() + _sums(rest).sum()], FLOAT32)
    return _sums(plain(x)).astype(FLOAT32)


def _sums(x: Array) -> Array:
    """In float64."""
    y = np.empty(len(x))
    over(len(x), 4 * x.size, sums_of_rows, x, y)
    return y


def column_sums(x: Array) -> Array:
    """See the reference. Short rows lie side by side in one of at least `SIDE` numbers."""
    if not is_served(x):
        return reference.column_sums(x)
    batch, count, columns = x.shape
    side = min(-(-SIDE // columns), count)
    part, wide = np.empty((batch, side * columns), FLOAT32), np.empty((batch, side * columns))
    along = batch == 1 or side * columns > 4 * BLOCK
    parts = side * columns if along else batch
    over(parts, 4 * x.size, sums_of_columns, plain(x).reshape(batch, -1), along, part, wide)
    with np.errstate(invalid="ignore", over="ignore"):
        return wide.reshape(batch, side, columns).sum(axis=1).astype(FLOAT32)
