"""The panel of a page on a box: title, kind, rows of name and value, neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from viz.model.boxes import Box, Model, Result
from viz.options import Choice
from viz.recording.summary import Summary
from viz.write import numbers, plain_labels
from viz.write.dot import short
from viz.write.terminal import head

#: Parameters of a box that are told one by one at most.
_LISTED = 8


@dataclass
class _Details:
    """The panel's rows on a box."""

    title: str
    kind: str
    rows: list[tuple[str, str]]

    def plain(self, takes: Sequence[str], feeds: Sequence[str]) -> dict[str, Any]:
        # A module is found by its name and its class: what it holds is found by itself.
        values = () if self.kind == "module" else (value for _, value in self.rows)
        found = "\n".join([self.title, self.kind, *values]).lower()
        return {
            "title": self.title, "kind": self.kind, "rows": self.rows, "search": found,
            "takes": takes, "feeds": feeds,
        }  # fmt: skip


def told(model: Model, closed: Sequence[tuple[Box, frozenset[int]]], choice: Choice) -> dict[str, Any]:
    """Of each box and each result what there is to tell, as plain data, by the name of its node.

    Args:
        model: the graph.
        closed: boxes that stand for modules, each with the ids of the boxes inside.
        choice: whether times are told.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> model = build(roots_of(Tensor(1.0, requires_grad=True, name="x") * 2))
    >>> {key: box["title"] for key, box in told(model, [], Choice()).items()}
    {'n0': 'x', 'n1': 'Mul  × 2', 'out0': 'result'}
    """
    takes: dict[str, dict[str, None]] = {}
    feeds: dict[str, dict[str, None]] = {}
    pairs: list[tuple[int, int | str]] = [(edge.tail, edge.head) for edge in model.edges]
    pairs += [(result.box, f"out{k}") for k, result in enumerate(model.results)]
    for tail, end in pairs:
        fed = f"n{end}" if isinstance(end, int) else end
        takes.setdefault(fed, {})[f"n{tail}"] = None
        feeds.setdefault(f"n{tail}", {})[fed] = None
        for box, inside in closed:  # a module takes and feeds what is outside
            if end in inside and tail not in inside:
                takes.setdefault(f"n{box.id}", {})[f"n{tail}"] = None
            if tail in inside and end not in inside:
                feeds.setdefault(f"n{box.id}", {})[fed] = None
    found = {f"n{box.id}": _box(box, choice) for box in (*model.boxes, *(box for box, _ in closed))}
    found |= {f"out{k}": _result(result) for k, result in enumerate(model.results)}
    return {key: one.plain([*takes.get(key, ())], [*feeds.get(key, ())]) for key, one in found.items()}


def _title(box: Box) -> str:
    return (box.name or box.kind) if box.is_leaf or box.kind == "module" else head(box)


def _box(box: Box, choice: Choice) -> _Details:
    kind = plain_labels.role_text(box) if box.is_leaf else "module" if box.kind == "module" else box.kind
    rows = [("module", box.path)] if box.group else []
    if box.kind == "module":
        rows.append(("contains", plain_labels.options_text(box)))
    rows += [(f"formula of {one.name}", one.formula) for one in (box, *box.lines) if one.formula]
    rows.append(("shape of the result", _shape(box.shape)))
    rows.append(("element type", box.dtype))
    rows += _parameters(box)
    rows += _summary("value", box.value) + _summary("gradient", box.gradient)
    if box.norm is not None:
        whose = "parameters’ gradients" if box.parameters else "gradient"
        rows.append((f"norm of the {whose}", numbers.size_text(box.norm)))
    rows += [("requires grad", "yes")] if box.wants else []
    rows += [("outside the graph", "no gradient flows through it")] if not box.recorded else []
    rows += [("look here", mark.text) for mark in box.marks]
    rows += _figures(box, choice)
    if box.site is not None:
        rows.append(("made at", short(box.site)))
    kind = {"op": "operation"}.get(kind, kind)
    return _Details(_title(box), kind, rows)


def _figures(box: Box, choice: Choice) -> list[tuple[str, str]]:
    rows = []
    if box.operations > 1:
        rows.append(("operations", f"{box.operations:,}"))
    if box.repeats > 1:
        rows.append(("equal boxes drawn as this one", f"{box.repeats:,}"))
    if box.multiply_adds:
        rows.append(("multiply-adds", f"{box.multiply_adds:,}"))
    if box.kept is not None:
        rows.append(("kept for backward", numbers.bytes_text(box.kept)))
    for name, time in (("forward", box.forward_ms), ("backward", box.backward_ms)):
        if time is not None and choice.times:  # else two runs would not give the same bytes
            rows.append((name, f"{time:.3g} ms"))
    return rows


def _parameters(box: Box) -> list[tuple[str, str]]:
    rows = []
    if len(box.parameters) > 1:
        rows.append(("all in all", plain_labels.parameters_text(box.parameters, brief=True)))
    for p in box.parameters[:_LISTED]:
        told = [f"{_shape(p.shape)}, {prod(p.shape):,} number{'' if prod(p.shape) == 1 else 's'}"]
        told[0] += ("" if p.trainable else ", frozen") + (", shared" if p.shared else "")
        told += [f"{name}: {value}" for name, value in _summary("value", p.value)]
        absent = [("gradient", "not computed")] if p.trainable else []
        told += [f"{name}: {value}" for name, value in _summary("gradient", p.gradient) or absent]
        rows.append((f"parameter {p.name}", "\n".join(told)))
    more = len(box.parameters) - _LISTED
    return [*rows, ("further parameters", f"{more:,}")] if more > 0 else rows


def _summary(name: str, summary: Summary | None) -> list[tuple[str, str]]:
    if summary is None:
        return []
    small = summary.values is not None
    return [(name, plain_labels.elements_text(summary) if small else plain_labels.statistics_text(summary))]


def _result(result: Result) -> _Details:
    rows = [("shape", _shape(result.shape))]
    rows += _summary("value", result.value) or (
        [("value", numbers.number_text(result.number))] if result.number is not None else []
    )
    return _Details(result.name, "result", [*rows, *_summary("gradient", result.gradient)])


def _shape(shape: tuple[int, ...]) -> str:
    return numbers.shape_text(shape) or "a single number"
