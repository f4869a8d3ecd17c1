"""Smooth activations, relu and softmax; those with other kinks are in `rectifier`."""

from __future__ import annotations

from math import inf, pi, sqrt
from typing import Any

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import OUT
from tinygrad_cnn.kernels.numpy import activation as formulas
from tinygrad_cnn.ops.arithmetic import Abs
from tinygrad_cnn.ops.elementwise import Clip, Exp
from tinygrad_cnn.ops.erf import Erf
from tinygrad_cnn.ops.families import Activation
from tinygrad_cnn.ops.fused import fused
from tinygrad_cnn.ops.select import Gate, Where

__all__ = [
    "GELU", "Identity", "LogSoftmax", "Mish", "ReLU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Softsign",
    "Tanh",
]  # fmt: skip


class ReLU(Activation):
    """max(x, 0), with derivative 0 at 0."""

    wide = False
    rectifies = True
    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.relu(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (relu_slope(g, y),)


@fused
def relu_slope(g: Any, y: Any) -> Any:
    """g where y > 0, exactly 0 elsewhere."""
    return Gate(y > 0)(g)


class Sigmoid(Activation):
    """1 / (1 + e^-x), without overflow and with full relative precision at both ends."""

    symbol = "σ"
    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.sigmoid(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (sigmoid_slope(g, y),)


@fused
def sigmoid_slope(g: Any, y: Any) -> Any:
    """g * (y * (1 - y))."""
    return g * (y * (1 - y))


class Tanh(Activation):
    """(e^x - e^-x) / (e^x + e^-x)."""

    symbol = "tanh"
    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.tanh(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (tanh_slope(g, y),)


@fused
def tanh_slope(g: Any, y: Any) -> Any:
    """g * (1 - y²)."""
    return g * (1 - y * y)


class Identity(Activation):
    """x itself: a box of its own in a drawing.

    y = x
    """

    wide = False

    def forward(self, x: Any) -> Any:
        return x[...]

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (g,)


class GELU(Activation):
    """x·Φ(x), Φ the normal distribution: by erf, or by the approximation with tanh."""

    keep = (0,)

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return kernels.gelu_tanh(x) if self.approximate == "tanh" else kernels.gelu(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (gelu_tanh_slope(g, x) if self.approximate == "tanh" else gelu_slope(g, x),)


@fused
def gelu_tanh_slope(g: Any, x: Any) -> Any:
    """The derivative of x * (1 + tanh(z)) / 2, z = sqrt(2 / pi) (x + 0.044715 x³)."""
    x = Clip(-12, 12)(x)  # further out all is as at the bounds, to the last bit, and x³ may overflow
    t = Tanh()(formulas.inner(x))
    slope = (3 * formulas.CUBE) * x * x + 1
    return g * (0.5 * (1 + t) + (0.5 * formulas.ROOT) * x * slope * (1 - t * t))


@fused
def gelu_slope(g: Any, x: Any) -> Any:
    """g * (Φ(x) + x·φ(x)), φ the density of the normal distribution."""
    x = Clip(-40, 40)(x)  # further out all is as at the bounds
    density = Exp()(-0.5 * x * x) * sqrt(0.5 / pi)
    return g * (0.5 * (1 + Erf()(x * sqrt(0.5))) + x * density)


class SiLU(Activation):
    """x / (1 + e^-x)."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.silu(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (silu_slope(g, x),)


@fused
def silu_slope(g: Any, x: Any) -> Any:
    """g * s * (1 + x * (1 - s)), s the sigmoid of x."""
    s = Sigmoid()(x)
    return g * (s * (1 + Clip(-1000, 1000)(x) * (1 - s)))


class Softplus(Activation):
    """ln(1 + e^(beta·x)) / beta; x itself where beta·x is above the threshold."""

    keep = (0,)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta, self.threshold = beta, threshold

    def forward(self, x: Any) -> Any:
        return kernels.softplus(x, self.beta, self.threshold)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (softplus_slope(g, x, self.beta, self.threshold),)


@fused
def softplus_slope(g: Any, x: Any, beta: float, threshold: float) -> Any:
    """g times the sigmoid of beta * x; g itself above the threshold."""
    z = x * beta
    smooth = g * Sigmoid()(z)
    return smooth if threshold == inf else Where(z > threshold)(g, smooth)


class Mish(Activation):
    """x·tanh(ln(1 + e^x))."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.mish(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (mish_slope(g, x),)


@fused
def mish_slope(g: Any, x: Any) -> Any:
    """g * (t + x * s * (1 - t²)), t the factor of x in Mish and s the sigmoid of x."""
    t = Tanh()(Softplus(threshold=inf)(x))
    return g * (t + Clip(-1000, 1000)(x) * Sigmoid()(x) * (1 - t * t))


class Softsign(Activation):
    """x / (1 + |x|)."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x / (1 + np.abs(x))

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        size = 1 + Abs()(x)
        return (g / (size * size),)


class Softmax(Activation):
    """e^x / sum(e^x) along an axis, shifted by the maximum so that nothing overflows."""

    pointwise = False
    keep = (OUT,)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return kernels.softmax(x, self.axis)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (softmax_slope(g, y, self.axis),)


@fused
def softmax_slope(g: Any, y: Any, axis: int) -> Any:
    """y * (g - sum of g * y along the axis)."""
    gy = g * y
    return gy - y * gy.sum(axis=axis, keepdims=True)


class LogSoftmax(Activation):
    """x - log(sum(e^x)) along an axis."""

    pointwise = False
    keep = (OUT,)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return kernels.log_softmax(x, self.axis)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (log_softmax_slope(g, y, self.axis),)


@fused
def log_softmax_slope(g: Any, y: Any, axis: int) -> Any:
    """g - e^y * sum of g along the axis."""
    return g - Exp()(y) * g.sum(axis=axis, keepdims=True)
