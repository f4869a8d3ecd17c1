"""Branches and loops, and ONNX's sequences and optional values."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, axis_of, ints, is_float, scalar
from tinygrad_cnn.onnx.importers.registry import importer
from tinygrad_cnn.onnx.importers.shape import cut, reshaped, taken


@importer("If")
def _if(call: Call, condition: Any) -> Any:
    branch = "then_branch" if bool(scalar(condition)) else "else_branch"
    return tuple(call.run(call.get(branch), ()))


def _stacked(parts: list[Any], axis: int = 0) -> Any:
    if is_float(parts[0]):
        return F.stack(parts, axis)
    return np.stack([array(part) for part in parts], axis)


@importer("Loop")
def _loop(call: Call, most: Any, condition: Any, *state: Any) -> Any:
    """The body again and again, until the count or the condition ends it; scanned results stacked."""
    body = call.get("body")
    goes = True if condition is None else bool(scalar(condition))
    count = None if most is None else int(scalar(most))
    carried, scanned, turn = list(state), [], 0
    while goes and (count is None or turn < count):
        out = call.run(body, [np.array(turn, np.int64), np.array(goes), *carried])
        goes, carried = bool(scalar(out[0])), out[1 : 1 + len(state)]
        scanned.append(out[1 + len(state) :])
        turn += 1
    if not scanned:
        return (*carried, *_none_of(body, 1 + len(state)))
    return (*carried, *(_stacked(list(parts)) for parts in zip(*scanned, strict=True)))


def _none_of(body: Any, first: int) -> list[Any]:
    """The scanned results of a body that did not run, from its output `first` on: no elements."""
    sizes = [[n if isinstance(n, int) else 0 for n in d.shape or ()] for d in body.outputs[first:]]
    kinds = [d.dtype or np.dtype(np.float32) for d in body.outputs[first:]]
    return [np.zeros((0, *shape), kind) for shape, kind in zip(sizes, kinds, strict=True)]


@importer("Scan")
def _scan(call: Call, *inputs: Any) -> Any:
    """The body for each element along an axis of the scanned inputs; results stacked."""
    body, count = call.get("body"), call.get("num_scan_inputs", 1)
    if call.version < 9:
        return _batch_of_scans(call, body, count, inputs)
    return tuple(_scanned(call, body, count, inputs))


def _scanned(call: Call, body: Any, count: int, inputs: Any) -> list[Any]:
    state, streams = list(inputs[: len(inputs) - count]), inputs[len(inputs) - count :]
    axes = [axis_of(a, s.ndim) for a, s in zip(_each(call, "scan_input_axes", count), streams, strict=True)]
    back = _each(call, "scan_input_directions" if call.version >= 9 else "directions", count)
    steps = {s.shape[axis] for s, axis in zip(streams, axes, strict=True)}
    if len(steps) != 1:
        raise FormatError(f"the scanned inputs have {sorted(steps)} elements")
    found = []
    for turn in range(steps.pop()):
        parts = []
        for stream, axis, reverse in zip(streams, axes, back, strict=True):
            place = stream.shape[axis] - 1 - turn if reverse else turn
            parts.append(taken(stream, (*(slice(None),) * axis, place)))
        out = call.run(body, [*state, *parts])
        state = out[: len(state)]
        found.append(out[len(state) :])
    if not found:
        return [*state, *_none_of(body, len(state))]
    results = []
    columns = list(zip(*found, strict=True))
    out_axes = _each(call, "scan_output_axes", len(columns))
    out_back = _each(call, "scan_output_directions", len(columns))
    for column, axis, reverse in zip(columns, out_axes, out_back, strict=True):
        ordered = list(reversed(column)) if reverse else list(column)
        results.append(_stacked(ordered, axis_of(axis, ordered[0].ndim + 1)))
    return [*state, *results]


def _each(call: Call, name: str, count: int) -> list[int]:
    return list(call.ints(name, (0,) * count) or ())


def _batch_of_scans(call: Call, body: Any, count: int, inputs: Any) -> Any:
    """Version 8: the first axis is the batch's, and the first input gives the lengths."""
    _, *values = inputs
    rows = [
        _scanned(call, body, count, [taken(value, i) for value in values])
        for i in range(values[0].shape[0])
    ]
    return tuple(_stacked(list(column)) for column in zip(*rows, strict=True))


