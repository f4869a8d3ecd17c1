"""Taking elements by a key, and its adjoint: adding them back at the same key."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.graph import Needs, Result
from tinygrad_cnn.ops.families import Rearrangement
from tinygrad_cnn.ops.select import Gate

__all__ = ["AddAlongAxis", "Index", "IndexAdd", "PutAlongAxis", "TakeAlongAxis"]


class Index(Rearrangement):
    """x[key], for every key that NumPy accepts."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def forward(self, x: Any) -> Any:
        return Result(x[beside(self._key, x)], x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        return (IndexAdd(self._key, shape)(g),)

    def options(self) -> dict[str, Any]:
        return {"key": describe(self._key)}


class IndexAdd(Rearrangement):
    """Zeros of `shape`, with g added at `key`; where the key repeats a place, the values add up.

    y[key] += g
    """

    wide = True

    def __init__(self, key: Any, shape: tuple[int, ...]) -> None:
        self._key, self.shape = key, shape

    def forward(self, g: Any) -> Any:
        if (found := along_one_axis(self._key, self.shape)) is not None:
            lead, places, size, behind = found
            rows = kernels.add_rows(g.reshape(lead, places.size, behind), places, size)
            return rows.reshape(self.shape)
        out = devices.zeros(self.shape, g.dtype, like=g)
        key = beside(self._key, g)
        if may_repeat(self._key):
            devices.add_at(out, key, g)  # `out[key] += g` would keep only one of the repeats
        else:
            out[key] = g
        return out

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (Index(self._key)(h),)

    def options(self) -> dict[str, Any]:
        return {"key": describe(self._key), "shape": self.shape}


class TakeAlongAxis(Rearrangement):
    """x's elements at places along one axis: y[.., i, ..] = x[.., places[.., i, ..], ..].

    The places have x's shape but for that axis; `unique` promises that no line names one twice.
    """

    def __init__(self, places: Any, axis: int, unique: bool = False) -> None:
        self._places, self.axis, self._unique = places, axis, unique

    def forward(self, x: Any) -> Any:
        places = devices.beside(self._places, x)
        return Result(np.take_along_axis(x, places, self.axis), x.shape[self.axis])

    def backward(self, g: Any, size: int) -> tuple[Any, ...]:
        return (AddAlongAxis(self._places, self.axis, size, self._unique)(g),)


class AddAlongAxis(Rearrangement):
    """Zeros with g added at places along one axis of length `size`; `TakeAlongAxis`'s adjoint.

    y[..., places[..., i, ...], ...] += g[..., i, ...]
    """

    wide = True

    def __init__(self, places: Any, axis: int, size: int, unique: bool = False) -> None:
        self._places, self.axis, self.size, self._unique = places, axis, size, unique

    def forward(self, g: Any) -> Any:
        shape = (*g.shape[: self.axis], self.size, *g.shape[self.axis + 1 :])
        if self._unique:
            out = devices.zeros(shape, g.dtype, like=g)
            np.put_along_axis(out, devices.beside(self._places, g), g, self.axis)
            return out
        middle = prod(shape[: self.axis]), g.shape[self.axis], prod(shape[self.axis + 1 :])
        places = np.broadcast_to(self._places, g.shape).reshape(middle)
        return kernels.add_along(g.reshape(middle), places, self.size).reshape(shape)

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (TakeAlongAxis(self._places, self.axis, self._unique)(h),)


class PutAlongAxis(Rearrangement):
    """x with v's elements in the places along one axis that they name; of several, the last stays.

    y[..., places[..., i, ...], ...] = v[..., i, ...]
    """

    def __init__(self, places: Any, axis: int) -> None:
        self._places, self.axis = places, axis

    def forward(self, x: Any, v: Any) -> Any:
        out = x.astype(np.result_type(x, v))
        if type(x) in devices.ON_DEVICES:
            out, kept, stays = written(out, along(devices.beside(self._places, x), self.axis), v)
            return Result(out, (kept, stays))
        np.put_along_axis(out, self._places, v, self.axis)
        marks = np.full(x.shape, -1)
        numbers = np.arange(v.size).reshape(v.shape)
        np.put_along_axis(marks, self._places, numbers, self.axis)
        stays = np.take_along_axis(marks, self._places, self.axis) == numbers
        return Result(out, (marks < 0, stays))

    def backward(self, g: Any, residual: Any, *, needs: Needs) -> tuple[Any, ...]:
        kept, stays = residual
        dv = Gate(stays)(TakeAlongAxis(self._places, self.axis)(g)) if needs[1] else None
        return (Gate(kept)(g) if needs[0] else None), dv


def written(out: Any, key: Any, v: Any) -> tuple[Any, Any, Any]:
    """`out` with v at a key of integer arrays, of which the last stays where one repeats a place; where
    `out` was kept, and which elements of v stay. For devices, which write repeats in no certain order.
    """
    numbers = devices.arange(0, v.size, like=v).reshape(v.shape)
    marks = devices.full(out.shape, -1, np.int64, like=out)
    devices.max_at(marks, key, numbers)
    if v.size:
        out = np.where(marks < 0, out, v.reshape(-1)[np.maximum(marks, 0)])
    return out, marks < 0, marks[key] == numbers


def along(places: Any, axis: int) -> tuple[Any, ...]:
    """The key of what `np.take_along_axis` takes."""
    ends = [devices.arange(0, n, like=places) for n in places.shape]
    sides = [tuple(-1 if k == i else 1 for k in range(places.ndim)) for i in range(places.ndim)]
    return tuple(
        places if i == axis else end.reshape(side)
        for i, (end, side) in enumerate(zip(ends, sides, strict=True))
    )


def along_one_axis(key: Any, shape: tuple[int, ...]) -> tuple[int, Any, int, int] | None:
    """(elements before, places, elements, elements behind) of a key of integer arrays for neighbouring
    axes, which count as one; None for another key.

    >>> along_one_axis((slice(None), np.array([0, 2])), (4, 3, 5))
    (4, array([0, 2]), 3, 5)
    >>> along_one_axis((np.array([0, 1]), np.array([2, -1])), (2, 3))
    (1, array([2, 5]), 6, 1)
    """
    parts = key if isinstance(key, tuple) else (key,)
    before = next((k for k, part in enumerate(parts) if isinstance(part, devices.CLASSES)), 0)
    arrays, full = parts[before:], slice(None)
    if not arrays or not all(
        isinstance(a, devices.CLASSES) and a.dtype.kind == "i" and a.ndim for a in arrays
    ):
        return None
    if not all(isinstance(part, slice) and part == full for part in parts[:before]):
        return None
    sizes, places = shape[before : before + len(arrays)], arrays[0]
    if len(arrays) > 1:
        places = 0
        for array, n in zip(arrays, sizes, strict=True):
            places = places * n + np.where(array < 0, array + n, array)
    behind = prod(shape[before + len(arrays) :])
    return prod(shape[:before]), places.reshape(-1), prod(sizes), behind


def beside(key: Any, x: Any) -> Any:
    """A key whose arrays lie where x does.

    >>> beside((slice(None), 0), np.zeros(2))
    (slice(None, None, None), 0)
    """
    if not devices.ON_DEVICES:
        return key
    return tuple(devices.beside(k, x) for k in key) if isinstance(key, tuple) else devices.beside(key, x)


def may_repeat(key: Any) -> bool:
    """Whether a key can name one place twice: only arrays of integers can."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(part, devices.CLASSES) and part.dtype != bool and part.ndim for part in parts)


def describe(key: Any) -> str:
    """A key as its author would write it; arrays by their shape.

    >>> describe((slice(None, None, 2), 0, Ellipsis, np.arange(3)))
    '::2, 0, ..., int64(3,)'
    """
    if isinstance(key, tuple):
        return ", ".join(map(describe, key))
    if isinstance(key, slice):
        start, stop, step = ("" if v is None else str(v) for v in (key.start, key.stop, key.step))
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
    if isinstance(key, devices.CLASSES):
        return f"{key.dtype}{key.shape}"
    return "..." if key is Ellipsis else str(key)
