"""Normalisation by statistics of channels on a device: x is (N, C, ...), w, b and statistics (C,)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.numpy.norm import narrowed, per_channel, widened

Array = NDArray[Any]

__all__ = ["batch_norm", "batch_norm_slope", "channel_sum", "fixed_norm"]


def channel_sum(g: Array) -> Array:
    """The sum over all axes but the channels': g (N, C, ...) -> (C,)."""
    total: Array = g.sum(axis=per_channel(g)[0])
    return total


def batch_norm(x: Array, w: Array, b: Array, eps: float) -> tuple[Array, Array, Array]:
    """y = w * (x - mean) / sqrt(var + eps) + b, and the mean and the biased variance, (C,) each."""
    axis, side = per_channel(x)
    wide = widened(x)
    mean = wide.mean(axis=axis)
    centred = wide - mean.reshape(side)
    centred -= centred.mean(axis=axis, keepdims=True)
    var = (centred * centred).mean(axis=axis)
    y = centred * (w / np.sqrt(var + eps)).reshape(side) + b.reshape(side)
    return narrowed(y, np.result_type(x.dtype, w.dtype, b.dtype)), mean, var


def batch_norm_slope(
    g: Array, x: Array, w: Array, mean: Array, var: Array, eps: float, wants_x: bool
) -> tuple[Array | None, Array, Array]:
    """The derivatives of `batch_norm` in x (None unless wanted), w and b; see the reference."""
    axis, side = per_channel(x)
    mine = narrowed(g, np.result_type(g.dtype, x.dtype, mean.dtype))
    inverse = ((var + eps) ** -0.5).reshape(side)
    xhat = x - mean.reshape(side)
    xhat = (xhat - xhat.mean(axis=axis, keepdims=True)) * inverse
    db, dw = mine.sum(axis=axis), (mine * xhat).sum(axis=axis)
    dx = None
    if wants_x:
        count = x.size // x.shape[1] if x.shape[1] else 0
        rest = xhat * (dw / count).reshape(side) + (db / count).reshape(side)
        dx = (mine - rest) * (w.reshape(side) * inverse)
        dx = narrowed(dx, np.result_type(g.dtype, x.dtype, w.dtype))
    return dx, narrowed(dw, w.dtype), narrowed(db, w.dtype)


def fixed_norm(x: Array, w: Array, b: Array, mean: Array, var: Array, eps: float) -> Array:
    """w * (x - mean) / sqrt(var + eps) + b with given statistics: one product and one sum."""
    _, side = per_channel(x)
    scale = w * (var + eps) ** -0.5
    return x * scale.reshape(side) + (b - mean * scale).reshape(side)
