"""Sums and means of arrays over axes, by kernels where there is much to add."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.kernels.numpy import sums

#: Elements from which on a sum has a kernel, and how many of them a sum takes then at least.
MANY, SOME = 16_384, 4


def is_large(x: Any, axis: tuple[int, ...]) -> bool:
    """Whether x is a large array of float32 in one piece, and many of its elements make one."""
    return (
        type(x) is np.ndarray
        and x.size >= MANY
        and x.dtype == np.float32
        and x.flags.c_contiguous
        and prod(x.shape[i] for i in axis) >= SOME
    )


def total(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The sum over axes: those that lie beside each other are one, the last of them comes first.

    >>> total(np.ones((2, 3)), (1,), True)
    array([[3.],
           [3.]])
    """
    if not is_large(x, axis):
        return sums.total(x, axis, keepdims)
    left = sorted(axis)
    while left:
        last = first = left.pop()
        while left and left[-1] == first - 1:
            first = left.pop()
        shape = x.shape
        middle = prod(shape[:first]), prod(shape[first : last + 1]), prod(shape[last + 1 :])
        rows = middle[2] == 1
        found = kernels.row_sums(x.reshape(middle[:2])) if rows else kernels.column_sums(x.reshape(middle))
        x = found.reshape((*shape[:first], *(1,) * (last + 1 - first), *shape[last + 1 :]))
    return x if keepdims else x.squeeze(axis)


def mean(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The mean over axes; of nothing NaN, with NumPy's warning.

    >>> mean(np.array([1.0, 3.0]), (0,), False)
    np.float64(2.0)
    """
    if is_large(x, axis):
        return total(x, axis, keepdims) / prod(x.shape[i] for i in axis)
    return sums.mean(x, axis, keepdims)