# --------------------------------------------------------------------------- sequences
def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError("a sequence was expected")
    return value


@importer("SequenceConstruct")
def _sequence_construct(call: Call, *values: Any) -> Any:
    return list(values)


@importer("SequenceEmpty")
def _sequence_empty(call: Call) -> Any:
    return []


@importer("SequenceInsert")
def _sequence_insert(call: Call, sequence: Any, value: Any, place: Any = None) -> Any:
    made = list(_listed(sequence))
    at = len(made) if place is None else int(scalar(place))
    if not -len(made) <= at <= len(made):
        raise FormatError(f"there is no place {at} in a sequence of {len(made)}")
    made.insert(at, value)
    return made


@importer("SequenceErase")
def _sequence_erase(call: Call, sequence: Any, place: Any = None) -> Any:
    made = list(_listed(sequence))
    del made[-1 if place is None else int(scalar(place))]
    return made


@importer("SequenceAt")
def _sequence_at(call: Call, sequence: Any, place: Any) -> Any:
    return _listed(sequence)[int(scalar(place))]


@importer("SequenceLength")
def _sequence_length(call: Call, sequence: Any) -> Any:
    return np.array(len(_listed(sequence)), np.int64)


@importer("SequenceMap")
def _sequence_map(call: Call, first: Any, *others: Any) -> Any:
    found = []
    for k, value in enumerate(_listed(first)):
        rest = [other[k] if isinstance(other, list) else other for other in others]
        found.append(call.run(call.get("body"), [value, *rest]))
    return tuple(list(column) for column in zip(*found, strict=True)) if found else ([],) * call.outputs


@importer("SplitToSequence")
def _split_to_sequence(call: Call, x: Any, sizes: Any = None) -> Any:
    axis = axis_of(call.get("axis", 0), x.ndim)
    size = x.shape[axis]
    if sizes is None:
        parts = cut(x, [1] * size, axis)
        if call.get("keepdims", 1):
            return parts
        return [reshaped(p, [n for i, n in enumerate(p.shape) if i != axis]) for p in parts]
    given = ints(sizes)
    if array(sizes).ndim == 0:
        if given[0] < 1:
            raise FormatError(f"parts of {given[0]} elements")
        given = [min(given[0], size - start) for start in range(0, size, given[0])]
    if sum(given) != size or min(given, default=0) < 0:
        raise FormatError(f"parts of {given} do not make {size}")
    return cut(x, given, axis)


@importer("ConcatFromSequence")
def _concat_from_sequence(call: Call, sequence: Any) -> Any:
    parts = _listed(sequence)
    if not parts:
        raise FormatError("the sequence is empty")
    call.room((sum(part.size for part in parts),))
    if call.get("new_axis"):
        return _stacked(parts, axis_of(call.get("axis"), parts[0].ndim + 1))
    axis = axis_of(call.get("axis"), parts[0].ndim)
    if is_float(parts[0]):
        return F.concatenate(parts, axis)
    return np.concatenate([array(part) for part in parts], axis)


# --------------------------------------------------------------------------- optional values
@importer("Optional")
def _optional(call: Call, value: Any = None) -> Any:
    return value


@importer("OptionalHasElement")
def _optional_has_element(call: Call, value: Any = None) -> Any:
    return np.array(value is not None)


@importer("OptionalGetElement")
def _optional_get_element(call: Call, value: Any) -> Any:
    if value is None:
        raise FormatError("the optional value is empty")
    return value
