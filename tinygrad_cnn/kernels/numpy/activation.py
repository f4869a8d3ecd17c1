"""Activations and their derivatives in plain NumPy: formulas of `ops.activation`, `ops.rectifier`."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.numpy.erf import error_function
from tinygrad_cnn.kernels.numpy.pointwise import choose, gate, sigmoid

Array = NDArray[Any]

#: The factor before the tanh's argument, and that of its cube, in GELU's approximation.
ROOT, CUBE = sqrt(2 / pi), 0.044715


def tanh(x: Array) -> Array:
    """(e^x - e^-x) / (e^x + e^-x)."""
    return np.asarray(np.tanh(x))


def tanh_slope(g: Array, y: Array) -> Array:
    """The derivative of `tanh` from its result."""
    out: Array = g * (1 - y * y)
    return out


def silu(x: Array) -> Array:
    """x / (1 + e^-x)."""
    return np.asarray(x * sigmoid(x))


def silu_slope(g: Array, x: Array) -> Array:
    """The derivative of `silu`, times g."""
    s = sigmoid(x)
    return np.asarray(g * (s * (1 + np.clip(x, -1000, 1000) * (1 - s))))  # no 0 * inf


def gelu(x: Array) -> Array:
    """x times the share of the normal distribution below x."""
    return np.asarray(0.5 * x * (1 + error_function(x * sqrt(0.5))))


def gelu_slope(g: Array, x: Array) -> Array:
    """The derivative of `gelu`, times g."""
    x = np.clip(x, -40, 40)  # further out all is as at the bounds
    density = np.exp(-0.5 * x * x) * sqrt(0.5 / pi)
    return np.asarray(g * (0.5 * (1 + error_function(x * sqrt(0.5))) + x * density))


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
    return np.asarray(x * _factors(x, slope))


def leaky_relu_slope(g: Array, x: Array, slope: float) -> Array:
    """The derivative of `leaky_relu`, times g."""
    return np.asarray(g * _factors(x, slope))


def hardtanh(x: Array, low: float, high: float) -> Array:
    """x between two bounds, the nearer bound outside."""
    return np.asarray(np.clip(x, low, high))


def hardtanh_slope(g: Array, y: Array, low: float, high: float) -> Array:
    """The derivative of `hardtanh` from its result: g between the bounds, exactly 0 at and beyond them."""
    return gate(g, (y > low) & (y < high))


def softmax_slope(g: Array, y: Array, axis: int) -> Array:
    """The derivative of softmax from its result."""
    gy = g * y
    out: Array = gy - y * gy.sum(axis=axis, keepdims=True)
    return out


def _factors(x: Array, slope: float) -> Any:
    positive = (x > 0).astype(x.dtype)
    return positive + (1 - positive) * slope
