"""Rows of a table, looked up by number."""

from __future__ import annotations

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    TensorLike,
    floating,
    integer,
    on_host,
)

__all__ = ["embedding"]


def embedding(x: TensorLike, w: Operand[T], padding_idx: int | None = None) -> T:
    """The rows of a table that indices name: y[..., :] = w[x[...], :].

    A row that is named twice gets the sum of both gradients.

    Args:
        x: any shape, integers from 0 to V - 1.   w: (V, D) float.
        padding_idx: a row, counted from the end if negative, that gets no gradient; or None.
    Returns:
        (*x.shape, D), dtype of w.
    Raises:
        DTypeError: x is not of integers, or w not float.   ShapeError: w has not 2 axes.
        OutOfRangeError: an index outside the table.   ArgumentError: a padding_idx outside the table.
    Source: Bengio et al. 2003, "A neural probabilistic language model".
    >>> embedding(np.array([2, 0]), np.arange(6.0).reshape(3, 2))
    array([[4., 5.],
           [0., 1.]])
    """
    name, w = "embedding", floating("embedding", w, "w")
    if w.ndim != 2:
        raise ShapeError(f"{name}: w needs 2 axes (V, D), got {w.shape}")
    indices, rows = on_host(x, name), w.shape[0]
    if indices.dtype.kind not in "iu" and indices.size:
        raise DTypeError(f"{name}: x must hold integers, got dtype {indices.dtype}")
    if indices.size and not 0 <= indices.min() <= indices.max() < rows:
        raise OutOfRangeError(
            f"{name}: x runs from {indices.min()} to {indices.max()}, a table of {rows} rows has "
            f"0 to {rows - 1}"
        )
    padding = None if padding_idx is None else padding_row(name, padding_idx, rows)
    return ops.Embedding(np.array(indices, np.int64), padding)(w)  # a copy: the derivative reads it


def padding_row(function: str, padding_idx: int, rows: int) -> int:
    """padding_idx as a number from 0 to rows - 1.

    Raises:
        ArgumentError: outside the table.   DTypeError: not an integer.

    >>> padding_row("embedding", -1, 10)
    9
    """
    row = integer(function, "padding_idx", padding_idx)
    if not -rows <= row < rows:
        raise ArgumentError(
            f"{function}: padding_idx {row} is outside the table; {-rows} to {rows - 1} fit"
        )
    return row % rows
