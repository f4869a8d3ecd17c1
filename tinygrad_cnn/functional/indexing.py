"""Taking elements by a key, or by places along an axis."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    TensorLike,
    on_host,
    one_axis,
    operand,
    torch_names,
    values,
)
from tinygrad_cnn.graph import Traced

__all__ = ["index", "take_along_axis"]


def index(x: Operand[T], key: Any) -> T:
    """x[key], for every key that NumPy accepts; places that the key repeats add up in the gradient.

    Args:
        x: array or Tensor.   key: ints, slices, None, ..., arrays or Tensors of ints or bools, or
            a tuple of these.
    Returns:
        NumPy's result shape.
    Raises:
        IndexError: out of range, or not a key (NumPy's own message).
    Source: NumPy's indexing.
    >>> index(np.arange(5.0), slice(None, None, -2))
    array([4., 2., 0.])
    """
    parts = key if isinstance(key, tuple) else (key,)
    made = tuple(_part(part) for part in parts)
    x, whole = operand("index", x), made if isinstance(key, tuple) else made[0]
    if devices.ON_DEVICES and devices.device_of(values(x)) != devices.HOST:
        np.broadcast_to(np.empty(()), x.shape)[whole]  # raises IndexError, where a device would wrap around
    return ops.Index(whole)(x)


def _part(part: Any) -> Any:
    """One part of a key; arrays are copied, because the derivative reads the key again."""
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, (Traced, list, tuple, *devices.CLASSES)):
        found = np.array(on_host(part, "index"))
        return found.astype(np.intp) if found.size == 0 and found.dtype != bool else found
    if isinstance(part, (bool, np.bool_)):
        return bool(part)
    try:
        return operator.index(part)
    except TypeError:
        raise IndexError(
            f"index: {part!r} is not a key; integers, slices, None, ... and arrays of integers or bools fit"
        ) from None


@torch_names
def take_along_axis(x: Operand[T], indices: TensorLike, axis: int | None = -1) -> T:
    """Elements at places along one axis: y[.., i, ..] = x[.., indices[.., i, ..], ..].

    The gradient of an element that is taken several times is the sum of theirs. With `argsort` or
    `argmax(..., keepdims=True)` as indices it sorts, or takes the largest; PyTorch's
    `take_along_dim`, and its `gather` where the other axes are equal.

    Args:
        x: array or Tensor.
        indices: integers, negative ones from the end; as many axes as x, which broadcast with x's
            but for `axis`.
        axis: the axis, or None for x flattened.
    Returns:
        The broadcast shape, with the length of `indices` along `axis`; x's dtype.
    Raises:
        ShapeError: no such axis, or the shapes do not fit.   DTypeError: indices are not integers.
        IndexError: an index is out of range.
    Source: NumPy's `take_along_axis`.
    >>> take_along_axis(np.array([[5.0, 6.0], [7.0, 8.0]]), np.array([[1, 1, 0], [0, 0, 1]]), 1)
    array([[6., 6., 5.],
           [7., 7., 8.]])
    """
    x, places = operand("take_along_axis", x), np.array(on_host(indices, "take_along_axis"))
    if places.dtype.kind not in "iu":
        raise DTypeError(f"take_along_axis: indices must be integers, got dtype {places.dtype}")
    if axis is None:
        x = ops.Reshape((x.size,))(x)
    if places.ndim != x.ndim:
        raise ShapeError(f"take_along_axis: indices have {places.ndim} axes, x has {x.ndim}; as many fit")
    along = one_axis("take_along_axis", -1 if axis is None else axis, x.ndim)
    size = x.shape[along]
    wrong = places[(places < -size) | (places >= size)]
    if wrong.size:
        raise IndexError(
            f"take_along_axis: index {wrong[0]} is out of range for axis {axis} of length {size}"
        )
    rest = [tuple(1 if i == along else n for i, n in enumerate(s)) for s in (x.shape, places.shape)]
    try:
        shape = np.broadcast_shapes(*rest)
    except ValueError:
        raise ShapeError(
            f"take_along_axis: but for axis {axis}, x {x.shape} and indices {places.shape} must broadcast"
        ) from None
    head, tail = shape[:along], shape[along + 1 :]
    if x.shape != (*head, size, *tail):
        x = ops.BroadcastTo((*head, size, *tail))(x)
    places = np.broadcast_to(places % max(size, 1), (*head, places.shape[along], *tail)).astype(np.intp)
    return ops.TakeAlongAxis(places, along)(x)
