"""Compiled adding at positions that may repeat. Each thread has columns or lines of its own, so sums
are the same with any number of threads."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

ZERO = np.float32(0)
#: Columns from which on threads share them, and not the lines before.
WIDE = 16


@inlined
def parted(along, lines, columns, start, stop):
    """First and last line and column of a part, of the columns if `along` and of the lines else."""
    return (0, lines, start, stop) if along else (start, stop, 0, columns)


@inlined
def clear(rows, left, right):
    """Zeros in these columns."""
    if right - left == rows.shape[1]:  # in one piece
        flat = rows.reshape(rows.size)
        for i in range(flat.size):
            flat[i] = ZERO
    else:
        for k in range(len(rows)):
            row = rows[k, left:right]
            for i in range(row.size):
                row[i] = ZERO


@kernel("void(float32[:, :, ::1], int64[::1], boolean, float32[:, :, ::1], int64, int64)")
def rows_added(g, places, along, y, start, stop):
    first, last, left, right = parted(along, len(y), y.shape[2], start, stop)
    for b in range(first, last):
        clear(y[b], left, right)
        for k in range(places.size):
            total, row = y[b, places[k], left:right], g[b, k, left:right]
            for i in range(total.size):
                total[i] += row[i]


@kernel("void(float32[:, :, ::1], int64[:, :, ::1], boolean, float32[:, :, ::1], int64, int64)")
def added_along(g, places, along, y, start, stop):
    first, last, left, right = parted(along, len(y), y.shape[2], start, stop)
    for b in range(first, last):
        clear(y[b], left, right)
        for k in range(g.shape[1]):
            for i in range(left, right):
                y[b, places[b, k, i], i] += g[b, k, i]


def add_rows(g: Array, places: Array, size: int) -> Array:
    """See the reference."""
    return _added(g, places, size, rows_added, reference.add_rows)


def add_along(g: Array, places: Array, size: int) -> Array:
    """See the reference."""
    return _added(g, places, size, added_along, reference.add_along)


def _added(g: Array, places: Array, size: int, ranged: Any, otherwise: Any) -> Array:
    """Either sum; places that do not fit are the reference's to refuse, or to count from the end."""
    if not (is_served(g) and places.dtype == np.int64 and places.min() >= 0 and places.max() < size):
        return np.asarray(otherwise(g, places, size))
    y = np.empty((len(g), size, g.shape[2]), FLOAT32)
    along = g.shape[2] >= WIDE
    count = g.shape[2] if along else len(g)
    over(count, 12 * g.size + 4 * y.size, ranged, plain(g), plain(places), along, y)
    return y
