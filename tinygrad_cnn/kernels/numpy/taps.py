"""Images read at a few places each with a weight, and the adjoints, in plain NumPy.

A place below 0 lies outside: nothing is read there, whatever its weight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.kernels.numpy.pointwise import choose

Array = NDArray[Any]


def tap_sum(x: Array, places: Array, w: Array) -> Array:
    """y[n, c, p] = sum over k of w[n, k, p] · x[n, c, places[n, k, p]].

    >>> tap_sum(np.array([[[1.0, 3.0]]]), np.array([[[0, 1], [1, -1]]]), np.full((1, 2, 2), 0.5))
    array([[[2. , 1.5]]])
    """
    shape = places.shape[0], places.shape[2], x.shape[1]
    total = devices.zeros(shape, np.result_type(x, w), like=x)
    for k in range(places.shape[1]):
        total = total + _inside(_read(x, places, k), places, k) * _inside(w[:, k, :, None], places, k)
    return devices.as_array(np.moveaxis(total, -1, 1))


def tap_spread(g: Array, places: Array, w: Array, size: int) -> Array:
    """y[n, c, places[n, k, p]] += w[n, k, p] · g[n, c, p]: the adjoint of `tap_sum` in x, (N, C, size).

    >>> tap_spread(np.array([[[2.0, 1.0]]]), np.array([[[0, 1], [1, -1]]]), np.full((1, 2, 2), 0.5), 2)
    array([[[1. , 1.5]]])
    """
    y = devices.zeros((g.shape[0], size, g.shape[1]), np.result_type(g, w), like=g)
    lines, batch = np.moveaxis(g, 1, -1), _batch(places)
    for k in range(places.shape[1]):
        key = np.broadcast_to(batch, places[:, k].shape), np.maximum(places[:, k], 0)
        values = _inside(lines, places, k) * _inside(w[:, k, :, None], places, k)
        if type(y) in devices.ON_DEVICES:
            devices.add_at(y, key, values)
        else:
            np.add.at(y, key, values)
    return devices.as_array(np.moveaxis(y, -1, 1))


def tap_product(g: Array, x: Array, places: Array) -> Array:
    """y[n, k, p] = sum over c of g[n, c, p] · x[n, c, places[n, k, p]]: the adjoint of `tap_sum` in w.

    >>> tap_product(np.array([[[2.0, 1.0]]]), np.array([[[1.0, 3.0]]]), np.array([[[0, 1], [1, -1]]]))
    array([[[2., 3.],
            [6., 0.]]])
    """
    lines = np.moveaxis(g, 1, -1)
    found = [
        (_inside(lines, places, k) * _inside(_read(x, places, k), places, k)).sum(axis=-1, keepdims=True)
        for k in range(places.shape[1])
    ]
    if not found:
        return devices.zeros(places.shape, np.result_type(g, x), like=g)
    return devices.as_array(np.concatenate([y[:, None, :, 0] for y in found], axis=1))


def _batch(places: Array) -> Any:
    return devices.arange(0, places.shape[0], like=places).reshape(-1, 1)


def _read(x: Array, places: Array, k: int) -> Any:
    """The k-th tap of each point, (N, P, C)."""
    return x[_batch(places), :, np.maximum(places[:, k], 0)]


def _inside(values: Any, places: Array, k: int) -> Any:
    """The values, and 0 where the k-th tap lies outside."""
    return choose(places[:, k, :, None] >= 0, values, values.dtype.type(0))
