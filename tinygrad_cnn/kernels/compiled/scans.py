"""Compiled running sums and products, in float64, and the largest of short rows."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import larger
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain
from tinygrad_cnn.kernels.compiled.positions import WIDE, parted

Array = NDArray[Any]


@inlined
def place_of(k, count, reverse):
    """The k-th place on the way."""
    return count - 1 - k if reverse else k


@kernel("void(float32[:, ::1], boolean, boolean, float32[:, ::1], int64, int64)")
def running_along_rows(x, product, reverse, y, start, stop):
    for b in range(start, stop):
        row, out = x[b], y[b]
        if product:
            found = 1.0
            for k in range(row.size):
                found *= row[place_of(k, row.size, reverse)]
                out[place_of(k, row.size, reverse)] = np.float32(found)
        else:
            found = 0.0
            for k in range(row.size):
                found += row[place_of(k, row.size, reverse)]
                out[place_of(k, row.size, reverse)] = np.float32(found)


@kernel(
    "void(float32[:, :, ::1], boolean, boolean, boolean, float64[:, ::1], float32[:, :, ::1], int64, int64)"
)
def running_along_columns(x, product, reverse, along, wide, y, start, stop):
    first, last, left, right = parted(along, len(x), x.shape[2], start, stop)
    for b in range(first, last):
        found = wide[b, left:right]
        for i in range(found.size):
            found[i] = 1.0 if product else 0.0
        for k in range(x.shape[1]):
            at = place_of(k, x.shape[1], reverse)
            row, out = x[b, at, left:right], y[b, at, left:right]
            if product:
                for i in range(found.size):
                    found[i] *= row[i]
                    out[i] = np.float32(found[i])
            else:
                for i in range(found.size):
                    found[i] += row[i]
                    out[i] = np.float32(found[i])


@kernel(
    "void(float32[:, :, ::1], float32[:, :, ::1], boolean, boolean, float64[:, ::1], float32[:, :, ::1],"
    "int64, int64)"
)
def recurrence_range(a, b, reverse, along, wide, y, start, stop):
    first, last, left, right = parted(along, len(a), a.shape[2], start, stop)
    for n in range(first, last):
        found = wide[n, left:right]
        for i in range(found.size):
            found[i] = 0.0
        for k in range(a.shape[1]):
            at = place_of(k, a.shape[1], reverse)
            factors, terms, out = a[n, at, left:right], b[n, at, left:right], y[n, at, left:right]
            for i in range(found.size):
                found[i] = factors[i] * found[i] + terms[i] if k else terms[i]
                out[i] = np.float32(found[i])


@kernel("void(float32[:, :, ::1], float32, boolean, float32[:, :, ::1], int64[:, :, ::1], int64, int64)")
def running_extremes_range(x, sign, along, y, places, start, stop):
    first, last, left, right = parted(along, len(x), x.shape[2], start, stop)
    for b in range(first, last):
        row, run, at = x[b, 0, left:right], y[b, 0, left:right], places[b, 0, left:right]
        for i in range(row.size):
            run[i] = row[i]
            at[i] = 0
        for k in range(1, x.shape[1]):
            row, before, place = x[b, k, left:right], y[b, k - 1, left:right], places[b, k - 1, left:right]
            run, at = y[b, k, left:right], places[b, k, left:right]
            for i in range(row.size):
                new = (sign * row[i] >= sign * before[i]) | (row[i] != row[i])
                run[i] = row[i] if new else before[i]
                at[i] = k if new else place[i]


@kernel("void(float32[:, ::1], float32, float32[:, ::1], int64[:, ::1], int64, int64)")
def running_extremes_of_rows(x, sign, y, places, start, stop):
    for r in range(start, stop):
        row, run, at = x[r], y[r], places[r]
        most, place = row[0], 0
        for k in range(row.size):
            new = (sign * row[k] >= sign * most) | (row[k] != row[k])
            most, place = (row[k], k) if new else (most, place)
            run[k], at[k] = most, place


@kernel("void(float32[:, ::1], float32, float32[::1], int64, int64)")
def extremes_of_rows(x, sign, y, start, stop):
    for r in range(start, stop):
        most = sign * x[r, 0]
        for k in range(1, x.shape[1]):
            most = larger(sign * x[r, k], most)
        y[r] = sign * most


def running(x: Array, product: bool, reverse: bool) -> Array:
    """See the reference."""
    if not is_served(x):
        return reference.running(x, product, reverse)
    batch, count, columns = x.shape
    y = np.empty(x.shape, FLOAT32)
    if columns == 1:
        flat = (batch, count)
        rows, out = plain(x).reshape(flat), y.reshape(flat)
        over(batch, 24 * x.size, running_along_rows, rows, product, reverse, out)
    else:
        along = columns >= WIDE * 4
        wide = np.empty((batch, columns))
        operands = plain(x), product, reverse, along, wide, y
        over(columns if along else batch, 12 * x.size, running_along_columns, *operands)
    return y


def recurrence(a: Array, b: Array, reverse: bool) -> Array:
    """See the reference."""
    if not (is_served(a) and is_served(b)):
        return reference.recurrence(a, b, reverse)
    y = np.empty(b.shape, FLOAT32)
    along, wide = b.shape[2] >= WIDE * 4, np.empty((len(b), b.shape[2]))
    operands = plain(a), plain(b), reverse, along, wide, y
    over(b.shape[2] if along else len(b), 24 * b.size, recurrence_range, *operands)
    return y


def running_extremes(x: Array, largest: bool) -> Any:
    """See the reference."""
    if not is_served(x):
        return reference.running_extremes(x, largest)
    batch, count, columns = x.shape
    y, places, sign = (
        np.empty(x.shape, FLOAT32),
        np.empty(x.shape, np.int64),
        np.float32(1 if largest else -1),
    )
    if columns == 1:
        flat = (batch, count)
        operands = plain(x).reshape(flat), sign, y.reshape(flat), places.reshape(flat)
        over(batch, 24 * x.size, running_extremes_of_rows, *operands)
    else:
        along = columns >= WIDE * 4
        over(
            columns if along else batch,
            24 * x.size,
            running_extremes_range,
            plain(x),
            sign,
            along,
            y,
            places,
        )
    return y, places


def row_extremes(x: Array, largest: bool) -> Array:
    """See the reference."""
    if not is_served(x):
        return reference.row_extremes(x, largest)
    y = np.empty(len(x), FLOAT32)
    over(len(x), 16 * x.size, extremes_of_rows, plain(x), np.float32(1 if largest else -1), y)
    return y
