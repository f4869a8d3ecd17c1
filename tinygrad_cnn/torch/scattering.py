"""Tensors with some elements replaced, and views by strides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided as as_strided_array

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import views
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.shapes import Size
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torch.view_links import shown


def _with(input: Any, key: Any, src: Any) -> Any:
    """A copy of input whose elements at `key` are src."""
    made = input.clone()
    views.setitem(made, key, src)
    return made


def _at(input: Any, dim: int, key: Any) -> Any:
    return (slice(None),) * (dim % input._array.ndim) + (key,)


@name()
def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """A copy with src in one place along a dimension.

    >>> select_scatter(Tensor([[1.0], [2.0]]), Tensor([5.0]), 0, 1)
    tensor([[1.],
            [5.]])
    """
    return _with(input, _at(input, dim, index), src)


@name()
def slice_scatter(
    input: Any, src: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    """A copy with src in a slice along a dimension."""
    return _with(input, _at(input, dim, slice(start, end, step)), src)


@name()
def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A copy with src on a diagonal."""
    places = np.arange(input._array.size).reshape(input._array.shape)
    key = np.unravel_index(np.diagonal(places, offset, dim1, dim2), input._array.shape)
    return _with(input, key, src)


@name(in_place=True)
def put(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """A copy whose elements, counted through all of it, are replaced or added to."""
    flat, place = F.reshape(input, (-1,)), index._array.ravel()
    if accumulate:
        made = flat.index_add(0, Tensor.detached(place), F.reshape(source, (-1,)))
    else:
        made = _with(flat, place, F.reshape(source, (-1,)))
    return F.reshape(made, input._array.shape)


@name(in_place=True)
def index_reduce(
    input: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True
) -> Any:
    """A copy in which rows of source were combined with those at `index`: 'prod', 'mean', 'amax', 'amin'."""
    shape = [1] * input._array.ndim
    shape[dim] = -1
    places = Tensor.detached(np.broadcast_to(index._array.reshape(shape), source._array.shape).copy())
    return input.scatter_reduce(dim, places, source, reduce, include_self=include_self)


@name()
def as_strided(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """Elements of its memory by steps; gradients of an element that appears twice add up.

    >>> as_strided(Tensor([1.0, 2.0, 3.0]), (2, 2), (1, 1))
    tensor([[1., 2.],
            [2., 3.]])
    """
    size, start = Size(size), storage_offset or 0
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    places = np.full(size, start, np.int64)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(n) * step).reshape([-1 if k == axis else 1 for k in range(len(size))])
    if not input._array.flags.c_contiguous:
        raise RuntimeError("as_strided: here the tensor must be contiguous; call contiguous() first")
    if places.size and (places.min() < 0 or places.max() >= input._array.size):
        raise RuntimeError(
            f"setStorage: sizes {list(size)} and strides reach out of {input._array.size} elements"
        )
    return shown(input, lambda x: _strided(x, places, stride, start))


def _strided(x: Any, places: Any, steps: Any, start: int) -> Any:
    if views.is_recorded(x):
        return F.index(F.reshape(x, (-1,)), places)
    memory = x._array.reshape(-1)[start:]
    steps = tuple(step * memory.itemsize for step in steps)
    return Tensor.at(as_strided_array(memory, places.shape, steps), None)


@name(method=False)
def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """Places counted through a whole tensor, as places along its dimensions."""
    found = np.unravel_index(indices._array, (shape,) if isinstance(shape, int) else tuple(shape))
    return tuple(Tensor.detached(np.asarray(part)) for part in found)


@name(method=False)
def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """All choices of r elements, (count, r)."""
    n = input._array.shape[0]
    grid = np.indices((n,) * r).reshape(r, -1).T if r else np.zeros((0, 0), np.int64)
    steps = np.diff(grid, axis=1)
    kept = grid[(steps >= 0 if with_replacement else steps > 0).all(1)]
    return views.indexed(input, Tensor.detached(np.ascontiguousarray(kept)))


@name("fill", method=False)
def fill(input: Any, value: Any) -> Any:
    """A tensor like input, all of one value."""
    return (input * 0).detach() + value
