"""Marks in a graph: gradients that vanish or explode, dead rectifiers, the first NaN.

A healthy network gets no mark. A gradient is measured where it flows, on results, not on weights,
whose gradients grow with the batch and with the inputs; and against what flows into the last
operations, because a loss that is a sum starts with more than one that is a mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite

from viz.model.boxes import Box, Edge, Mark
from viz.model.reach import frozen_between
from viz.recording.recorder import Recorder
from viz.recording.summary import Summary
from viz.recording.traces import Trace

#: A gradient is marked where its norm, in units of what flows into the last operations, is beyond.
VANISHED, EXPLODED = 1e-7, 1e4
#: A share of dead units that is more than chance.
DEAD = 0.8
#: So many operations before the end are the last ones.
_LAST = 5


def marked(
    boxes: list[Box], edges: Iterable[Edge], firsts: Mapping[int, Mark], telling: bool = True
) -> list[Box]:
    """The boxes with their marks.

    Args:
        boxes, edges: of a graph.   firsts: by box, what comes before its other marks.
        telling: whether the inputs vary; constant ones say nothing of what never acts.

    >>> box = Box(0, "op", "Mul", (), "float32", norm=1.0)
    >>> marked([box], [], {0: Mark("first NaN", True)})[0].marks
    (Mark(text='first NaN', alarm=True),)
    """
    ops = [box for box in boxes if not box.is_leaf]
    flowing = [flow for box in ops[-_LAST:] if (flow := _flow(box)) is not None and isfinite(flow)]
    start, exploded = max(flowing, default=0.0), EXPLODED
    if all(box.gradient is None for box in ops):  # nobody watched: of weights alone less can be said
        start, exploded = 1.0, 100 * EXPLODED
    below = max(flowing[:-1], default=start)
    edges = list(edges)
    explained, frozen = _explained(boxes, edges), frozen_between(boxes, edges)
    learns = any(box.parameters for box in boxes)
    made = []
    for box in boxes:
        marks = [firsts[box.id]] if box.id in firsts else []
        marks += box.marks
        marks += [Mark("frozen, between layers that are trained", False)] if box.id in frozen else []
        flow = _flow(box)
        if flow is not None and start > 0 and not box.is_leaf:
            if flow == 0:
                unexplained = telling and below > 0 and box.gradient is not None and box.id not in explained
                marks += [Mark("no gradient arrives", False)] if unexplained else []
            elif flow < VANISHED * start and _matters(box, learns, VANISHED * start):
                marks.append(Mark("vanished gradient", False))
            elif exploded * start < flow < float("inf"):
                marks.append(Mark("exploded gradient", False))
        made.append(replace(box, marks=tuple(marks)) if marks else box)
    return made


def _matters(box: Box, learns: bool, least: float) -> bool:
    """Whether a small flow is a fault: of parameters that get no more from elsewhere, where there are any.

    Through the first of many steps of a recurrent network hardly anything flows, and its weights learn
    from the last ones.
    """
    return not learns or (bool(box.parameters) and box.norm is not None and box.norm < least)


def _flow(box: Box) -> float | None:
    """The norm of what flows back into a box; that of its parameters where no more is known."""
    return box.gradient.norm if box.gradient is not None else box.norm


def _explained(boxes: list[Box], edges: list[Edge]) -> set[int]:
    """Boxes whose gradient is 0 because whatever takes them multiplies by zeros, or gets no gradient so.

    A branch that starts with a factor or with weights of 0 is usual, and no fault. Neither is a part
    that is picked from what was joined: of a recurrent network often the last output alone is used.
    """
    picked = {b.id for b in boxes if b.family == "shape" and b.gradient is not None and b.gradient.norm > 0}
    nothing = {box.id for box in boxes if _is_zero(box.value)}
    weights = {box.id: [p for p in box.parameters if not p.name.startswith("bias")] for box in boxes}
    silent = {number for number, found in weights.items() if any(_is_zero(p.value) for p in found)}
    takers: dict[int, list[int]] = {}
    operands: dict[int, list[int]] = {}
    for edge in edges:
        takers.setdefault(edge.tail, []).append(edge.head)
        operands.setdefault(edge.head, []).append(edge.tail)
    found: set[int] = set()
    for box in reversed(boxes):
        known = takers.get(box.id, [])
        if known and all(
            taker in found
            or taker in silent
            or taker in picked
            or any(o in nothing for o in operands[taker] if o != box.id)
            for taker in known
        ):
            found.add(box.id)
    return found


def _is_zero(value: Summary | None) -> bool:
    return value is not None and value.zeros == 1.0


def firsts(recorder: Recorder | None) -> Iterable[tuple[int, Mark]]:
    """Marks of the first value and the first gradient that is not finite, by serial of the node.

    >>> list(firsts(None))
    []
    """
    if recorder is None:
        return
    if recorder.first_bad_value is not None:
        value = recorder.traces[recorder.first_bad_value].value
        yield recorder.first_bad_value, Mark(f"first {_bad_word(value)}", True)
    elif recorder.first_bad_gradient is not None:  # what follows a bad value says nothing new
        yield recorder.first_bad_gradient, Mark("first NaN or infinity in a gradient", True)


def _bad_word(value: Summary | None) -> str:
    return "NaN" if value is not None and value.nans else "infinity"


def dead(trace: Trace) -> tuple[Mark, ...]:
    """The mark of a rectifier of which most units are 0 throughout the batch.

    Behind several layers all inputs look alike, and each unit is off for all of them or for none: half
    of the units is what chance gives there.

    >>> dead(Trace(dead=7, units=8))[0].text
    '7 of 8 units dead in this batch'
    """
    if not trace.units or trace.dead < DEAD * trace.units:
        return ()
    if trace.dead == trace.units:
        return (Mark("dead: the result is 0 everywhere", True),)
    return (Mark(f"{trace.dead:,} of {trace.units:,} units dead in this batch", False),)
