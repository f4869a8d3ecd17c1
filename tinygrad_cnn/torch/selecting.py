"""Elements taken, put, masked or counted by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import broadcastable
from tinygrad_cnn.graph import MODE
from tinygrad_cnn.torch.comparing import value
from tinygrad_cnn.torch.mixing import mixed, tensor_of
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor


@name("where")
def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """Elements of `input` where the condition holds, of `other` elsewhere; without them, the places."""
    if input is None:
        return nonzero(condition, as_tuple=True)
    a, b = mixed(input, other)
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        a = tensor_of(np.float32(a))
    return F.where(condition._array.astype(bool), a, b)


def _where_method(input: Any, condition: Any, other: Any) -> Any:
    """The elements where the condition holds, of `other` elsewhere."""
    return where(condition, input, other)


name("where", function=False)(_where_method)


@name()
def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    """Elements at places along one dimension; the others may be longer than the index."""
    places = index._array
    axis = dim % max(input._array.ndim, 1)
    if input._array.ndim == 0:
        return F.reshape(input, places.shape)
    _check_places("gather", places, axis, input._array.shape[axis])
    cut = tuple(slice(None) if i == axis else slice(n) for i, n in enumerate(places.shape))
    if any(
        a != b for i, (a, b) in enumerate(zip(input._array.shape, places.shape, strict=True)) if i != axis
    ):
        input = F.index(input, cut)
    if input._array.dtype.kind != "f":
        return Tensor.detached(np.take_along_axis(input._array, places, axis))
    return F.take_along_axis(input, places, axis)


@name("take_along_dim")
def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """Elements at places along one dimension, broadcast."""
    return F.take_along_axis(input, indices._array, dim)


@name()
def take(input: Any, index: Any) -> Any:
    """Elements of the flattened tensor."""
    return F.index(F.reshape(input, (-1,)), index._array)


@name()
def index_select(input: Any, dim: int, index: Any) -> Any:
    """Slices of one dimension."""
    axis = dim % max(input._array.ndim, 1)
    return F.index(input, (slice(None),) * axis + (np.atleast_1d(index._array),))


@name()
def masked_select(input: Any, mask: Any) -> Any:
    """Elements where the mask holds, in a row."""
    shape = broadcastable("masked_select", input, mask)
    return F.index(
        F.broadcast_to(input, shape), np.broadcast_to(mask._array.astype(bool, copy=False), shape)
    )


@name(in_place=True)
def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """A value where the mask holds."""
    if input._array.dtype.kind != "f":
        return Tensor.detached(
            np.where(
                mask._array, np.asarray(getattr(value, "_array", value), input._array.dtype), input._array
            )
        )
    return F.where(
        mask._array.astype(bool, copy=False), value if isinstance(value, Tensor) else float(value), input
    )


@name(in_place=True)
def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """Elements of `source`, in order, where the mask holds."""
    place = np.broadcast_to(mask._array.astype(bool, copy=False), input._array.shape)
    if place.sum() > source._array.size:
        raise RuntimeError(f"masked_scatter: {place.sum()} elements are wanted, {source._array.size} given")
    taken = F.index(F.reshape(source, (-1,)), slice(int(place.sum())))
    return F.where(place, ops.IndexAdd(place, input._array.shape)(taken), input)


# --------------------------------------------------------------------------- putting
def _check_places(function: str, places: Any, axis: int, size: int) -> None:
    """Refuse places that are not there with the class that PyTorch's programs catch."""
    # Without signs a negative place is a huge one: one question instead of two.
    if (
        places.size
        and places.dtype.kind in "iu"
        and places.astype(np.intp, copy=False).view(np.uintp).max() >= size
    ):
        wrong = places[(places < 0) | (places >= size)][0]
        raise RuntimeError(
            f"{function}: index {wrong} is out of bounds for dimension {axis} with size {size}; 0 to {size - 1} fit"
        )


