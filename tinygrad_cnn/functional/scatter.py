"""Elements taken from places along an axis, and put, added or joined there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import DTypeError, OutOfRangeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    TensorLike,
    broadcastable,
    choice,
    flag,
    number,
    on_host,
    one_axis,
    operand,
    values,
)
from tinygrad_cnn.functional.arithmetic import maximum, minimum, mul
from tinygrad_cnn.functional.elementwise import where
from tinygrad_cnn.functional.shape import broadcast_to, flatten

__all__ = [
    "index_add", "index_copy", "index_fill", "masked_fill", "masked_select", "put_along_axis",
    "scatter_add", "scatter_reduce", "take",
]  # fmt: skip

#: What changes nothing in each way of joining.
NEUTRAL = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "amax": -np.inf, "amin": np.inf}


def take(x: Operand[T], places: TensorLike, axis: int | None = None) -> T:
    """Elements, or slices along an axis, at some places.

    Args:
        x: array or Tensor.   places: integers below the length of the axis, negative ones from its
        end; a constant.
        axis: int, or None for all elements in a row.
    Returns:
        x's shape with that of the places instead of the axis; dtype of x.
    Raises:
        ShapeError: no such axis.   OutOfRangeError: a place outside.   DTypeError: places are not integers.
    Source: NumPy's `take`.
    >>> take([5.0, 6.0, 7.0], [2, 0])
    array([7., 5.], dtype=float32)
    """
    x = operand("take", x)
    if axis is None:
        x, axis = flatten(x), 0
    axis, found = one_axis("take", axis, x.ndim), _places("take", places)
    _within("take", found, x.shape[axis])
    before = (slice(None),) * axis
    return ops.Index((*before, found))(x)


def put_along_axis(x: Operand[T], places: TensorLike, v: Operand[T], axis: int) -> T:
    """A copy of x with v's elements at places along an axis: y[.., places[.., i, ..], ..] = v[.., i, ..].

    Args:
        x: array or Tensor.   places: integers below the length of the axis, negative ones from its
        end; a constant.
        v: what to put there, of the shape of the places; where a place repeats, the last one stays.
        axis: int.
    Returns:
        Shape of x; NumPy's result type of x and v. NumPy's own function writes into x instead.
    Raises:
        ShapeError: shapes that do not fit.   OutOfRangeError: a place outside.
    Source: NumPy's `put_along_axis`. PyTorch's `scatter`.
    >>> put_along_axis([1.0, 2.0], np.array([1]), [5.0], 0)
    array([1., 5.], dtype=float32)
    """
    x, axis, places, v = _line("put_along_axis", x, places, v, axis)
    return ops.PutAlongAxis(places, axis)(x, v)


def scatter_add(x: Operand[T], places: TensorLike, v: Operand[T], axis: int) -> T:
    """x plus v's elements at places along an axis; those of one place add up.

    Args:
        x: float array or Tensor.   places: integers below the length of the axis, negative ones
        from its end; a constant.
        v: of the shape of the places.   axis: int.
    Returns:
        Shape of x; NumPy's result type of x and v.
    Raises:
        ShapeError: shapes that do not fit.   OutOfRangeError: a place outside.
    Source: PyTorch's `scatter_add`.
    >>> scatter_add([1.0, 2.0], np.array([1, 1]), [5.0, 6.0], 0)
    array([ 1., 13.], dtype=float32)
    """
    x, axis, places, v = _line("scatter_add", x, places, v, axis)
    return x + ops.AddAlongAxis(places, axis, x.shape[axis])(v)


def scatter_reduce(
    x: Operand[T],
    places: TensorLike,
    v: Operand[T],
    axis: int,
    reduce: str = "sum",
    include_self: bool = True,
) -> T:
    """x joined with v's elements at places along an axis by a sum, product, mean, maximum or minimum.

    Args:
        x: float array or Tensor.   places: integers below the length of the axis, negative ones
        from its end; a constant.
        v: of the shape of the places.   axis: int.
        reduce: 'sum', 'prod', 'mean', 'amax' or 'amin'.   include_self: whether x's own elements count.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: shapes that do not fit.   OutOfRangeError: a place outside.
        ArgumentError: another reduce.
    Source: PyTorch's `scatter_reduce`; of equal largest ones, each pair in turn shares its gradient.
    >>> scatter_reduce([1.0, 2.0], np.array([1, 1]), [5.0, 6.0], 0, "prod")
    array([ 1., 60.], dtype=float32)
    """
    reduce = choice("scatter_reduce", "reduce", reduce, ("sum", "prod", "mean", "amax", "amin"))
    x, axis, places, v = _line("scatter_reduce", x, places, v, axis)
    counts = ops.AddAlongAxis(places, axis, x.shape[axis])(np.ones(v.shape))
    if not flag("scatter_reduce", "include_self", include_self):
        x = where(counts > 0, NEUTRAL[reduce], x)
    if reduce in ("sum", "mean"):
        y = x + ops.AddAlongAxis(places, axis, x.shape[axis])(v)
        own = counts + (1.0 if include_self else 0.0)
        return y if reduce == "sum" else y / np.maximum(own, 1).astype(x.dtype)
    # One element of each place at a time: products with zeros, and ties, are those of two numbers.
    combine: Any = {"prod": mul, "amax": maximum, "amin": minimum}[reduce]
    y = x
    for mine in _rounds(places, axis, x.shape[axis]):
        here = ops.AddAlongAxis(places, axis, x.shape[axis])(mine.astype(float)) > 0
        chosen = ops.AddAlongAxis(places, axis, x.shape[axis])(where(mine, v, 0.0))
        if reduce == "prod":
            y = combine(y, where(here, chosen, NEUTRAL[reduce]))
        else:
            y = where(here, combine(y, chosen), y)
    return y


def index_add(x: Operand[T], axis: int, places: TensorLike, v: Operand[T]) -> T:
    """x plus slices of v at places along an axis; those of one place add up.

    Args:
        x: float array or Tensor.   axis: int.   places: integers below the length of the axis,
        negative ones from its end; a constant. One axis.
        v: as `take(x, places, axis)`.
    Returns:
        Shape of x; NumPy's result type of x and v.
    Raises:
        ShapeError: no such axis.   OutOfRangeError: a place outside.
    Source: PyTorch's `index_add`.
    >>> index_add([1.0, 2.0], 0, [1, 1], [5.0, 6.0])
    array([ 1., 13.], dtype=float32)
    """
    x, key = _slices("index_add", x, axis, places)
    return x + ops.IndexAdd(key, x.shape)(operand("index_add", v))


def index_fill(x: Operand[T], axis: int, places: TensorLike, value: float) -> T:
    """x with a number in the slices at places along an axis, where its gradient is 0.

    Args:
        x: array or Tensor.   axis: int.   places: integers below the length of the axis, negative
        ones from its end; a constant. One axis.
        value: number.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: no such axis.   OutOfRangeError: a place outside.
    Source: PyTorch's `index_fill`.
    >>> index_fill([1.0, 2.0], 0, [1], 9.0)
    array([1., 9.], dtype=float32)
    """
    x, key = _slices("index_fill", x, axis, places)
    mask = np.zeros(x.shape, bool)
    mask[key] = True
    return where(mask, number("index_fill", "value", value), x)


def index_copy(x: Operand[T], axis: int, places: TensorLike, v: Operand[T]) -> T:
    """x with slices of v at places along an axis; where a place repeats, the last one stays.

    Args:
        x: array or Tensor.   axis: int.   places: integers below the length of the axis, negative
        ones from its end; a constant. One axis.
        v: as `take(x, places, axis)`.
    Returns:
        Shape of x; NumPy's result type of x and v.
    Raises:
        ShapeError: no such axis, or shapes that do not fit.   OutOfRangeError: a place outside.
    Source: PyTorch's `index_copy`.
    >>> index_copy([1.0, 2.0], 0, [1], [9.0])
    array([1., 9.], dtype=float32)
    """
    x, key = _slices("index_copy", x, axis, places)
    axis = one_axis("index_copy", axis, x.ndim)
    v = operand("index_copy", v)
    line = key[-1].reshape([-1 if k == axis else 1 for k in range(x.ndim)])
    return ops.PutAlongAxis(np.broadcast_to(line, v.shape), axis)(x, v)


def masked_fill(x: Operand[T], mask: Operand[T], value: Operand[T]) -> T:
    """x with a value where the mask is true; there x's gradient is 0.

    Args:
        x: array or Tensor.   mask: bool array or Tensor whose shape broadcasts with x's.
        value: number, or 0-d array or Tensor, which gets a gradient.
    Returns:
        The broadcast shape; dtype of x.
    Raises:
        DTypeError: the mask is not bool.   ShapeError: the shapes do not broadcast.
    Source: PyTorch's `masked_fill`.
    >>> masked_fill([1.0, 2.0], np.array([True, False]), 9.0)
    array([9., 2.], dtype=float32)
    """
    return where(mask, value, operand("masked_fill", x))


def masked_select(x: Operand[T], mask: TensorLike) -> T:
    """The elements of x where the mask is true, in a row.

    Args:
        x: array or Tensor.   mask: bool array or Tensor whose shape broadcasts with x's.
    Returns:
        (count of the true ones,), dtype of x.
    Raises:
        DTypeError: the mask is not bool.   ShapeError: the shapes do not broadcast.
    Source: PyTorch's `masked_select`.
    >>> masked_select([1.0, 2.0], np.array([True, False]))
    array([1.], dtype=float32)
    """
    x, chosen = operand("masked_select", x), values(mask, "masked_select").copy()
    if chosen.dtype != bool:
        raise DTypeError(f"masked_select: the mask has dtype {chosen.dtype}, bool fits")
    shape = broadcastable("masked_select", x, chosen)
    return ops.Index(np.broadcast_to(chosen, shape))(broadcast_to(x, shape))


def _places(function: str, places: Any) -> Any:
    """Places as an array of integers of its own."""
    found = np.array(on_host(places, function))
    if not found.size:
        found = found.astype(np.int64)
    if found.dtype.kind not in "iu":
        raise DTypeError(f"{function}: places have dtype {found.dtype}, integers fit")
    return found


def _within(function: str, places: Any, size: int) -> None:
    if places.size and not (-size <= places.min() and places.max() < size):
        raise OutOfRangeError(
            f"{function}: places from {places.min()} to {places.max()}, {-size} to {size - 1} fit"
        )


def _line(
    function: str, x: Operand[T], places: TensorLike, v: Operand[T], axis: int
) -> tuple[T, int, Any, T]:
    """Operands of a function along one axis: all shapes agree but for the axis."""
    x, v, found = operand(function, x), operand(function, v), _places(function, places)
    axis = one_axis(function, axis, x.ndim)
    if not v.ndim:
        v = broadcast_to(v, found.shape)
    rest = [(*s[:axis], *s[axis + 1 :]) for s in (x.shape, found.shape)]
    if found.ndim != x.ndim or rest[0] != rest[1] or v.shape != found.shape:
        raise ShapeError(
            f"{function}: x {x.shape}, places {found.shape} and v {v.shape} do not fit along axis {axis}"
        )
    _within(function, found, x.shape[axis])
    return x, axis, found % max(x.shape[axis], 1), v


def _slices(function: str, x: Operand[T], axis: int, places: TensorLike) -> tuple[T, tuple[Any, ...]]:
    """x, and the key of its slices at some places."""
    x, found = operand(function, x), _places(function, places)
    axis = one_axis(function, axis, x.ndim)
    if found.ndim != 1:
        raise ShapeError(f"{function}: places have shape {found.shape}, one axis fits")
    _within(function, found, x.shape[axis])
    return x, (*(slice(None),) * axis, found % max(x.shape[axis], 1))


def _rounds(places: Any, axis: int, size: int) -> Iterator[Any]:
    """Masks of the places: in each, no place of x is named twice, and all together name all."""
    moved = np.moveaxis(places, axis, -1)
    rank = np.zeros(moved.shape, np.int64)
    for k in range(moved.shape[-1]):
        rank[..., k] = (moved[..., :k] == moved[..., k : k + 1]).sum(axis=-1)
    rank = np.moveaxis(rank, -1, axis)
    for number_of_round in range(int(rank.max(initial=-1)) + 1):
        yield rank == number_of_round
