"""Normalisation by statistics over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import Op


class BatchNorm(Op):
    """w * (x - mean) / sqrt(var + eps) + b, the statistics taken from x itself, per channel.

    x (N, C, ...), w and b (C,). `mean` and `var` (biased) are left as attributes for running
    averages; the derivative computes them anew from x, because they vary with it.
    """

    keep = (0, 1)

    def __init__(self, eps: float) -> None:
        self.eps = eps

    def forward(self, x: Any, w: Any, b: Any) -> Any:
        axis, side = per_channel(x)
        self._mean = x.mean(axis=axis)
        centred = x - self._mean.reshape(side)
        self._var = (centred * centred).mean(axis=axis)
        scale = w / np.sqrt(self._var + self.eps)
        centred *= scale.reshape(side)
        centred += b.reshape(side)
        return centred

    def backward(self, g: Any, x: Any, w: Any) -> tuple[Any, ...]:
        axis, side = per_channel(x)
        centred = x - x.mean(axis=axis, keepdims=True)
        inverse = ((centred * centred).mean(axis=axis, keepdims=True) + self.eps) ** -0.5
        xhat = centred * inverse
        db, dw = g.sum(axis=axis), (g * xhat).sum(axis=axis)
        if not self.needs[0]:
            return None, dw, db
        count = x.size // x.shape[1]
        spread = (db.reshape(side) + xhat * dw.reshape(side)) / count
        return (g - spread) * (w.reshape(side) * inverse), dw, db


class FixedNorm(Op):
    """w * (x - mean) / sqrt(var + eps) + b with given statistics: batch norm after training."""

    keep = (0, 1)

    def __init__(self, mean: Any, var: Any, eps: float) -> None:
        self._mean, self._var, self.eps = mean, var, eps

    def forward(self, x: Any, w: Any, b: Any) -> Any:
        _, side = per_channel(x)
        inverse = (self._var + self.eps) ** -0.5
        scale = w * inverse
        return x * scale.reshape(side) + (b - self._mean * scale).reshape(side)

    def backward(self, g: Any, x: Any, w: Any) -> tuple[Any, ...]:
        axis, side = per_channel(x)
        inverse = (self._var + self.eps) ** -0.5
        dx = g * (w * inverse).reshape(side) if self.needs[0] else None
        xhat = (x - self._mean.reshape(side)) * inverse.reshape(side)
        return dx, (g * xhat).sum(axis=axis), g.sum(axis=axis)


def per_channel(x: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that statistics per channel run over, and the shape of (C,) beside x.

    >>> per_channel(np.zeros((8, 3, 5, 5)))
    ((0, 2, 3), (1, 3, 1, 1))
    """
    axis = (0, *range(2, x.ndim))
    return axis, tuple(n if i == 1 else 1 for i, n in enumerate(x.shape))
