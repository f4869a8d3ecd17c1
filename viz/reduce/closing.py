"""Modules as one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from viz.model.boxes import Box, Model
from viz.model.places import Group, path_text
from viz.reduce.joining import joined, replaced

_T = TypeVar("_T")


def closed(model: Model, depth: int) -> Model:
    """Each module below `depth` open levels as one box, one for each call.

    A call that holds a single op stays that op, which says more.

    >>> from tinygrad_cnn import Tensor, scope
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> with scope("block"):
    ...     y = (Tensor([1.0], requires_grad=True) * 2).tanh()
    >>> [(box.name, box.contents) for box in closed(build(roots_of(y)), 0).boxes]
    [('', ()), ('block', (('Mul', 1), ('Tanh', 1)))]
    """
    stretches: list[list[Box]] = []
    last: Group = ()
    for box in model.boxes:
        if box.is_leaf:
            continue
        place = box.group[: depth + 1] if len(box.group) > depth else ()
        if place and place == last:
            stretches[-1].append(box)
        else:
            stretches.append([box])
        last = place
    constants = _constants(model)
    made = []
    for inside in stretches:
        if len(inside) > 1:
            whole = one_box(inside, inside[0].group[: depth + 1])
            made.append((whole, [*inside, *_own(constants, inside)]))
    return replaced(model, made)


def _constants(model: Model) -> dict[int, list[tuple[Box, set[int]]]]:
    """By box, the constants that it takes, each with the ids of all boxes that take it."""
    boxes = {box.id: box for box in model.boxes if box.kind == "constant"}
    takers: dict[int, set[int]] = {}
    for edge in model.edges:
        if edge.tail in boxes:
            takers.setdefault(edge.tail, set()).add(edge.head)
    found: dict[int, list[tuple[Box, set[int]]]] = {}
    for constant, ids in takers.items():
        for taker in ids:
            found.setdefault(taker, []).append((boxes[constant], ids))
    return found


def _own(constants: dict[int, list[tuple[Box, set[int]]]], inside: Sequence[Box]) -> list[Box]:
    """The constants that only some boxes take."""
    ids = {box.id for box in inside}
    found = (pair for box in inside for pair in constants.get(box.id, ()))
    return list({box.id: box for box, takers in found if takers <= ids}.values())


def one_box(inside: Sequence[Box], module: Group = (), name: str = "", group: Group = ()) -> Box:
    """Several boxes as one.

    Args:
        inside: oldest first.
        module: the place that they are all of.
        name, group: of boxes that are not all of a module: what to call them, and where they lie.

    >>> one = Box(0, "op", "Conv", (), "float32")
    >>> one_box([one, one], name="both").contents
    (('Conv', 2),)
    """
    return joined(
        inside, kind="module", family="module", name=path_text(module) or name,
        group=module[:-1] or group, module=module, contents=contents(inside), options="",
        shape=inside[-1].shape, dtype=inside[-1].dtype, repeats=1, lines=(), formula="",
    )  # fmt: skip


def contents(inside: Iterable[Box]) -> tuple[tuple[str, int], ...]:
    """List the ops in some boxes, the first to come first, and how many of each.

    >>> one, other = Box(0, "op", "Conv", (), "float32"), Box(1, "op", "ReLU", (), "float32")
    >>> contents([one, other, one])
    (('Conv', 2), ('ReLU', 1))
    """
    counts: Counter[str] = Counter()
    for box in inside:
        if box.kind == "module":
            for name, times in box.contents:
                counts[name] += times * box.repeats
        else:
            for line in (box, *box.lines):
                counts[line.name] += box.repeats
    return tuple(counts.items())


def common(paths: Sequence[Sequence[_T]]) -> tuple[_T, ...]:
    """The components with which all paths begin.

    >>> common([["body", "0"], ["body", "1"]])
    ('body',)
    """
    found = []
    for parts in zip(*paths, strict=False):
        if any(part != parts[0] for part in parts):
            break
        found.append(parts[0])
    return tuple(found)
