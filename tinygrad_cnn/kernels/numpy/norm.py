"""Batch norm in plain NumPy: forward, its derivative, and the norm by fixed statistics.

x is (N, C, ...); w, b and the statistics are (C,). Channels do not depend on each other, so they are
taken in blocks that fit the cache, whatever passes each needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.numpy.blocks import BLOCK, in_blocks, laid_like

Array = NDArray[Any]


def per_channel(x: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that statistics per channel run over, and the shape of (C,) beside x.

    >>> per_channel(np.zeros((8, 3, 5, 5)))
    ((0, 2, 3), (1, -1, 1, 1))
    """
    return (0, *range(2, x.ndim)), (1, -1, *(1 for _ in x.shape[2:]))


def channel_sum(g: Array) -> Array:
    """The sum over all axes but the channels': g (N, C, ...) -> (C,); the gradient of a bias."""
    axis, _ = per_channel(g)
    out = np.empty(g.shape[1], g.dtype)

    def work(start: int, stop: int) -> None:
        g[:, start:stop].sum(axis=axis, out=out[start:stop])

    in_blocks(g.shape[1], g.nbytes, work)
    return out


def batch_norm(x: Array, w: Array, b: Array, eps: float) -> tuple[Array, Array, Array]:
    """y = w * (x - mean) / sqrt(var + eps) + b, and the mean and the biased variance, (C,) each."""
    axis, side = per_channel(x)
    y = np.empty_like(x, np.result_type(x, w, b))
    mean, var = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)

    def work(start: int, stop: int) -> None:
        part = slice(start, stop)
        x[:, part].mean(axis=axis, out=mean[part])
        centred = x[:, part] - mean[part].reshape(side)
        (centred * centred).mean(axis=axis, out=var[part])
        scale = w[part] / np.sqrt(var[part] + eps)
        np.multiply(centred, scale.reshape(side), out=y[:, part])
        y[:, part] += b[part].reshape(side)

    in_blocks(x.shape[1], x.nbytes, work)
    return y, mean, var


def batch_norm_slope(
    g: Array, x: Array, w: Array, mean: Array, var: Array, eps: float, wants_x: bool
) -> tuple[Array | None, Array, Array]:
    """The derivatives of `batch_norm` in x (None unless wanted), w and b, from its statistics.

    xhat = (x - mean) / sqrt(var + eps)       db = sum(g)       dw = sum(g * xhat)
    dx = w / sqrt(var + eps) * (g - (xhat * dw + db) / count)
    """
    axis, side = per_channel(x)
    if g.nbytes > BLOCK:
        g = laid_like(g, x)
    dx = np.empty_like(x, np.result_type(g, x, w)) if wants_x else None
    dw, db = np.empty(x.shape[1], np.result_type(g, x)), np.empty(x.shape[1], g.dtype)
    count = x.size // x.shape[1] if x.shape[1] else 0

    def work(start: int, stop: int) -> None:
        part = slice(start, stop)
        mine = g[:, part]
        inverse = ((var[part] + eps) ** -0.5).reshape(side)
        xhat = (x[:, part] - mean[part].reshape(side)) * inverse
        mine.sum(axis=axis, out=db[part])
        (mine * xhat).sum(axis=axis, out=dw[part])
        if dx is None:
            return
        xhat *= (dw[part] / count).reshape(side)
        xhat += (db[part] / count).reshape(side)
        np.subtract(mine, xhat, out=xhat)
        np.multiply(xhat, w[part].reshape(side) * inverse, out=dx[:, part])

    in_blocks(x.shape[1], x.nbytes, work)
    return dx, dw, db


def fixed_norm(x: Array, w: Array, b: Array, mean: Array, var: Array, eps: float) -> Array:
    """w * (x - mean) / sqrt(var + eps) + b with given statistics: one product and one sum."""
    _, side = per_channel(x)
    scale = w * (var + eps) ** -0.5
    shift = b - mean * scale
    y = np.empty_like(x, np.result_type(x, scale, shift))

    def work(start: int, stop: int) -> None:
        part = slice(start, stop)
        np.multiply(x[:, part], scale[part].reshape(side), out=y[:, part])
        y[:, part] += shift[part].reshape(side)

    in_blocks(x.shape[1], x.nbytes, work)
    return y
