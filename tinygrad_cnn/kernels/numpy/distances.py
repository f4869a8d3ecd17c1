"""Distances of all pairs of points, in plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

Array = NDArray[Any]


def pair_distances(a: Array, b: Array) -> Array:
    """y[n, i, j] = sqrt(sum over m of (a[n, i, m] - b[n, j, m])²), also where a square overflows.

    >>> pair_distances(np.zeros((1, 1, 2)), np.array([[[3.0, 4.0], [0.0, 1.0]]]))
    array([[[5., 1.]]])
    """
    d = abs(a[:, :, None] - b[:, None])
    if not d.shape[3]:
        return devices.zeros(d.shape[:3], d.dtype, like=d)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        size = d.max(axis=3, keepdims=True)
        size = np.where(np.isfinite(size) & (size > 0), size, 1).astype(d.dtype)
        part = d / size
        return devices.as_array(np.sqrt((part * part).sum(axis=3)) * size[..., 0])


def weighted_differences(w: Array, a: Array, b: Array) -> Array:
    """y[n, i, m] = sum over j of w[n, i, j] · (a[n, i, m] - b[n, j, m]).

    >>> weighted_differences(np.ones((1, 1, 2)), np.zeros((1, 1, 1)), np.array([[[3.0], [4.0]]]))
    array([[[-7.]]])
    """
    first, second, weight = a[:, :, None], b[:, None], w[..., None]
    with np.errstate(over="ignore", invalid="ignore"):
        difference = first - second
        halves = weight * (first / 2 - second / 2)  # where the difference of finite numbers overflows
        terms = np.where(np.isinf(difference), halves * 2, weight * difference)
        return devices.as_array(terms.sum(axis=2))
