"""Compiled softmax and its logarithm: along the last axis row by row, along others many rows at once."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.functions import ONE, ZERO, exponential
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]


@kernel("void(float32[:, ::1], float32[:, ::1], int64, int64)")
def softmax_rows(x, y, start, stop):
    for r in range(start, stop):
        row, out = x[r], y[r]
        most = row[0]
        for k in range(1, row.size):
            most = max(most, row[k])
        total = ZERO
        for k in range(row.size):
            out[k] = exponential(row[k] - most)
            total += out[k]
        factor = ONE / total
        for k in range(row.size):
            out[k] *= factor


@kernel("void(float32[:, ::1], float32[:, ::1], float32[:, ::1], int64, int64)")
def softmax_slope_rows(g, y, dx, start, stop):
    for r in range(start, stop):
        slope, row, out = g[r], y[r], dx[r]
        total = ZERO
        for k in range(row.size):
            total += slope[k] * row[k]
        for k in range(row.size):
            out[k] = row[k] * (slope[k] - total)


@kernel("void(float32[:, ::1], float32[:, ::1], int64, int64)")
def log_softmax_rows(x, y, start, stop):
    for r in range(start, stop):
        row, out = x[r], y[r]
        most = row[0]
        for k in range(1, row.size):
            most = max(most, row[k])
        total = ZERO
        for k in range(row.size):
            total += exponential(row[k] - most)
        rest = np.float32(np.log(total))
        for k in range(row.size):
            out[k] = (row[k] - most) - rest


@kernel("void(float32[:, ::1], float32[:, ::1], float32[:, ::1], int64, int64)")
def log_softmax_slope_rows(g, y, dx, start, stop):
    for r in range(start, stop):
        slope, row, out = g[r], y[r], dx[r]
        total = ZERO
        for k in range(row.size):
            total += slope[k]
        for k in range(row.size):
            out[k] = slope[k] - exponential(row[k]) * total


@kernel("void(float32[:, :, ::1], float32[:, :, ::1], float32[:, ::1], int64, int64)")
def softmax_across(x, y, spare, start, stop):
    """Along the middle axis; `spare` has a row for each first index."""
    for r in range(start, stop):
        most, total = y[r, 0], spare[r]
        first = x[r, 0]
        for i in range(most.size):
            most[i], total[i] = first[i], ZERO
        for k in range(1, x.shape[1]):
            row = x[r, k]
            for i in range(row.size):
                most[i] = row[i] if (row[i] > most[i]) | (row[i] != row[i]) else most[i]
        for k in range(x.shape[1] - 1, -1, -1):  # the first last, which holds the largest until then
            row, out = x[r, k], y[r, k]
            for i in range(row.size):
                e = exponential(row[i] - most[i])
                out[i] = e
                total[i] += e
        for i in range(total.size):
            total[i] = ONE / total[i]
        for k in range(x.shape[1]):
            out = y[r, k]
            for i in range(out.size):
                out[i] *= total[i]


@kernel("void(float32[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], float32[:, ::1], int64, int64)")
def softmax_slope_across(g, y, dx, spare, start, stop):
    for r in range(start, stop):
        total = spare[r]
        for i in range(total.size):
            total[i] = ZERO
        for k in range(y.shape[1]):
            slope, row = g[r, k], y[r, k]
            for i in range(total.size):
                total[i] += slope[i] * row[i]
        for k in range(y.shape[1]):
            slope, row, out = g[r, k], y[r, k], dx[r, k]
            for i in range(total.size):
                out[i] = row[i] * (slope[i] - total[i])


def softmax(x: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(x) and x.ndim):
        return reference.softmax(x, axis)
    y, axis = np.empty(x.shape, FLOAT32), axis % x.ndim
    if axis == x.ndim - 1:
        rows = _rows(x, y)
        over(len(rows[0]), 32 * x.size, softmax_rows, *rows)
    else:
        arrays, spare = _middle(axis, x, y)
        over(len(arrays[0]), 32 * x.size, softmax_across, *arrays, spare)
    return y


def softmax_slope(g: Array, y: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(y) and y.ndim and g.dtype == FLOAT32 and g.shape == y.shape):
        return reference.softmax_slope(g, y, axis)
    dx, axis = np.empty(y.shape, FLOAT32), axis % y.ndim
    if axis == y.ndim - 1:
        rows = _rows(g, y, dx)
        over(len(rows[0]), 16 * y.size, softmax_slope_rows, *rows)
    else:
        arrays, spare = _middle(axis, g, y, dx)
        over(len(arrays[0]), 16 * y.size, softmax_slope_across, *arrays, spare)
    return dx


def log_softmax(x: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(x) and x.ndim and axis in (-1, x.ndim - 1)):
        return reference.log_softmax(x, axis)
    y = np.empty(x.shape, FLOAT32)
    rows = _rows(x, y)
    over(len(rows[0]), 32 * x.size, log_softmax_rows, *rows)
    return y


def log_softmax_slope(g: Array, y: Array, axis: int) -> Array:
    """See the reference."""
    fits = is_served(y) and g.dtype == FLOAT32 and g.shape == y.shape
    if not (fits and y.ndim and axis in (-1, y.ndim - 1)):
        return reference.log_softmax_slope(g, y, axis)
    dx = np.empty(y.shape, FLOAT32)
    rows = _rows(g, y, dx)
    over(len(rows[0]), 32 * y.size, log_softmax_slope_rows, *rows)
    return dx


def _rows(*arrays: Array) -> list[Array]:
    """Each as plain memory (R, last axis)."""
    return [plain(a).reshape(-1, a.shape[-1]) for a in arrays]


def _middle(axis: int, *arrays: Array) -> tuple[list[Array], Array]:
    """Each as plain memory (before the axis, the axis, behind it); and room for sums along the axis."""
    shape = arrays[0].shape
    sizes = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    return [plain(a).reshape(sizes) for a in arrays], np.empty((sizes[0], sizes[2]), FLOAT32)
