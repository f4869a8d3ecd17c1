"""Numerical differentiation along a direction: two evaluations, whatever the size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def central_difference(
    fn: Callable[..., float], arrays: Sequence[Array], directions: Sequence[Array], step: float = 1e-5
) -> float:
    """Slope of a scalar function along directions: (f(x + h·v) - f(x - h·v)) / 2h.

    Args:
        fn: from arrays to a number.   arrays, directions: float64, of equal shapes.
        step: h; the error is of the order h² plus rounding / h.
    Returns:
        The slope, approximately sum_k <df/dx_k, v_k>.
    Source: Press et al. 2007, "Numerical Recipes", 5.7.

    >>> round(central_difference(lambda x: float((x * x).sum()), [np.array([3.0])], [np.array([1.0])]), 6)
    6.0
    """
    ahead = fn(*(x + step * v for x, v in zip(arrays, directions, strict=True)))
    behind = fn(*(x - step * v for x, v in zip(arrays, directions, strict=True)))
    return (ahead - behind) / (2 * step)


def weights(shape: tuple[int, ...], seed: int) -> Array:
    """Fixed pseudo-random numbers in [-1, 1], to weigh the elements of an array by.

    >>> weights((2,), 0).shape
    (2,)
    """
    return np.random.default_rng(seed).uniform(-1, 1, shape)
