"""Forms with several operands looked up or multiplied at once: bags of rows, and bilinear forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    TensorLike,
    choice,
    flag,
    floating,
    on_host,
)
from tinygrad_cnn.functional.elementwise import where
from tinygrad_cnn.functional.embeddings import embedding, padding_row
from tinygrad_cnn.functional.products import einsum
from tinygrad_cnn.functional.reduce import max as max_of
from tinygrad_cnn.functional.reduce import sum as sum_over

__all__ = ["bilinear", "embedding_bag"]


def bilinear(x1: Operand[T], x2: Operand[T], w: Operand[T], b: Operand[T] | None = None) -> T:
    """A form that is linear in each of two operands.

        y[..., o] = sum_ij x1[..., i] * w[o,i,j] * x2[..., j] + b[o]

    Args:
        x1: (..., I) float.   x2: (..., J) float.   w: (O, I, J) float.   b: (O,) float or None.
    Returns:
        (..., O).
    Raises:
        ShapeError: sizes that do not fit.   DTypeError: one is not float.
    Source: Tenenbaum & Freeman 2000, "Separating style and content with bilinear models".
    >>> bilinear([1.0, 2.0], [3.0], np.ones((1, 2, 1), "float32"))
    array([9.], dtype=float32)
    """
    name = "bilinear"
    x1, x2, w = floating(name, x1, "x1"), floating(name, x2, "x2"), floating(name, w, "w")
    sizes = (x1.shape[-1:], x2.shape[-1:])
    if w.ndim != 3 or sizes != (w.shape[1:2], w.shape[2:]) or x1.shape[:-1] != x2.shape[:-1]:
        raise ShapeError(
            f"{name}: x1 (..., I), x2 (..., J) and w (O, I, J) fit, got {x1.shape}, {x2.shape}, {w.shape}"
        )
    y = einsum("...i,kij,...j->...k", x1, w, x2)
    if b is None:
        return y
    b = floating(name, b, "b")
    if b.shape != w.shape[:1]:
        raise ShapeError(f"{name}: b has shape {b.shape}, expected {w.shape[:1]} (w {w.shape})")
    return y + b


def embedding_bag(
    x: Operand[T],
    w: Operand[T],
    offsets: TensorLike | None = None,
    mode: str = "mean",
    *,
    per_sample_weights: TensorLike | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> T:
    """The rows of a table that each bag of indices names, summed, averaged, or their largest elements.

    A bag without rows gets zeros.

    Args:
        x: (B, L) integers, a bag a row; or all bags one after the other, with offsets.   w: (V, D) float.
        offsets: where each bag starts, (B,) integers that do not fall, the first 0.
        mode: 'sum', 'mean' or 'max'.   per_sample_weights: a factor per index, for 'sum'; gets a gradient.
        include_last_offset: whether the last offset is the end of the last bag.
        padding_idx: a row that counts in no bag and gets no gradient; or None.
    Returns:
        (B, D), dtype of w.
    Raises:
        DTypeError: x is not of integers, or w not float.   ShapeError: x, offsets or weights do not fit.
        ArgumentError: an index, offset or option out of range.
    Source: Joulin, Grave, Bojanowski & Mikolov 2016, arXiv:1607.01759 (bags of words).
    >>> embedding_bag(np.array([2, 0, 1]), np.arange(6.0).reshape(3, 2), np.array([0, 2]), "sum")
    array([[4., 6.],
           [2., 3.]])
    """
    name, w = "embedding_bag", floating("embedding_bag", w, "w")
    choice(name, "mode", mode, ("sum", "mean", "max"))
    indices = on_host(x, name)
    if indices.dtype.kind not in "iu" and indices.size:
        raise DTypeError(f"{name}: x must hold integers, got dtype {indices.dtype}")
    places, inside = _bags(name, indices, offsets, flag(name, "include_last_offset", include_last_offset))
    flat = indices.reshape(-1).astype(np.int64) if indices.size else np.zeros(1, np.int64)
    named = np.where(inside, flat[places], 0)
    padding = None if padding_idx is None else padding_row(name, padding_idx, w.shape[0])
    if padding is not None:
        inside = inside & (named != padding)
    rows = embedding(named, w, padding)
    counts = inside.sum(1)[:, None]
    full = bool(inside.all())  # nothing is left out
    if mode == "max":
        if not inside.shape[1]:
            return sum_over(rows, 1)
        least = np.asarray(np.finfo(w.dtype).min, w.dtype)
        most = max_of(rows if full else where(inside[..., None], rows, least), 1)
        return most if full else where(counts > 0, most, np.zeros((), w.dtype))
    if per_sample_weights is not None:
        rows = rows * _weights(name, per_sample_weights, indices, mode)[places][..., None]
    total = sum_over(rows if full else where(inside[..., None], rows, np.zeros((), w.dtype)), 1)
    return total if mode == "sum" else total / np.maximum(counts, 1).astype(w.dtype)


def _bags(name: str, indices: Any, offsets: Any, ends: bool) -> tuple[Any, Any]:
    """For each bag the places of its indices in their row, filled up, and a mask of those that are some."""
    if indices.ndim == 2 and offsets is None:
        return np.arange(indices.size).reshape(indices.shape), np.ones(indices.shape, bool)
    if indices.ndim != 1 or offsets is None:
        raise ShapeError(
            f"{name}: x (B, L) without offsets, or x (N,) with offsets fit, got {indices.shape}"
        )
    starts = on_host(offsets, name)
    if starts.dtype.kind not in "iu" or starts.ndim != 1 or not starts.size:
        raise DTypeError(f"{name}: offsets must be a line of integers, got {starts.dtype} {starts.shape}")
    edges = starts if ends else np.append(starts, indices.size)
    if edges[0] != 0 or (np.diff(edges) < 0).any() or edges[-1] > indices.size:
        raise ArgumentError(
            f"{name}: offsets start at 0, do not fall, and end within x, got {starts.tolist()}"
        )
    lengths = np.diff(edges)
    steps = np.arange(lengths.max(initial=0))
    inside = steps < lengths[:, None]
    return np.where(inside, edges[:-1, None] + steps, 0), inside


def _weights(name: str, given: Any, indices: Any, mode: str) -> Any:
    if mode != "sum":
        raise ArgumentError(f"{name}: per_sample_weights go with mode 'sum', not with {mode!r}")
    found = floating(name, given, "per_sample_weights")
    if found.shape != indices.shape:
        raise ShapeError(f"{name}: per_sample_weights have shape {found.shape}, x has {indices.shape}")
    return found.reshape((-1,))
