"""Elements by their places: gathered, scattered, sorted, chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, axis_of, is_float, scalar
from tinygrad_cnn.onnx.importers.registry import importer
from tinygrad_cnn.onnx.importers.shape import reshaped, taken


def places(indices: Any, size: int) -> Any:
    """Indices along an axis of `size` elements, counted from its start.

    Raises:
        FormatError: one lies outside.
    """
    found = array(indices).astype(np.intp)
    if found.size and not -size <= found.min() <= found.max() < size:
        raise FormatError(f"indices from {found.min()} to {found.max()} do not fit {size} elements")
    return np.where(found < 0, found + size, found)


@importer("Gather", weights=(0,))
def _gather(call: Call, x: Any, indices: Any) -> Any:
    axis = axis_of(call.get("axis", 0), x.ndim)
    chosen = places(indices, x.shape[axis])
    call.room((*x.shape[:axis], *chosen.shape, *x.shape[axis + 1 :]))
    key = chosen if chosen.ndim else int(chosen)
    if axis == 0 and chosen.ndim and x.ndim == 2 and is_float(x):
        return F.embedding(chosen, x)
    return taken(x, (*(slice(None),) * axis, key))


def _along(x: Any, indices: Any, axis: int) -> tuple[Any, ...]:
    """The key into x that takes, along one axis, the places of `indices`."""
    key = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    key[axis] = places(indices, x.shape[axis])
    return tuple(key)


@importer("GatherElements")
def _gather_elements(call: Call, x: Any, indices: Any) -> Any:
    return taken(x, _along(x, array(indices), axis_of(call.get("axis", 0), x.ndim)))


def _nd_key(x: Any, indices: Any, lead: int = 0) -> tuple[Any, ...]:
    """The key into x that the last axis of `indices` holds, after `lead` axes in common."""
    found = array(indices)
    depth = found.shape[-1]
    if depth > x.ndim - lead:
        raise FormatError(f"indices {found.shape} name more axes than x {x.shape} has")
    common = np.ogrid[tuple(slice(n) for n in x.shape[:lead])]
    rest = (1,) * (found.ndim - 1 - lead)
    first = [axis.reshape(*axis.shape, *rest) for axis in common] if lead else []
    return (*first, *(places(found[..., k], x.shape[lead + k]) for k in range(depth)))


@importer("GatherND")
def _gather_nd(call: Call, x: Any, indices: Any) -> Any:
    return taken(x, _nd_key(x, indices, call.get("batch_dims", 0)))


def _scattered(call: Call, x: Any, key: tuple[Any, ...], updates: Any) -> Any:
    """x with other elements at a key, put there or combined with what is there.

    As an expression of both: each element of the result is one of x's or the update that came last,
    so that the gradient flows to where the value came from.
    """
    reduction = call.get("reduction", "none")
    where: Any = np.arange(x.size).reshape(x.shape)[key]
    flat, updates = np.broadcast_to(where, updates.shape).reshape(-1), reshaped(updates, (updates.size,))
    whole = reshaped(x, (x.size,))
    if reduction != "none" and not is_float(x):
        return _combined(array(whole).copy(), flat, array(updates), reduction).reshape(x.shape)
    if reduction == "add":
        return reshaped(whole + _spread(updates, flat, x.size), x.shape)
    if reduction != "none":
        return _combined(array(whole).copy(), flat, array(updates), reduction).reshape(x.shape)
    source = np.arange(x.size)
    source[flat] = x.size + np.arange(flat.size)
    both = (
        F.concatenate([whole, updates]) if is_float(x) else np.concatenate([array(whole), array(updates)])
    )
    return reshaped(taken(both, (source,)), x.shape)


def _spread(updates: Any, flat: Any, size: int) -> Any:
    """Zeros with the updates added at flat places, by layers of updates for different places."""
    total: Any = None
    order = np.argsort(flat, kind="stable")
    starts = np.flatnonzero(np.diff(flat[order], prepend=-1))
    turn = np.arange(flat.size) - np.repeat(starts, np.diff([*starts, flat.size]))  # 0, 1, ... per place
    longer = F.concatenate([updates, np.zeros(1, updates.dtype)])
    for k in range(int(turn.max(initial=-1)) + 1):
        source = np.full(size, flat.size, np.intp)
        source[flat[order[turn == k]]] = order[turn == k]
        layer = F.index(longer, (source,))
        total = layer if total is None else total + layer
    return np.zeros(size, updates.dtype) if total is None else total


def _combined(x: Any, flat: Any, updates: Any, reduction: str) -> Any:
    ufuncs: dict[str, Any] = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}
    if reduction not in ufuncs:
        raise FormatError(f"reduction is {reduction!r}")
    ufuncs[reduction].at(x, flat, updates)
    return x


@importer("ScatterElements", "Scatter")
def _scatter_elements(call: Call, x: Any, indices: Any, updates: Any) -> Any:
    axis = axis_of(call.get("axis", 0), x.ndim)
    return _scattered(call, x, _along(x, array(indices), axis), updates)


@importer("ScatterND")
def _scatter_nd(call: Call, x: Any, indices: Any, updates: Any) -> Any:
    return _scattered(call, x, _nd_key(x, indices), updates)


@importer("TensorScatter")
def _tensor_scatter(call: Call, past: Any, update: Any, start: Any = None) -> Any:
    """A part of a cache written anew, from a place per sample on."""
    axis = axis_of(call.get("axis", -2), past.ndim)
    begin = np.zeros(past.shape[0], np.intp) if start is None else array(start).astype(np.intp)
    steps = begin[:, None] + np.arange(update.shape[axis])  # (batch, steps)
    if call.get("mode", "linear") == "circular":
        steps %= past.shape[axis]
    key = list(np.ogrid[tuple(slice(n) for n in update.shape)])
    shape = [1] * past.ndim
    shape[0], shape[axis] = steps.shape
    key[axis] = places(steps, past.shape[axis]).reshape(shape)
    return _scattered(call, past, tuple(key), update)


@importer("TopK")
def _topk(call: Call, x: Any, k: Any = None) -> Any:
    """Of equal elements the first ones."""
    axis = axis_of(call.get("axis", -1), x.ndim)
    count = int(call.get("k", 1) if k is None else scalar(k))
    values = array(x)
    if not 0 <= count <= values.shape[axis]:
        raise FormatError(f"there are no {count} among {values.shape[axis]} elements")
    if call.get("largest", 1):
        backwards = np.flip(values, axis)
        order = values.shape[axis] - 1 - np.flip(np.argsort(backwards, axis, kind="stable"), axis)
    else:
        order = np.argsort(values, axis, kind="stable")
    found = order[(*(slice(None),) * axis, slice(0, count))].astype(np.int64)
    chosen = F.take_along_axis(x, found, axis) if is_float(x) else np.take_along_axis(values, found, axis)
    return chosen, found


@importer("NonZero")
def _non_zero(call: Call, x: Any) -> Any:
    values = array(x)
    return np.array(np.nonzero(values if values.ndim else values.reshape(1)), np.int64)


@importer("Compress")
def _compress(call: Call, x: Any, condition: Any) -> Any:
    chosen = np.flatnonzero(array(condition))
    if call.get("axis") is None:
        return taken(reshaped(x, (x.size,)), (places(chosen, x.size),))
    axis = axis_of(call.get("axis"), x.ndim)
    return taken(x, (*(slice(None),) * axis, places(chosen, x.shape[axis])))


@importer("OneHot", options=(1, 2))
def _one_hot(call: Call, indices: Any, depth: Any, values: Any) -> Any:
    count, found, (off, on) = int(scalar(depth)), array(indices).astype(np.int64), array(values)
    axis = axis_of(call.get("axis", -1), found.ndim + 1)
    call.room((*found.shape, count))
    inside = np.where(found < 0, found + count, found)
    side = [-1 if i == axis else 1 for i in range(found.ndim + 1)]
    hit = np.expand_dims(inside, axis) == np.arange(count).reshape(side)
    return np.where(hit, on, off).astype(array(values).dtype)


@importer("Unique")
def _unique(call: Call, x: Any) -> Any:
    axis = call.get("axis")
    found, first, inverse, counts = np.unique(
        array(x), return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    inverse = inverse.reshape(-1)
    if not call.get("sorted", 1):
        order = np.argsort(first)
        back = np.argsort(order)
        found, first, counts = np.take(found, order, axis or 0), first[order], counts[order]
        inverse = back[inverse]
    return found, first.astype(np.int64), inverse.astype(np.int64), counts.astype(np.int64)


@importer("Trilu", options=())
def _trilu(call: Call, x: Any, k: Any = None) -> Any:
    offset = 0 if k is None else int(scalar(k))
    offset = int(np.clip(offset, -(x.shape[-2] + x.shape[-1]), x.shape[-2] + x.shape[-1]))
    upper = bool(call.get("upper", 1))
    if is_float(x):
        return F.triu(x, offset) if upper else F.tril(x, offset)
    return np.triu(array(x), offset) if upper else np.tril(array(x), offset)


@importer("NonMaxSuppression", options=(2, 3, 4))
def _non_max_suppression(
    call: Call, boxes: Any, scores: Any, most: Any = None, overlap: Any = None, least: Any = None
) -> Any:
    """Per image and class, the boxes with the best scores, without those that overlap a better one."""
    count = 0 if most is None else int(scalar(most))
    limit = 0.0 if overlap is None else float(scalar(overlap))
    bound = None if least is None else float(scalar(least))
    corners = _corners(array(boxes), bool(call.get("center_point_box", 0)))
    found: list[tuple[int, int, int]] = []
    for image, of_classes in enumerate(array(scores)):
        for kind, of_boxes in enumerate(of_classes):
            kept: list[int] = []
            order = np.argsort(-of_boxes, kind="stable")
            if bound is not None:
                order = order[of_boxes[order] > bound]
            while len(order) and len(kept) < count:
                best, order = order[0], order[1:]
                kept.append(int(best))
                order = order[_overlap(corners[image], best, order) <= limit]
            found.extend((image, kind, box) for box in kept)
    return np.array(found, np.int64).reshape(-1, 3)


def _corners(boxes: Any, centers: bool) -> Any:
    """Boxes (..., 4) as the smaller and the larger coordinates: y1, x1, y2, x2."""
    if centers:
        x, y, width, height = np.moveaxis(boxes, -1, 0)
        return np.stack([y - height / 2, x - width / 2, y + height / 2, x + width / 2], -1)
    first, second = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], -1)


def _overlap(boxes: Any, one: int, others: Any) -> Any:
    """Area in common over area of both, of one box and others."""
    low = np.maximum(boxes[one, :2], boxes[others, :2])
    high = np.minimum(boxes[one, 2:], boxes[others, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=-1)
    area: Callable[[Any], Any] = lambda b: np.prod(b[..., 2:] - b[..., :2], axis=-1)  # noqa: E731
    both = area(boxes[one]) + area(boxes[others]) - common
    return np.where(both > 0, common / np.where(both > 0, both, 1), 0)
