"""Ops that reduce, reshape, take and arrange."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.onnx.exporters.registry import exporter, plain
from tinygrad_cnn.onnx.exporters.target import Pair, Target
from tinygrad_cnn.ops.pad import sources

#: Further than any axis goes.
_END = 2**62


# --------------------------------------------------------------------------- reductions
def _reduced(to: Target, operator: str, x: str, axes: tuple[int, ...], keep: int) -> str:
    """Over some axes; over none each element stands for itself, where ONNX would take all."""
    return to.node(operator, [x, to.ints(*axes)], keepdims=keep, noop_with_empty_axes=int(not axes))


def _reduction(kind: type[Any], operator: str) -> None:
    def write(to: Target, op: Any, x: str) -> str:
        if not op.axis:
            return to.node("Identity", [x])
        return _reduced(to, operator, x, op.axis, int(op.keepdims))

    exporter(kind)(write)


for _op, _kind in (
    (ops.Sum, "ReduceSum"), (ops.Mean, "ReduceMean"), (ops.Max, "ReduceMax"), (ops.Min, "ReduceMin"),
    (ops.Prod, "ReduceProd"), (ops.LogSumExp, "ReduceLogSumExp"),
):  # fmt: skip
    _reduction(_op, _kind)


@exporter(ops.Var, ops.Std)
def _spread(to: Target, op: Any, x: str) -> str:
    mean = _reduced(to, "ReduceMean", x, op.axis, 1) if op.axis else x
    apart = to.node("Sub", [x, mean])
    count = prod(to.operand_shape(0)[axis] for axis in op.axis)
    if any(a != b for k, (a, b) in enumerate(to.operand_pairs(0)) if k in op.axis):
        raise to.refuse("how many elements it is over depends on the size of the inputs")
    squares = to.node("Mul", [apart, apart])
    total = _reduced(to, "ReduceSum", squares, op.axis, int(op.keepdims)) if op.axis else squares
    var = to.node("Div", [total, to.constant(float(count - op.ddof))])
    return to.node("Sqrt", [var]) if isinstance(op, ops.Std) else var


@exporter(ops.Norm)
def _norm(to: Target, op: ops.Norm, x: str) -> str:
    size, keep = to.node("Abs", [x]), int(op.keepdims)
    if op.ord == 0:  # how many are not 0
        size = to.node("Sign", [size])
    if not op.axis:
        return size
    if op.ord == 0:
        return _reduced(to, "ReduceSum", size, op.axis, keep)
    if op.ord in (1, 2):
        return _reduced(to, f"ReduceL{int(op.ord)}", x, op.axis, keep)
    if abs(op.ord) == np.inf:
        return _reduced(to, "ReduceMax" if op.ord > 0 else "ReduceMin", size, op.axis, keep)
    powers = to.node("Pow", [size, to.constant(float(op.ord))])
    return to.node("Pow", [_reduced(to, "ReduceSum", powers, op.axis, keep), to.constant(1 / op.ord)])


@exporter(ops.CumSum)
def _cum_sum(to: Target, op: ops.CumSum, x: str) -> str:
    return to.node("CumSum", [x, to.constant(np.array(op.axis, np.int64))], reverse=int(op.reverse))


# --------------------------------------------------------------------------- shapes
@exporter(ops.Reshape, sized=("shape",))
def _reshape(to: Target, op: ops.Reshape, x: str) -> str:
    """A size that varies is taken from the same axis of x (0), or follows from the others (-1)."""
    old, new = to.operand_pairs(0), to.pairs()
    varying = [k for k, (a, b) in enumerate(new) if a != b]
    sizes: list[int] = [a for a, _ in new]
    left = []
    for k in varying:
        if k < len(old) and old[k] == new[k]:
            sizes[k] = 0
        else:
            left.append(k)
    if len(left) > 1 or (left and any(n == 0 for n, _ in new)):
        return to.node("Reshape", [x, to.sizes(new)])
    for k in left:
        sizes[k] = -1
    zero = any(n == 0 for k, (n, _) in enumerate(new) if k not in varying)
    if zero:
        return to.node("Reshape", [x, to.sizes(new)], allowzero=1)
    return to.node("Reshape", [x, to.ints(*sizes)])


@exporter(ops.BroadcastTo, sized=("shape",))
def _broadcast_to(to: Target, op: ops.BroadcastTo, x: str) -> str:
    """A size that x has already is written as 1, which keeps it."""
    new = to.pairs()
    old: list[Pair] = [(1, 1)] * (len(new) - len(to.operand_shape(0))) + to.operand_pairs(0)
    return to.node(
        "Expand", [x, to.sizes([(1, 1) if o == n else n for o, n in zip(old, new, strict=True)])]
    )


@exporter(ops.Transpose)
def _transpose(to: Target, op: ops.Transpose, x: str) -> str:
    return to.node("Transpose", [x], perm=op.axes) if op.axes else to.node("Identity", [x])


plain(ops.Concatenate, "Concat", axis="axis")


@exporter(ops.Tile)
def _tile(to: Target, op: ops.Tile, x: str) -> str:
    return to.node("Tile", [x, to.ints(*op.repeats)])


@exporter(ops.Tril, ops.Triu)
def _triangle(to: Target, op: Any, x: str) -> str:
    return to.node("Trilu", [x, to.constant(np.array(op.k, np.int64))], upper=int(isinstance(op, ops.Triu)))


@exporter(ops.Pad)
def _pad(to: Target, op: ops.Pad, x: str) -> str:
    if not op.widths:
        return to.node("Identity", [x])
    before, after = zip(*op.widths, strict=True)
    if op.mode != "constant" and not _is_narrow(to, op):
        return _by_sources(to, op, x)
    modes = {"replicate": "edge"}
    value = [to.constant(float(op.value))] if op.mode == "constant" and op.value else []
    return to.node("Pad", [x, to.ints(*before, *after), *value], mode=modes.get(op.mode, op.mode))


def _is_narrow(to: Target, op: ops.Pad) -> bool:
    """Whether programs agree on the border: no wider than the elements that it shows."""
    if op.mode == "circular":
        return False
    widths = zip(op.widths, to.operand_shape(0), strict=True)
    return all(max(side) < n or side == (0, 0) for side, n in widths)


def _by_sources(to: Target, op: ops.Pad, x: str) -> str:
    """The border as elements taken by their places."""
    for axis, (before, after) in enumerate(op.widths):
        if (before, after) != (0, 0):
            n, other = to.operand_pairs(0)[axis]
            if n != other:
                raise to.refuse("a border along an axis whose size varies shows more than there is")
            places = np.asarray(sources(n, before, after, op.mode), np.int64)
            x = to.node("Gather", [x, to.constant(places)], axis=axis)
    return x


# --------------------------------------------------------------------------- elements by place
@exporter(ops.Index, sized=("_key",))
def _index(to: Target, op: ops.Index, x: str) -> str:
    """Slices, integers and new axes; one array of integers."""
    keys = [key if isinstance(key, tuple) else (key,) for key in (op._key, to.twin._key)]
    shape = to.operand_pairs(0)
    expanded = [_without_ellipsis(key, len(shape)) for key in keys]
    cuts: list[tuple[int, Pair, Pair, int]] = []
    gathered: list[tuple[int, Any, Any]] = []
    axis = 0
    for one, two in zip(*expanded, strict=True):
        if one is None:
            continue
        if isinstance(one, slice):
            cut = _cut(one, two, shape[axis])
            if cut is not None:
                cuts.append((axis, *cut))
        elif isinstance(one, (bool, np.bool_)) or (isinstance(one, np.ndarray) and one.ndim == 0):
            raise to.refuse("its key is a single mask")
        elif isinstance(one, np.ndarray):
            if one.dtype == bool:
                one, two = (np.flatnonzero(k) if k.ndim == 1 else None for k in (one, two))
            if one is None or (not np.array_equal(one, two) and to.name_of(one, two) is None):
                raise to.refuse("its key depends on the size of the inputs, or is a mask of several axes")
            gathered.append((axis, one, two))
        else:
            if one != two and not (one - shape[axis][0] == two - shape[axis][1]):
                raise to.refuse("its key depends on the size of the inputs")
            place = np.array(one if one == two else one - shape[axis][0], np.int64)
            gathered.append((axis, place, place))
        axis += 1
    if sum(places.ndim > 0 for _, places, _ in gathered) > 1:
        raise to.refuse("it takes elements by several arrays at once")
    if cuts:
        axes, starts, ends, steps = zip(*cuts, strict=True)
        names = [to.sizes(starts), to.sizes(ends), to.ints(*axes), to.ints(*steps)]
        x = to.node("Slice", [x, *names])
    for axis, places, twin in sorted(gathered, key=lambda taken: -taken[0]):
        indices = to.name_of(places, twin) or to.constant(np.asarray(places, np.int64))
        x = to.node("Gather", [x, indices], axis=axis)
    added = _new_axes(expanded[0])
    return to.node("Unsqueeze", [x, to.ints(*added)]) if added else x


def _without_ellipsis(key: tuple[Any, ...], ndim: int) -> list[Any]:
    """A key with a part per axis; an array of bools takes as many axes as it has."""
    takes = sum(
        (part.ndim if isinstance(part, np.ndarray) and part.dtype == bool else 1)
        for part in key
        if part is not None and part is not Ellipsis
    )
    full = [slice(None)] * (ndim - takes)
    if not any(part is Ellipsis for part in key):
        return [*key, *full]
    at = next(k for k, part in enumerate(key) if part is Ellipsis)
    return [*key[:at], *full, *key[at + 1 :]]


def _cut(one: slice, two: slice, size: Pair) -> tuple[Pair, Pair, int] | None:
    """Start and end in both runs, and the step; None for the whole axis."""
    step = 1 if one.step is None else int(one.step)
    if one == slice(None) or (
        one.start in (None, 0) and one.stop in (None, size[0]) and step == 1 and two.stop in (None, size[1])
    ):
        return None
    first, last = (0, _END) if step > 0 else (_END, -_END)
    starts = tuple(first if s.start is None else int(s.start) for s in (one, two))
    ends = tuple(last if s.stop is None else int(s.stop) for s in (one, two))
    if ends == size and step > 0:
        ends = (_END, _END)
    return (starts[0], starts[1]), (ends[0], ends[1]), step


def _new_axes(key: list[Any]) -> list[int]:
    """Places of new axes in the result; integers leave none."""
    place, found = 0, []
    for part in key:
        if part is None:
            found.append(place)
        if isinstance(part, np.ndarray):
            place += part.ndim if part.dtype != bool else 1
        elif part is None or isinstance(part, slice):
            place += 1
    return found


@exporter(ops.Flip)
def _flip(to: Target, op: ops.Flip, x: str) -> str:
    count = len(op.axis)
    if not count:
        return to.node("Identity", [x])
    starts, ends = to.ints(*[_END] * count), to.ints(*[-_END] * count)
    return to.node("Slice", [x, starts, ends, to.ints(*op.axis), to.ints(*[-1] * count)])


@exporter(ops.Roll)
def _roll(to: Target, op: ops.Roll, x: str) -> str:
    if op.axis is None:  # in row-major order
        flat = _rolled(to, to.node("Reshape", [x, to.ints(-1)]), op.shift[0], 0, prod(to.shape))
        return to.node("Reshape", [flat, to.sizes(to.pairs())])
    for shift, axis in zip(op.shift, op.axis, strict=True):
        pair = to.operand_pairs(0)[axis]
        if pair[0] != pair[1]:
            raise to.refuse("it rolls along an axis whose size varies")
        x = _rolled(to, x, shift, axis, pair[0])
    return x


def _rolled(to: Target, x: str, shift: int, axis: int, size: int) -> str:
    """The last elements before the first ones."""
    cut = (-shift) % max(size, 1)
    ends = ((cut, _END), (0, cut))
    parts = [to.node("Slice", [x, to.ints(a), to.ints(b), to.ints(axis)]) for a, b in ends]
    return to.node("Concat", parts, axis=axis)


@exporter(ops.Repeat)
def _repeat(to: Target, op: ops.Repeat, x: str) -> str:
    pair = to.operand_pairs(0)[op.axis]
    if pair[0] != pair[1]:
        raise to.refuse("it repeats along an axis whose size varies")
    places = np.repeat(np.arange(pair[0]), op._repeats)
    return to.node("Gather", [x, to.constant(places.astype(np.int64))], axis=op.axis)


@exporter(ops.TakeAlongAxis)
def _take_along_axis(to: Target, op: ops.TakeAlongAxis, x: str) -> str:
    places = to.name_of(op._places, to.twin._places) or to.constant(np.asarray(op._places, np.int64))
    return to.node("GatherElements", [x, places], axis=op.axis)


@exporter(ops.PutAlongAxis)
def _put_along_axis(to: Target, op: ops.PutAlongAxis, x: str, v: str) -> str:
    places = np.asarray(op._places, np.int64)
    line = np.sort(places, axis=op.axis)
    if (np.diff(line, axis=op.axis) == 0).any():
        raise to.refuse("it puts several values at one place, which ONNX leaves open")
    return to.node("ScatterElements", [x, to.constant(places), v], axis=op.axis)


@exporter(ops.TopK)
def _topk(to: Target, op: ops.TopK, x: str) -> str:
    return to.node("TopK", [x, to.ints(op.k)], outputs=2, axis=op.axis, largest=int(op.largest))


@exporter(ops.Sort)
def _sort(to: Target, op: ops.Sort, x: str) -> str:
    count = to.size(to.operand_pairs(0)[op.axis])
    return to.node("TopK", [x, count], outputs=2, axis=op.axis, largest=int(op.descending))


@exporter(ops.OfRank)
def _of_rank(to: Target, op: ops.OfRank, x: str) -> str:
    count = to.size(to.operand_pairs(0)[op.axis])
    ordered = to.node("TopK", [x, count], outputs=2, axis=op.axis, largest=0)
    return to.node("Gather", [ordered, to.constant(np.array(op.ranks, np.int64))], axis=op.axis)


@exporter(ops.IndexAdd)
def _index_add(to: Target, op: ops.IndexAdd, g: str) -> str:
    """Zeros with the elements added at flat places."""
    places = np.arange(prod(op.shape)).reshape(op.shape)[op._key]
    zeros = to.constant(np.zeros(prod(op.shape), to.dtype))
    indices = to.constant(places.reshape(-1).astype(np.int64))
    flat = to.node("Reshape", [g, to.ints(-1)])
    total = to.node("ScatterElements", [zeros, indices, flat], axis=0, reduction="add")
    return to.node("Reshape", [total, to.ints(*op.shape)])
