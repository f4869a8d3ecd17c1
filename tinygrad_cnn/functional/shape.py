"""Another shape, another order of the axes, joining and cutting."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import Axis, Operand, T, integer, one_axis, operand, torch_names
from tinygrad_cnn.functional.arguments import axes as axes_of
from tinygrad_cnn.graph import Traced

__all__ = [
    "broadcast_to", "concatenate", "expand_dims", "flatten", "moveaxis", "permute", "reshape", "split",
    "squeeze", "stack", "swapaxes", "transpose",
]  # fmt: skip


def reshape(x: Operand[T], shape: int | Sequence[int]) -> T:
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


@torch_names
def flatten(x: Operand[T], start_axis: int = 0, end_axis: int = -1) -> T:
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
    shape = x.shape
    if not shape:
        return ops.Reshape((1,))(x)
    first = one_axis("flatten", start_axis, len(shape))
    last = one_axis("flatten", end_axis, len(shape))
    if last < first:
        raise ShapeError(f"flatten: end_axis {end_axis} lies before start_axis {start_axis}")
    merged = prod(shape[first : last + 1])
    return ops.Reshape((*shape[:first], merged, *shape[last + 1 :]))(x)


def transpose(x: Operand[T], axes: Sequence[int] | None = None) -> T:
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


def swapaxes(x: Operand[T], axis1: int, axis2: int) -> T:
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


def broadcast_to(x: Operand[T], shape: Sequence[int]) -> T:
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
def concatenate(tensors: Sequence[Operand[T]], axis: int = 0) -> T:
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
    operands = _listed("concatenate", tensors)
    join = one_axis("concatenate", axis, operands[0].ndim)
    return ops.Concatenate(join)(*operands)


def permute(x: Operand[T], axes: Sequence[int]) -> T:
    """The axes in another order: PyTorch's name of `transpose` with axes.

    Args:
        x: array or Tensor.   axes: each axis once.
    Returns:
        A view of x's memory.
    Raises:
        ShapeError: not each axis once.
    Source: PyTorch's `permute`.
    >>> permute(np.zeros((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    return transpose(x, axes)


def moveaxis(x: Operand[T], source: int | Sequence[int], destination: int | Sequence[int]) -> T:
    """Some axes moved to other places; the others stay in order.

    Args:
        x: array or Tensor.   source: the axes to move.   destination: a new place for each.
    Returns:
        A view of x's memory.
    Raises:
        ShapeError: no such axis, an axis or a place named twice, or not one place for each axis.
    Source: NumPy's `moveaxis`.
    >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = operand("moveaxis", x)
    starts = [one_axis("moveaxis", axis, x.ndim) for axis in _sequence(source)]
    ends = [one_axis("moveaxis", axis, x.ndim) for axis in _sequence(destination)]
    if len(starts) != len(ends) or len({*starts}) != len(starts) or len({*ends}) != len(ends):
        raise ShapeError(
            f"moveaxis: source {source!r} and destination {destination!r} must name as many axes, each once"
        )
    order = [axis for axis in range(x.ndim) if axis not in starts]
    for place, axis in sorted(zip(ends, starts, strict=True)):
        order.insert(place, axis)
    return ops.Transpose(tuple(order))(x)


@torch_names
def expand_dims(x: Operand[T], axis: int | Sequence[int]) -> T:
    """New axes of length 1; PyTorch's `unsqueeze`.

    Args:
        x: array or Tensor.   axis: where the new axes stand in the result.
    Returns:
        x's shape with those axes; a view where the layout allows.
    Raises:
        ShapeError: no such place in the result, or one named twice.
    Source: NumPy's `expand_dims`.
    >>> expand_dims(np.zeros((2, 3)), 1).shape
    (2, 1, 3)
    """
    x = operand("expand_dims", x)
    places = _sequence(axis)
    new = axes_of("expand_dims", tuple(places), x.ndim + len(places))
    sizes = iter(x.shape)
    return ops.Reshape(tuple(1 if i in new else next(sizes) for i in range(x.ndim + len(new))))(x)


@torch_names
def squeeze(x: Operand[T], axis: Axis = None) -> T:
    """Axes of length 1 taken away.

    Args:
        x: array or Tensor.   axis: which ones; None for all that have length 1.
    Returns:
        x's shape without those axes; a view where the layout allows.
    Raises:
        ShapeError: no such axis, or its length is not 1 (PyTorch's `squeeze` leaves it then).
    Source: NumPy's `squeeze`.
    >>> squeeze(np.zeros((1, 3, 1))).shape
    (3,)
    """
    x = operand("squeeze", x)
    alone = tuple(i for i, n in enumerate(x.shape) if n == 1)
    gone = alone if axis is None else axes_of("squeeze", axis, x.ndim)
    if not {*gone} <= {*alone}:
        raise ShapeError(f"squeeze: axis {axis} of shape {x.shape} has not length 1")
    return ops.Reshape(tuple(n for i, n in enumerate(x.shape) if i not in gone))(x)


@torch_names
def stack(tensors: Sequence[Operand[T]], axis: int = 0) -> T:
    """Operands of one shape joined along a new axis.

    Args:
        tensors: at least one array or Tensor; equal shapes.   axis: where the new axis stands.
    Returns:
        The operands' shape with one more axis, as long as their number.
    Raises:
        ShapeError: none given, the shapes differ, or no such place.   DTypeError: not a list.
    Source: NumPy's `stack`.
    >>> stack([np.zeros(3), np.ones(3)], axis=1).shape
    (3, 2)
    """
    operands = _listed("stack", tensors)
    shapes = [x.shape for x in operands]
    if any(shape != shapes[0] for shape in shapes):
        raise ShapeError(f"stack: the shapes must be equal, got {', '.join(map(str, shapes))}")
    place = one_axis("stack", axis, operands[0].ndim + 1)
    longer = (*shapes[0][:place], 1, *shapes[0][place:])
    return ops.Concatenate(place)(*(ops.Reshape(longer)(x) for x in operands))


@torch_names
def split(x: Operand[T], indices_or_sections: int | Sequence[int], axis: int = 0) -> list[T]:
    """x cut along an axis, into equal parts or at given places.

    Args:
        x: array or Tensor.
        indices_or_sections: the number of equal parts, or the places where parts begin after the
            first, as in `x[:i], x[i:j], x[j:]` (PyTorch's `split` takes the parts' sizes instead).
        axis: where to cut.
    Returns:
        A list of views of x's memory.
    Raises:
        ShapeError: no such axis, or its length is not a multiple of the number of parts.
        ArgumentError: fewer than one part.   DTypeError: not integers.
    Source: NumPy's `split`.
    >>> [part.tolist() for part in split(np.arange(5.0), [1, 3])]
    [[0.0], [1.0, 2.0], [3.0, 4.0]]
    """
    x = operand("split", x)
    cut = one_axis("split", axis, x.ndim)
    if isinstance(indices_or_sections, (Sequence, *devices.CLASSES)):
        inner = [integer("split", "index", i) for i in indices_or_sections]
    else:
        count = integer("split", "indices_or_sections", indices_or_sections, 1)
        if x.shape[cut] % count:
            raise ShapeError(
                f"split: axis {axis} of length {x.shape[cut]} does not make {count} equal parts"
            )
        inner = [x.shape[cut] // count * k for k in range(1, count)]
    before = (slice(None),) * cut
    ends = [None, *inner, None]
    return [ops.Index((*before, slice(i, j)))(x) for i, j in pairwise(ends)]


def _listed(function: str, tensors: Any) -> list[Any]:
    """The operands of a join: a list of at least one."""
    if isinstance(tensors, (Traced, *devices.CLASSES)):
        raise DTypeError(f"{function}: give a list of tensors, not one array")
    operands = [operand(function, x, tensors) for x in tensors]
    if not operands:
        raise ShapeError(f"{function}: the list of tensors is empty")
    return operands


def _sequence(value: Any) -> Any:
    return (value,) if isinstance(value, (int, np.integer)) else value
