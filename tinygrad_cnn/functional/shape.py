"""Rearranging, joining, padding and indexing."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import integer, one_axis, operand, torch_names, values
from tinygrad_cnn.graph import Traced


def reshape(x: Any, shape: int | Sequence[int]) -> Any:
    """The elements of x in row-major order, in another shape.

    Args:
        x: array or Tensor.   shape: sizes; one of them may be -1, to be worked out.
    Returns:
        That shape, x's dtype; a view of x's memory where the layout allows.
    Raises:
        ShapeError: the number of elements does not fit.
    Source: NumPy's `reshape`.
    >>> reshape(np.arange(6.0), (2, -1)).shape
    (2, 3)
    """
    x = operand("reshape", x)
    wanted = [integer("reshape", "size", n, -1) for n in _sequence(shape)]
    known = prod(n for n in wanted if n != -1)
    if wanted.count(-1) > 1:
        raise ShapeError(f"reshape: only one size may be -1, got {tuple(wanted)}")
    if -1 in wanted and known and x.size % known == 0:
        wanted[wanted.index(-1)] = x.size // known
    if prod(wanted) != x.size or -1 in wanted:
        raise ShapeError(f"reshape: {x.size} elements of shape {x.shape} do not fill {tuple(wanted)}")
    return ops.Reshape(tuple(wanted))(x)


def flatten(x: Any, start_axis: int = 0, end_axis: int = -1) -> Any:
    """Axes from `start_axis` to `end_axis`, both included, merged into one, in row-major order.

    Args:
        x: array or Tensor.   start_axis, end_axis: axes, in order.
    Returns:
        E.g. (N, C, H, W) -> (N, C·H·W) with start_axis=1; a 0-d x gives (1,).
    Raises:
        ShapeError: no such axis, or the second before the first.
    Source: PyTorch's `flatten`.
    >>> flatten(np.zeros((2, 3, 4)), 1).shape
    (2, 12)
    """
    x = operand("flatten", x)
    if x.ndim == 0:
        return ops.Reshape((1,))(x)
    first, last = (one_axis("flatten", axis, x.ndim) for axis in (start_axis, end_axis))
    if last < first:
        raise ShapeError(f"flatten: end_axis {end_axis} lies before start_axis {start_axis}")
    merged = prod(x.shape[first : last + 1])
    return ops.Reshape((*x.shape[:first], merged, *x.shape[last + 1 :]))(x)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order: y.shape[i] = x.shape[axes[i]].

    Args:
        x: array or Tensor.   axes: each axis once, or None to reverse them all.
    Returns:
        A view of x's memory.
    Raises:
        ShapeError: not each axis once.
    Source: NumPy's `transpose`.
    >>> transpose(np.zeros((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    x = operand("transpose", x)
    order = tuple(reversed(range(x.ndim))) if axes is None else _sequence(axes)
    wanted = tuple(one_axis("transpose", axis, x.ndim) for axis in order)
    if sorted(wanted) != list(range(x.ndim)):
        raise ShapeError(f"transpose: axes {tuple(order)} do not name each of {x.ndim} axes once")
    return ops.Transpose(wanted)(x)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged.

    Args:
        x: array or Tensor.   axis1, axis2: the axes.
    Returns:
        A view of x's memory.
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `swapaxes`.
    >>> swapaxes(np.zeros((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    x = operand("swapaxes", x)
    i, j = one_axis("swapaxes", axis1, x.ndim), one_axis("swapaxes", axis2, x.ndim)
    order = list(range(x.ndim))
    order[i], order[j] = j, i
    return ops.Transpose(tuple(order))(x)


def broadcast_to(x: Any, shape: Sequence[int]) -> Any:
    """x repeated to a larger shape, without copying.

    Args:
        x: array or Tensor.   shape: a shape that x's broadcasts to.
    Returns:
        That shape, x's dtype; a read-only view.
    Raises:
        ShapeError: x's shape does not broadcast to it.
    Source: NumPy's `broadcast_to`.
    >>> broadcast_to([1.0, 2.0], (3, 2)).shape
    (3, 2)
    """
    x = operand("broadcast_to", x)
    wanted = tuple(integer("broadcast_to", "size", n, 0) for n in _sequence(shape))
    return ops.BroadcastTo(wanted)(x)


@torch_names
def concatenate(tensors: Sequence[Any], axis: int = 0) -> Any:
    """Operands joined along an axis that they have.

    Args:
        tensors: at least one array or Tensor; equal shapes but for `axis`.   axis: where to join.
    Returns:
        The sizes along `axis` add up.
    Raises:
        ShapeError: none given, or the other axes differ.
    Source: NumPy's `concatenate`.
    >>> concatenate([np.zeros((2, 3)), np.ones((2, 1))], axis=1).shape
    (2, 4)
    """
    if isinstance(tensors, (Traced, np.ndarray)):
        raise DTypeError("concatenate: give a list of tensors, not one array")
    operands = [operand("concatenate", x) for x in tensors]
    if not operands:
        raise ShapeError("concatenate: the list of tensors is empty")
    join = one_axis("concatenate", axis, operands[0].ndim)
    return ops.Concatenate(join)(*operands)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    """A border around x.

    Args:
        x: array or Tensor.
        pad_width: n for every side, (before, after) for every axis, or one such pair per axis.
        mode: 'constant'.   constant_values: the value of the border.
    Returns:
        Each axis longer by before + after, x's dtype.
    Raises:
        ArgumentError: another mode, a negative width, or pairs that do not fit the axes.
    Source: NumPy's `pad`.
    >>> pad([1.0, 2.0], (1, 2))
    array([0., 1., 2., 0., 0.], dtype=float32)
    """
    x = operand("pad", x)
    if mode != "constant":
        raise ArgumentError(f"pad: mode must be 'constant', got {mode!r}")
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))
    except ValueError:
        raise ArgumentError(
            f"pad: pad_width {pad_width!r} does not fit {x.ndim} axes; "
            "a number, one (before, after), or one such pair per axis fits"
        ) from None
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ArgumentError(f"pad: widths must be integers of at least 0, got {pad_width!r}")
    return ops.Pad(tuple((int(a), int(b)) for a, b in widths), float(constant_values))(x)


def index(x: Any, key: Any) -> Any:
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
    return ops.Index(made if isinstance(key, tuple) else made[0])(operand("index", x))


def _part(part: Any) -> Any:
    """One part of a key; arrays are copied, because the derivative reads the key again."""
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, (Traced, np.ndarray, list)):
        found = np.array(values(part))
        return found.astype(np.intp) if found.size == 0 and found.dtype != bool else found
    try:
        return operator.index(part) if not isinstance(part, bool) else part
    except TypeError:
        raise IndexError(
            f"index: {part!r} is no key; integers, slices, None, ... and arrays of integers or bools fit"
        ) from None


def _sequence(value: Any) -> Any:
    return (value,) if isinstance(value, (int, np.integer)) else value
