"""Sums over axes whose error does not grow with the number of elements."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: So many rows NumPy may add one after the other.
ROWS = 512
_FLOAT32 = np.dtype(np.float32)


def total(x: Array, axis: tuple[int, ...], keepdims: bool = False) -> Array:
    """The sum over axes; a long axis of float32 in pieces, whose sums are summed.

    NumPy adds pairwise along the axis that is contiguous, and one row after the other along all others:
    a million times 0.1 then is 1 % too much.

    Source: Higham 1993, "The accuracy of floating point summation", section 3.

    >>> x = np.full((1_000_000, 2), 0.1, np.float32)
    >>> round(float(x.sum(axis=0)[0]), -2), round(float(total(x, (0,))[0]), -2)
    (101000.0, 100000.0)
    """
    shape = x.shape
    if x.dtype is _FLOAT32 and x.size > ROWS:
        for a in axis:
            if shape[a] > ROWS and x.strides[a] != x.itemsize:
                x = in_pieces(x, a)
    out: Array = x.sum(axis=axis, keepdims=keepdims)
    return out


def row_sums(x: Array) -> Array:
    """The sum of each row: x (R, n) -> (R,).

    >>> row_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([3., 7.])
    """
    return np.asarray(total(x, (1,)))


def column_sums(x: Array) -> Array:
    """The sums along the axis in the middle: x (B, n, A) -> (B, A).

    >>> column_sums(np.array([[[1.0, 2.0], [3.0, 4.0]]]))
    array([[4., 6.]])
    """
    return np.asarray(total(x, (1,)))


def in_pieces(x: Array, axis: int) -> Array:
    """Sums of consecutive elements along an axis, at most `ROWS` of them, each of few elements.

    >>> in_pieces(np.ones((2000, 2), np.float32), 0)[:, 0].sum()
    np.float32(2000.0)
    """
    before = (slice(None),) * axis
    while (count := x.shape[axis]) > ROWS:
        size = min(ROWS // 4, -(-count // ROWS))
        whole = count // size
        split = x[(*before, slice(whole * size))]
        pieces = split.reshape((*x.shape[:axis], whole, size, *x.shape[axis + 1 :])).sum(axis=axis + 1)
        rest = x[(*before, slice(whole * size, None))]
        x = np.concatenate([pieces, rest], axis) if rest.size else pieces
    return x


def mean(x: Array, axis: tuple[int, ...], keepdims: bool = False) -> Array:
    """The mean over axes; of nothing NaN, with NumPy's warning.

    >>> mean(np.array([1.0, 3.0]), (0,))
    np.float64(2.0)
    """
    if x.dtype is not _FLOAT32 or not x.size:
        return x.mean(axis=axis, keepdims=keepdims)
    return total(x, axis, keepdims) / prod(x.shape[a] for a in axis)
