"""Compiled distances of all pairs of points, summed in double precision, where no square overflows."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]


@kernel(
    "void(float32[:, :, ::1], float32[:, :, ::1], float64[:, ::1], float32[:, :, ::1], int64, int64)",
)
def distances_range(a, columns, wide, y, start, stop):
    for line in range(start, stop):
        n, i = line // y.shape[1], line % y.shape[1]
        total, out, point = wide[line], y[n, i], a[n, i]
        for j in range(total.size):
            total[j] = 0.0
        pairs = point.size // 2 * 2
        for m in range(0, pairs, 2):  # two at once: sums are written less often
            first, second = np.float64(point[m]), np.float64(point[m + 1])
            left, right = columns[n, m], columns[n, m + 1]
            for j in range(total.size):
                p, q = first - np.float64(left[j]), second - np.float64(right[j])
                total[j] += p * p + q * q
        for m in range(pairs, point.size):
            first, left = np.float64(point[m]), columns[n, m]
            for j in range(total.size):
                p = first - np.float64(left[j])
                total[j] += p * p
        for j in range(total.size):
            out[j] = np.float32(np.sqrt(total[j]))


@kernel(
    "void(float32[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], float64[:, ::1], float32[:, :, ::1],"
    "int64, int64)"
)
def differences_range(w, a, b, wide, y, start, stop):
    for line in range(start, stop):
        n, i = line // y.shape[1], line % y.shape[1]
        total, out, point, weights = wide[line], y[n, i], a[n, i], w[n, i]
        for m in range(total.size):
            total[m] = 0.0
        for j in range(weights.size):
            weight, other = np.float64(weights[j]), b[n, j]
            for m in range(total.size):
                total[m] += weight * (np.float64(point[m]) - np.float64(other[m]))
        for m in range(total.size):
            out[m] = np.float32(total[m])


def pair_distances(a: Array, b: Array) -> Array:
    """See the reference."""
    if not (is_served(a) and is_served(b)):
        return reference.pair_distances(a, b)
    count, points, features = a.shape
    y = np.empty((count, points, b.shape[1]), FLOAT32)
    wide = np.empty((count * points, b.shape[1]))
    operands = plain(a), plain(b.swapaxes(1, 2)), wide, y
    over(count * points, 8 * features * y.size, distances_range, *operands)
    return y


def weighted_differences(w: Array, a: Array, b: Array) -> Array:
    """See the reference."""
    if not (is_served(w) and is_served(a) and is_served(b)):
        return reference.weighted_differences(w, a, b)
    y, wide = np.empty(a.shape, FLOAT32), np.empty((a.shape[0] * a.shape[1], a.shape[2]))
    operands = plain(w), plain(a), plain(b), wide, y
    over(len(wide), 8 * w.size * a.shape[2], differences_range, *operands)
    return y
