"""Compiled activations and their derivatives: each element is read once and written once."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.functions import (
    HALF,
    ONE,
    ZERO,
    exponential,
    exponential_less_one,
    hyperbolic_tangent,
    normal_share,
)
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

#: 1 / sqrt(2 pi), and where the normal density is nothing beside 1: there 0 * inf would be NaN.
DENSITY, FAR = np.float32(sqrt(0.5 / pi)), np.float32(14)
LARGE = np.float32(1000)
ONCE = "void(float32[::1], float32[::1], int64, int64)"
TWICE = "void(float32[::1], float32[::1], float32[::1], int64, int64)"


@kernel(ONCE)
def tanh_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = hyperbolic_tangent(x[i])


@kernel(TWICE)
def tanh_slope_range(g, y, dx, start, stop):
    g, y, dx = g[start:stop], y[start:stop], dx[start:stop]
    for i in range(y.size):
        dx[i] = g[i] * (ONE - y[i] * y[i])


@kernel(ONCE)
def silu_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        t = exponential(-abs(x[i]))
        y[i] = x[i] * ((ONE if x[i] >= ZERO else t) / (ONE + t))


@kernel(TWICE)
def silu_slope_range(g, x, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        t = exponential(-abs(x[i]))
        s = (ONE if x[i] >= ZERO else t) / (ONE + t)
        near = -LARGE if x[i] < -LARGE else (LARGE if x[i] > LARGE else x[i])  # no 0 * inf
        dx[i] = g[i] * (s * (ONE + near * (ONE - s)))


@kernel(ONCE)
def gelu_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = x[i] * normal_share(x[i])


@kernel(TWICE)
def gelu_slope_range(g, x, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        near = x[i] if abs(x[i]) < FAR else ZERO
        dx[i] = g[i] * (normal_share(x[i]) + near * (DENSITY * exponential(-HALF * x[i] * x[i])))


@kernel("void(float32[::1], float32, float32, float32, float32[::1], int64, int64)")
def elu_range(x, below, scale, rate, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        low = exponential_less_one(x[i] * rate if x[i] <= ZERO else ZERO)
        y[i] = below * low if x[i] <= ZERO else scale * x[i]


@kernel("void(float32[::1], float32[::1], float32, float32, float32, float32[::1], int64, int64)")
def elu_slope_range(g, x, below, scale, rate, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        low = exponential(x[i] * rate if x[i] <= ZERO else ZERO)
        dx[i] = g[i] * (below * rate * low if x[i] <= ZERO else scale)


@kernel("void(float32[::1], float32, float32[::1], int64, int64)")
def leaky_range(x, slope, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = x[i] * (ONE if x[i] > ZERO else slope)


@kernel("void(float32[::1], float32[::1], float32, float32[::1], int64, int64)")
def leaky_slope_range(g, x, slope, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        dx[i] = g[i] * (ONE if x[i] > ZERO else slope)


@kernel("void(float32[::1], float32, float32, float32[::1], int64, int64)")
def hardtanh_range(x, low, high, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        raised = low if x[i] < low else x[i]  # NaN stays
        y[i] = high if raised > high else raised


@kernel("void(float32[::1], float32[::1], float32, float32, float32[::1], int64, int64)")
def hardtanh_slope_range(g, y, low, high, dx, start, stop):
    g, y, dx = g[start:stop], y[start:stop], dx[start:stop]
    for i in range(y.size):
        dx[i] = g[i] if (y[i] > low) & (y[i] < high) else ZERO


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


def _once(name: str, ranged: Any, worth: int) -> Any:
    """A function of x and numbers; `worth` says how many bytes take as long as one element."""
    otherwise = getattr(reference, name)

    def function(x: Array, *numbers: float) -> Array:
        if not is_served(x):
            return np.asarray(otherwise(x, *numbers))
        y = np.empty(x.shape, FLOAT32)
        over(x.size, worth * x.size, ranged, plain(x).reshape(-1), *map(np.float32, numbers), y.reshape(-1))
        return y

    function.__name__, function.__doc__ = name, otherwise.__doc__
    return function


def _twice(name: str, ranged: Any, worth: int) -> Any:
    """A function of the gradient, x or the result, and numbers."""
    otherwise = getattr(reference, name)

    def function(g: Array, x: Array, *numbers: float) -> Array:
        if not (is_served(x) and g.dtype == FLOAT32 and g.shape == x.shape):
            return np.asarray(otherwise(g, x, *numbers))
        dx = np.empty(x.shape, FLOAT32)
        arrays = plain(g).reshape(-1), plain(x).reshape(-1)
        over(x.size, worth * x.size, ranged, *arrays, *map(np.float32, numbers), dx.reshape(-1))
        return dx

    function.__name__, function.__doc__ = name, otherwise.__doc__
    return function


tanh, tanh_slope = _once("tanh", tanh_range, 24), _twice("tanh_slope", tanh_slope_range, 12)
silu, silu_slope = _once("silu", silu_range, 24), _twice("silu_slope", silu_slope_range, 28)
gelu, gelu_slope = _once("gelu", gelu_range, 40), _twice("gelu_slope", gelu_slope_range, 60)
elu, elu_slope = _once("elu", elu_range, 24), _twice("elu_slope", elu_slope_range, 28)
leaky_relu = _once("leaky_relu", leaky_range, 8)
leaky_relu_slope = _twice("leaky_relu_slope", leaky_slope_range, 12)
hardtanh = _once("hardtanh", hardtanh_range, 8)
hardtanh_slope = _twice("hardtanh_slope", hardtanh_slope_range, 12)


def softmax(x: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(x) and x.ndim and axis in (-1, x.ndim - 1)):
        return reference.softmax(x, axis)
    y, wide = np.empty(x.shape, FLOAT32), x.shape[-1]
    over(x.size // wide, 32 * x.size, softmax_rows, plain(x).reshape(-1, wide), y.reshape(-1, wide))
    return y


def softmax_slope(g: Array, y: Array, axis: int) -> Array:
    """See the reference."""
    if not (is_served(y) and g.dtype == FLOAT32 and g.shape == y.shape and axis in (-1, y.ndim - 1)):
        return reference.softmax_slope(g, y, axis)
    dx, wide = np.empty(y.shape, FLOAT32), y.shape[-1]
    arrays = (a.reshape(-1, wide) for a in (plain(g), plain(y), dx))
    over(y.size // wide, 16 * y.size, softmax_slope_rows, *arrays)
    return dx
