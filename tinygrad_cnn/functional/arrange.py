"""Copies, reversals and rotations of the elements; triangles and diagonals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError, shown
from tinygrad_cnn.functional.arguments import (
    Axis,
    Operand,
    T,
    TensorLike,
    axes,
    integer,
    is_several,
    on_host,
    one_axis,
    operand,
    torch_names,
)
from tinygrad_cnn.functional.reduce import sum as sum_over
from tinygrad_cnn.functional.storage import within_memory

__all__ = ["diagonal", "flip", "repeat", "roll", "tile", "trace", "tril", "triu"]


def tile(x: Operand[T], reps: int | Sequence[int]) -> T:
    """The whole of x several times along its axes; PyTorch's `Tensor.repeat`.

    Args:
        x: array or Tensor.   reps: how often along each axis, the last axis last; where there are
            fewer numbers than axes, or fewer axes than numbers, ones are put in front.
    Returns:
        Each axis as many times as long; x's dtype.
    Raises:
        ArgumentError: a number below 0.   DTypeError: not integers.
    Source: NumPy's `tile`.
    >>> tile([1.0, 2.0], (2, 2))
    array([[1., 2., 1., 2.],
           [1., 2., 1., 2.]], dtype=float32)
    """
    x = operand("tile", x)
    several = reps if is_several(reps) or isinstance(reps, devices.CLASSES) else (reps,)
    counts = tuple(integer("tile", "reps", n, 0) for n in several)
    counts = (1,) * (x.ndim - len(counts)) + counts
    if len(counts) > x.ndim:
        x = ops.Reshape((1,) * (len(counts) - x.ndim) + x.shape)(x)
    within_memory("tile", tuple(n * count for n, count in zip(x.shape, counts, strict=True)))
    return ops.Tile(counts)(x)


@torch_names
def repeat(x: Operand[T], repeats: TensorLike, axis: int | None = None) -> T:
    """Each element several times in a row; PyTorch's `repeat_interleave`.

    Args:
        x: array or Tensor.
        repeats: how often, at least 0; one number, or one for each element along the axis.
        axis: the axis, or None for x flattened.
    Returns:
        x's shape with a longer axis; its dtype.
    Raises:
        ShapeError: no such axis, or not one number for each element.
        ArgumentError: a number below 0.   DTypeError: not integers.
    Source: NumPy's `repeat`.
    >>> repeat(np.array([1.0, 2.0]), [1, 3])
    array([1., 2., 2., 2.])
    """
    x = operand("repeat", x)
    if axis is None:
        x = ops.Reshape((x.size,))(x)
    along = one_axis("repeat", 0 if axis is None else axis, x.ndim)
    counts = np.array(on_host(repeats, "repeat"))
    if counts.dtype.kind not in "iu" and counts.size:
        raise DTypeError(f"repeat: repeats must be integers, got {shown(repeats)}")
    if (counts < 0).any():
        raise ArgumentError(f"repeat: repeats must be at least 0, got {shown(repeats)}")
    whole = sum(counts.ravel().tolist()) * (x.shape[along] if counts.size == 1 else 1)
    within_memory("repeat", (*x.shape[:along], whole, *x.shape[along + 1 :]))
    if counts.size == 1:
        return ops.Repeat(int(counts.item()), along)(x)
    if counts.shape != (x.shape[along],):
        raise ShapeError(
            f"repeat: {counts.shape} repeats for axis {axis} of length {x.shape[along]}; "
            "one number, or one for each element, fits"
        )
    return ops.Repeat(counts.astype(np.intp), along)(x)


@torch_names
def flip(x: Operand[T], axis: Axis = None) -> T:
    """The elements in reverse order.

    Args:
        x: array or Tensor.   axis: int, tuple of ints, or None for all.
    Returns:
        Shape and dtype of x; a view of its memory.
    Raises:
        ShapeError: no such axis, or an axis named twice.
    Source: NumPy's `flip`.
    >>> flip(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    array([[2., 1.],
           [4., 3.]])
    """
    x = operand("flip", x)
    return ops.Flip(axes("flip", axis, x.ndim))(x)


@torch_names
def roll(x: Operand[T], shift: int | Sequence[int], axis: Axis = None) -> T:
    """The elements moved on; what leaves at one end comes in at the other.

    Args:
        x: array or Tensor.   shift: places to move, negative ones back; one number, or one per axis.
        axis: int, tuple of ints, or None to roll x as if it were flat.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: no such axis, or not as many shifts as axes.   DTypeError: not integers.
    Source: NumPy's `roll`.
    >>> roll(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    x = operand("roll", x)
    steps = tuple(integer("roll", "shift", n) for n in (shift if is_several(shift) else (shift,)))
    if axis is None:
        if len(steps) > 1:
            raise ShapeError(f"roll: shift {shift!r} has {len(steps)} numbers; name an axis for each")
        return ops.Roll(steps, None)(x)
    named = axis if is_several(axis) else (axis,)
    wanted = tuple(one_axis("roll", a, x.ndim) for a in named)
    steps = steps * len(wanted) if len(steps) == 1 else steps
    if len(steps) != len(wanted):
        raise ShapeError(f"roll: shift {shift!r} and axis {axis!r} must have as many numbers")
    return ops.Roll(steps, wanted)(x)


def tril(x: Operand[T], k: int = 0) -> T:
    """The lower triangle of the last two axes; zeros above.

    Args:
        x: array or Tensor, (..., H, W).   k: the last diagonal kept; 0 the main one, above it > 0.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has fewer than two axes.   DTypeError: k is not an integer.
    Source: NumPy's `tril`.
    >>> tril(np.ones((2, 3)))
    array([[1., 0., 0.],
           [1., 1., 0.]])
    """
    return ops.Tril(integer("tril", "k", k))(_matrices("tril", x))


def triu(x: Operand[T], k: int = 0) -> T:
    """The upper triangle of the last two axes; zeros below.

    Args:
        x: array or Tensor, (..., H, W).   k: the first diagonal kept; 0 the main one, above it > 0.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has fewer than two axes.   DTypeError: k is not an integer.
    Source: NumPy's `triu`.
    >>> triu(np.ones((2, 3)))
    array([[1., 1., 1.],
           [0., 1., 1.]])
    """
    return ops.Triu(integer("triu", "k", k))(_matrices("triu", x))


def diagonal(x: Operand[T], offset: int = 0, axis1: int = 0, axis2: int = 1) -> T:
    """A diagonal of two axes: y[..., i] = x[i, i + offset, ...].

    Args:
        x: array or Tensor.   offset: which diagonal; 0 the main one, above it > 0.
        axis1, axis2: the axes whose elements at equal places are taken.
    Returns:
        The other axes, then one along the diagonal; a view of x's memory.
    Raises:
        ShapeError: fewer than two axes, no such axis, or one axis twice.
    Source: NumPy's `diagonal`.
    >>> diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    """
    x = _matrices("diagonal", x)
    first, second = one_axis("diagonal", axis1, x.ndim), one_axis("diagonal", axis2, x.ndim)
    if first == second:
        raise ShapeError(f"diagonal: axis1 and axis2 are both {axis1}; two axes fit")
    return ops.Diagonal(integer("diagonal", "offset", offset), first, second)(x)


def trace(x: Operand[T], offset: int = 0, axis1: int = 0, axis2: int = 1) -> T:
    """Sum of a diagonal of two axes.

    Args:
        x: array or Tensor.   offset: which diagonal; 0 the main one, above it > 0.
        axis1, axis2: the axes whose elements at equal places are added.
    Returns:
        The other axes; x's dtype.
    Raises:
        ShapeError: fewer than two axes, no such axis, or one axis twice.
    Source: NumPy's `trace`.
    >>> trace(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array(5.)
    """
    return sum_over(diagonal(_matrices("trace", x), offset, axis1, axis2), axis=-1)


def _matrices(function: str, x: Operand[T]) -> T:
    x = operand(function, x)
    if x.ndim < 2:
        raise ShapeError(f"{function}: needs at least two axes, x has shape {x.shape}")
    return x
