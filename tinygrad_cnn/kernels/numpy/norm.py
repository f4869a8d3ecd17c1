"""Normalisation in plain NumPy: by statistics of channels, and of samples.

x is (N, C, ...); w, b and the statistics are (C,). Channels do not depend on each other, so they are
taken in blocks that fit the cache, whatever passes each needs.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.numpy.blocks import BLOCK, in_blocks, laid_like
from tinygrad_cnn.kernels.numpy.sums import mean as average
from tinygrad_cnn.kernels.numpy.sums import total

Array = NDArray[Any]


def per_channel(x: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that statistics per channel run over, and the shape in which (C,) broadcasts with x.

    >>> per_channel(np.zeros((8, 3, 5, 5)))
    ((0, 2, 3), (1, -1, 1, 1))
    """
    return (0, *range(2, x.ndim)), (1, -1, *(1 for _ in x.shape[2:]))


def channel_sum(g: Array) -> Array:
    """The sum over all axes but the channels': g (N, C, ...) -> (C,); the gradient of a bias."""
    axis, _ = per_channel(g)
    out = np.empty(g.shape[1], g.dtype)

    def work(start: int, stop: int) -> None:
        out[start:stop] = total(g[:, start:stop], axis)

    in_blocks(g.shape[1], g.nbytes, work)
    return out


def batch_norm(x: Array, w: Array, b: Array, eps: float) -> tuple[Array, Array, Array]:
    """y = w * (x - mean) / sqrt(var + eps) + b, and the mean and the biased variance, (C,) each.

    What the mean, rounded, is wrong by is taken off as well. Statistics of float16 are float32.
    """
    axis, side = per_channel(x)
    y = np.empty_like(x, np.result_type(x, w, b))
    mean, var = np.empty((2, x.shape[1]), widened(x[:0]).dtype)

    def work(start: int, stop: int) -> None:
        part = slice(start, stop)
        mine = widened(x[:, part])
        mean[part] = average(mine, axis)
        centred = mine - mean[part].reshape(side)
        centred -= average(centred, axis, keepdims=True)
        var[part] = average(centred * centred, axis)
        scale = w[part] / np.sqrt(var[part] + eps)
        centred *= scale.reshape(side)
        np.add(centred, b[part].reshape(side), out=y[:, part], casting="same_kind")

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
    wide = np.result_type(g, x, mean)
    dw, db = np.empty((2, x.shape[1]), wide)
    count = x.size // x.shape[1] if x.shape[1] else 0

    def work(start: int, stop: int) -> None:
        part = slice(start, stop)
        mine = narrowed(g[:, part], wide)
        inverse = ((var[part] + eps) ** -0.5).reshape(side)
        xhat = x[:, part] - mean[part].reshape(side)
        xhat -= average(xhat, axis, keepdims=True)
        xhat *= inverse
        db[part] = total(mine, axis)
        dw[part] = total(mine * xhat, axis)
        if dx is None:
            return
        xhat *= (dw[part] / count).reshape(side)
        xhat += (db[part] / count).reshape(side)
        np.subtract(mine, xhat, out=xhat)
        np.multiply(xhat, w[part].reshape(side) * inverse, out=dx[:, part], casting="same_kind")

    in_blocks(x.shape[1], x.nbytes, work)
    return dx, narrowed(dw, w.dtype), narrowed(db, w.dtype)


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


# --------------------------------------------------------------------------- statistics of samples
# Written in operators, so that a derivative that is recorded itself calls the same lines with Tensors.
def widened(x: Any) -> Any:
    """x, or its float32 where it is float16: squares and sums of many would overflow or round away.

    >>> widened(np.ones(2, np.float16)).dtype.name, widened(np.ones(2)).dtype.name
    ('float32', 'float64')
    """
    return x.astype(np.float32) if x.dtype == np.float16 else x


def narrowed(x: Any, dtype: Any) -> Any:
    """x in a type: itself where it has it."""
    return x if x.dtype == dtype else x.astype(dtype)