def _spots(input: Any, dim: int, index: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The key of the places that an index along one dimension names."""
    grid = np.indices(index.shape, sparse=True)
    axis = dim % input._array.ndim
    _check_places("scatter", index, axis, input._array.shape[axis])
    return tuple(index if i == axis else grid[i] for i in range(len(shape)))


@name(in_place=True)
def scatter(
    input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Any:
    """`src` (or a value) written at places along one dimension."""
    if src is None or not isinstance(src, Tensor):
        number = value if src is None else src
        src = Tensor.detached(np.full(index._array.shape, number, input._array.dtype))
    if reduce is not None:
        return scatter_reduce(input, dim, index, src, {"add": "sum", "multiply": "prod"}[reduce])
    src = _cut(src, index)
    key = _spots(input, dim, index._array, input._array.shape)
    return put(input, key, src)


def put(input: Any, key: Any, src: Any) -> Any:
    """Elements at a key replaced; the last one wins where the key repeats a place."""
    if not (input.requires_grad or src.requires_grad):
        out = input._array.copy()
        out[key] = src._array
        return Tensor.detached(out)
    order = np.full(input._array.shape, -1)
    numbers = np.arange(src._array.size).reshape(src._array.shape)
    order[key] = numbers
    wins = order[key] == numbers
    taken = F.where(wins, src, 0.0)
    return F.where(order >= 0, ops.IndexAdd(key, input._array.shape)(taken), input)


@name(in_place=True)
def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """`src` added at places along one dimension."""
    src = _cut(src, index)
    key = _spots(input, dim, index._array, input._array.shape)
    return input + ops.IndexAdd(key, input._array.shape)(src)


def _cut(src: Any, index: Any) -> Any:
    if src._array.shape == index._array.shape:
        return src
    return F.index(src, tuple(slice(n) for n in index._array.shape))


@name("scatter_reduce", in_place=True)
def scatter_reduce(
    input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True
) -> Any:
    """`src` combined with what is at places along one dimension: sum, prod, mean, amax or amin."""
    src = _cut(src, index)
    key = _spots(input, dim, index._array, input._array.shape)
    counts = np.zeros(input._array.shape, np.int64)
    np.add.at(counts, key, 1)
    if reduce in ("sum", "mean"):
        start = input if include_self else F.where(counts > 0, 0.0, input)
        total = start + ops.IndexAdd(key, input._array.shape)(src)
        n = counts + int(include_self) if reduce == "mean" else np.ones_like(counts)
        return (
            total
            if reduce == "sum"
            else total / Tensor.detached(np.maximum(n, 1).astype(input._array.dtype))
        )
    out, ufunc = input._array.copy(), {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}[reduce]
    if not include_self:
        neutral = {"prod": 1, "amax": -np.inf, "amin": np.inf}[reduce]
        out[counts > 0] = neutral
    ufunc.at(out, key, src._array)
    if not (MODE.get().recording and (input.requires_grad or src.requires_grad)):
        return Tensor.detached(out)
    if reduce == "prod":
        return F.scatter_reduce(input, index._array, src, dim, "prod", include_self)
    mine, theirs = input._array == out, src._array == out[key]  # equal ones share the gradient
    mine &= include_self | (counts == 0)
    shares = mine.astype(input._array.dtype)
    np.add.at(shares, key, theirs.astype(input._array.dtype))
    return (
        F.where(mine, input, 0.0) + ops.IndexAdd(key, out.shape)(F.where(theirs, src, 0.0))
    ) / Tensor.detached(shares)


@name(in_place=True)
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """`source` added at slices of one dimension."""
    key = (slice(None),) * (dim % input._array.ndim) + (index._array,)
    return input + ops.IndexAdd(key, input._array.shape)(source * alpha)


@name(in_place=True)
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """`source` written at slices of one dimension."""
    return put(input, (slice(None),) * (dim % input._array.ndim) + (index._array,), source)


@name(in_place=True)
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """A value at slices of one dimension."""
    place = np.zeros(input._array.shape, bool)
    place[(slice(None),) * (dim % input._array.ndim) + (index._array,)] = True
    return masked_fill(input, Tensor.detached(place), value)


@name(in_place=True)
def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """Values at the places that index tensors name."""
    key = tuple(value(i) for i in indices)
    values = F.broadcast_to(values, input._array[key].shape)
    return input + ops.IndexAdd(key, input._array.shape)(values) if accumulate else put(input, key, values)


# --------------------------------------------------------------------------- finding
@name()
def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """Where the elements are not 0: one row each, or one tensor a dimension."""
    found = np.nonzero(np.atleast_1d(input._array))
    if as_tuple:
        return tuple(Tensor.detached(f) for f in found)
    return Tensor.detached(np.stack(found, 1)[:, : input._array.ndim])


@name("argwhere")
def argwhere(input: Any) -> Any:
    """Where the elements are not 0, one row each."""
    return nonzero(input)


@name()
def unique(
    input: Any,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Different elements in order, with the places and counts that were asked for."""
    found = np.unique(input._array, return_inverse=True, return_counts=True, axis=dim)
    values, inverse, counts = found
    out = [Tensor.detached(values)]
    if return_inverse:
        out.append(Tensor.detached(inverse.reshape(input._array.shape if dim is None else -1)))
    if return_counts:
        out.append(Tensor.detached(counts))
    return out[0] if len(out) == 1 else tuple(out)


@name()
def unique_consecutive(
    input: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The first of each run of equal elements, or of equal slices of a dimension."""
    rows = input._array.ravel() if dim is None else np.moveaxis(input._array, dim, 0)
    flat = rows.reshape(len(rows), -1)
    new = np.concatenate([[True], (flat[1:] != flat[:-1]).any(1)])[: len(flat)]
    out = [Tensor.detached(rows[new] if dim is None else np.moveaxis(rows[new], 0, dim))]
    if return_inverse:
        places = np.cumsum(new) - 1
        out.append(Tensor.detached(places.reshape(input._array.shape) if dim is None else places))
    if return_counts:
        out.append(Tensor.detached(np.diff(np.append(np.flatnonzero(new), len(flat)))))
    return out[0] if len(out) == 1 else tuple(out)


@name()
def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """Count how often each number occurs."""
    return Tensor.detached(
        np.bincount(input._array, None if weights is None else weights._array, minlength)
    )


@name()
def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """Count the elements in each of equal bins."""
    if bins < 1:
        raise RuntimeError(f"histc: bins must be > 0, but got {bins}")
    if min == max:
        min, max = float(input._array.min()), float(input._array.max())
    counts = np.histogram(input._array, bins, (min, max))[0]
    return Tensor.detached(counts.astype(input._array.dtype))


@name("searchsorted", method=False, also={"input": "values"})
def searchsorted(
    sorted_sequence: Any,
    values: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
) -> Any:
    """Where values would have to be put to keep the order."""
    from_right = "right" if right or side == "right" else "left"
    lines, wanted = sorted_sequence._array, value(values)
    if lines.ndim == 1:
        found = np.searchsorted(lines, wanted, from_right)  # type: ignore[call-overload]
    else:
        found = np.stack([np.searchsorted(a, b, from_right) for a, b in zip(  # type: ignore[call-overload]
            lines.reshape(-1, lines.shape[-1]), wanted.reshape(-1, wanted.shape[-1]), strict=True)]).reshape(wanted.shape)  # fmt: skip
    return Tensor.detached(np.asarray(found, np.int32 if out_int32 else np.int64))


@name()
def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Any:
    """The number of each element's bucket."""
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"bucketize: boundaries must have 1 dimension, got {boundaries.shape}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
