"""Compiled cross-entropy of labels: a row of scores is read, and its softmax is never stored."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import ONE, exponential, less
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


@kernel("boolean(int64[::1], int64)")
def are_below(labels, classes):
    largest = 0
    for label in labels:
        largest = max(largest, label)
    return largest < classes


def cross_entropy(x: Array, labels: Array, weight: Array) -> Array:
    """See the reference."""
    if not _fit(x, labels, weight):
        return reference.cross_entropy(x, labels, weight)
    losses = np.empty(len(x), FLOAT32)
    over(len(x), 24 * x.size, losses_of, plain(x), plain(labels), plain(weight), losses)
    return losses


def cross_entropy_slope(x: Array, labels: Array, share: Array) -> Array:
    """See the reference."""
    if share.shape != (len(x), 1) or not _fit(x, labels, share.reshape(-1)):
        return reference.cross_entropy_slope(x, labels, share)
    dx = np.empty(x.shape, FLOAT32)
    over(len(x), 36 * x.size, slopes_of, plain(x), plain(labels), plain(share.reshape(-1)), dx)
    return dx


def _fit(x: Array, labels: Array, weight: Array) -> bool:
    """Whether there are float32 scores (N, K) with 64-bit labels in range."""
    shape = x.shape
    return (
        len(shape) == 2
        and is_served(x)
        and weight.dtype == FLOAT32
        and labels.dtype == LABELS
        and labels.shape == weight.shape == shape[:1]
        and are_below(plain(labels), shape[1])
    )
