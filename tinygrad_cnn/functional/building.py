"""Matrices and products made of others: diagonals, one-hot labels, Kronecker and cross products."""

from __future__ import annotations

from builtins import abs as builtin_abs
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import DTypeError, OutOfRangeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    Sizes,
    T,
    axes,
    broadcastable,
    integer,
    like,
    number,
    on_host,
    one_axis,
    operand,
    sizes,
)
from tinygrad_cnn.functional.arrange import diagonal, roll
from tinygrad_cnn.functional.linalg import matmul
from tinygrad_cnn.functional.products import tensordot
from tinygrad_cnn.functional.reduce import sum as sum_over
from tinygrad_cnn.functional.shape import broadcast_to, reshape, swapaxes
from tinygrad_cnn.functional.storage import within_memory

__all__ = [
    "addmm", "cross", "diag", "inner", "kron", "matrix_transpose", "one_hot", "sliding_window_view",
    "vecdot",
]  # fmt: skip


def diag(x: Operand[T], k: int = 0) -> T:
    """A matrix with a line on its diagonal, or the diagonal of a matrix.

    Args:
        x: (N,) or (M, N).   k: which diagonal; above the main one if positive.
    Returns:
        (N + |k|, N + |k|), or the elements of the diagonal; dtype of x.
    Raises:
        ShapeError: another number of axes.
    Source: NumPy's `diag`.
    >>> diag([1.0, 2.0])
    array([[1., 0.],
           [0., 2.]], dtype=float32)
    """
    x, k = operand("diag", x), integer("diag", "k", k)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"diag: x has shape {x.shape}, 1 or 2 axes fit")
    n = x.size + builtin_abs(k)
    places = np.arange(x.size)
    return ops.IndexAdd((places + max(-k, 0), places + max(k, 0)), (n, n))(x)


def one_hot(x: Operand[T], num_classes: int | None = None) -> T:
    """A one in the place of each label, zeros elsewhere; no gradient.

    Args:
        x: integers of at least 0.   num_classes: length of the new axis; None for the largest label and 1.
    Returns:
        int64, x's shape and a last axis of num_classes.
    Raises:
        DTypeError: no integers.   OutOfRangeError: a label outside.
    Source: PyTorch's `one_hot`.
    >>> one_hot(np.array([0, 2]))
    array([[1, 0, 0],
           [0, 0, 1]])
    """
    labels = on_host(x, "one_hot")
    if labels.dtype.kind not in "iu":
        raise DTypeError(f"one_hot: x has dtype {labels.dtype}, integers fit")
    count = (
        int(labels.max(initial=-1)) + 1
        if num_classes is None
        else integer("one_hot", "num_classes", num_classes, 1)
    )
    if labels.size and not (labels.min() >= 0 and labels.max() < count):
        raise OutOfRangeError(
            f"one_hot: labels from {labels.min()} to {labels.max()}, 0 to {count - 1} fit"
        )
    within_memory("one_hot", (*labels.shape, count))
    return like(x, (labels[..., None] == np.arange(count)).astype(np.int64))


def kron(a: Operand[T], b: Operand[T]) -> T:
    """Each element of a times the whole of b, as blocks.

    Args:
        a, b: arrays or Tensors.
    Returns:
        The product of the sizes along each axis; NumPy's result type.
    Source: NumPy's `kron`.
    >>> kron([1.0, 2.0], [1.0, 1.0])
    array([1., 1., 2., 2.], dtype=float32)
    """
    a, b = operand("kron", a), operand("kron", b)
    n = max(a.ndim, b.ndim)
    a, b = (reshape(x, (*(1,) * (n - x.ndim), *x.shape)) for x in (a, b))
    spread = [
        reshape(x, [m for j in x.shape for m in ((j, 1) if first else (1, j))])
        for x, first in ((a, True), (b, False))
    ]
    return reshape(spread[0] * spread[1], [i * j for i, j in zip(a.shape, b.shape, strict=True)])


def cross(a: Operand[T], b: Operand[T], axis: int = -1) -> T:
    """The vector that is orthogonal to two vectors of 3 elements.

    Args:
        a, b: arrays or Tensors whose shapes broadcast.   axis: along which the vectors lie.
    Returns:
        The broadcast shape; NumPy's result type.
    Raises:
        ShapeError: no 3 elements, or shapes that do not broadcast.
    Source: NumPy's `linalg.cross`.
    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    array([0., 0., 1.], dtype=float32)
    """
    a, b = operand("cross", a), operand("cross", b)
    shape = broadcastable("cross", a, b)
    a, b = broadcast_to(a, shape), broadcast_to(b, shape)
    axis = one_axis("cross", axis, len(shape))
    if shape[axis] != 3:
        raise ShapeError(f"cross: vectors of {shape[axis]} elements along axis {axis}, 3 fit")
    return roll(a, -1, axis) * roll(b, 1, axis) - roll(a, 1, axis) * roll(b, -1, axis)


