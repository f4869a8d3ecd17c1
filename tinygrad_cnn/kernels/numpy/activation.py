"""Activations and their derivatives in plain NumPy: formulas of `ops.activation`, `ops.rectifier`."""

from __future__ import annotations

from math import inf, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.kernels.numpy.error_functions import erf
from tinygrad_cnn.kernels.numpy.pointwise import choose, gate, sigmoid

Array = NDArray[Any]

#: The factor before the tanh's argument, and that of its cube, in GELU's approximation.
ROOT, CUBE = sqrt(2 / pi), 0.044715


def tanh(x: Array) -> Array:
    """(e^x - e^-x) / (e^x + e^-x)."""
    return devices.as_array(np.tanh(x))


def tanh_slope(g: Array, y: Array) -> Array:
    """The derivative of `tanh` from its result."""
    out: Array = g * (1 - y * y)
    return out


def silu(x: Array) -> Array:
    """x / (1 + e^-x)."""
    return devices.as_array(x * sigmoid(x))


def silu_slope(g: Array, x: Array) -> Array:
    """The derivative of `silu`, times g."""
    s = sigmoid(x)
    return devices.as_array(g * (s * (1 + np.clip(x, -1000, 1000) * (1 - s))))  # no 0 * inf


def gelu(x: Array) -> Array:
    """x times the share of the normal distribution below x."""
    return devices.as_array(0.5 * x * (1 + erf(x * sqrt(0.5))))


def gelu_slope(g: Array, x: Array) -> Array:
    """The derivative of `gelu`, times g."""
    x = np.clip(x, -40, 40)  # further out all is as at the bounds
    density = np.exp(-0.5 * x * x) * sqrt(0.5 / pi)
    return devices.as_array(g * (0.5 * (1 + erf(x * sqrt(0.5))) + x * density))


def gelu_tanh(x: Array) -> Array:
    """The approximation of `gelu` by tanh."""
    return devices.as_array(0.5 * x * (1 + np.tanh(inner(x))))


def gelu_tanh_slope(g: Array, x: Array) -> Array:
    """The derivative of `gelu_tanh`, times g."""
    x = np.clip(x, -12, 12)  # further out all is as at the bounds, and x³ may overflow
    t = np.tanh(inner(x))
    slope = (3 * CUBE) * x * x + 1
    return devices.as_array(g * (0.5 * (1 + t) + (0.5 * ROOT) * x * slope * (1 - t * t)))


def inner(x: Any) -> Any:
    """The argument of the tanh in `gelu_tanh`."""
    return ROOT * (x + CUBE * x * x * x)


def softplus(x: Array, beta: float, threshold: float) -> Array:
    """ln(1 + e^(beta * x)) / beta; x itself where beta * x is above the threshold."""
    z = x * beta
    smooth = choose(z > 0, x, 0.0) + np.log1p(np.exp(-np.abs(z))) / beta  # z may be infinite
    return devices.as_array(smooth if threshold == inf else choose(z > threshold, x, smooth))


def softplus_slope(g: Array, x: Array, beta: float, threshold: float) -> Array:
    """The derivative of `softplus`, times g."""
    z = x * beta
    smooth = g * sigmoid(z)
    return devices.as_array(smooth if threshold == inf else choose(z > threshold, g, smooth))


def mish(x: Array) -> Array:
    """x * tanh(ln(1 + e^x))."""
    return devices.as_array(x * np.tanh(softplus(x, 1.0, inf)))


def mish_slope(g: Array, x: Array) -> Array:
    """The derivative of `mish`, times g."""
    t = np.tanh(softplus(x, 1.0, inf))
    return devices.as_array(g * (t + np.clip(x, -1000, 1000) * sigmoid(x) * (1 - t * t)))  # no 0 * inf


def hardsigmoid(x: Array) -> Array:
    """x / 6 + 1/2 between -3 and 3, 0 below and 1 above."""
    return devices.as_array(np.clip(x + 3, 0, 6) / 6)


def hardsigmoid_slope(g: Array, x: Array) -> Array:
    """The derivative of `hardsigmoid`, times g: exactly 0 at and beyond both bounds."""
    return devices.as_array(gate(g, (x > -3) & (x < 3)) / 6)


def hardswish(x: Array) -> Array:
    """x times the hard sigmoid of x."""
    return devices.as_array(x * (np.clip(x + 3, 0, 6) / 6))


def hardswish_slope(g: Array, x: Array) -> Array:
    """The derivative of `hardswish`, times g."""
    return devices.as_array(gate(g * (x / 3 + 0.5), (x > -3) & (x < 3)) + gate(g, ~(x < 3)))


def elu(x: Array, below: float, scale: float, rate: float) -> Array:
    """scale * x where positive, elsewhere below * (e^(rate * x) - 1)."""
    return choose(x <= 0, below * np.expm1(np.minimum(x, 0) * rate), x if scale == 1 else scale * x)


def elu_slope(g: Array, x: Array, below: float, scale: float, rate: float) -> Array:
    """The derivative of `elu`, times g."""
    low = x <= 0
    slope = np.exp(gate(x, low) * rate) * (below * rate)
    return choose(low, g * slope, g if scale == 1 else g * scale)


def leaky_relu(x: Array, slope: float) -> Array:
    """x where positive, elsewhere x times the slope."""
    return devices.as_array(x * _factors(x, slope))


def leaky_relu_slope(g: Array, x: Array, slope: float) -> Array:
    """The derivative of `leaky_relu`, times g."""
    return devices.as_array(g * _factors(x, slope))


def hardtanh(x: Array, low: float, high: float) -> Array:
    """x between two bounds, the nearer bound outside."""
    return devices.as_array(np.clip(x, low, high))


def hardtanh_slope(g: Array, y: Array, low: float, high: float) -> Array:
    """The derivative of `hardtanh` from its result: g between the bounds, exactly 0 at and beyond them."""
    return gate(g, (y > low) & (y < high))


def softmax_slope(g: Array, y: Array, axis: int) -> Array:
    """The derivative of softmax from its result."""
    gy = g * y
    out: Array = gy - y * gy.sum(axis=axis, keepdims=True)
    return out


def log_softmax_slope(g: Array, y: Array, axis: int) -> Array:
    """The derivative of log_softmax from its result."""
    out: Array = g - np.exp(y) * g.sum(axis=axis, keepdims=True)
    return out


def _factors(x: Array, slope: float) -> Any:
    positive = (x > 0).astype(x.dtype)
    return positive + (1 - positive) * slope
