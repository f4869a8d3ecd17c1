"""Compiled cross-entropy of labels: a row of scores is read, and its softmax is never stored."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.activation import once
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import HALF, ONE, exponential, less
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

LABELS = np.dtype(np.int64)


@inlined
def largest_of(x, n):
    """The largest score of a row; NaN is met in the exponentials."""
    most = x[n, 0]
    for k in range(1, x.shape[1]):
        most = max(most, x[n, k])
    return most


@kernel("void(float32[:, ::1], int64[::1], float32[::1], float32[::1], int64, int64)")
def losses_of(x, labels, weight, losses, start, stop):
    for n in range(start, stop):
        most, total = largest_of(x, n), np.float32(0)
        for k in range(x.shape[1]):
            total += exponential(x[n, k] - most)
        label = labels[n]
        if label < 0:
            losses[n] = np.float32(0)
        else:
            losses[n] = less(np.float32(np.log(total)), less(x[n, label], most, ONE), ONE) * weight[n]


@kernel("void(float32[:, ::1], int64[::1], float32[::1], float32[:, ::1], int64, int64)")
def slopes_of(x, labels, share, dx, start, stop):
    for n in range(start, stop):
        most, total = largest_of(x, n), np.float32(0)
        for k in range(x.shape[1]):
            dx[n, k] = exponential(x[n, k] - most)
            total += dx[n, k]
        factor = np.float32(1) / total
        for k in range(x.shape[1]):
            dx[n, k] *= factor
        if labels[n] >= 0:
            dx[n, labels[n]] -= np.float32(1)
        for k in range(x.shape[1]):
            dx[n, k] *= share[n]


@kernel("void(float32[::1], float32, float32, float32[::1], int64, int64)")
def huber_range(d, delta, factor, y, start, stop):
    d, y = d[start:stop], y[start:stop]
    for i in range(d.size):
        size = abs(d[i])
        near = delta if size > delta else size  # NaN stays
        y[i] = factor * (near * (size - HALF * near))


@kernel("boolean(int64[::1], int64)")
def are_below(labels, classes):
    largest = 0
    for label in labels:
        largest = max(largest, label)
    return largest < classes


huber = once("huber", huber_range, 8)


def cross_entropy(x: Array, labels: Array, weight: Array) -> Array:
    """See the reference."""
    if not _fit(x, labels, weight):
        return reference.cross_entropy(x, labels, weight)
    losses = np.empty(labels.shape, FLOAT32)
    operands = _rows(x), plain(labels).reshape(-1), plain(weight).reshape(-1), losses.reshape(-1)
    over(labels.size, 24 * x.size, losses_of, *operands)
    return losses


def cross_entropy_slope(x: Array, labels: Array, share: Array) -> Array:
    """See the reference."""
    places = (*x.shape[:1], *x.shape[2:])
    if share.size != labels.size or share.shape[1:2] != (1,) or not _fit(x, labels, share.reshape(places)):
        return reference.cross_entropy_slope(x, labels, share)
    rows = _rows(x)
    dx = np.empty(rows.shape, FLOAT32)
    over(labels.size, 36 * x.size, slopes_of, rows, plain(labels).reshape(-1), plain(share).reshape(-1), dx)
    if x.ndim == 2:
        return dx
    back = dx.reshape((*places, x.shape[1]))
    return np.ascontiguousarray(np.moveaxis(back, -1, 1))


def _rows(x: Array) -> Array:
    """The scores of one place in each row: (N, K, ...) -> (N ..., K)."""
    if x.ndim == 2:
        return plain(x)
    return plain(np.moveaxis(x, 1, -1)).reshape(-1, x.shape[1])


def _fit(x: Array, labels: Array, weight: Array) -> bool:
    """Whether there are float32 scores (N, K, ...) with 64-bit labels (N, ...) in range."""
    shape = x.shape
    return (
        len(shape) >= 2
        and is_served(x)
        and weight.dtype == FLOAT32
        and labels.dtype == LABELS
        and labels.shape == weight.shape == (*shape[:1], *shape[2:])
        and are_below(plain(labels).reshape(-1), shape[1])
    )
