"""Activations: the non-linear functions between layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import OUT, Op
from tinygrad_cnn.ops.elementwise import Exp


class ReLU(Op):
    """max(x, 0), with derivative 0 at 0."""

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return np.maximum(x, 0)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * (y > 0),)


class Sigmoid(Op):
    """1 / (1 + e^-x), without overflow and with full relative precision at both ends."""

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        t = np.exp(-abs(x))  # in (0, 1]
        return np.where(x >= 0, 1, t) / (1 + t)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * (y * (1 - y)),)


class Tanh(Op):
    """(e^x - e^-x) / (e^x + e^-x)."""

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return np.tanh(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * (1 - y * y),)


class Softmax(Op):
    """e^x / sum(e^x) along an axis, shifted by the maximum so that nothing overflows."""

    keep = (OUT,)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        e = np.exp(x - x.max(axis=self.axis, keepdims=True, initial=-np.inf))
        return e / e.sum(axis=self.axis, keepdims=True)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        gy = g * y
        return (gy - y * gy.sum(axis=self.axis, keepdims=True),)


class LogSoftmax(Op):
    """x - log(sum(e^x)) along an axis."""

    keep = (OUT,)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        z = x - x.max(axis=self.axis, keepdims=True, initial=-np.inf)
        return z - np.log(np.exp(z).sum(axis=self.axis, keepdims=True))

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g - Exp()(y) * g.sum(axis=self.axis, keepdims=True),)
