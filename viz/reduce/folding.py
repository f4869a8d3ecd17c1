"""Equal blocks that follow each other drawn once, and layers with what follows them in one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from viz.model.boxes import Box, Edge, Model
from viz.model.places import Group, Place, path_text
from viz.reduce.closing import common
from viz.reduce.joining import joined, replaced
from viz.reduce.repetition import Repeat, repeats

#: What may stand in one box with the layer before it: no products of its own, one operand.
_FOLLOWERS = frozenset({"activation", "dropout", "pool", "norm", "shape"})
#: Lines of a box at most.
_LINES = 4


def folded(model: Model) -> Model:
    """Equal blocks that follow each other drawn once, then followers in the box of their layer.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build, roots_of
    >>> x = Tensor([1.0], requires_grad=True)
    >>> box = folded(build(roots_of((x * 2).tanh()))).boxes[-1]
    >>> box.name, [line.name for line in box.lines]
    ('Mul', ['Tanh'])
    """
    while found := repeats(model):
        model = _with_repeats(model, found)
    return _with_lines(model)


def _with_repeats(model: Model, found: list[Repeat]) -> Model:
    made = []
    keys = count(min((place.key for box in model.boxes for place in box.group), default=0) - 1, -1)
    for repeat in found:
        for place, group in enumerate(_groups(repeat, keys)):
            equal = [block[place] for block in repeat.blocks]
            equal[1:] = map(_later, equal[1:])
            whole = joined(equal, group=group, repeats=equal[0].repeats * len(equal))
            made.append((replace(whole, **_span_of_modules(equal[0], equal[-1])), equal))
    later = {box.id for repeat in found for block in repeat.blocks[1:] for box in block}
    kept = [edge for edge in model.edges if edge.head not in later]
    return replaced(replace(model, edges=tuple(kept)), made)


def _span(first: Place, last: Place, times: int = 1) -> Place:
    """Equal places as one: '0 – 3' for 0 to 3, 'cell' for calls of one module."""
    name = first.name if first.name == last.name else f"{first.name} – {last.name}"
    return first._replace(name=name, call=1, times=first.times * times)


def _span_of_modules(first: Box, last: Box) -> dict[str, Any]:
    """What differs about the box of modules body.0 to body.3 from that of the first."""
    if not first.module or not last.module:
        return {}
    module = (*first.module[:-1], _span(first.module[-1], last.module[-1]))
    return {"module": module, "name": path_text(module)}


def _later(box: Box) -> Box:
    """A box of a further repetition, whose parameters are counted and not listed."""
    return replace(box, parameters=tuple(p._replace(first=False) for p in box.parameters))


def _groups(repeat: Repeat, keys: Iterator[int]) -> list[Group]:
    """Groups of the boxes that stay; one place is around them all if there are several."""
    first, last = ([box.group for box in repeat.blocks[k]] for k in (0, -1))
    start, end = common(first), common(last)
    times = len(repeat.blocks) if len(repeat.blocks[0]) > 1 else 1
    shared = common([start, end])
    level = len(shared)
    inside = level + 1  # below this level the groups of the first block stay
    if len(start) > level and len(end) > level:  # blocks are modules: layers.0 to layers.2
        span: Group = (_span(start[level], end[level], times),)
    else:  # stretches of one module: features.2 and .3, .4 and .5
        inside = max(map(len, first))
        names = [path[level].name for path in (first[0], last[-1]) if len(path) > level]
        name = " – ".join(dict.fromkeys(filter(None, names)))
        span = (Place(next(keys), name, times=times),) if name or times > 1 else ()
        boxes = Counter(path[level] for path in first if len(path) > level)
        if any(number > 1 for number in boxes.values()):  # calls among other operations stay calls
            span = (Place(next(keys), "", times=times),)
            return [(*shared, *span, *path[level:]) for path in first]
    return [(*shared, *span, *path[inside:]) for path in first]


# --------------------------------------------------------------------------- layers with followers
def _with_lines(model: Model) -> Model:
    boxes = {box.id: box for box in model.boxes}
    feeding = Counter(edge.tail for edge in model.edges)
    feeding.update(result.box for result in model.results)
    operands: dict[int, list[Edge]] = {}
    for edge in model.edges:
        operands.setdefault(edge.head, []).append(edge)
    layers: dict[int, list[Box]] = {}  # by the id of the last box in them
    for box in model.boxes:
        edges = operands.get(box.id, [])
        before = layers.pop(edges[0].tail, None) if len(edges) == 1 else None
        if before is not None and feeding[edges[0].tail] == 1 and _follows(box, before):
            layers[box.id] = [*before, box]
        else:
            if before is not None:
                layers[edges[0].tail] = before
            if box.kind == "op":
                layers[box.id] = [box]
    made = []
    for inside in layers.values():
        if len(inside) > 1:
            last, group = inside[-1], common([box.group for box in inside])
            lines = tuple(inside[1:])
            whole = joined(inside, lines=lines, shape=last.shape, dtype=last.dtype, group=group)
            made.append((replace(whole, value=last.value, gradient=last.gradient), inside))
    assert all(box.id in boxes for box, _ in made)
    return replaced(model, made)


def _follows(box: Box, layer: list[Box]) -> bool:
    first, last = layer[0], layer[-1]
    around = {last.group, last.group[:-1]}
    return (
        box.kind == "op"
        and not box.lines
        and not last.lines
        and box.family in _FOLLOWERS
        and (not box.parameters or box.family == "norm")
        and box.repeats == first.repeats
        and box.order == first.order
        and len(layer) < _LINES
        and (box.group in around or box.group[:-1] in around)
    )
