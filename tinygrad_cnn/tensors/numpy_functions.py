"""NumPy's functions that this package has under no name of its own, written with those that it has.

They take and return what NumPy's do, are recorded, and are called through NumPy only: `np.vstack([t, u])`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import integer, like, one_axis, operand, values


# --------------------------------------------------------------------------- new arrays, copies
def filled_like(name: str) -> Callable[..., Any]:
    """`np.zeros_like`, `np.ones_like` and so on: a Tensor without a graph."""
    function = getattr(np, name)

    def filled(a: Any, *args: Any, **kwargs: Any) -> Any:
        return like(a, function(values(a), *map(values_in, args), subok=False, **kwargs))

    return filled


def values_in(x: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return getattr(x, "array", x)


def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """`np.copy`: the same values in memory of their own, recorded."""
    a = operand("copy", a)
    return ops.Cast(a.dtype)(a)


# --------------------------------------------------------------------------- joining
def at_least(count: int) -> Callable[..., Any]:
    """`np.atleast_1d`, `np.atleast_2d`: axes of length 1 in front until there are so many."""

    def one(x: Any) -> Any:
        x = operand(f"atleast_{count}d", x)
        return x if x.ndim >= count else F.reshape(x, (*(1,) * (count - x.ndim), *x.shape))

    def several(*arrays: Any) -> Any:
        found = tuple(map(one, arrays))
        return found[0] if len(found) == 1 else found

    return several


def vstack(tup: Sequence[Any], **options: Any) -> Any:
    """`np.vstack`: rows below each other."""
    return F.concatenate([at_least(2)(x) for x in tup], axis=0)


def hstack(tup: Sequence[Any], **options: Any) -> Any:
    """`np.hstack`: beside each other, along axis 1, or 0 where there is no other."""
    rows = [at_least(1)(x) for x in tup]
    return F.concatenate(rows, axis=0 if rows and rows[0].ndim == 1 else 1)


def dstack(tup: Sequence[Any]) -> Any:
    """`np.dstack`: along the third axis."""
    deep = [F.expand_dims(at_least(2)(x), 2) if np.ndim(values(x)) < 3 else x for x in tup]
    return F.concatenate(deep, axis=2)


def column_stack(tup: Sequence[Any]) -> Any:
    """`np.column_stack`: 1-d operands as columns."""
    return F.concatenate([F.reshape(x, (-1, 1)) if np.ndim(values(x)) < 2 else x for x in tup], axis=1)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """`np.append`: joined along an axis, or flattened."""
    both = [arr, values] if axis is not None else [F.flatten(arr, 0), F.flatten(values, 0)]
    return F.concatenate(both, axis=axis or 0)


# --------------------------------------------------------------------------- rearranging
def flip_axis(axis: int) -> Callable[[Any], Any]:
    """`np.flipud` and `np.fliplr`."""
    return lambda m: F.flip(m, axis)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """`np.rot90`: turned by quarters in the plane of two axes, from the first towards the second."""
    m, (first, second) = operand("rot90", m), axes
    turns = integer("rot90", "k", k) % 4
    if turns == 2:
        return F.flip(m, (first, second))
    if not turns:
        return F.identity(m)
    flipped = F.flip(m, second) if turns == 1 else m
    swapped = F.swapaxes(flipped, first, second)
    return swapped if turns == 1 else F.flip(swapped, second)


def take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Any:
    """`np.take`: elements, or slices along an axis, by their places."""
    if out is not None or mode != "raise":
        raise ArgumentError("np.take: out and mode are not supported for Tensors; index the tensor")
    a = operand("take", a)
    if axis is None:
        return F.index(F.reshape(a, (a.size,)), values(indices))
    before = (slice(None),) * one_axis("take", axis, a.ndim)
    return F.index(a, (*before, values(indices)))


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """`np.meshgrid`: coordinates along each axis as grids over all of them."""
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"np.meshgrid: indexing is 'xy' or 'ij', got {indexing!r}")
    count = len(xi)
    places = list(range(count))
    if indexing == "xy" and count > 1:
        places[:2] = 1, 0
    lines = [
        F.reshape(x, tuple(-1 if i == k else 1 for i in range(count)))
        for x, k in zip(xi, places, strict=True)
    ]
    if sparse:
        return tuple(lines)
    shape = np.broadcast_shapes(*(line.shape for line in lines))
    return tuple(F.broadcast_to(line, shape) for line in lines)


# --------------------------------------------------------------------------- arithmetic
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """`np.diff`: each element minus the one before it, n times."""
    a = operand("diff", a)
    along = one_axis("diff", axis, a.ndim)
    before = (slice(None),) * along
    for _ in range(integer("diff", "n", n, 0)):
        a = F.index(a, (*before, slice(1, None))) - F.index(a, (*before, slice(None, -1)))
    return a


def ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    """`np.ptp`: the largest minus the smallest."""
    return F.max(a, axis, keepdims) - F.min(a, axis, keepdims)


def average(a: Any, axis: int | None = None, weights: Any = None, returned: bool = False, **o: Any) -> Any:
    """`np.average`: the mean, each element counted by its weight."""
    if returned:
        raise ArgumentError("np.average: returned=True is not supported for Tensors")
    if weights is None:
        return F.mean(a, axis, **o)
    a, weights = operand("average", a), operand("average", weights)
    if weights.shape != a.shape:
        if axis is None or weights.ndim != 1:
            raise ArgumentError(f"np.average: weights {weights.shape} need the shape {a.shape}, or an axis")
        along = one_axis("average", axis, a.ndim)
        weights = F.reshape(weights, tuple(-1 if i == along else 1 for i in range(a.ndim)))
        weights = F.broadcast_to(weights, a.shape)
    return F.sum(a * weights, axis, **o) / F.sum(weights, axis, **o)


def inner(a: Any, b: Any) -> Any:
    """`np.inner`: sums of products over the last axes."""
    a, b = operand("inner", a), operand("inner", b)
    return a * b if not (a.ndim and b.ndim) else F.tensordot(a, b, ((-1,), (-1,)))


def quantile(
    a: Any, q: Any, axis: int | None = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False,
) -> Any:  # fmt: skip
    """`np.quantile`: between the two elements in order that are nearest to the share q of all."""
    if method != "linear" or out is not None:
        raise ArgumentError("np.quantile: only method='linear', without out, is supported for Tensors")
    a, shares = operand("quantile", a), np.asarray(values(q), np.float64)
    if ((shares < 0) | (shares > 1)).any():
        raise ArgumentError("np.quantile: shares must lie in [0, 1]")
    if axis is not None and not isinstance(axis, (int, np.integer)):
        raise DTypeError(f"np.quantile: axis must be an integer or None, got {axis!r}")
    line = F.reshape(a, (a.size,)) if axis is None else a
    along = 0 if axis is None else one_axis("quantile", axis, a.ndim)
    ordered, places = F.sort(line, axis=along), shares.reshape(-1) * (line.shape[along] - 1)
    low = np.floor(places).astype(np.int64)
    high = np.minimum(low + 1, line.shape[along] - 1)
    side = tuple(-1 if i == along else 1 for i in range(line.ndim))
    part = (places - low).astype(a.dtype if a.dtype.kind == "f" else np.float64).reshape(side)
    bottom, top = take(ordered, low, along), take(ordered, high, along)
    found = F.moveaxis(bottom + (top - bottom) * part, along, 0)
    if keepdims:
        rest = (
            (1,) * a.ndim if axis is None else tuple(1 if i == along else n for i, n in enumerate(a.shape))
        )
        found = F.reshape(found, (found.shape[0], *rest))
    return F.reshape(found, (*shares.shape, *found.shape[1:]))


def percentile(a: Any, q: Any, *args: Any, **kwargs: Any) -> Any:
    """`np.percentile`: `np.quantile` in hundredths."""
    return quantile(a, np.asarray(values(q), np.float64) / 100, *args, **kwargs)


def median(
    a: Any, axis: int | None = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
) -> Any:
    """`np.median`: the middle one, or the mean of the two in the middle."""
    return quantile(a, 0.5, axis, out, keepdims=keepdims)


#: By NumPy's name.
MORE_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "append": append,
    "atleast_1d": at_least(1),
    "atleast_2d": at_least(2),
    "average": average,
    "column_stack": column_stack,
    "copy": copy,
    "diff": diff,
    "dstack": dstack,
    "empty_like": filled_like("empty_like"),
    "fliplr": flip_axis(1),
    "flipud": flip_axis(0),
    "full_like": filled_like("full_like"),
    "hstack": hstack,
    "inner": inner,
    "median": median,
    "meshgrid": meshgrid,
    "ones_like": filled_like("ones_like"),
    "percentile": percentile,
    "ptp": ptp,
    "quantile": quantile,
    "rot90": rot90,
    "take": take,
    "vstack": vstack,
    "zeros_like": filled_like("zeros_like"),
}
