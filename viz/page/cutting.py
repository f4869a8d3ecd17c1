"""A graph taken apart into small drawings: the whole with its modules closed, and each module's inside.

A page puts them together again, so that each module is opened and closed by itself. Where a tensor
enters or leaves a module, the drawing of its inside has a stub, at which the arrow from outside ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, groupby

from viz.model.boxes import Box, Edge, Model
from viz.model.places import Group, path_text
from viz.reduce.closing import common, one_box
from viz.write.arrows import Looks

#: Stands for the box that is a result.
_OUTSIDE = -1
#: A stub takes no room and is not seen.
_STUB = {"shape": "point", "label": "", "width": "0.01", "color": "transparent", "fillcolor": "transparent"}


@dataclass(frozen=True)
class Part:
    """One drawing.

    Attributes:
        id: of the box that stands for it where it is closed; -1 for the whole graph.
        parent: id of the part that this box is in; None for the whole graph.
        path: of the module, '' for the whole graph.
        model: what is drawn, stubs included.   looks: attributes, as `viz.write.dot.source` takes them.
        ins, outs: the stub of each tensor, by the id of the box that made it.
        children: ids of the parts whose boxes are in this one.
        closed: the box that stands for it where it is closed, and the ids of all boxes inside; None
            for the whole graph.
        ends: by result: the box that made it.
    """

    id: int
    parent: int | None
    path: str
    model: Model
    looks: Looks
    ins: dict[int, int]
    outs: dict[int, int]
    children: tuple[int, ...]
    closed: tuple[Box, frozenset[int]] | None = None
    ends: tuple[int, ...] = ()

    @property
    def boxes(self) -> int:
        """Count the boxes that are drawn, without stubs."""
        return len(self.model.boxes) - len(self.ins) - len(self.outs)


@dataclass
class _Unit:
    """A module, or a stretch of one that was left and entered again."""

    id: int
    group: Group
    chain: tuple[int, ...]
    box: Box | None = None
    boxes: list[Box] = field(default_factory=list)
    units: list[_Unit] = field(default_factory=list)

    def walk(self) -> Iterator[_Unit]:
        """This one and all inside, from the outside in."""
        yield self
        for unit in self.units:
            yield from unit.walk()


def parts(model: Model, looks: Looks | None = None, *, foldable: bool = True) -> list[Part]:
    """The parts, the whole graph first, each before those inside it.

    Args:
        model: a graph.   looks: attributes, as for `viz.write.dot.source`; only where it is not foldable.
        foldable: False gives one part, with all modules open.

    >>> from tinygrad_cnn import Tensor, scope
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> with scope("block"):
    ...     y = (Tensor([1.0], requires_grad=True, name="x") * 2).tanh()
    >>> [(part.path, [box.name for box in part.model.boxes]) for part in parts(build(roots_of(y)))]
    [('', ['x', 'block']), ('block', ['', 'Mul', 'Tanh', ''])]
    """
    if not foldable:
        return [Part(-1, None, "", model, looks or {}, {}, {}, ())]
    return _Parts(model).made()


class _Parts:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.numbers = count(1 + max((box.id for box in model.boxes), default=0))
        self.chains: dict[int, tuple[int, ...]] = {}
        self.root = _Unit(-1, (), ())
        self._nest(self.root, [box for box in model.boxes if not box.is_leaf])
        self._leaves()

    def _nest(self, unit: _Unit, boxes: Sequence[Box]) -> None:
        """Put boxes into a unit: those of a module inside it that follow each other as a unit."""
        depth = len(unit.group)

        def inner(box: Box) -> Group:
            return box.group[: depth + 1] if len(box.group) > depth else ()

        for group, run in groupby(boxes, key=inner):
            inside = list(run)
            if not group or len(inside) == 1:
                unit.boxes += inside
                self.chains |= {box.id: unit.chain for box in inside}
                continue
            group = common([box.group for box in inside])
            number = next(self.numbers)
            closed = one_box(inside, group)
            # Of equal ids each, the box of the module and its first operation could not be told apart.
            made = _Unit(number, group, (*unit.chain, number), replace(closed, id=number, group=unit.group))
            unit.units.append(made)
            self._nest(made, inside)

    def _leaves(self) -> None:
        """Inputs stay outside; a constant goes where all that take it are."""
        takers: dict[int, list[tuple[int, ...]]] = {}
        for edge in self.model.edges:
            takers.setdefault(edge.tail, []).append(self.chains.get(edge.head, ()))
        units = {unit.id: unit for unit in self.root.walk()}
        for box in self.model.boxes:
            if box.is_leaf:
                inside = box.kind == "constant" and box.id in takers
                chain = common(takers[box.id]) if inside else ()
                self.chains[box.id] = chain
                units[chain[-1] if chain else -1].boxes.append(box)

    def made(self) -> list[Part]:
        return [self._part(unit) for unit in self.root.walk()]

    def _place(self, unit: _Unit, box: int) -> int | None:
        """Id of the box in a unit's drawing that is, or holds, a box; None where that is outside."""
        chain, depth = self.chains.get(box, ()), len(unit.chain)
        if chain[:depth] != unit.chain:
            return None
        return chain[depth] if len(chain) > depth else box

    def _part(self, unit: _Unit) -> Part:
        boxes = [*unit.boxes, *(one.box for one in unit.units if one.box is not None)]
        if len(unit.group) > 1:  # a walk back has one frame, around all of it
            boxes = [replace(box, order=0) for box in boxes]
        ins: dict[int, Box] = {}
        outs: dict[int, Box] = {}
        edges = self._wires(unit, ins, outs)
        stubs = {box.id for box in (*ins.values(), *outs.values())}
        looks: dict[str, dict[str, str]] = {f"n{number}": dict(_STUB) for number in sorted(stubs)}
        for k, edge in enumerate(edges):
            if stubs & {edge.tail, edge.head}:  # the arrow outside has the label, and goes on here
                looks[f"e{k}"] = {"label": ""} | ({"arrowhead": "none"} if edge.head in stubs else {})
        ends = [r for r in self.model.results if not unit.chain]
        results = [r._replace(box=place) for r in ends if (place := self._place(unit, r.box)) is not None]
        drawn = replace(
            self.model, boxes=(*ins.values(), *sorted(boxes, key=self._age), *outs.values()),
            edges=tuple(edges), results=tuple(results), loops=self._loops(unit),
        )  # fmt: skip
        parent = (-1, *unit.chain)[-2] if unit.chain else None
        children = tuple(one.id for one in unit.units)
        inside = frozenset(box for box, chain in self.chains.items() if unit.id in chain)
        return Part(
            unit.id, parent, path_text(unit.group), drawn, looks, _numbers(ins), _numbers(outs), children,
            (unit.box, inside) if unit.box is not None else None, tuple(result.box for result in ends),
        )  # fmt: skip

    def _loops(self, unit: _Unit) -> tuple[Edge, ...]:
        """The loops of a unit's drawing: those whose ends are in it, or in one module of it each."""
        found = []
        for edge in self.model.loops:
            tail, head = self._place(unit, edge.tail), self._place(unit, edge.head)
            if tail is not None and head is not None:
                found.append(edge._replace(tail=tail, head=head))
        return tuple(found)

    def _wires(self, unit: _Unit, ins: dict[int, Box], outs: dict[int, Box]) -> list[Edge]:
        """The edges of a unit's drawing; its stubs are put into `ins` and `outs`."""
        modules = {one.id for one in unit.units}
        found: dict[tuple[int, int, int, int], Edge] = {}

        def stub(side: dict[int, Box], edge: Edge) -> int:
            if edge.tensor not in side:
                side[edge.tensor] = Box(next(self.numbers), "stub", "", edge.shape, "", group=unit.group)
            return side[edge.tensor].id

        for number, edge in enumerate(self._edges(results=bool(unit.chain))):
            tail, head = self._place(unit, edge.tail), self._place(unit, edge.head)
            if (tail is None and head is None) or (tail == head and tail in modules):
                continue
            # What is drawn as one box takes a tensor once; an operation may take it twice.
            key = number if not {tail, head} & {*modules, None} else -1
            tail = stub(ins, edge) if tail is None else tail
            head = stub(outs, edge) if head is None else head
            found.setdefault((tail, head, edge.tensor, key), edge._replace(tail=tail, head=head))
        return list(found.values())

    def _edges(self, results: bool) -> Iterator[Edge]:
        """All edges, with those to results, which are outside of every module, if asked for."""
        yield from self.model.edges
        for result in self.model.results if results else ():
            yield Edge(result.box, _OUTSIDE, result.box, result.shape)

    def _age(self, box: Box) -> int:
        """When a box, or the first inside it, was made."""
        if box.id in self.chains:
            return box.id
        return min(old for old, chain in self.chains.items() if box.id in chain)


def _numbers(side: dict[int, Box]) -> dict[int, int]:
    return {tensor: box.id for tensor, box in side.items()}
