"""Sparse linear maps along an axis in plain NumPy: means of bins, interpolation, and their adjoints."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def resample(x: Array, axis: int, sources: Array, weights: Array, starts: Array) -> Array:
    """y[t] = sum of weights[k] * x[sources[k]], starts[t] <= k < starts[t + 1], along an axis.

    >>> halves = np.array([0.5, 0.5])
    >>> resample(np.array([1.0, 3.0]), 0, np.array([0, 1]), halves, np.array([0, 2]))
    array([2.])
    """
    terms = np.moveaxis(x, axis, -1)[..., sources]
    terms *= weights.astype(x.dtype)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled) < len(sources):
        terms = np.add.reduceat(terms, starts[filled], axis=-1)
    if len(filled) < len(starts) - 1:  # some pixels of y have no term
        y = np.zeros((*terms.shape[:-1], len(starts) - 1), x.dtype)
        y[..., filled] = terms
        terms = y
    return np.moveaxis(terms, -1, axis)
