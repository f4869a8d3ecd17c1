"""Other shapes for the same elements: reshaped, joined, cut, repeated, padded."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, axis_of, ints, is_float, scalar
from tinygrad_cnn.onnx.importers.registry import importer


def reshaped(x: Any, shape: Any) -> Any:
    """x with another shape; of any element type."""
    return F.reshape(x, tuple(shape)) if is_float(x) else array(x).reshape(tuple(shape))


def taken(x: Any, key: Any) -> Any:
    """x[key]; of any element type."""
    return F.index(x, key) if is_float(x) else array(x)[key]


@importer("Reshape")
def _reshape(call: Call, x: Any, shape: Any = None) -> Any:
    """A size 0 means that of x, unless `allowzero`."""
    sizes = list(call.ints("shape", ()) or ()) if shape is None else ints(shape)
    if not call.get("allowzero"):
        if any(n == 0 and i >= x.ndim for i, n in enumerate(sizes)):
            raise FormatError(f"shape {sizes} takes a size that x {x.shape} does not have")
        sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    return reshaped(x, sizes)


@importer("Flatten")
def _flatten(call: Call, x: Any) -> Any:
    axis = call.get("axis", 1)
    first = x.ndim if axis == x.ndim else axis_of(axis, x.ndim)
    return reshaped(x, (prod(x.shape[:first]), prod(x.shape[first:])))


@importer("Transpose")
def _transpose(call: Call, x: Any) -> Any:
    order = call.ints("perm")
    return F.transpose(x, order) if is_float(x) else array(x).transpose(order)


@importer("Squeeze")
def _squeeze(call: Call, x: Any, axes: Any = None) -> Any:
    gone = call.axes(x.ndim, axes)
    if gone is None:
        gone = tuple(i for i, n in enumerate(x.shape) if n == 1)
    if any(x.shape[axis] != 1 for axis in gone):
        raise FormatError(f"axes {gone} of {x.shape} have not size 1")
    return reshaped(x, [n for i, n in enumerate(x.shape) if i not in gone])


@importer("Unsqueeze")
def _unsqueeze(call: Call, x: Any, axes: Any = None) -> Any:
    named = call.ints("axes", ()) or () if axes is None else ints(axes)
    shape = list(x.shape)
    for axis in sorted(axis_of(axis, x.ndim + len(named)) for axis in named):
        shape.insert(axis, 1)
    return reshaped(x, shape)


@importer("Concat")
def _concat(call: Call, *parts: Any) -> Any:
    axis = axis_of(call.get("axis", 1), parts[0].ndim)
    call.room((sum(part.size for part in parts),))
    if len(parts) == 1:
        return parts[0]
    if is_float(parts[0]):
        return F.concatenate(parts, axis)
    return np.concatenate([array(part) for part in parts], axis)


def split_sizes(call: Call, size: int, given: Any) -> list[int]:
    """Sizes of the parts: given, or equal but for the last."""
    if given is None and not call.get("split"):
        count = call.get("num_outputs") or call.outputs
        if count != call.outputs:
            raise FormatError(f"num_outputs is {count}, the node has {call.outputs} outputs")
        each = -(-size // count)
        return [max(min(each, size - each * i), 0) for i in range(count)]
    found = list(call.get("split")) if given is None else ints(given)
    if min(found, default=0) < 0 or sum(found) != size:
        raise FormatError(f"parts of {found} do not make {size}")
    return found


def cut(x: Any, sizes: list[int], axis: int) -> list[Any]:
    """x in parts of these sizes along an axis."""
    ends = np.cumsum([0, *sizes]).tolist()
    before = (slice(None),) * axis
    return [taken(x, (*before, slice(i, j))) for i, j in pairwise(ends)]


@importer("Split")
def _split(call: Call, x: Any, sizes: Any = None) -> Any:
    axis = axis_of(call.get("axis", 0), x.ndim)
    return tuple(cut(x, split_sizes(call, x.shape[axis], sizes), axis))


@importer("Slice", options=(1, 2, 3, 4))
def _slice(
    call: Call, x: Any, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None
) -> Any:
    first = ints(starts) if starts is not None else list(call.get("starts", ()))
    last = ints(ends) if ends is not None else list(call.get("ends", ()))
    named = call.axes(x.ndim, axes) or tuple(range(len(first)))
    strides = [1] * len(first) if steps is None else ints(steps)
    if not len(first) == len(last) == len(strides) == len(named) <= x.ndim:
        raise FormatError(
            f"starts {first}, ends {last}, axes {named} and steps {strides} do not fit together"
        )
    key = [slice(None)] * x.ndim
    for axis, begin, end, step in zip(named, first, last, strides, strict=True):
        key[axis] = _cut(begin, end, step, x.shape[axis])
    return x if all(part == slice(None) for part in key) else taken(x, tuple(key))


def _cut(begin: int, end: int, step: int, size: int) -> slice:
    """The slice in the fewest words: a bound beyond the end, such as the largest integer, is no bound."""
    if step > 0:
        first, last = begin == 0 or begin <= -size, end >= size
    else:
        first, last = begin >= size - 1, end < -size
    return slice(None if first else begin, None if last else end, None if step == 1 else step)


@importer("Expand")
def _expand(call: Call, x: Any, shape: Any) -> Any:
    full = call.room(np.broadcast_shapes(x.shape, tuple(ints(shape))))
    return F.broadcast_to(x, full) if is_float(x) else np.broadcast_to(array(x), full)


@importer("Tile")
def _tile(call: Call, x: Any, repeats: Any, axis: Any = None) -> Any:
    counts = ints(repeats)
    if axis is not None:  # version 1: one axis
        counts = [counts[0] if i == int(scalar(axis)) else 1 for i in range(x.ndim)]
    if len(counts) != x.ndim:
        raise FormatError(f"{len(counts)} repeats for {x.ndim} axes")
    call.room([n * count for n, count in zip(x.shape, counts, strict=True)])
    return F.tile(x, counts) if is_float(x) else np.tile(array(x), counts)


@importer("Pad", options=(2,))
def _pad(call: Call, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Any:
    """Negative sizes cut off."""
    sizes = ints(pads) if pads is not None else list(call.get("pads") or call.get("paddings") or ())
    named = range(x.ndim) if axes is None else [axis_of(axis, x.ndim) for axis in ints(axes)]
    count = len(named)
    if len(sizes) != 2 * count:
        raise FormatError(f"{len(sizes)} sizes for {count} axes")
    sides = [(0, 0)] * x.ndim
    if not count:
        return x
    for axis, before, after in zip(named, sizes[:count], sizes[count:], strict=True):
        sides[axis] = (before, after)
    if any(min(side) < 0 for side in sides):
        kept = [slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, sides, strict=True)]
        x, sides = taken(x, tuple(kept)), [(max(b, 0), max(a, 0)) for b, a in sides]
    call.room([n + b + a for n, (b, a) in zip(x.shape, sides, strict=True)])
    mode = call.get("mode", "constant")
    filling = call.get("value", 0.0) if value is None or not array(value).size else scalar(value)
    if is_float(x):
        return F.pad(x, sides, mode, filling)
    numbers = array(x)
    if mode == "constant":
        return np.pad(numbers, sides, constant_values=np.asarray(filling).astype(numbers.dtype))
    return np.pad(numbers, sides, mode=mode)


@importer("DepthToSpace")
def _depth_to_space(call: Call, x: Any) -> Any:
    r = call.get("blocksize")
    count, channels, height, width = x.shape
    if r < 1 or channels % (r * r):
        raise FormatError(f"{channels} channels do not split into {r} × {r} parts")
    if call.get("mode", "DCR") == "CRD" and is_float(x):
        return F.pixel_shuffle(x, r)
    if call.get("mode", "DCR") == "CRD":
        split, order = (count, channels // (r * r), r, r, height, width), (0, 1, 4, 2, 5, 3)
    else:
        split, order = (count, r, r, channels // (r * r), height, width), (0, 3, 4, 1, 5, 2)
    moved = F.transpose(F.reshape(x, split), order)
    return F.reshape(moved, (count, channels // (r * r), height * r, width * r))


@importer("SpaceToDepth")
def _space_to_depth(call: Call, x: Any) -> Any:
    r = call.get("blocksize")
    count, channels, height, width = x.shape
    if r < 1 or height % r or width % r:
        raise FormatError(f"an image of {height} × {width} does not split into {r} × {r} pixels")
    split = F.reshape(x, (count, channels, height // r, r, width // r, r))
    order = (0, 1, 3, 5, 2, 4) if call.get("mode", "DCR") == "CRD" else (0, 3, 5, 1, 2, 4)
    return F.reshape(F.transpose(split, order), (count, channels * r * r, height // r, width // r))


@importer("CenterCropPad")
def _center_crop_pad(call: Call, x: Any, shape: Any) -> Any:
    """Cut, or padded with zeros, about the middle; the odd element goes after."""
    wanted = ints(shape)
    axes = call.axes(x.ndim) or tuple(range(x.ndim))
    sides = [(0, 0)] * x.ndim
    key = [slice(None)] * x.ndim
    for axis, size in zip(axes, wanted, strict=True):
        extra = size - x.shape[axis]
        if extra < 0:
            start = -extra // 2
            key[axis] = slice(start, start + size)
        else:
            sides[axis] = (extra // 2, extra - extra // 2)
    x = taken(x, tuple(key))
    call.room([n + b + a for n, (b, a) in zip(x.shape, sides, strict=True)])
    return F.pad(x, sides) if is_float(x) else np.pad(array(x), sides)


@importer("Identity")
def _identity(call: Call, x: Any) -> Any:
    return x


@importer("ReverseSequence")
def _reverse_sequence(call: Call, x: Any, lengths: Any) -> Any:
    """The first elements of each sequence, as many as its length, in reverse order."""
    time, batch = call.get("time_axis", 0), call.get("batch_axis", 1)
    if {time, batch} != {0, 1} or x.ndim < 2:
        raise FormatError(f"time_axis {time} and batch_axis {batch} are not 0 and 1")
    steps, size = np.arange(x.shape[time])[:, None], array(lengths)[None, :]
    order = np.where(steps < size, size - 1 - steps, steps)  # (time, batch)
    columns = np.arange(x.shape[batch])[None, :]
    return taken(x, (order, columns)) if time == 0 else taken(x, (columns.T, order.T))
