"""The standard's functions that arrange elements: shapes, places, joining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.array_api.arrays import data, is_float, wrapped
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.tensors import Tensor

__all__ = [
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "moveaxis",
    "permute_dims",
    "repeat",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "take",
    "take_along_axis",
    "tile",
    "unstack",
]


def broadcast_to(x: Tensor, /, shape: tuple[int, ...]) -> Tensor:
    """`broadcast_to` of the array API standard.

    >>> broadcast_to(Tensor([1.0]), (2,))
    Tensor([1., 1.])
    """
    return F.broadcast_to(x, shape) if is_float(x) else wrapped(np.broadcast_to(data(x), shape).copy())


def broadcast_arrays(*arrays: Tensor) -> tuple[Tensor, ...]:
    """`broadcast_arrays` of the array API standard.

    >>> [x.shape for x in broadcast_arrays(Tensor([1.0]), Tensor([1.0, 2.0]))]
    [(2,), (2,)]
    """
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    return tuple(broadcast_to(x, shape) for x in arrays)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """`broadcast_shapes` of the array API standard.

    >>> broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    return np.broadcast_shapes(*shapes)


def concat(arrays: Sequence[Tensor], /, *, axis: int | None = 0) -> Tensor:
    """`concat` of the array API standard.

    >>> concat([Tensor([1.0]), Tensor([2.0])])
    Tensor([1., 2.])
    """
    if axis is None:
        arrays, axis = [reshape(x, (-1,)) for x in arrays], 0
    if all(map(is_float, arrays)):
        return F.concatenate(list(arrays), axis)
    return wrapped(np.concatenate([data(x) for x in arrays], axis))


def stack(arrays: Sequence[Tensor], /, *, axis: int = 0) -> Tensor:
    """`stack` of the array API standard.

    >>> stack([Tensor([1.0]), Tensor([2.0])]).shape
    (2, 1)
    """
    if all(map(is_float, arrays)):
        return F.stack(list(arrays), axis)
    return wrapped(np.stack([data(x) for x in arrays], axis))


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """`unstack` of the array API standard.

    >>> unstack(Tensor([1.0, 2.0]))
    (Tensor(1.), Tensor(2.))
    """
    if is_float(x):
        return tuple(F.unstack(x, axis))
    return tuple(wrapped(part) for part in np.moveaxis(data(x), axis, 0))


def expand_dims(x: Tensor, /, axis: Any = 0) -> Tensor:
    """`expand_dims` of the array API standard.

    >>> expand_dims(Tensor([1.0]), -1).shape
    (1, 1)
    """
    if not isinstance(axis, tuple) and not -x.ndim - 1 <= axis <= x.ndim:
        raise IndexError(f"expand_dims: axis {axis} is out of range for {x.ndim + 1} axes")
    return F.expand_dims(x, axis) if is_float(x) else wrapped(np.expand_dims(data(x), axis))


def squeeze(x: Tensor, /, axis: Any) -> Tensor:
    """`squeeze` of the array API standard.

    >>> squeeze(Tensor([[1.0]]), 0).shape
    (1,)
    """
    return F.squeeze(x, axis) if is_float(x) else wrapped(np.squeeze(data(x), axis))


def permute_dims(x: Tensor, /, axes: tuple[int, ...]) -> Tensor:
    """`permute_dims` of the array API standard.

    >>> permute_dims(Tensor([[1.0, 2.0]]), (1, 0)).shape
    (2, 1)
    """
    return F.permute(x, axes) if is_float(x) else wrapped(np.transpose(data(x), axes))


def moveaxis(x: Tensor, source: Any, destination: Any, /) -> Tensor:
    """`moveaxis` of the array API standard.

    >>> moveaxis(Tensor([[1.0, 2.0]]), 0, 1).shape
    (2, 1)
    """
    if is_float(x):
        return F.moveaxis(x, source, destination)
    return wrapped(np.moveaxis(data(x), source, destination))


def reshape(x: Tensor, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Tensor:
    """`reshape` of the array API standard.

    >>> reshape(Tensor([1.0, 2.0]), (2, 1)).shape
    (2, 1)
    """
    if copy is not None:
        flag("reshape", "copy", copy)
    if is_float(x):
        return F.reshape(x, shape)
    return wrapped(np.array(np.reshape(data(x), shape), copy=bool(copy) or None))


def flip(x: Tensor, /, *, axis: Any = None) -> Tensor:
    """`flip` of the array API standard.

    >>> flip(Tensor([1.0, 2.0]))
    Tensor([2., 1.])
    """
    return F.flip(x, axis) if is_float(x) else wrapped(np.flip(data(x), axis))


def roll(x: Tensor, /, shift: Any, *, axis: Any = None) -> Tensor:
    """`roll` of the array API standard.

    >>> roll(Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([3., 1., 2.])
    """
    return F.roll(x, shift, axis) if is_float(x) else wrapped(np.roll(data(x), shift, axis))


def repeat(x: Tensor, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """`repeat` of the array API standard.

    >>> repeat(Tensor([1.0, 2.0]), 2)
    Tensor([1., 1., 2., 2.])
    """
    counts = data(repeats)
    if is_float(x) and isinstance(counts, int):
        return F.repeat(x, counts, axis)
    flat = reshape(x, (-1,)) if axis is None else x
    n = flat.shape[0 if axis is None else axis]
    places = np.repeat(np.arange(n), np.broadcast_to(counts, (n,)))
    return take(flat, wrapped(places), axis=0 if axis is None else axis)


def tile(x: Tensor, repetitions: tuple[int, ...], /) -> Tensor:
    """`tile` of the array API standard.

    >>> tile(Tensor([1.0]), (2,))
    Tensor([1., 1.])
    """
    return F.tile(x, repetitions) if is_float(x) else wrapped(np.tile(data(x), repetitions))


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """`take` of the array API standard.

    >>> take(Tensor([1.0, 2.0]), wrapped(np.array([1])))
    Tensor([2.])
    """
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"take: axis is needed for an array of {x.ndim} axes")
        axis = 0
    if is_float(x):
        return F.take(x, data(indices), axis)
    return wrapped(np.take(data(x), data(indices), axis))


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """`take_along_axis` of the array API standard.

    >>> take_along_axis(Tensor([1.0, 2.0]), wrapped(np.array([1])))
    Tensor([2.])
    """
    if is_float(x):
        return F.take_along_axis(x, data(indices), axis)
    return wrapped(np.take_along_axis(data(x), data(indices), axis))
