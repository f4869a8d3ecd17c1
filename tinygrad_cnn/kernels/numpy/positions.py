"""Adding at positions that may repeat, in plain NumPy: what derivatives of looking up are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def add_rows(g: Array, places: Array, size: int) -> Array:
    """y[:, places[k], :] += g[:, k, :]: g (B, n, D), places (n,) integers below `size` -> (B, size, D).

    Negative places count from the end.

    Raises:
        IndexError: a place outside.

    >>> add_rows(np.array([[[1.0], [2.0], [4.0]]]), np.array([1, 1, 0]), 3)[0, :, 0]
    array([4., 3., 0.])
    """
    y = np.zeros((len(g), size, g.shape[2]), g.dtype)
    key: Any = (slice(None), places)
    np.add.at(y, key, g)  # `y[:, places] += g` would keep only one of the repeats
    return y


def add_along(g: Array, places: Array, size: int) -> Array:
    """y[b, places[b,k,d], d] += g[b,k,d]: both (B, n, D), places from 0 to size - 1 -> (B, size, D).

    >>> add_along(np.array([[[1.0], [2.0], [4.0]]]), np.array([[[1], [1], [0]]]), 2)[0, :, 0]
    array([4., 3.])
    """
    y = np.zeros((len(g), size, g.shape[2]), g.dtype)
    flat = np.take_along_axis(np.arange(y.size).reshape(y.shape), places, 1)
    np.add.at(y.reshape(-1), flat.reshape(-1), g.reshape(-1))
    return y
