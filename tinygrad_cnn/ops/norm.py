"""Normalisation by statistics over axes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices, half_precision, kernels
from tinygrad_cnn.graph import Needs, Op, Result
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels.numpy import norm as formulas
from tinygrad_cnn.kernels.numpy.norm import narrowed, per_channel, standardised, widened
from tinygrad_cnn.ops.families import Normalization
from tinygrad_cnn.ops.fused import fused
from tinygrad_cnn.ops.pool import AvgPool, Spread

__all__ = [
    "BatchNorm", "FixedNorm", "GroupNorm", "InstanceNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm",
]  # fmt: skip


class BatchNorm(Normalization):
    """w * (x - mean) / sqrt(var + eps) + b, the statistics taken from x itself, per channel.

    x (N, C, ...), w and b (C,). The residual holds mean and var (biased) for running averages, and
    for the derivative on arrays; recorded, it computes them anew, as they vary with x.
    """

    keep = (0, 1)

    def __init__(self, eps: float) -> None:
        self.eps = eps

    def forward(self, x: Any, w: Any, b: Any) -> Any:
        if not x.size:  # of nothing there are no statistics
            return Result(np.zeros_like(x), (np.zeros_like(w), np.zeros_like(w)))
        y, mean, var = kernels.batch_norm(x, w, b, self.eps)
        return Result(y, (mean, var))

    def backward(self, g: Any, x: Any, w: Any, statistics: Any, *, needs: Needs) -> tuple[Any, ...]:
        return batch_norm_slope(g, x, w, *statistics, self.eps, needs[0])


@fused
def batch_norm_slope(
    g: Any, x: Any, w: Any, mean: Any, var: Any, eps: float, wants_x: bool
) -> tuple[Any, Any, Any]:
    """The derivatives of BatchNorm in x, w and b. `mean` and `var` serve the kernel only."""
    axis, side = per_channel(x)
    if not x.size:  # a mean of nothing is NaN, these sums are 0
        return g if wants_x else None, (g * x).sum(axis=axis), g.sum(axis=axis)
    xhat, inverse = standardised(x, axis, eps)
    wide = widened(g)
    db, dw = wide.sum(axis=axis), (wide * xhat).sum(axis=axis)
    dx = None
    if wants_x:
        count = x.size // x.shape[1]
        spread = xhat * (dw / count).reshape(side) + (db / count).reshape(side)
        dx = narrowed((wide - spread) * (w.reshape(side) * inverse), x.dtype)
    return dx, narrowed(dw, w.dtype), narrowed(db, w.dtype)


class FixedNorm(Normalization):
    """w * (x - mean) / sqrt(var + eps) + b with given statistics: batch norm after training."""

    word = "BatchNorm"
    keep = (0, 1)

    def __init__(self, mean: Any, var: Any, eps: float) -> None:
        self._mean, self._var, self.eps = mean, var, eps

    def options(self) -> dict[str, Any]:
        return {"eval": True, **super().options()}

    def forward(self, x: Any, w: Any, b: Any) -> Any:
        mean, var = self.statistics(x)
        return kernels.fixed_norm(x, w, b, mean, var, self.eps)

    def backward(self, g: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        axis, side = per_channel(x)
        mean, var = self.statistics(x)
        inverse = (var + self.eps) ** -0.5
        dx = g * (w * inverse).reshape(side) if needs[0] else None
        xhat = (x - mean.reshape(side)) * inverse.reshape(side)
        return dx, (g * xhat).sum(axis=axis), g.sum(axis=axis)

    def statistics(self, like: Any) -> tuple[Any, ...]:
        """Mean and variance where `like` lies, at least in float32: no root of float16 is exact enough."""
        return half_precision.widened((devices.beside(self._mean, like), devices.beside(self._var, like)))


class LayerNorm(Normalization):
    """w * (x - mean) / sqrt(var + eps) + b over the last `axes` axes, w and b of their shape."""

    keep = (0, 1)

    def __init__(self, axes: int, eps: float) -> None:
        self.axes, self.eps = axes, eps

    def forward(self, x: Any, w: Any, b: Any) -> Any:
        return kernels.layer_norm(x, w, b, self.axes, self.eps)

    def backward(self, g: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        return layer_norm_slope(g, x, w, self.axes, self.eps, needs[0])


@fused
def layer_norm_slope(g: Any, x: Any, w: Any, axes: int, eps: float, wants_x: bool) -> tuple[Any, Any, Any]:
    """The derivatives of LayerNorm in x, w and b."""
    return formulas.layer_norm_slope(g, x, w, axes, eps, wants_x)


class RMSNorm(Normalization):
    """w * x / sqrt(mean(x²) + eps) over the last `axes` axes, w of their shape."""

    keep = (0, 1)

    def __init__(self, axes: int, eps: float) -> None:
        self.axes, self.eps = axes, eps

    def forward(self, x: Any, w: Any) -> Any:
        return kernels.rms_norm(x, w, self.axes, self.eps)

    def backward(self, g: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        return rms_norm_slope(g, x, w, self.axes, self.eps, needs[0])


@fused
def rms_norm_slope(g: Any, x: Any, w: Any, axes: int, eps: float, wants_x: bool) -> tuple[Any, Any]:
    """The derivatives of RMSNorm in x and w."""
    return formulas.rms_norm_slope(g, x, w, axes, eps, wants_x)


class GroupNorm(Normalization):
    """w * (x - mean) / sqrt(var + eps) + b, the statistics per sample and group of channels.

    x (N, C, ...), w and b (C,).
    """

    keep = (0, 1)

    def __init__(self, groups: int, eps: float) -> None:
        self.groups, self.eps = groups, eps

    def forward(self, x: Any, w: Any, b: Any) -> Any:
        return kernels.group_norm(x, w, b, self.groups, self.eps)

    def backward(self, g: Any, x: Any, w: Any, *, needs: Needs) -> tuple[Any, ...]:
        return group_norm_slope(g, x, w, self.groups, self.eps, needs[0])


@fused
def group_norm_slope(
    g: Any, x: Any, w: Any, groups: int, eps: float, wants_x: bool
) -> tuple[Any, Any, Any]:
    """The derivatives of GroupNorm in x, w and b."""
    return formulas.group_norm_slope(g, x, w, groups, eps, wants_x)


class InstanceNorm(GroupNorm):
    """Group norm with each channel a group: the statistics are those of one channel of one sample.

    w * (x - mean) / sqrt(var + eps) + b
    """

    def options(self) -> dict[str, Any]:
        return {"eps": self.eps}


class LocalResponseNorm(Normalization):
    """x / (k + alpha * m)^beta, m the mean square over `size` neighbouring channels, zeros outside."""

    keep = (0,)

    def __init__(self, grid: Grid, alpha: float, beta: float, k: float) -> None:
        self._grid, self.size = grid, grid.kernel[0]
        self.alpha, self.beta, self.k = alpha, beta, k

    def forward(self, x: Any) -> Any:
        return x * self._base(x) ** -self.beta

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        base = self._base(x)
        shared = self._across(Spread(self._grid), g * x * base ** (-self.beta - 1))
        return (g * base**-self.beta - x * shared * (2 * self.alpha * self.beta),)

    def _base(self, x: Any) -> Any:
        return self._across(AvgPool(self._grid), x * x) * self.alpha + self.k

    def _across(self, op: Op, x: Any) -> Any:
        """A pooling op applied along the channels of (N, C, ...)."""
        n, c = x.shape[:2]
        last = x.reshape((n, c, prod(x.shape[2:]))).transpose((0, 2, 1))
        return op(last).transpose((0, 2, 1)).reshape(x.shape)
