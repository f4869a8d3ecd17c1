"""Compiled softmax and its logarithm: along the last axis row by row, along others many rows at once."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import ONE, ZERO, centred, exponential, larger
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
            out[k] = centred(row[k], most, rest)


@kernel("void(float32[:, ::1], float32[:, ::1], float32[:, ::1], int64, int64)")
def log_softmax_slope_rows(g, y, dx, start, stop):
    for r in range(start, stop):
        slope, row, out = g[r], y[r], dx[r]
        total = ZERO
        for k in range(row.size):
            total += slope[k]
        for k in range(row.size):
            out[k] = slope[k] - exponential(row[k]) * total


# --------------------------------------------------------------------------- along the middle of three axes
@inlined
def largest_across(x, most):
    """The largest along the first of two axes, in `most`."""
    first = x[0]
    for i in range(most.size):
        most[i] = first[i]
    for k in range(1, len(x)):
        row = x[k]
        for i in range(row.size):
            most[i] = larger(row[i], most[i])


@inlined
def sum_across(g, total):
    """The sum along the first of two axes, in `total`."""
    for i in range(total.size):
        total[i] = ZERO
    for k in range(len(g)):
        row = g[k]
        for i in range(row.size):
            total[i] += row[i]


@kernel("void(float32[:,:,::1], float32[:,:,::1], float32[:,:,::1], int64, int64)")
def softmax_across(x, y, spare, start, stop):
    """Along the middle axis; `spare` has two rows for each first index."""
    for r in range(start, stop):
        most, total = spare[r, 0], spare[r, 1]
        largest_across(x[r], most)
        for k in range(x.shape[1]):
            row, out = x[r, k], y[r, k]
            for i in range(row.size):
                out[i] = exponential(row[i] - most[i])
        sum_across(y[r], total)
        for i in range(total.size):
            total[i] = ONE / total[i]
        for k in range(x.shape[1]):
            out = y[r, k]
            for i in range(out.size):
                out[i] *= total[i]


@kernel("void(float32[:,:,::1], float32[:,:,::1], float32[:,:,::1], float32[:,:,::1], int64, int64)")
def softmax_slope_across(g, y, dx, spare, start, stop):
    for r in range(start, stop):
        total = spare[r, 0]
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


@kernel("void(float32[:,:,::1], float32[:,:,::1], float32[:,:,::1], int64, int64)")
def log_softmax_across(x, y, spare, start, stop):
    for r in range(start, stop):
        most, total = spare[r, 0], spare[r, 1]
        largest_across(x[r], most)
        for i in range(total.size):
            total[i] = ZERO
        for k in range(x.shape[1]):
            row = x[r, k]
            for i in range(row.size):
                total[i] += exponential(row[i] - most[i])
        for i in range(total.size):
            total[i] = np.float32(np.log(total[i]))
        for k in range(x.shape[1]):
            row, out = x[r, k], y[r, k]
            for i in range(row.size):
                out[i] = centred(row[i], most[i], total[i])


@kernel("void(float32[:,:,::1], float32[:,:,::1], float32[:,:,::1], float32[:,:,::1], int64, int64)")
def log_softmax_slope_across(g, y, dx, spare, start, stop):
    for r in range(start, stop):
        total = spare[r, 0]
        sum_across(g[r], total)
        for k in range(y.shape[1]):
            slope, row, out = g[r, k], y[r, k], dx[r, k]
            for i in range(total.size):
                out[i] = slope[i] - exponential(row[i]) * total[i]


# --------------------------------------------------------------------------- drivers
def softmax(x: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(x) and x.ndim):
        return reference.softmax(x, axis)
    return _along(axis, 32, softmax_rows, softmax_across, x)


def softmax_slope(g: Array, y: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(y) and y.ndim and g.dtype == FLOAT32 and g.shape == y.shape):
        return reference.softmax_slope(g, y, axis)
    return _along(axis, 16, softmax_slope_rows, softmax_slope_across, g, y)


def log_softmax(x: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(x) and x.ndim):
        return reference.log_softmax(x, axis)
    return _along(axis, 32, log_softmax_rows, log_softmax_across, x)


def log_softmax_slope(g: Array, y: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(y) and y.ndim and g.dtype == FLOAT32 and g.shape == y.shape):
        return reference.log_softmax_slope(g, y, axis)
    return _along(axis, 32, log_softmax_slope_rows, log_softmax_slope_across, g, y)


def _along(axis: int, worth: int, of_rows: Any, across: Any, *arrays: Array) -> Array:
    """The result of one of two kernels: for the last axis as rows, for another as the middle of three."""
    shape = arrays[0].shape
    y, axis = np.empty(shape, FLOAT32), axis % len(shape)
    before, count, behind = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    if behind == 1:
        rows = [plain(a).reshape(before, count) for a in (*arrays, y)]
        over(before, worth * y.size, of_rows, *rows)
    else:
        spare = np.empty((before, 2, behind), FLOAT32)
        middle = [plain(a).reshape(before, count, behind) for a in (*arrays, y)]
        over(before, worth * y.size, across, *middle, spare)
    return y
