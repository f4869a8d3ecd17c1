"""Where elements stand in order, in plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def order(x: Any, axis: int, descending: bool) -> Any:
    """The places that sort x along an axis; stable, and NaN counts as the largest.

    >>> order(np.array([1.0, 3.0, np.nan, 3.0]), 0, True)
    array([2, 1, 3, 0])
    """
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    backwards = np.flip(x, axis)  # a stable sort of the reverse, reversed, leaves ties in order
    return x.shape[axis] - 1 - np.flip(np.argsort(backwards, axis=axis, kind="stable"), axis)


def top_places(x: Array, k: int, largest: bool) -> Any:
    """The places of the k largest (or smallest) of each row, in order; the first of equal ones first.

    NaN counts as the largest: x (R, n) -> (R, k).

    >>> top_places(np.array([[3.0, 1.0, 4.0]]), 2, True)
    array([[2, 0]])
    """
    return order(x, 1, largest)[:, :k]
