"""Lengths, angles and distances of vectors."""

from __future__ import annotations

from math import inf, prod
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import (
    Axis,
    Operand,
    T,
    axes,
    broadcastable,
    flag,
    floating,
    number,
    one_axis,
    torch_names,
)

__all__ = ["cdist", "cosine_similarity", "normalize", "pairwise_distance", "pdist"]


@torch_names
def normalize(x: Operand[T], p: float = 2.0, axis: Axis = 1, eps: float = 1e-12) -> T:
    """Vectors of length 1: x / max(norm(x, p), eps), the norm taken along an axis.

    Args:
        x: float array or Tensor.   p: of the norm, as in `norm`.   axis: int, tuple of ints, or None.
        eps: the least divisor, so that a vector of zeros stays one.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ShapeError: no such axis.   ArgumentError: eps is negative.
    Source: Golub & Van Loan 2013, "Matrix Computations", 2.2.
    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]], dtype=float32)
    """
    name, x = "normalize", floating("normalize", x)
    order, least = number(name, "p", p, -inf, inf), number(name, "eps", eps, 0, inf)
    return x / ops.Maximum()(ops.Norm(axes(name, axis, x.ndim), True, order)(x), least)


@torch_names
def cosine_similarity(x1: Operand[T], x2: Operand[T], axis: int = 1, eps: float = 1e-8) -> T:
    """Cosine of the angle between vectors: x1·x2 / (max(|x1|, eps) · max(|x2|, eps)).

    Args:
        x1, x2: float, of shapes that broadcast.   axis: the axis of the vectors, after broadcasting.
        eps: the least length, so that a vector of zeros gives 0.
    Returns:
        The broadcast shape without the axis, values in [-1, 1].
    Raises:
        DTypeError: not float.   ShapeError: the shapes do not broadcast, or no such axis.
        ArgumentError: eps is negative.
    Source: Salton & McGill 1983, "Introduction to Modern Information Retrieval".
    >>> cosine_similarity([[1.0, 0.0]], [[1.0, 1.0]]).round(4)
    array([0.7071], dtype=float32)
    """
    name = "cosine_similarity"
    x1, x2 = floating(name, x1, "x1"), floating(name, x2, "x2")
    shape = broadcastable(name, x1, x2)
    along, least = one_axis(name, axis, len(shape)), number(name, "eps", eps, 0, inf)
    x1, x2 = _broadcast(x1, shape), _broadcast(x2, shape)
    lengths = [ops.Maximum()(ops.Norm((along,), True, 2.0)(x), least) for x in (x1, x2)]
    return ops.Sum((along,), False)((x1 / lengths[0]) * (x2 / lengths[1]))


@torch_names
def pairwise_distance(
    x1: Operand[T], x2: Operand[T], p: float = 2.0, eps: float = 1e-6, keepdims: bool = False
) -> T:
    """Distance of vectors that stand side by side: norm(x1 - x2 + eps, p) along the last axis.

    Args:
        x1, x2: float, of shapes that broadcast.   p: of the norm, as in `norm`.
        eps: added to each difference, so that equal vectors have a derivative, as in PyTorch.
        keepdims: keep the last axis, with length 1.
    Returns:
        The broadcast shape without its last axis.
    Raises:
        DTypeError: not float.   ShapeError: the shapes do not broadcast, or have no axis.
    Source: Deza & Deza 2009, "Encyclopedia of Distances", 5.
    >>> pairwise_distance([[0.0, 0.0]], [[3.0, 4.0]]).round(4)
    array([5.], dtype=float32)
    """
    name = "pairwise_distance"
    x1, x2 = floating(name, x1, "x1"), floating(name, x2, "x2")
    shape = broadcastable(name, x1, x2)
    if not shape:
        raise ShapeError(f"{name}: x1 and x2 need an axis, both are 0-d")
    order, shift = number(name, "p", p, -inf, inf), number(name, "eps", eps, -inf, inf)
    return ops.Norm((len(shape) - 1,), flag(name, "keepdims", keepdims), order)(x1 - x2 + shift)


def cdist(x1: Operand[T], x2: Operand[T], p: float = 2.0) -> T:
    """Distance of each vector of x1 from each of x2: y[..., i, j] = norm(x1[..., i, :] - x2[..., j, :], p).

    Args:
        x1: (..., P, M) float.   x2: (..., R, M) float.   p: of the norm, as in `norm`.
    Returns:
        (..., P, R).
    Raises:
        DTypeError: not float.   ShapeError: fewer than 2 axes, or vectors of other lengths.
    Source: Deza & Deza 2009, "Encyclopedia of Distances", 5.
    >>> cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]])
    array([[5., 1.]], dtype=float32)
    """
    x1, x2 = floating("cdist", x1, "x1"), floating("cdist", x2, "x2")
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(f"cdist: x1 (..., P, M) and x2 (..., R, M) fit, got {x1.shape} and {x2.shape}")
    order = number("cdist", "p", p, -inf, inf)
    rows, columns = (*x1.shape[:-1], 1, x1.shape[-1]), (*x2.shape[:-2], 1, *x2.shape[-2:])
    left, right = x1.reshape(rows), x2.reshape(columns)
    shape = broadcastable("cdist", left, right)
    if order == 2:
        return _lengths(x1, x2, shape[:-3])
    return ops.Norm((len(shape) - 1,), False, order)(left - right)


def _lengths(x1: Any, x2: Any, batch: tuple[int, ...]) -> Any:
    """Euclidean distances of all pairs; the axes before the last two broadcast to `batch`."""
    count = prod(batch)
    first, second = (
        _broadcast(x, (*batch, *x.shape[-2:])).reshape((count, *x.shape[-2:])) for x in (x1, x2)
    )
    shape = (*batch, x1.shape[-2], x2.shape[-2])
    return ops.PairDistances()(first, second).reshape(shape)


def pdist(x: Operand[T], p: float = 2.0) -> T:
    """Distance of each pair of rows, the upper triangle of `cdist(x, x)` row by row.

    Args:
        x: (N, M) float.   p: of the norm, as in `norm`.
    Returns:
        (N · (N - 1) / 2,), dtype of x.
    Raises:
        DTypeError: x is not float.   ShapeError: x has not 2 axes.
    Source: Deza & Deza 2009, "Encyclopedia of Distances", 5.
    >>> pdist([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]).round(4)
    array([5.    , 1.    , 4.2426], dtype=float32)
    """
    x = floating("pdist", x)
    if x.ndim != 2:
        raise ShapeError(f"pdist: x needs 2 axes (N, M), got {x.shape}")
    order = number("pdist", "p", p, -inf, inf)
    first, second = np.triu_indices(x.shape[0], 1)
    if order == 2:
        shape = (1, *x.shape)
        whole = x.reshape(shape)
        return ops.PairDistances()(whole, whole)[0, first, second]
    return ops.Norm((1,), False, order)(x[first] - x[second])


def _broadcast(x: Any, shape: tuple[int, ...]) -> Any:
    return x if x.shape == shape else ops.BroadcastTo(shape)(x)