def inner(a: Operand[T], b: Operand[T]) -> T:
    """Sums of products over the last axes.

    Args:
        a, b: arrays or Tensors with last axes of one length.
    Returns:
        a's other axes, then b's; NumPy's result type.
    Raises:
        ShapeError: the last axes differ.
    Source: NumPy's `inner`.
    >>> inner([1.0, 2.0], [3.0, 4.0])
    array(11., dtype=float32)
    """
    a, b = operand("inner", a), operand("inner", b)
    if not a.ndim or not b.ndim:
        return a * b
    return tensordot(a, b, ((-1,), (-1,)))


def vecdot(a: Operand[T], b: Operand[T], axis: int = -1) -> T:
    """Sum of products along one axis.

    Args:
        a, b: arrays or Tensors whose shapes broadcast; along the axis they are equally long.
        axis: int.
    Returns:
        The broadcast shape without the axis; NumPy's result type.
    Raises:
        ShapeError: the shapes do not broadcast, are not equal along the axis, or no such axis.
    Source: NumPy's `vecdot`.
    >>> vecdot([1.0, 2.0], [3.0, 4.0])
    array(11., dtype=float32)
    """
    a, b, axis = operand("vecdot", a), operand("vecdot", b), integer("vecdot", "axis", axis)
    lengths = [x.shape[one_axis("vecdot", axis, x.ndim)] for x in (a, b)]
    if lengths[0] != lengths[1]:
        raise ShapeError(f"vecdot: vectors of {lengths[0]} and {lengths[1]} elements, equally many fit")
    return sum_over(a * b, axis)


def matrix_transpose(x: Operand[T]) -> T:
    """The last two axes exchanged.

    Args:
        x: array or Tensor.
    Returns:
        A view.
    Raises:
        ShapeError: fewer than 2 axes.
    Source: NumPy's `matrix_transpose`.
    >>> matrix_transpose(np.ones((2, 3, 4))).shape
    (2, 4, 3)
    """
    x = operand("matrix_transpose", x)
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose: x has shape {x.shape}, at least 2 axes fit")
    return swapaxes(x, -1, -2)


def addmm(x: Operand[T], a: Operand[T], b: Operand[T], beta: float = 1.0, alpha: float = 1.0) -> T:
    """beta·x + alpha·A·B; with beta 0, x is not read.

    Args:
        x: what broadcasts with the product.   a, b: matrices, or stacks of them.   beta, alpha: numbers.
    Returns:
        The shape of the product; NumPy's result type.
    Raises:
        ShapeError: sizes that do not fit.
    Source: PyTorch's `addmm` and `baddbmm`.
    >>> addmm(np.ones(1), np.ones((1, 2)), np.ones((2, 1)))
    array([[3.]])
    """
    scale = number("addmm", "beta", beta)
    product = number("addmm", "alpha", alpha) * matmul(a, b)
    return product if scale == 0 else scale * operand("addmm", x) + product


def sliding_window_view(x: Operand[T], window_shape: Sizes, axis: int | Sequence[int] | None = None) -> T:
    """Each window that slides along axes, with the windows' own axes last.

    Args:
        x: array or Tensor.   window_shape: length per axis.   axis: which axes; None for all.
    Returns:
        x's shape, shorter by length - 1 along the axes, then the windows' lengths. A copy, other
        than NumPy's.
    Raises:
        ShapeError: a window that is longer than its axis.
    Source: NumPy's `lib.stride_tricks.sliding_window_view`.
    >>> sliding_window_view([1.0, 2.0, 3.0], 2)
    array([[1., 2.],
           [2., 3.]], dtype=float32)
    """
    x = operand("sliding_window_view", x)
    names = axes("sliding_window_view", axis, x.ndim)
    lengths = sizes("sliding_window_view", "window_shape", window_shape, len(names), at_least=1)
    key: list[Any] = [np.arange(n) for n in x.shape]
    for name, length in zip(names, lengths, strict=True):
        if length > x.shape[name]:
            raise ShapeError(f"sliding_window_view: a window of {length} on axis {name} of {x.shape}")
        key[name] = np.arange(x.shape[name] - length + 1)
    shape = (*map(len, key), *lengths)
    places = []
    for k, first in enumerate(key):
        place = first.reshape([-1 if j == k else 1 for j in range(len(shape))])
        if k in names:
            own = np.arange(lengths[names.index(k)])
            place = place + own.reshape(
                [-1 if j == x.ndim + names.index(k) else 1 for j in range(len(shape))]
            )
        places.append(place)
    return ops.Index(tuple(places))(x) if places else x
