"""Activations in pieces, with kinks between them: the relatives of relu."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.graph import OUT, Needs
from tinygrad_cnn.ops.elementwise import Exp
from tinygrad_cnn.ops.families import Activation
from tinygrad_cnn.ops.fused import fused
from tinygrad_cnn.ops.select import Gate, Where, choose

__all__ = [
    "CELU",
    "ELU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "PReLU",
    "ReLU6",
    "Softshrink",
    "Threshold",
]


class ReLU6(Activation):
    """x between 0 and 6, the nearer bound outside; derivative 0 at both bounds.

    y = min(max(x, 0), 6)
    """

    rectifies = True
    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.hardtanh(x, 0, 6)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (hardtanh_slope(g, y, 0, 6),)


@fused
def hardtanh_slope(g: Any, y: Any, low: float, high: float) -> Any:
    """g where y lies between the bounds, exactly 0 at and beyond them."""
    return Gate((y > low) & (y < high))(g)


class Hardtanh(Activation):
    """x between two bounds, the nearer bound outside; derivative 0 at both bounds.

    y = min(max(x, a), b), a and b the bounds
    """

    keep = (OUT,)

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        self.min_val, self.max_val = min_val, max_val

    def forward(self, x: Any) -> Any:
        return kernels.hardtanh(x, self.min_val, self.max_val)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (hardtanh_slope(g, y, self.min_val, self.max_val),)


class Hardsigmoid(Activation):
    """x/6 + 1/2 between -3 and 3, 0 below and 1 above; derivative 0 at both bounds."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.hardsigmoid(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (hardsigmoid_slope(g, x),)


@fused
def hardsigmoid_slope(g: Any, x: Any) -> Any:
    """g / 6 between -3 and 3, exactly 0 elsewhere."""
    return Gate((x > -3) & (x < 3))(g) / 6


class Hardswish(Activation):
    """x times the hard sigmoid of x; derivative 0 at -3 and 1 at 3.

    y = x · min(max(x / 6 + 1 / 2, 0), 1)
    """

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.hardswish(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (hardswish_slope(g, x),)


@fused
def hardswish_slope(g: Any, x: Any) -> Any:
    """g * (x / 3 + 1/2) between -3 and 3, exactly 0 below and g above."""
    return Gate((x > -3) & (x < 3))(g * (x / 3 + 0.5)) + Gate(~(x < 3))(g)


class LeakyReLU(Activation):
    """x where positive, elsewhere x times a small slope, which is also the derivative at 0.

    y = max(x, 0) + negative_slope · min(x, 0)
    """

    keep = (0,)

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return kernels.leaky_relu(x, self.negative_slope)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (leaky_relu_slope(g, x, self.negative_slope),)


@fused
def leaky_relu_slope(g: Any, x: Any, slope: float) -> Any:
    """g where x is positive, elsewhere g times the slope."""
    positive = (x > 0).astype(x.dtype)
    return g * (positive + (1 - positive) * slope)


class PReLU(Activation):
    """x where positive, elsewhere x times a learnt slope: one for all, or one per channel (axis 1).

    y = max(x, 0) + w · min(x, 0)
    """

    keep = (0, 1)

    def forward(self, x: Any, w: Any) -> Any:
        if w.size == 1 and w.dtype == x.dtype and type(w) not in devices.ON_DEVICES:
            return kernels.leaky_relu(x, w.item())
        return choose(x > 0, x, x * self.beside(x, w))

    def backward(self, g: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        positive = x > 0
        dx = Where(positive)(g, g * self.beside(x, w)) if needs[0] else None
        if not needs[1]:
            return dx, None
        share = Gate(~positive)(g * x)
        single = w.size == 1
        return dx, share.sum(axis=tuple(a for a in range(x.ndim) if single or a != 1)).reshape(w.shape)

    @staticmethod
    def beside(x: Any, w: Any) -> Any:
        """The slopes in a shape that broadcasts with x."""
        return w.reshape(()) if w.size == 1 else w.reshape((-1, *(1 for _ in x.shape[2:])))


class ELU(Activation):
    """scale·x where positive, elsewhere scale·alpha·(e^(rate·x) - 1)."""

    keep = (0,)
    scale = 1.0
    rate = 1.0

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return kernels.elu(x, self.scale * self.alpha, self.scale, self.rate)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (elu_slope(g, x, self.scale * self.alpha, self.scale, self.rate),)


@fused
def elu_slope(g: Any, x: Any, below: float, scale: float, rate: float) -> Any:
    """g times the scale where x is positive, elsewhere times below * rate * e^(rate * x)."""
    low = x <= 0
    # The gate keeps e^x from overflowing where it is not chosen.
    slope = Exp()(Gate(low)(x) * rate) * (below * rate)
    return Where(low)(g * slope, g if scale == 1 else g * scale)


class SELU(ELU):
    """ELU with the scale and alpha that keep mean 0 and variance 1 from layer to layer.

    y = scale · (max(x, 0) + alpha · (e^(min(x, 0)) - 1))
    """

    scale = 1.0507009873554804934193349852946

    def __init__(self) -> None:
        self.alpha = 1.6732632423543772848170429916717


class CELU(ELU):
    """ELU whose exponent is x / alpha, so that its derivative at 0 is 1 for every alpha."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha, self.rate = alpha, 1 / alpha

    def options(self) -> dict[str, Any]:
        return {"alpha": self.alpha}


class Hardshrink(Activation):
    """x where |x| is above lambd, else 0, which is also the derivative there."""

    keep = (0,)

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Any) -> Any:
        return Gate(self.outside(x)).forward(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (Gate(self.outside(x))(g),)

    def outside(self, x: Any) -> Any:
        """Where x is left as it is; also where it is NaN."""
        return ~((x >= -self.lambd) & (x <= self.lambd))


class Softshrink(Hardshrink):
    """x moved towards 0 by lambd, and 0 where |x| is at most lambd."""

    def forward(self, x: Any) -> Any:
        return x - np.clip(x, -self.lambd, self.lambd)


class Threshold(Activation):
    """x where it is above a threshold, else a value; derivative 0 there.

    y = x where x > threshold, y = value elsewhere
    """

    keep = (0,)

    def __init__(self, threshold: float, value: float) -> None:
        self.threshold, self.value = threshold, value

    def forward(self, x: Any) -> Any:
        return choose(x <= self.threshold, self.value, x)  # NaN is left as it is

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (Gate(~(x <= self.threshold))(g),)
