"""Order: sorting, the largest elements, and where they are."""

from __future__ import annotations

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    flag,
    integer,
    like,
    observed,
    one_axis,
    operand,
    torch_names,
    values,
)
from tinygrad_cnn.functional.scan import one_line
from tinygrad_cnn.ops.sort import first_places, order

__all__ = ["argmax", "argmin", "argsort", "sort", "topk"]


@torch_names
def sort(x: Operand[T], axis: int | None = -1, descending: bool = False) -> T:
    """The elements in order along an axis; equal ones keep theirs, NaN counts as the largest.

    The gradient goes back to where each element came from.

    Args:
        x: array or Tensor.   axis: the axis, or None for x flattened.
        descending: the largest first.
    Returns:
        x's shape, or (x.size,), and dtype. PyTorch's `sort` gives the indices too: `argsort` here.
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `sort`, kind 'stable'.
    >>> sort(np.array([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    """
    x, along = one_line("sort", x, axis)
    return ops.Sort(along, flag("sort", "descending", descending))(x)


@torch_names
def argsort(x: Operand[T], axis: int | None = -1, descending: bool = False) -> T:
    """The places that sort x along an axis, as in `take_along_axis(x, places, axis)`; no gradient.

    Args:
        x: array or Tensor; equal elements keep their order, NaN counts as the largest.
        axis: the axis, or None for x flattened.   descending: the largest first.
    Returns:
        Integers of x's shape, or (x.size,).
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `argsort`, kind 'stable'.
    >>> argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    x, along = one_line("argsort", x, axis)
    down = flag("argsort", "descending", descending)
    found = like(x, order(values(x), along, down))
    return observed("argsort", (x,), found, axis=along, descending=down)


@torch_names
def topk(x: Operand[T], k: int, axis: int = -1, largest: bool = True) -> tuple[T, T]:
    """The k largest elements along an axis, in descending order, and their places.

    Args:
        x: array or Tensor; of equal elements the first comes first, NaN counts as the largest.
        k: how many, from 0 to the length of the axis.   axis: the axis.
        largest: False for the k smallest, in ascending order.
    Returns:
        (values, indices): x's shape with k along the axis; x's dtype, and integers, which carry
        no gradient. The values' gradient goes back to their places.
    Raises:
        ShapeError: no such axis.   ArgumentError: k is below 0 or longer than the axis.
    Source: PyTorch's `topk`.
    >>> topk(np.array([3.0, 1.0, 4.0]), 2)
    (array([4., 3.]), array([2, 0]))
    """
    x = operand("topk", x)
    along = one_axis("topk", axis, x.ndim)
    count = integer("topk", "k", k, 0)
    if count > x.shape[along]:
        raise ArgumentError(f"topk: k is {count}, axis {axis} has {x.shape[along]} elements")
    op = ops.TopK(count, along, flag("topk", "largest", largest))
    found, residual = op.with_residual(x)
    places = like(x, residual.places)
    return found, observed("topk", (x,), places, k=count, axis=along, largest=op.largest)


@torch_names
def argmax(x: Operand[T], axis: int | None = None, keepdims: bool = False) -> T:
    """The place of the first largest element; no gradient.

    Args:
        x: array or Tensor; NaN counts as the largest.   axis: the axis, or None for x flattened.
        keepdims: keep the axis (all axes for None), with length 1.
    Returns:
        Integers of x's shape without the axis.
    Raises:
        ShapeError: no such axis, or no element along it.
    Source: NumPy's `argmax`.
    >>> argmax(np.array([[1.0, 3.0], [5.0, 4.0]]), axis=1)
    array([1, 0])
    """
    x, along = _not_empty("argmax", x, axis)
    keep = flag("argmax", "keepdims", keepdims)
    return observed(
        "argmax", (x,), like(x, first_places(values(x), along, True, keep)), axis=along, keepdims=keep
    )


@torch_names
def argmin(x: Operand[T], axis: int | None = None, keepdims: bool = False) -> T:
    """The place of the first smallest element; no gradient.

    Args:
        x: array or Tensor; NaN counts as the smallest.   axis: the axis, or None for x flattened.
        keepdims: keep the axis (all axes for None), with length 1.
    Returns:
        Integers of x's shape without the axis.
    Raises:
        ShapeError: no such axis, or no element along it.
    Source: NumPy's `argmin`.
    >>> argmin(np.array([[1.0, 3.0], [5.0, 4.0]]), axis=1)
    array([0, 1])
    """
    x, along = _not_empty("argmin", x, axis)
    keep = flag("argmin", "keepdims", keepdims)
    return observed(
        "argmin", (x,), like(x, first_places(values(x), along, False, keep)), axis=along, keepdims=keep
    )


def _not_empty(function: str, x: Operand[T], axis: int | None) -> tuple[T, int | None]:
    """x and the axis, after a look for at least one element along it."""
    x = operand(function, x)
    along = None if axis is None else one_axis(function, axis, x.ndim)
    if (x.size if along is None else x.shape[along]) == 0:
        raise ShapeError(f"{function}: x has shape {x.shape}, with no element along axis {axis}")
    return x, along
