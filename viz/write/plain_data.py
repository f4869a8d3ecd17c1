"""A model as JSON, for programs of one's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

from viz.model.boxes import Box, Edge, Model, Parameter, Result
from viz.options import Choice
from viz.recording.summary import Summary
from viz.write.plain_labels import describe


def text(model: Model, choice: Choice) -> str:
    """The boxes, edges and results as JSON, equal for equal arguments; numbers that are not finite as text.

    Times differ from run to run, and stand there only with `times`.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> data = json.loads(text(build(roots_of(Tensor([1.0], requires_grad=True, name="x") * 2)), Choice()))
    >>> [box["name"] for box in data["boxes"]], data["edges"][0]["from"], data["edges"][0]["to"]
    (['x', 'Mul'], 0, 1)
    """
    found = dict.fromkeys(p.key for box in model.boxes for p in box.parameters)
    keys = {key: k for k, key in enumerate(found)}
    data = {
        "title": describe(model, choice) if choice.title is None else choice.title,
        "operations": model.operations,
        "marks": [mark._asdict() for mark in model.marks],
        "boxes": [_box(box, keys, choice) for box in model.boxes],
        "edges": [_edge(edge) for edge in model.edges],
        "next_steps": [_edge(edge) for edge in model.loops],
        "results": [_result(result) for result in model.results],
    }
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _box(box: Box, keys: Mapping[int, int], choice: Choice) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": box.id, "kind": box.kind, "name": box.name, "options": box.options, "family": box.family,
        "path": [place.name for place in box.group], "module": [place.name for place in box.module],
        "call": box.group[-1].call if box.group else 1, "shape": list(box.shape), "dtype": box.dtype,
        "operations": box.operations, "contains": dict(box.contents), "repeats": box.repeats,
        "lines": [line.name for line in box.lines], "multiply_adds": box.multiply_adds,
        "kept_bytes": box.kept, "order": box.order, "in_the_graph": box.recorded,
        "requires_grad": box.wants, "notes": list(box.notes),
        "parameters": [_parameter(p, keys) for p in box.parameters], "value": _summary(box.value),
        "gradient": _summary(box.gradient), "gradient_norm": _number(box.norm),
        "marks": [mark._asdict() for mark in box.marks],
    }  # fmt: skip
    if choice.times:
        found |= {"forward_ms": box.forward_ms, "backward_ms": box.backward_ms}
    return found


def _parameter(p: Parameter, keys: Mapping[int, int]) -> dict[str, Any]:
    return {
        "key": keys[p.key], "name": p.name, "shape": list(p.shape), "trainable": p.trainable,
        "shared": p.shared,
        "times": p.times, "value": _summary(p.value), "gradient": _summary(p.gradient),
    }  # fmt: skip


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "from": edge.tail, "to": edge.head, "shape": list(edge.shape), "name": edge.name,
        "constant": edge.constant, "value": _summary(edge.value), "gradient": _summary(edge.gradient),
    }  # fmt: skip


def _result(result: Result) -> dict[str, Any]:
    return {
        "box": result.box, "name": result.name, "shape": list(result.shape),
        "number": _number(result.number), "value": _summary(result.value),
        "gradient": _summary(result.gradient),
    }  # fmt: skip


def _summary(summary: Summary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    found = {
        key: _number(value) for key, value in summary._asdict().items() if isinstance(value, (float, int))
    }
    values = None if summary.values is None else [_number(value) for value in summary.values]
    return {**found, "shape": list(summary.shape), "values": values}


def _number(value: float | None) -> float | str | None:
    return value if value is None or isfinite(value) else str(value)
