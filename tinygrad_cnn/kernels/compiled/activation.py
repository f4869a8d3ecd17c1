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
    logarithm_of_one_and,
    logistic,
    normal_share,
)
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

#: 1 / sqrt(2 pi), and where the normal density vanishes against 1: there 0 * inf would be NaN.
DENSITY, FAR = np.float32(sqrt(0.5 / pi)), np.float32(14)
LARGE, TWO, THREE, SIX = np.float32(1000), np.float32(2), np.float32(3), np.float32(6)
#: GELU's approximation: the factors of its tanh's argument and of the cube there, three times the latter,
#: and where all is as further out.
ROOT, CUBE, EDGE = np.float32(sqrt(2 / pi)), np.float32(0.044715), np.float32(12)
THRICE = np.float32(3 * 0.044715)
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
        y[i] = x[i] * normal_share(x[i], exponential(-HALF * x[i] * x[i]))


@kernel(TWICE)
def gelu_slope_range(g, x, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        near = x[i] if abs(x[i]) < FAR else ZERO
        decay = exponential(-HALF * x[i] * x[i])
        dx[i] = g[i] * (normal_share(x[i], decay) + near * (DENSITY * decay))


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


@kernel(ONCE)
def gelu_tanh_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = x[i] * logistic(TWO * ROOT * (x[i] + CUBE * x[i] * x[i] * x[i]))  # (1 + tanh(z)) / 2


@kernel(TWICE)
def gelu_tanh_slope_range(g, x, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        low = -EDGE if x[i] < -EDGE else x[i]  # NaN stays
        z = EDGE if low > EDGE else low
        t = exponential(-TWO * ROOT * abs(z + CUBE * z * z * z))
        s, rest = ONE / (ONE + t), t / (ONE + t)
        slope = TWO * ROOT * z * (THRICE * z * z + ONE)
        dx[i] = g[i] * ((s if z >= ZERO else rest) + slope * s * rest)


@kernel("void(float32[::1], float32, float32, float32[::1], int64, int64)")
def softplus_range(x, beta, threshold, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        z = x[i] * beta
        smooth = (x[i] if z > ZERO else ZERO) + logarithm_of_one_and(exponential(-abs(z))) / beta
        y[i] = x[i] if (z > threshold) | (z != z) else smooth


@kernel("void(float32[::1], float32[::1], float32, float32, float32[::1], int64, int64)")
def softplus_slope_range(g, x, beta, threshold, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        z = x[i] * beta
        dx[i] = g[i] if z > threshold else g[i] * logistic(z)


@kernel(ONCE)
def mish_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        t = exponential(-abs(x[i]))
        above, below = ONE + TWO * t, t * (t + TWO)  # tanh(ln(1 + e^x)) as a fraction, whatever x
        y[i] = x[i] * (above / (above + TWO * t * t) if x[i] >= ZERO else below / (below + TWO))


@kernel(TWICE)
def mish_slope_range(g, x, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        t = exponential(-abs(x[i]))
        above, below = ONE + TWO * t, t * (t + TWO)
        high, low = ONE / (above + TWO * t * t), ONE / (below + TWO)
        part = above * high if x[i] >= ZERO else below * low
        rest = TWO * t * t * high if x[i] >= ZERO else TWO * low  # 1 - part
        s = (ONE if x[i] >= ZERO else t) / (ONE + t)
        near = -LARGE if x[i] < -LARGE else (LARGE if x[i] > LARGE else x[i])
        dx[i] = g[i] * (part + near * s * (rest * (ONE + part)))


@kernel(ONCE)
def hardsigmoid_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        z = x[i] + THREE
        low = ZERO if z < ZERO else z  # NaN stays
        y[i] = (SIX if low > SIX else low) / SIX


@kernel(TWICE)
def hardsigmoid_slope_range(g, x, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        dx[i] = g[i] / SIX if (x[i] > -THREE) & (x[i] < THREE) else ZERO


@kernel(ONCE)
def hardswish_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        z = x[i] + THREE
        low = ZERO if z < ZERO else z
        y[i] = x[i] * ((SIX if low > SIX else low) / SIX)  # x * 6 may be infinite


@kernel(TWICE)
def hardswish_slope_range(g, x, dx, start, stop):
    g, x, dx = g[start:stop], x[start:stop], dx[start:stop]
    for i in range(x.size):
        between = g[i] * (x[i] / THREE + HALF) if (x[i] > -THREE) & (x[i] < THREE) else ZERO
        dx[i] = between if (x[i] < THREE) else g[i]


def once(name: str, ranged: Any, worth: int) -> Any:
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


tanh, tanh_slope = once("tanh", tanh_range, 24), _twice("tanh_slope", tanh_slope_range, 12)
silu, silu_slope = once("silu", silu_range, 24), _twice("silu_slope", silu_slope_range, 28)
gelu, gelu_slope = once("gelu", gelu_range, 40), _twice("gelu_slope", gelu_slope_range, 60)
elu, elu_slope = once("elu", elu_range, 24), _twice("elu_slope", elu_slope_range, 28)
leaky_relu = once("leaky_relu", leaky_range, 8)
leaky_relu_slope = _twice("leaky_relu_slope", leaky_slope_range, 12)
hardtanh = once("hardtanh", hardtanh_range, 8)
hardtanh_slope = _twice("hardtanh_slope", hardtanh_slope_range, 12)
gelu_tanh, gelu_tanh_slope = (
    once("gelu_tanh", gelu_tanh_range, 32),
    _twice("gelu_tanh_slope", gelu_tanh_slope_range, 40),
)
softplus, softplus_slope = (
    once("softplus", softplus_range, 40),
    _twice("softplus_slope", softplus_slope_range, 28),
)
mish, mish_slope = once("mish", mish_range, 28), _twice("mish_slope", mish_slope_range, 36)
hardsigmoid = once("hardsigmoid", hardsigmoid_range, 8)
hardsigmoid_slope = _twice("hardsigmoid_slope", hardsigmoid_slope_range, 12)
hardswish, hardswish_slope = (
    once("hardswish", hardswish_range, 8),
    _twice("hardswish_slope", hardswish_slope_range, 12),
)
