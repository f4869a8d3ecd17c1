"""Products, sums of rows, adding at positions, and sparse maps along an axis, on a device."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

Array = NDArray[Any]

__all__ = ["add_along", "add_rows", "column_sums", "linear", "matmul", "resample", "row_sums"]


def matmul(a: Array, b: Array) -> Array:
    """a (..., M, K) @ b (..., K, N): the device's BLAS."""
    return a @ b


def linear(x: Array, w: Array, b: Array | None) -> Array:
    """x (M, I), w (O, I), b (O,) or None -> x @ w.T + b, (M, O)."""
    y = x @ w.T
    return y if b is None else y + b


def row_sums(x: Array) -> Array:
    """The sum of each row: x (R, n) -> (R,)."""
    total: Array = x.sum(axis=1)
    return total


def column_sums(x: Array) -> Array:
    """The sums along the axis in the middle: x (B, n, A) -> (B, A)."""
    total: Array = x.sum(axis=1)
    return total


def add_rows(g: Array, places: Array, size: int) -> Array:
    """y[:, places[k], :] += g[:, k, :]: g (B, n, D), places (n,) -> (B, size, D).

    Where `places` lies in the host's memory, places outside raise IndexError, as in the reference; on a
    device they wrap around.
    """
    if isinstance(places, np.ndarray) and places.size and not -size <= places.min() <= places.max() < size:
        raise IndexError(f"a place is outside of an axis of length {size}")
    y = devices.zeros((len(g), size, g.shape[2]), g.dtype, like=g)
    devices.add_at(y, (slice(None), devices.beside(places, g)), g)
    return y


def add_along(g: Array, places: Array, size: int) -> Array:
    """y[b, places[b,k,d], d] += g[b,k,d]: both (B, n, D) -> (B, size, D)."""
    batch, _, depth = g.shape
    places = devices.beside(places, g)
    y = devices.zeros(batch * size * depth, g.dtype, like=g)
    first = devices.arange(0, batch, like=g).reshape(-1, 1, 1) * size
    flat = (first + places) * depth + devices.arange(0, depth, like=g)
    devices.add_at(y, flat.reshape(-1), g.reshape(-1))
    return y.reshape(batch, size, depth)


def resample(x: Array, axis: int, sources: Array, weights: Array, starts: Array) -> Array:
    """y[t] = sum of weights[k] * x[sources[k]], starts[t] <= k < starts[t + 1], along an axis.

    The map as a matrix, and one product: a device multiplies matrices faster than it gathers.
    """
    dense = np.zeros((x.shape[axis], len(starts) - 1), x.dtype)
    np.add.at(dense, (sources, np.repeat(np.arange(len(starts) - 1), np.diff(starts))), weights)
    return np.moveaxis(np.moveaxis(x, axis, -1) @ devices.beside(dense, x), -1, axis)
