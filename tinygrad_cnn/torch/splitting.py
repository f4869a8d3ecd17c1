"""Tensors cut into parts along a dimension, and joined."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import shaping, views
from tinygrad_cnn.torch.mixing import mixed
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.shaping import axis_of


@name(also={"split_size": "split_size_or_sections"})
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Cut into parts of a size, or of several sizes."""
    n = tensor._array.shape[dim]
    if isinstance(split_size_or_sections, (list, tuple)):
        parts = [int(s) for s in split_size_or_sections]
        if sum(parts) != n:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at "
                f"dimension {dim}), but got split_sizes={parts}"
            )
    else:
        size = int(split_size_or_sections)
        if size < 1 and (size < 0 or n):
            raise RuntimeError(f"split expects a positive split_size, but got {size} for {n} elements")
        size = max(size, 1)
        parts = [min(size, n - i) for i in range(0, n, size)] or [0]
    return _cut(tensor, parts, dim)


def _cut(x: Any, parts: list[int], dim: int) -> tuple[Any, ...]:
    before, start, out = (slice(None),) * axis_of("split", dim, x._array.ndim), 0, []
    for size in parts:
        out.append(views.cut(x, (*before, slice(start, start + size))))
        start += size
    return tuple(out)


@name("split_with_sizes")
def split_with_sizes(input: Any, split_sizes: Any, dim: int = 0) -> tuple[Any, ...]:
    """Cut into parts of several sizes."""
    return split(input, list(split_sizes), dim)


@name()
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """Cut into that many parts, or fewer, of equal size but for the last."""
    if chunks < 1:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    return split(input, max(1, -(-input._array.shape[dim] // chunks)), dim)


@name()
def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Cut into parts as even as possible, or before some places."""
    n = input._array.shape[dim]
    if isinstance(indices_or_sections, (int, np.integer)):
        k = int(indices_or_sections)
        return _cut(input, [n // k + (i < n % k) for i in range(k)], dim)
    places = [0, *(min(int(i), n) for i in indices_or_sections), n]
    return _cut(input, [max(0, b - a) for a, b in itertools.pairwise(places)], dim)


@name()
def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices along a dimension, without it."""
    before = (slice(None),) * axis_of("unbind", dim, input._array.ndim)
    return tuple(views.indexed(input, (*before, i)) for i in range(input._array.shape[dim]))


@name()
def narrow(input: Any, dim: int, start: Any, length: int) -> Any:
    """A part of one dimension."""
    before = (slice(None),) * axis_of("narrow", dim, input._array.ndim)
    n, start, length = input._array.shape[dim], int(start), int(length)
    if not -n <= start <= n:
        raise IndexError(f"narrow: start {start} is out of range for a size of {n}")
    start += n * (start < 0)
    if length < 0 or start + length > n:
        raise RuntimeError(f"narrow: start ({start}) + length ({length}) exceeds dimension size ({n})")
    return views.cut(input, (*before, slice(start, start + length)))


@name()
def select(input: Any, dim: int, index: Any) -> Any:
    """One slice of a dimension."""
    return views.indexed(input, (slice(None),) * axis_of("select", dim, input._array.ndim) + (int(index),))


@name("cat", "concat", "concatenate", method=False)
def cat(tensors: Any, dim: int = 0) -> Any:
    """Tensors joined along a dimension; empty 1-d ones are left out."""
    kept = [x for x in tensors if x._array.shape != (0,)] or list(tensors)
    return F.concatenate(list(mixed(*kept)), axis=dim)


@name(method=False)
def stack(tensors: Any, dim: int = 0) -> Any:
    """Tensors of one shape along a new dimension."""
    return F.stack(list(mixed(*tensors)), axis=dim)


@name("hstack", "column_stack", method=False)
def hstack(tensors: Any) -> Any:
    """Side by side."""
    tensors = [x if x._array.ndim else F.reshape(x, (1,)) for x in tensors]
    return cat(tensors, 0 if tensors[0]._array.ndim == 1 else 1)


@name("vstack", "row_stack", method=False)
def vstack(tensors: Any) -> Any:
    """One below the other."""
    return cat([x if x._array.ndim > 1 else F.reshape(x, (1, -1)) for x in tensors], 0)


@name(method=False)
def dstack(tensors: Any) -> Any:
    """One behind the other."""
    rows = [F.reshape(x, (1, -1, 1)) if x._array.ndim < 2 else x for x in tensors]
    return cat([x if x._array.ndim > 2 else F.expand_dims(x, 2) for x in rows], 2)


@name()
def hsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """Parts from left to right."""
    return tensor_split(input, indices_or_sections, 0 if input._array.ndim == 1 else 1)


@name()
def vsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """Parts from top to bottom."""
    return tensor_split(input, indices_or_sections, 0)


@name()
def dsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """Parts along the third dimension."""
    return tensor_split(input, indices_or_sections, 2)


@name(method=False)
def atleast_3d(*tensors: Any) -> Any:
    """Three dimensions at least."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    made = []
    for x in tensors:
        n = x._array.ndim
        made.append(
            x.reshape(1, 1, 1) if n == 0 else x[None, :, None] if n == 1 else x[..., None] if n == 2 else x
        )
    return made[0] if len(made) == 1 else tuple(made)


name("unsafe_chunk")(chunk)
name("unsafe_split")(split)
name("unsafe_split_with_sizes")(split_with_sizes)
name("narrow_copy", function=False)(
    lambda input, dim, start, length: narrow(input, dim, start, length).clone()
)
name("adjoint")(lambda input: shaping.transpose(input, -2, -1))
