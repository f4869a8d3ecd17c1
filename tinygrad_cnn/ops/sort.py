"""Elements in order along an axis. The gradient goes back by the permutation, a constant."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Result
from tinygrad_cnn.kernels.numpy.ranks import order as order
from tinygrad_cnn.ops.families import Rearrangement
from tinygrad_cnn.ops.index import AddAlongAxis

__all__ = ["OfRank", "Sort", "TopK"]


class Places(NamedTuple):
    """Where along the axis the result's elements stand in the operand, and the axis's length there."""

    places: Any
    size: int


def first_places(x: Any, axis: int | None, largest: bool, keepdims: bool = False) -> Any:
    """The place of the first largest (or smallest) element along an axis, or of all for None.

    >>> first_places(np.array([[1.0, 3.0], [5.0, 4.0]]), 0, True)
    array([1, 1])
    """
    shape = x.shape if axis is not None else (x.size,)
    at = axis or 0
    lines = prod(shape[:at]), shape[at] if shape else 1, prod(shape[at + 1 :])
    left = (*shape[:at], *shape[at + 1 :])
    if keepdims:
        left = (*shape[:at], 1, *shape[at + 1 :]) if axis is not None else (1,) * x.ndim
    return kernels.extreme_places(x.reshape(lines), largest).reshape(left)


class Ordered(Rearrangement):
    """Shared by sorting and choosing: the places of the result's elements, and the derivative."""

    axis: int

    def taken(self, x: Any, places: Any) -> Result:
        """The elements at those places along the axis."""
        return Result(np.take_along_axis(x, places, self.axis), Places(places, x.shape[self.axis]))

    def backward(self, g: Any, residual: Places) -> tuple[Any, ...]:
        return (AddAlongAxis(residual.places, self.axis, residual.size, unique=True)(g),)


class Sort(Ordered):
    """The elements in ascending or descending order along an axis; equal ones keep their order.

    y[0] <= y[1] <= y[2] <= ...
    """

    def __init__(self, axis: int, descending: bool = False) -> None:
        self.axis, self.descending = axis, descending

    def forward(self, x: Any) -> Any:
        return self.taken(x, order(x, self.axis, self.descending))


class TopK(Ordered):
    """The k largest (or smallest) elements along an axis, in order; the first of equal ones first.

    y[0] >= y[1] >= ... >= y[k - 1]
    """

    def __init__(self, k: int, axis: int, largest: bool = True) -> None:
        self.k, self.axis, self.largest = k, axis, largest

    def forward(self, x: Any) -> Any:
        last = x.swapaxes(self.axis, -1)
        rows = last.reshape((prod(last.shape[:-1]), x.shape[self.axis]))
        places = kernels.top_places(rows, self.k, self.largest).reshape((*last.shape[:-1], self.k))
        return self.taken(x, places.swapaxes(self.axis, -1))


class OfRank(Ordered):
    """The elements of some ranks along an axis, the smallest of rank 0; as sorting all would give them.

    y[k] = sort(x)[ranks[k]]
    """

    def __init__(self, ranks: tuple[int, ...], axis: int) -> None:
        self.ranks, self.axis = ranks, axis

    def forward(self, x: Any) -> Any:
        last = x.swapaxes(self.axis, -1)
        rows = last.reshape((prod(last.shape[:-1]), x.shape[self.axis]))
        places = kernels.ranked_places(rows, np.array(self.ranks, np.int64))
        return self.taken(x, places.reshape((*last.shape[:-1], len(self.ranks))).swapaxes(self.axis, -1))
