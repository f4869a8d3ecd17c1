"""Where boxes lie on a page: a tall graph in columns side by side, a U-Net as a U.

The layout engine knows ranks only. Columns are parts of the graph without rank constraints between
them; in the rising arm of a U every arrow is declared backwards, so that the engine puts later boxes
higher.

Source for the U: O. Ronneberger, P. Fischer, T. Brox 2015, "U-Net", arXiv:1505.04597, figure 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from math import prod
from typing import NamedTuple

from viz.model.boxes import Box, Edge, Model
from viz.model.places import Place

#: `kind` of the place that stands for a column.
COLUMN = "column"
#: Connections over a gap that make a U, and the share of all operations that the widest one spans.
_SKIPS, _SPAN = 2, 0.5


class Arrangement(NamedTuple):
    """The column of each box, by its id, the boxes of the rising arm of a U, numbers of what goes on."""

    columns: Mapping[int, int] = {}
    rising: frozenset[int] = frozenset()

    def numbered(self, edges: Iterable[Edge]) -> dict[int, int]:
        """The numbers under which arrows end in one column and go on in another, by the id of the tail."""
        tails = dict.fromkeys(edge.tail for edge in edges if crosses(self, edge))
        return {tail: k for k, tail in enumerate(tails, 1)}

    @property
    def is_u(self) -> bool:
        """Whether it is a U."""
        return bool(self.rising)


#: Everything in one column.
PLAIN = Arrangement()


def in_columns(model: Model, count: int) -> Arrangement:
    """So many columns of nearly equal height, cut where few arrows cross.

    Args:
        model: boxes oldest first.   count: of columns, at least 1.

    >>> boxes = tuple(Box(k, "op", "Tanh", (), "float32") for k in range(4))
    >>> edges = tuple(Edge(k, k + 1, k, ()) for k in range(3))
    >>> dict(in_columns(Model(boxes, edges, (), "", 4, False), 2).columns)
    {0: 0, 1: 0, 2: 1, 3: 1}
    """
    made = [box for box in model.boxes if not box.is_leaf]
    if count < 2 or len(made) < 2 * count or any(box.order for box in model.boxes):
        return PLAIN
    ranks = _ranks(model)
    height = max(ranks.values()) + 1
    place = {box.id: k for k, box in enumerate(made)}
    crossing = [0] * (len(made) + 1)  # arrows over the gap before each box
    for edge in model.edges:
        if edge.tail in place and edge.head in place:
            crossing[place[edge.tail] + 1] += 1
            crossing[place[edge.head] + 1] -= 1
    for k in range(1, len(crossing)):
        crossing[k] += crossing[k - 1]
    bounds: list[int] = []
    for part in range(1, count):
        wanted, slack = part * height / count, height / count / 5
        near = [k for k in range(1, len(made)) if abs(ranks[made[k].id] - wanted) <= max(slack, 1)]
        near = [k for k in near if not bounds or k > bounds[-1]]
        if not near:
            return PLAIN
        bounds.append(min(near, key=lambda k: (crossing[k], abs(ranks[made[k].id] - wanted))))
    columns = {box.id: sum(k >= bound for bound in bounds) for k, box in enumerate(made)}
    return Arrangement(_with_leaves(model, columns))


def _ranks(model: Model) -> dict[int, int]:
    """Count the boxes that lie above each one at most."""
    ranks = {box.id: 0 for box in model.boxes}
    tails: dict[int, list[int]] = {}
    for edge in model.edges:
        tails.setdefault(edge.head, []).append(edge.tail)
    for box in model.boxes:
        ranks[box.id] = max((ranks[tail] + 1 for tail in tails.get(box.id, ())), default=0)
    return ranks


def _with_leaves(model: Model, columns: dict[int, int]) -> dict[int, int]:
    """Leaves beside the first box that takes them."""
    found = dict(columns)
    for edge in model.edges:
        if edge.tail not in columns and edge.head in columns:
            found[edge.tail] = min(found.get(edge.tail, columns[edge.head]), columns[edge.head])
    return found


def as_u(model: Model) -> Arrangement:
    """The two arms of a U, if the graph is one: a chain with nested connections over its middle.

    >>> as_u(Model((), (), (), "", 0, False)).is_u
    False
    """
    made = [box for box in model.boxes if not box.is_leaf]
    if len(model.results) != 1 or any(box.order for box in made):
        return PLAIN
    place = {box.id: k for k, box in enumerate(made)}
    pairs = sorted(
        {(place[e.tail], place[e.head]) for e in model.edges if e.tail in place and e.head in place}
    )  # fmt: skip
    best = _nested([(tail, head) for tail, head in pairs if head - tail > 2])
    if len(best) < _SKIPS or best[0][1] - best[0][0] < _SPAN * len(made):
        return PLAIN
    tail, head = best[-1]
    sizes = [prod(made[t].shape[2:]) for t, _ in best]
    if any(inner >= outer for outer, inner in pairwise(sizes)):
        return PLAIN  # what gets smaller on its way down and larger on its way up
    areas = {k: prod(made[k].shape[2:]) for k in range(tail + 1, head)}
    start = next((k for k in range(tail + 2, head) if areas[k] > areas[k - 1]), head)
    columns = {box.id: int(k >= start) for k, box in enumerate(made)}
    rising = frozenset(box.id for k, box in enumerate(made) if k >= start)
    return Arrangement(_with_leaves(model, columns), rising)


def _nested(skips: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain of connections each inside the one before; the first starts earliest."""
    chains: list[list[tuple[int, int]]] = []
    for k, (tail, head) in enumerate(skips):
        inside = [c for j, c in enumerate(chains) if skips[j][0] < tail and head < skips[j][1]]
        chains.append([*max(inside, key=len, default=[]), skips[k]])
    return max(chains, key=len, default=[])


def placed(model: Model, arrangement: Arrangement) -> Model:
    """The model with each box in the place of its column, around all its other places."""
    columns = {
        number: Place(-(10**9) - number, "", kind=COLUMN) for number in set(arrangement.columns.values())
    }
    if len(columns) < 2:
        return model

    def inside(box: Box) -> Box:
        column = columns[arrangement.columns.get(box.id, 0)]
        module = (column, *box.module) if box.module else ()
        return replace(box, group=(column, *box.group), module=module)

    return replace(model, boxes=tuple(map(inside, model.boxes)))


def crosses(arrangement: Arrangement, edge: Edge) -> bool:
    """Whether an arrow leads from one column to another."""
    return arrangement.columns.get(edge.tail, 0) != arrangement.columns.get(edge.head, 0)


def worth(model: Model, arrangement: Arrangement) -> float:
    """Weigh how an arrangement reads, 0 to 1: less for each arrow more than one between two columns.

    >>> worth(Model((), (), (), "", 0, False), PLAIN)
    1.0
    """
    if arrangement.is_u:
        return 1.0
    between = len({edge[:2] for edge in model.edges if crosses(arrangement, edge)})
    extra = max(0, between - max(1, len(set(arrangement.columns.values()))) + 1)
    return float(0.96**extra * (0.8 if arrangement.columns and as_u(model).is_u else 1.0))
