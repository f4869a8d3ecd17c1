"""Where elements stand in order, in plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

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


def extreme_places(x: Array, largest: bool) -> Any:
    """The places of the first largest (or smallest) of each line: x (B, n, D) -> (B, D); NaN is both.

    >>> extreme_places(np.array([[[3.0], [4.0], [4.0]]]), True)
    array([[1]])
    """
    return x.argmax(1) if largest else x.argmin(1)


def top_places(x: Array, k: int, largest: bool) -> Any:
    """The places of the k largest (or smallest) of each row, in order; the first of equal ones first.

    NaN counts as the largest: x (R, n) -> (R, k).

    >>> top_places(np.array([[3.0, 1.0, 4.0]]), 2, True)
    array([[2, 0]])
    """
    return order(x, 1, largest)[:, :k]


def ranked_places(x: Any, ranks: Any) -> Any:
    """The place of each row's element of each rank, as a stable sort has them: x (R, n), (k,) -> (R, k).

    Values are sorted sooner than places, and found again by what is smaller. NaN counts as the largest.

    >>> ranked_places(np.array([[3.0, 1.0, 3.0]]), np.array([0, 2]))
    array([[1, 2]])
    """
    if type(x) in devices.ON_DEVICES:
        return order(x, 1, False)[:, devices.beside(ranks, x)]
    found = np.sort(x, 1)[:, ranks]
    places = np.empty(found.shape, np.int64)
    for k, rank in enumerate(ranks):
        value = found[:, k : k + 1]
        equal, less = x == value, x < value
        nan = value != value
        if nan.any():
            equal, less = np.where(nan, x != x, equal), np.where(nan, x == x, less)
        before = rank - np.count_nonzero(less, 1)  # how many equal ones come first
        places[:, k] = equal.argmax(1)
        if before.any():
            more = np.flatnonzero(before)
            places[more, k] = (equal[more].cumsum(1) == before[more, None] + 1).argmax(1)
    return places