def standardised(x: Any, axis: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """(x - mean) / sqrt(var + eps) over axes, and 1 / sqrt(var + eps); at least in float32.

    A mean is rounded; what it is wrong by is the mean of what it leaves, and taken off as well. So equal
    numbers give 0, however large they are.

    >>> standardised(np.array([1.0, 3.0]), (0,), 0.0)
    (array([-1.,  1.]), array([1.]))
    """
    x = widened(x)
    centred = x - x.mean(axis=axis, keepdims=True)
    centred = centred - centred.mean(axis=axis, keepdims=True)
    inverse = ((centred * centred).mean(axis=axis, keepdims=True) + eps) ** -0.5
    return centred * inverse, inverse


def through_statistics(g: Any, xhat: Any, inverse: Any, axis: tuple[int, ...]) -> Any:
    """The gradient of x from that of xhat, where mean and variance are those of x itself."""
    along = xhat * (g * xhat).mean(axis=axis, keepdims=True)
    return (g - g.mean(axis=axis, keepdims=True) - along) * inverse


def layer_norm(x: Array, w: Array, b: Array, axes: int, eps: float) -> Array:
    """w * (x - mean) / sqrt(var + eps) + b over the last `axes` axes, w and b of their shape."""
    y = standardised(x, tuple(range(-axes, 0)), eps)[0] * w + b
    return narrowed(y, np.result_type(x, w, b))


def layer_norm_slope(g: Any, x: Any, w: Any, axes: int, eps: float, wants_x: bool) -> tuple[Any, Any, Any]:
    """The derivatives of `layer_norm` in x (None unless wanted), w and b."""
    axis, rows = tuple(range(-axes, 0)), tuple(range(x.ndim - axes))
    xhat, inverse = standardised(x, axis, eps)
    wide = widened(g)
    dw, db = (wide * xhat).sum(axis=rows), wide.sum(axis=rows)
    dx = narrowed(through_statistics(wide * w, xhat, inverse, axis), x.dtype) if wants_x else None
    return dx, narrowed(dw, w.dtype), narrowed(db, w.dtype)


def root_scaled(x: Any, axis: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """x / sqrt(mean(x²) + eps) over axes, and 1 / sqrt(mean(x²) + eps); at least in float32.

    >>> root_scaled(np.array([3.0, -3.0]), (0,), 0.0)[0]
    array([ 1., -1.])
    """
    x = widened(x)
    inverse = ((x * x).mean(axis=axis, keepdims=True) + eps) ** -0.5
    return x * inverse, inverse


def rms_norm(x: Array, w: Array, axes: int, eps: float) -> Array:
    """w * x / sqrt(mean(x²) + eps) over the last `axes` axes, w of their shape."""
    return narrowed(root_scaled(x, tuple(range(-axes, 0)), eps)[0] * w, np.result_type(x, w))


def rms_norm_slope(g: Any, x: Any, w: Any, axes: int, eps: float, wants_x: bool) -> tuple[Any, Any]:
    """The derivatives of `rms_norm` in x (None unless wanted) and w."""
    axis, rows = tuple(range(-axes, 0)), tuple(range(x.ndim - axes))
    xhat, inverse = root_scaled(x, axis, eps)
    wide = widened(g)
    dw = narrowed((wide * xhat).sum(axis=rows), w.dtype)
    if not wants_x:
        return None, dw
    inner = wide * w
    dx = (inner - xhat * (inner * xhat).mean(axis=axis, keepdims=True)) * inverse
    return narrowed(dx, x.dtype), dw


def in_groups(x: Any, groups: int) -> Any:
    """(N, C, ...) -> (N, groups, values), without a size of -1, which an empty batch leaves open.

    >>> in_groups(np.zeros((2, 6, 5)), 3).shape
    (2, 3, 10)
    """
    return x.reshape((x.shape[0], groups, x.shape[1] // groups * prod(x.shape[2:])))


def group_norm(x: Array, w: Array, b: Array, groups: int, eps: float) -> Array:
    """w * (x - mean) / sqrt(var + eps) + b, the statistics per sample and group of channels."""
    _, side = per_channel(x)
    xhat, _ = standardised(in_groups(x, groups), (2,), eps)
    y = xhat.reshape(x.shape) * w.reshape(side) + b.reshape(side)
    return narrowed(y, np.result_type(x, w, b))


def group_norm_slope(
    g: Any, x: Any, w: Any, groups: int, eps: float, wants_x: bool
) -> tuple[Any, Any, Any]:
    """The derivatives of `group_norm` in x (None unless wanted), w and b."""
    axis, side = per_channel(x)
    xhat, inverse = standardised(in_groups(x, groups), (2,), eps)
    wide = widened(g)
    dw, db = (wide * xhat.reshape(x.shape)).sum(axis=axis), wide.sum(axis=axis)
    dw, db = narrowed(dw, w.dtype), narrowed(db, w.dtype)
    if not wants_x:
        return None, dw, db
    dx = through_statistics(in_groups(wide * w.reshape(side), groups), xhat, inverse, (2,))
    return narrowed(dx.reshape(x.shape), x.dtype), dw, db
