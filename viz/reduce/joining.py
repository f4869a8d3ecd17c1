"""Several boxes as one, with the sums of all: what every way to draw less stands on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import hypot
from typing import Any

from viz.model.boxes import Box, Edge, Model, Parameter

#: Notes of joined boxes that are kept.
_NOTES = 3


def joined(boxes: Sequence[Box], **changes: Any) -> Box:
    """The first of some boxes with the sums of all.

    Args:
        boxes: at least one, oldest first.   changes: fields with other values.

    >>> one = Box(0, "op", "Mul", (), "float32", operations=1)
    >>> joined([one, one]).operations
    2
    """
    own = [box.norm for box in boxes if box.parameters and box.norm is not None]
    learns = any(box.parameters for box in boxes)
    sums: dict[str, Any] = {
        field: sum(known) if (known := _known(boxes, field)) else None
        for field in ("kept", "forward_ms", "backward_ms")
    }
    return replace(
        boxes[0],
        parameters=merged([p for box in boxes for p in box.parameters]),
        operations=sum(box.operations for box in boxes),
        inputs=sum(box.inputs for box in boxes),
        outside=sum(box.outside for box in boxes),
        recorded=any(box.recorded for box in boxes),
        multiply_adds=sum(box.multiply_adds for box in boxes),
        norm=(hypot(*own) if own else None) if learns else boxes[-1].norm,
        notes=_notes(boxes),
        color=boxes[0].color if len({box.color for box in boxes}) == 1 else "",
        saved=tuple(piece for box in boxes for piece in box.saved),
        marks=tuple(dict.fromkeys(mark for box in boxes for mark in box.marks)),
        value=None,
        gradient=None,
        **sums,
        **changes,
    )


def _notes(boxes: Sequence[Box]) -> tuple[str, ...]:
    """The notes of several boxes, each once, of many the first."""
    found = list(dict.fromkeys(note for box in boxes for note in box.notes))
    return tuple(found if len(found) <= _NOTES else [*found[:_NOTES], f"{len(found) - _NOTES} more notes"])


def _known(boxes: Sequence[Box], field: str) -> list[float]:
    values = (getattr(box, field) for box in boxes)
    return [value for value in values if value is not None]


def merged(parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Each parameter once, with the number of times that it is taken.

    >>> [(p.name, p.times) for p in merged([Parameter(0, "w", (2,)), Parameter(0, "w", (2,))])]
    [('w', 2)]
    """
    found: dict[int, Parameter] = {}
    for parameter in parameters:
        known = found.get(parameter.key)
        times = parameter.times + (known.times if known else 0)
        found[parameter.key] = (known or parameter)._replace(times=times)
    return tuple(found.values())


def replaced(model: Model, made: Sequence[tuple[Box, Sequence[Box]]]) -> Model:
    """The model with some boxes in the place of others.

    Each new box has the id of the first that it replaces. Edges inside a new box go, those of one
    tensor between the same two boxes become one; constants that nobody takes any more go too.

    Args:
        model: the model.   made: new boxes, each with those that it replaces.

    >>> replaced(Model((), (), (), "", 0, False), []).boxes
    ()
    """
    if not made:
        return model
    new = {box.id: box for box, _ in made}
    to = {old.id: box.id for box, inside in made for old in inside}
    edges: dict[tuple[int, int, int, int], Edge] = {}
    for number, edge in enumerate(model.edges):
        tail, head = to.get(edge.tail, edge.tail), to.get(edge.head, edge.head)
        if tail != head or edge.tail == edge.head:
            joined = edge.tail in to or edge.head in to
            key = (tail, head, edge.tensor, -1 if joined else number)
            edges.setdefault(key, edge._replace(tail=tail, head=head))
    took = {edge.tail for edge in model.edges}
    takes = {edge.tail for edge in edges.values()}
    boxes = [
        new.get(box.id, box)
        for box in model.boxes
        if to.get(box.id, box.id) == box.id
        and not (box.kind == "constant" and box.id in took and box.id not in takes)
    ]
    results = tuple(result._replace(box=to.get(result.box, result.box)) for result in model.results)
    loops: dict[tuple[int, int], Edge] = {}
    for edge in model.loops:
        tail, head = to.get(edge.tail, edge.tail), to.get(edge.head, edge.head)
        loops.setdefault((tail, head), edge._replace(tail=tail, head=head))
    return replace(
        model, boxes=tuple(boxes), edges=tuple(edges.values()), results=results, loops=tuple(loops.values())
    )  # fmt: skip
