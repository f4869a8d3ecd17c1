"""Compiled layer norm and group norm: statistics of rows, which lie in one piece of memory each.

A row is centred by its mean in float32, and what that mean is wrong by is found and taken off as well:
so a row of equal numbers gives exactly 0, however large they are.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import centred, less, times
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, WORTH_SHARING, is_served, over, plain
from tinygrad_cnn.kernels.compiled.norm.channels import are_moderate

Array = NDArray[Any]

#: Floats that are summed in float32 before the sum goes on in float64.
RUN = 4096
ZERO, ONE = np.float32(0), np.float32(1)


@inlined
def middle_of(row):
    """The mean of a row, in two parts: as float32, and what is missing from it."""
    total = 0.0
    for first in range(0, row.size, RUN):
        part, run = ZERO, row[first : first + RUN]
        for i in range(run.size):
            part += run[i]
        total += float(part)
    middle = np.float32(total / row.size)
    rest = 0.0
    for first in range(0, row.size, RUN):
        part, run = ZERO, row[first : first + RUN]
        for i in range(run.size):
            part += less(run[i], middle, ONE)
        rest += float(part)
    return middle, np.float32(rest / row.size)


@inlined
def inverse_of(row, middle, rest, eps):
    """1 / sqrt(variance + eps) of a row."""
    square = 0.0
    for first in range(0, row.size, RUN):
        part, run = ZERO, row[first : first + RUN]
        for i in range(run.size):
            off = centred(run[i], middle, rest)
            part += off * off
        square += float(part)
    return np.float32(1 / np.sqrt(square / row.size + eps))


@kernel("void(float32[:, ::1], float32[::1], float32[::1], float64, float32[:, ::1], int64, int64)")
def layer_rows(x, w, b, eps, y, start, stop):
    for r in range(start, stop):
        row, out = x[r], y[r]
        middle, rest = middle_of(row)
        inverse = inverse_of(row, middle, rest, eps)
        for i in range(row.size):
            out[i] = times(centred(row[i], middle, rest) * inverse, w[i]) + b[i]


@kernel(
    "void(float32[:, ::1], float32[:, ::1], float32[::1], float64, boolean, float32[:, ::1],"
    " float32[::1], float32[::1], float64[::1], float64[::1], int64, int64)"
)
def layer_slope_rows(g, x, w, eps, wants_x, dx, some_w, some_b, dw, db, start, stop):
    for r in range(start, stop):
        row, slope, out = x[r], g[r], dx[r]
        middle, rest = middle_of(row)
        inverse = inverse_of(row, middle, rest, eps)
        plainly, along = ZERO, ZERO
        for i in range(row.size):
            normal = centred(row[i], middle, rest) * inverse
            some_w[i] += slope[i] * normal
            some_b[i] += slope[i]
            plainly += slope[i] * w[i]
            along += slope[i] * w[i] * normal
        if wants_x:
            shift, tilt = plainly / np.float32(row.size), along / np.float32(row.size)
            for i in range(row.size):
                normal = centred(row[i], middle, rest) * inverse
                out[i] = (slope[i] * w[i] - shift - normal * tilt) * inverse
        if (r - start) % 64 == 63 or r == stop - 1:  # so few rows are summed in float32
            for i in range(row.size):
                dw[i] += some_w[i]
                db[i] += some_b[i]
                some_w[i], some_b[i] = ZERO, ZERO


@kernel("void(float32[:, ::1], float32[::1], float32[::1], float64, int64, float32[:, ::1], int64, int64)")
def group_rows(x, w, b, eps, pixels, y, start, stop):
    channels = x.shape[1] // pixels
    for r in range(start, stop):
        row, first = x[r], r * channels % w.size
        middle, rest = middle_of(row)
        inverse = inverse_of(row, middle, rest, eps)
        for c in range(channels):
            scale, shift = w[first + c], b[first + c]
            part, out = row[c * pixels : (c + 1) * pixels], y[r, c * pixels : (c + 1) * pixels]
            for i in range(part.size):
                out[i] = times(centred(part[i], middle, rest) * inverse, scale) + shift


@kernel(
    "void(float32[:, ::1], float32[:, ::1], float32[::1], float64, boolean, int64, float32[:, ::1],"
    " float64[:, ::1], float64[:, ::1], int64, int64)"
)
def group_slope_rows(g, x, w, eps, wants_x, pixels, dx, dw, db, start, stop):
    channels = x.shape[1] // pixels
    for r in range(start, stop):
        row, first = x[r], r * channels % w.size
        middle, rest = middle_of(row)
        inverse = inverse_of(row, middle, rest, eps)
        all_plainly, all_along = 0.0, 0.0
        for c in range(channels):
            plainly, along = 0.0, 0.0
            for at in range(c * pixels, (c + 1) * pixels, RUN):
                end = min(at + RUN, (c + 1) * pixels)
                part, slope = row[at:end], g[r, at:end]
                some, product = ZERO, ZERO
                for i in range(part.size):
                    some += slope[i]
                    product += slope[i] * centred(part[i], middle, rest)
                plainly += float(some)
                along += float(product)
            dw[r, c], db[r, c] = along * inverse, plainly
            all_plainly += plainly * w[first + c]
            all_along += along * w[first + c]
        if wants_x:
            shift = np.float32(all_plainly / row.size)
            tilt = np.float32(all_along / row.size * inverse * inverse)
            for c in range(channels):
                scale = w[first + c]
                at, end = c * pixels, (c + 1) * pixels
                part, slope, out = row[at:end], g[r, at:end], dx[r, at:end]
                for i in range(part.size):
                    out[i] = (slope[i] * scale - shift - centred(part[i], middle, rest) * tilt) * inverse


def layer_norm(x: Array, w: Array, b: Array, axes: int, eps: float) -> Array:
    """See the reference."""
    if not (is_served(x) and w.dtype == b.dtype == FLOAT32):
        return reference.layer_norm(x, w, b, axes, eps)
    y = np.empty(x.shape, FLOAT32)
    rows, out = (a.reshape(-1, w.size) for a in (plain(x), y))
    over(len(rows), 20 * x.size, layer_rows, rows, plain(w).reshape(-1), plain(b).reshape(-1), eps, out)
    return y


def layer_norm_slope(
    g: Array, x: Array, w: Array, axes: int, eps: float, wants_x: bool
) -> tuple[Array | None, Array, Array]:
    """See the reference. Each thread sums some rows; the same number of threads gives the same bits."""
    if not (is_served(x) and g.dtype == w.dtype == FLOAT32):
        return reference.layer_norm_slope(g, x, w, axes, eps, wants_x)
    dx = np.empty(x.shape if wants_x else (0, w.size), FLOAT32)
    slopes, rows, out = plain(g).reshape(-1, w.size), plain(x).reshape(-1, w.size), dx.reshape(-1, w.size)
    if not wants_x:
        out = np.empty((len(rows), 0), FLOAT32)
    flat, parts = plain(w).reshape(-1), threads.get_num_threads() if 32 * x.size >= WORTH_SHARING else 1
    some, sums = np.zeros((parts, 2, w.size), FLOAT32), np.zeros((parts, 2, w.size))

    def work(part: int, start: int, stop: int) -> None:
        layer_slope_rows(slopes, rows, flat, eps, wants_x, out, *some[part], *sums[part], start, stop)

    if parts == 1:
        work(0, 0, len(rows))
    else:
        threads.share(len(rows), work)
    dw, db = sums.sum(axis=0).astype(FLOAT32).reshape(2, *w.shape)
    if not are_moderate(dw, db, w):
        with np.errstate(all="ignore"):
            return reference.layer_norm_slope(g, x, w, axes, eps, wants_x)
    return (dx if wants_x else None), dw, db


def group_norm(x: Array, w: Array, b: Array, groups: int, eps: float) -> Array:
    """See the reference."""
    if not (is_served(x) and w.dtype == b.dtype == FLOAT32):
        return reference.group_norm(x, w, b, groups, eps)
    y, count, pixels = np.empty(x.shape, FLOAT32), len(x) * groups, prod(x.shape[2:])
    rows, out = plain(x).reshape(count, -1), y.reshape(count, -1)
    over(count, 20 * x.size, group_rows, rows, plain(w), plain(b), eps, pixels, out)
    return y


def group_norm_slope(
    g: Array, x: Array, w: Array, groups: int, eps: float, wants_x: bool
) -> tuple[Array | None, Array, Array]:
    """See the reference."""
    if not (is_served(x) and g.dtype == w.dtype == FLOAT32):
        return reference.group_norm_slope(g, x, w, groups, eps, wants_x)
    count, pixels = len(x) * groups, prod(x.shape[2:])
    dx = np.empty(x.shape if wants_x else (count, 0), FLOAT32)
    slopes, rows, out = (
        plain(g).reshape(count, -1),
        plain(x).reshape(count, -1),
        dx.reshape(count, -1 if wants_x else 0),
    )
    dw, db = np.empty((2, count, w.size // groups))
    over(count, 32 * x.size, group_slope_rows, slopes, rows, plain(w), eps, wants_x, pixels, out, dw, db)
    dw, db = (a.reshape(len(x), w.size).sum(axis=0).astype(FLOAT32) for a in (dw, db))
    if not are_moderate(dw, db, w):
        with np.errstate(all="ignore"):
            return reference.group_norm_slope(g, x, w, groups, eps, wants_x)
    return (dx if wants_x else None), dw, db
