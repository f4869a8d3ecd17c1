"""Compiled element-wise work: relu, sigmoid, dropout and their derivatives, each in one pass.

Loops are written so that the compiler makes vectors of them: no branches, no calls, and indices that
start at 0 (an index that might be negative counts from the end in Python, which is a branch: so a
kernel takes its part of the arrays as slices first). So functions are polynomials (`base.functions`).
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.functions import exponential
from tinygrad_cnn.kernels.compiled.base.operands import FEW, FLOAT32, is_served, over, plain

Array = NDArray[Any]

ZERO, ONE = np.float32(0), np.float32(1)


@kernel("void(float32[::1], float32[::1], int64, int64)")
def relu_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = ZERO if x[i] <= ZERO else x[i]  # NaN stays


@kernel("void(float32[::1], float32[::1], float32[::1], int64, int64)")
def relu_slope_range(g, y, dx, start, stop):
    g, y, dx = g[start:stop], y[start:stop], dx[start:stop]
    for i in range(y.size):
        dx[i] = g[i] if y[i] > ZERO else ZERO


@kernel("void(float32[::1], float32[::1], int64, int64)")
def sigmoid_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        t = exponential(-abs(x[i]))
        y[i] = (ONE if x[i] >= ZERO else t) / (ONE + t)


@kernel("void(float32[::1], float32[::1], float32[::1], int64, int64)")
def sigmoid_slope_range(g, y, dx, start, stop):
    g, y, dx = g[start:stop], y[start:stop], dx[start:stop]
    for i in range(y.size):
        dx[i] = g[i] * (y[i] * (ONE - y[i]))


@kernel("void(float32[::1], uint8[::1], float32, float32[::1], int64, int64)")
def dropout_range(x, mask, scale, y, start, stop):
    x, mask, y = x[start:stop], mask[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = x[i] * (np.float32(mask[i]) * scale)


def relu(x: Array) -> Array:
    """See the reference."""
    return _result(x, relu_range, reference.relu, 8, FEW)


def relu_slope(g: Array, y: Array) -> Array:
    """See the reference."""
    return _slope(g, y, relu_slope_range, reference.relu_slope)


def sigmoid(x: Array) -> Array:
    """See the reference."""
    return _result(x, sigmoid_range, reference.sigmoid, 24)  # an exponential is worth 16 bytes


def sigmoid_slope(g: Array, y: Array) -> Array:
    """See the reference."""
    return _slope(g, y, sigmoid_slope_range, reference.sigmoid_slope)


def _result(x: Array, ranged: Any, otherwise: Any, nbytes: int, least: int = 1) -> Array:
    """A function of each element, of `least` elements and more; `nbytes` say how long one takes."""
    if not is_served(x, least):
        return np.asarray(otherwise(x))
    y = np.empty(x.shape, FLOAT32)
    flat, out = plain(x).reshape(-1), y.reshape(-1)
    over(x.size, nbytes * x.size, ranged, flat, out)
    return y


def _slope(g: Array, y: Array, ranged: Any, otherwise: Any) -> Array:
    """A derivative from the gradient and the result, both of one shape."""
    if not (is_served(y) and g.dtype == FLOAT32 and g.shape == y.shape):
        return np.asarray(otherwise(g, y))
    dx = np.empty(y.shape, FLOAT32)
    first, second, out = plain(g).reshape(-1), plain(y).reshape(-1), dx.reshape(-1)
    over(y.size, 12 * y.size, ranged, first, second, out)
    return dx


def dropout(x: Array, mask: Array, scale: float) -> Array:
    """See the reference."""
    if not (is_served(x) and mask.shape == x.shape and mask.dtype == np.bool_):
        return reference.dropout(x, mask, scale)
    y = np.empty(x.shape, FLOAT32)
    flat, keep, out = plain(x).reshape(-1), plain(mask).reshape(-1).view(np.uint8), y.reshape(-1)
    factor = np.float32(scale)
    over(x.size, 9 * x.size, dropout_range, flat, keep, factor, out)
    return y
