"""Equal boxes side by side as one: inputs of a loop, branches that differ in their weights only.

Boxes are alike if they are equal themselves, take alike boxes in the same order and feed alike
boxes. The classes of alike boxes are refined until they no longer split, so that joining each makes
no cycle: in a cycle every member of a class would have another member among its ancestors.

Source: R. Paige and R. E. Tarjan 1987, "Three partition refinement algorithms".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from viz.model.boxes import Box, Model
from viz.model.places import Group, Place
from viz.reduce.closing import common
from viz.reduce.joining import joined, replaced
from viz.reduce.repetition import signature
from viz.reduce.spans import later, span, span_of_names

#: Inputs, and branches, that are joined from so many on.
_INPUTS, _BRANCHES = 6, 3
#: Larger graphs are left as they are, and those whose classes go on splitting.
_BOXES, _ROUNDS = 2000, 60


def side_by_side(model: Model) -> Model:
    """The model with boxes that are alike as one.

    At least six inputs, or as many as the box that takes them stands for; at least three operations.

    >>> from tinygrad_cnn import Tensor, functional as F
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> x = [Tensor([1.0], requires_grad=True, name=f"x{k}") for k in range(9)]
    >>> [(box.name, box.repeats) for box in side_by_side(build(roots_of(F.concatenate(x)))).boxes]
    [('x0 – x8', 9), ('Concatenate', 1)]
    """
    if len(model.boxes) > _BOXES:
        return model
    boxes = {box.id: box for box in model.boxes}
    heads: dict[int, list[int]] = {}
    tails: dict[int, list[int]] = {}
    for edge in model.edges:
        heads.setdefault(edge.tail, []).append(edge.head)
        tails.setdefault(edge.head, []).append(edge.tail)
    classes = _classes(model, heads, tails)
    found = []
    for alike in classes:
        feeds = {boxes[head].repeats for box in alike for head in heads.get(box.id, ())}
        least = _INPUTS if alike[0].is_leaf else _BRANCHES
        if len(alike) >= least or (len(alike) > 1 and feeds == {len(alike)}):
            found.append(alike)
    renamed = _places(model, found)
    made = []
    for alike in found:
        whole = joined([alike[0], *map(later, alike[1:])], repeats=sum(box.repeats for box in alike))
        names = span_of_names(alike[0], alike[-1])
        made.append((replace(whole, **names, group=_group(alike, renamed)), alike))
    return replaced(model, made)


def _classes(model: Model, heads: dict[int, list[int]], tails: dict[int, list[int]]) -> list[list[Box]]:
    """Classes of several alike boxes; none where they do not settle."""
    ends = {result.box for result in model.results}
    first: dict[object, int] = {}
    number: dict[int, int] = {}
    for box in model.boxes:
        alone = box.id in ends or box.id not in heads or (box.is_leaf and bool(box.parameters))
        number[box.id] = first.setdefault(box.id if alone else signature(box), len(first))
    count = len(first)
    for _ in range(_ROUNDS):
        finer: dict[object, int] = {}
        refined = {}
        for box in model.boxes:
            taken = tuple(number[tail] for tail in tails.get(box.id, ()))
            fed = tuple(sorted({number[head] for head in heads.get(box.id, ())}))
            refined[box.id] = finer.setdefault((number[box.id], taken, fed), len(finer))
        number = refined
        if len(finer) == count:
            break
        count = len(finer)
    else:
        return []
    classes: dict[int, list[Box]] = {}
    for box in model.boxes:
        classes.setdefault(number[box.id], []).append(box)
    return [alike for alike in classes.values() if len(alike) > 1]


def _places(model: Model, found: Sequence[Sequence[Box]]) -> dict[int, Place]:
    """By key, the places that are joined whole: each of their boxes is alike to one of each other place."""
    sizes: dict[int, int] = {}
    for box in model.boxes:
        for place in box.group:
            sizes[place.key] = sizes.get(place.key, 0) + 1
    spans: dict[int, list[Place]] = {}
    for alike in found:
        level = len(common([box.group for box in alike]))
        places = [box.group[level] for box in alike if len(box.group) > level]
        if len(places) == len(alike) == len(set(places)):
            spans.setdefault(places[0].key, []).append(span(places[0], places[-1], len(places)))
    return {
        key: made[0] for key, made in spans.items() if len(set(made)) == 1 and len(made) == sizes[key]
    }  # fmt: skip


def _group(alike: Sequence[Box], renamed: dict[int, Place]) -> Group:
    """Where boxes lie as one: in a joined place, or in what is around them all."""
    level = len(common([box.group for box in alike]))
    group = alike[0].group
    if len(group) > level and group[level].key in renamed:
        return (*group[:level], renamed[group[level].key], *group[level + 1 :])
    return group[:level]
