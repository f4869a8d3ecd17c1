"""NumPy's functions that take arrays apart, choose among their elements, and put them together: by NumPy's
names only, `np.array_split(t, 3)`. They take and return what NumPy's do, and are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import on_host, one_axis, operand, values


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`np.array_split`: parts along an axis, the first ones longer by one where they cannot be equal."""
    ary = operand("array_split", ary)
    axis = one_axis("array_split", axis, ary.ndim)
    starts = np.array_split(np.arange(ary.shape[axis]), indices_or_sections)
    ends = np.cumsum([len(part) for part in starts]).tolist()
    return F.split(ary, ends[:-1], axis)


def split_along(name: str, axis: int) -> Callable[..., Any]:
    """`np.vsplit` and its relatives: `np.split` along an axis, which the array must have."""

    def split(ary: Any, indices_or_sections: Any) -> list[Any]:
        ary = operand(name, ary)
        if ary.ndim < min(axis + 1, 3) or (axis == 0 and ary.ndim < 2):
            raise ShapeError(f"np.{name}: got shape {ary.shape}, at least {max(axis + 1, 2)} axes fit")
        return F.split(ary, indices_or_sections, axis)

    return split


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`np.hsplit`: parts along axis 1, of a line along its only one."""
    ary = operand("hsplit", ary)
    return F.split(ary, indices_or_sections, min(ary.ndim - 1, 1))


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """`np.delete`: without the elements at some places along an axis, or of all in a row."""
    arr = operand("delete", arr)
    arr, axis = (F.flatten(arr, 0), 0) if axis is None else (arr, axis)
    along = one_axis("delete", axis, arr.ndim)
    places = obj if isinstance(obj, slice) else values(obj)
    return F.take(arr, np.delete(np.arange(arr.shape[along]), places), along)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """`np.insert`: with further elements before some places along an axis, or of all in a row."""
    arr = operand("insert", arr)
    arr, axis = (F.flatten(arr, 0), 0) if axis is None else (arr, axis)
    along, more = one_axis("insert", axis, arr.ndim), operand("insert", values)
    count = arr.shape[along]
    places = np.arange(count)[obj] if isinstance(obj, slice) else on_host(obj)
    if places.dtype == bool:
        places = np.flatnonzero(places)
    if more.ndim < arr.ndim:
        more = F.reshape(more, (*(1,) * (arr.ndim - more.ndim), *more.shape))
    more = F.moveaxis(more, 0, along) if places.ndim == 0 else more
    length = more.shape[along] if places.size == 1 else places.size
    shape = tuple(length if k == along else n for k, n in enumerate(arr.shape))
    both = F.concatenate([arr, F.astype(F.broadcast_to(more, shape), arr.dtype)], along)
    where = places.item() if places.size == 1 else places
    return F.take(both, np.insert(np.arange(count), where, np.arange(count, count + length)), along)


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """`np.rollaxis`: with an axis before another."""
    a = operand("rollaxis", a)
    order = [k for k in range(a.ndim) if k != (along := one_axis("rollaxis", axis, a.ndim))]
    start = start + a.ndim if start < 0 else start
    order.insert(start - (along < start), along)
    return F.transpose(a, tuple(order))


def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """`np.piecewise`: functions, each of those elements for which its condition holds, or numbers."""
    x = operand("piecewise", x)
    some = isinstance(condlist, (list, tuple)) and np.ndim(values(condlist[0])) == x.ndim
    conditions = [on_host(c).astype(bool) for c in (condlist if some else [condlist])]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    if len(funclist) != len(conditions):
        raise ShapeError(
            f"np.piecewise: {len(funclist)} functions and {len(conditions)} conditions do not fit"
        )
    found: Any = F.flatten(x, 0) * 0
    for condition, function in zip(conditions, funclist, strict=True):
        at = np.flatnonzero(condition)
        part = function(F.take(x, at), *args, **kw) if callable(function) else function
        if at.size:
            part = F.astype(F.broadcast_to(operand("piecewise", part), at.shape), found.dtype)
            found = F.index_copy(found, 0, at, part)
    return F.reshape(found, x.shape)


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """`np.apply_along_axis`: a function of each line of an axis; one call a line."""
    arr = operand("apply_along_axis", arr)
    along = one_axis("apply_along_axis", axis, arr.ndim)
    lines = F.moveaxis(arr, along, -1)
    parts = [
        operand("apply_along_axis", func1d(lines[at], *args, **kwargs))
        for at in np.ndindex(lines.shape[:-1])
    ]
    found = F.reshape(F.stack(parts), (*lines.shape[:-1], *parts[0].shape))
    new = tuple(range(along, along + parts[0].ndim))
    return F.moveaxis(found, tuple(range(arr.ndim - 1, found.ndim)), new) if new else found


def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    """`np.apply_over_axes`: a reduction along one axis after the other, which stay with length 1."""
    a = operand("apply_over_axes", a)
    for axis in np.atleast_1d(axes).tolist():
        found = func(a, axis)
        a = found if found.ndim == a.ndim else F.expand_dims(found, axis)
    return a


def compress(condition: Any, a: Any, axis: int | None = None, out: None = None) -> Any:
    """`np.compress`: the slices along an axis for which a condition holds."""
    a = F.flatten(a, 0) if axis is None else operand("compress", a)
    return F.take(a, np.flatnonzero(on_host(condition)), 0 if axis is None else axis)


def extract(condition: Any, arr: Any) -> Any:
    """`np.extract`: the elements for which a condition holds, in a row."""
    return compress(np.ravel(on_host(condition)), arr)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """`np.select`: of each place what belongs to the first condition that holds there."""
    if len(condlist) != len(choicelist) or not condlist:
        raise ShapeError(f"np.select: {len(condlist)} conditions and {len(choicelist)} choices do not fit")
    found = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        found = F.where(condition, choice, found)
    return found


def choose(a: Any, choices: Sequence[Any], out: None = None, mode: str = "raise") -> Any:
    """`np.choose`: of each place what the choice of this number has there."""
    numbers, count = on_host(a), len(choices)
    if mode == "raise" and numbers.size and not 0 <= numbers.min() <= numbers.max() < count:
        raise ShapeError(f"np.choose: numbers from {numbers.min()} to {numbers.max()}, {count} choices")
    numbers = numbers % count if mode == "wrap" else np.clip(numbers, 0, count - 1)
    return select([numbers == k for k in range(count)], choices)


def partition(a: Any, kth: Any, axis: int | None = -1) -> Any:
    """`np.partition`: the elements sorted, which is one of the orders that fit."""
    return F.sort(F.flatten(a, 0) if axis is None else a, -1 if axis is None else axis)


def resize(a: Any, new_shape: Any) -> Any:
    """`np.resize`: the elements in another shape, from the first again where they do not suffice."""
    flat, shape = F.flatten(a, 0), tuple(np.atleast_1d(new_shape).tolist())
    return F.reshape(F.take(flat, np.arange(np.prod(shape, dtype=int)) % max(flat.size, 1), 0), shape)


def block(arrays: Any) -> Any:
    """`np.block`: arrays put together as nested lists show them, the innermost along the last axis."""
    depth, most = depth_of(arrays), axes_in(arrays)

    def joined(part: Any, level: int) -> Any:
        if isinstance(part, list):
            return F.concatenate([joined(inner, level - 1) for inner in part], axis=-level)
        part = operand("block", part)
        return F.reshape(part, (*(1,) * (max(depth, most) - part.ndim), *part.shape))

    return joined(arrays, depth)


def depth_of(arrays: Any) -> int:
    """Measure how deep lists are nested.

    >>> depth_of([[1.0, 2.0]])
    2
    """
    return 1 + max(map(depth_of, arrays), default=0) if isinstance(arrays, list) else 0


def axes_in(arrays: Any) -> int:
    """The most axes of an array in nested lists.

    >>> axes_in([[np.ones((2, 2)), 1.0]])
    2
    """
    return max(map(axes_in, arrays), default=0) if isinstance(arrays, list) else np.ndim(values(arrays))


def diagflat(v: Any, k: int = 0) -> Any:
    """`np.diagflat`: all elements on a diagonal of a matrix of zeros."""
    return F.diag(F.flatten(v, 0), k)


def vdot(a: Any, b: Any) -> Any:
    """`np.vdot`: the sum of the products of all elements."""
    return F.dot(F.flatten(a, 0), F.flatten(b, 0))


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803  # NumPy's name
    """`np.vander`: the powers of each element side by side, falling unless `increasing`."""
    x = operand("vander", x)
    powers: list[Any] = [np.ones(x.shape, x.dtype)]
    for _ in range((x.shape[0] if N is None else N) - 1):
        powers.append(x * powers[-1])
    return F.stack(powers if increasing else powers[::-1], axis=1)


#: By NumPy's name.
PARTS: dict[str, Callable[..., Any]] = {
    "apply_along_axis": apply_along_axis,
    "apply_over_axes": apply_over_axes,
    "array_split": array_split,
    "block": block,
    "choose": choose,
    "compress": compress,
    "delete": delete,
    "diagflat": diagflat,
    "dsplit": split_along("dsplit", 2),
    "extract": extract,
    "hsplit": hsplit,
    "insert": insert,
    "partition": partition,
    "piecewise": piecewise,
    "resize": resize,
    "rollaxis": rollaxis,
    "select": select,
    "vander": vander,
    "vdot": vdot,
    "vsplit": split_along("vsplit", 0),
}
