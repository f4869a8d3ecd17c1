"""Two models as one, and what is different between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from viz.compare.alignment import aligned, numberless, parameters, what
from viz.model.boxes import Box, Edge, Mark, Model, Result
from viz.reduce.closing import common, one_box
from viz.reduce.joining import replaced
from viz.write import numbers, style
from viz.write.plain_labels import parameters_text

#: Words for the signs, in the order in which they are counted.
WORDS = {"+": "added", "-": "removed", "~": "changed"}


class Change(NamedTuple):
    """One difference.

    Attributes:
        sign: '+' added, '-' removed, '~' changed.
        name: of the operation, with its options, or of the input or result.
        path: of its module, '' for none.
        details: for a change: 'what it was → what it is', one for each thing that differs.

    >>> print(Change("~", "Conv", "features.3", ("3×3 → 5×5",)))
    ~ Conv · features.3: 3×3 → 5×5
    """

    sign: str
    name: str
    path: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = f"{self.sign} {self.name}" + (f" · {self.path}" if self.path else "")
        return f"{head}: {'; '.join(self.details)}" if self.details else head


class Union:
    """Two models as one: boxes of both in an order that fits both, with a sign for each.

    Attributes:
        boxes, signs: of both models, by new ids.   changes: in their order.
        equal: how many boxes are the same in both.
        counts: of several operations as one box: how many there are of each sign.
    """

    def __init__(self, a: Model, b: Model) -> None:
        self.a, self.b = a, b
        self.boxes: list[Box] = []
        self.signs: dict[int, str] = {}
        self.counts: dict[int, Counter[str]] = {}
        self.new: tuple[dict[int, int], dict[int, int]] = ({}, {})
        pairs = [*aligned(a.boxes, b.boxes), (len(a.boxes), len(b.boxes))]
        i = j = 0
        matched: list[tuple[Box, Box]] = []
        for to_i, to_j in pairs:
            for box in a.boxes[i:to_i]:
                self._add("-", box, None)
            for box in b.boxes[j:to_j]:
                self._add("+", None, box)
            if to_i < len(a.boxes):
                self._add("", a.boxes[to_i], b.boxes[to_j])
                matched.append((a.boxes[to_i], b.boxes[to_j]))
            i, j = to_i + 1, to_j + 1
        self.operands = tuple(map(self._operands, (0, 1)))
        details = {self.new[1][after.id]: self._details(before, after) for before, after in matched}
        self.changes = self._changes({key: found for key, found in details.items() if found})
        self.equal = sum(1 for sign in self.signs.values() if not sign)
        self.changes += self._results()

    def _add(self, sign: str, before: Box | None, after: Box | None) -> None:
        number = len(self.boxes)
        for place, box in enumerate((before, after)):
            if box is not None:
                self.new[place][box.id] = number
        shown = after if after is not None else before
        assert shown is not None
        self.boxes.append(replace(shown, id=number, marks=(), norm=None, gradient=None, site=None))
        self.signs[number] = sign

    def _operands(self, place: int) -> dict[int, list[int]]:
        """By new ids: where the operands of each box come from."""
        new = self.new[place]
        found: dict[int, list[int]] = {}
        for edge in (self.a, self.b)[place].edges:
            found.setdefault(new[edge.head], []).append(new[edge.tail])
        return found

    def _details(self, before: Box, after: Box) -> tuple[str, ...]:
        """List what differs between two boxes that are matched."""
        found = []
        if what(before) != what(after):
            pairs = (
                (getattr(box, field) for box in (before, after)) for field in ("name", "options", "dtype")
            )
            found += [_arrow(*pair) for pair in map(tuple, pairs) if pair[0] != pair[1]]
        if numberless(before.path) != numberless(after.path):
            found.append(_arrow(before.path, after.path))
        if before.shape != after.shape:
            found.append("shape " + _arrow(*(_shape(box.shape) for box in (before, after))))
        if parameters(before) != parameters(after):
            found.append(_parameters(before, after))
        number = self.new[1][after.id]
        ours, theirs = (operands.get(number, []) for operands in self.operands)
        if len(before.lines) == len(after.lines) and self._rewired(ours, theirs):
            found.append("takes " + _arrow(self._names(ours), self._names(theirs)))
        return tuple(found)

    def _rewired(self, ours: list[int], theirs: list[int]) -> bool:
        """Whether operands differ by more than boxes that were put in or taken out before this one."""
        known = all(not self.signs[one] for one in (*ours, *theirs))
        if len(ours) != len(theirs):
            return known
        return any(
            one != other and not self.signs[one] and not self.signs[other]
            for one, other in zip(ours, theirs, strict=True)
        )

    def _names(self, numbers: list[int]) -> str:
        boxes = (self.boxes[number] for number in numbers)
        return ", ".join(" ".join(filter(None, (box.name or box.kind, box.path))) for box in boxes)

    def _changes(self, details: Mapping[int, tuple[str, ...]]) -> list[Change]:
        """Differences between boxes; a box that has changed carries its details as marks."""
        found = []
        for number, box in enumerate(self.boxes):
            if number in details:
                self.signs[number] = "~"
                marks = tuple(Mark(text, False) for text in details[number])
                self.boxes[number] = replace(box, marks=marks)
            if sign := self.signs[number]:
                words = (box.name or box.kind, "" if sign == "~" else box.options)
                found.append(Change(sign, " ".join(filter(None, words)), box.path, details.get(number, ())))
        return found

    def _results(self) -> list[Change]:
        """Differences between results that are not told by the boxes that they come from."""
        found = []
        old, new = self.a.results, self.b.results
        for before, after in zip(old, new, strict=False):
            details = []
            if (before.name, before.shape) != (after.name, after.shape):
                names = (before.name, after.name) if before.name != after.name else ("", "")
                shapes = map(_shape, (before.shape, after.shape))
                details.append(_arrow(*(f"{n} {s}".strip() for n, s in zip(names, shapes, strict=True))))
            elif self._rewired([self.new[0][before.box]], [self.new[1][after.box]]) or self._moved(
                before, after
            ):
                details.append("comes from another operation")
            if details:
                found.append(Change("~", before.name, "", tuple(details)))
        found += [Change("-", result.name, "") for result in old[len(new) :]]
        return found + [Change("+", result.name, "") for result in new[len(old) :]]

    def _moved(self, before: Result, after: Result) -> bool:
        """Whether a result comes from another box, both boxes being in both graphs."""
        one, other = self.new[0][before.box], self.new[1][after.box]
        return one != other and {self.signs[one], self.signs[other]} <= {"", "~"}

    # ------------------------------------------------------------------ the picture
    def drawn(self, max_nodes: int | None) -> tuple[Model, dict[str, dict[str, str]]]:
        """The model of the union, and how each part of it looks."""
        edges, edge_signs = self._edges()
        results, result_signs = self._ends()
        model = Model(tuple(self.boxes), edges, results, "", len(self.boxes), False)
        touched = {end for edge, sign in zip(edges, edge_signs, strict=True) if sign for end in edge[:2]}
        touched |= {result.box for result, sign in zip(results, result_signs, strict=True) if sign}
        by_ends = {edge[:3]: sign for edge, sign in zip(edges, edge_signs, strict=True)}
        if max_nodes is not None and len(model.boxes) + len(results) > max_nodes:
            model = self._closed(model, touched, max_nodes)
        looks = {f"n{box.id}": _look(self.signs.get(box.id, ""), box) for box in model.boxes}
        looks |= {f"out{k}": _look(sign, None) for k, sign in enumerate(result_signs)}
        for k, edge in enumerate(model.edges):
            ends = (self.signs.get(end, "") for end in edge[:2])
            own = next((sign for sign in ends if sign in ("+", "-")), "")
            looks[f"e{k}"] = _edge_look(by_ends.get(edge[:3], own))
        return model, looks

    def _edges(self) -> tuple[tuple[Edge, ...], list[str]]:
        """The edges of both, those of both graphs once, and their signs."""
        ours, theirs = (
            [
                edge._replace(tail=new[edge.tail], head=new[edge.head], tensor=new[edge.tail])
                for edge in edges
            ]
            for edges, new in zip((self.a.edges, self.b.edges), self.new, strict=True)
        )
        left = Counter(edge[:2] for edge in ours)
        edges, signs = [], []
        for edge in theirs:
            both = left[edge[:2]] > 0
            left[edge[:2]] -= both
            edges.append(edge)
            signs.append("" if both else "+")
        for edge in ours:
            if left[edge[:2]] > 0:
                left[edge[:2]] -= 1
                edges.append(edge)
                signs.append("-")
        return tuple(edges), signs

    def _ends(self) -> tuple[tuple[Result, ...], list[str]]:
        """The results of both, those of both graphs once, and their signs."""
        ours, theirs = (
            [r._replace(box=new[r.box], value=None, gradient=None, number=None) for r in model.results]
            for model, new in zip((self.a, self.b), self.new, strict=True)
        )
        signs = ["" if result in ours else "+" for result in theirs]
        gone = [result for result in ours if result not in theirs]
        return (*theirs, *gone), signs + ["-"] * len(gone)

    def _closed(self, model: Model, touched: set[int], max_nodes: int) -> Model:
        """Operations in a row as one box each, as far as needed: equal ones, those of a sign, others."""
        stretches: list[tuple[str | None, list[Box]]] = [(None, [])]
        for box in model.boxes:
            if box.is_leaf:
                continue
            sign = None if not self.signs[box.id] and box.id in touched else self.signs[box.id]
            if sign is None or sign != stretches[-1][0]:
                stretches.append((sign, []))
            stretches[-1][1].append(box)
        for signs in ([""], ["", "+", "-"], ["", "+", "-", "~"]):
            rows = [row for sign, row in stretches if sign in signs and len(row) > 2]
            small = replaced(model, [(self._as_one(row), row) for row in rows])
            if len(small.boxes) + len(small.results) <= max_nodes:
                return small
        return self._in_stretches(small, max_nodes)

    def _in_stretches(self, model: Model, max_nodes: int) -> Model:
        """Operations of all signs in one box, as many to each as it takes."""
        ops = [box for box in model.boxes if not box.is_leaf]
        room = max(max_nodes - (len(model.boxes) - len(ops)) - len(model.results), max_nodes // 2, 1)
        ends = [k * len(ops) // room for k in range(room + 1)]
        rows = [ops[start:end] for start, end in pairwise(ends) if end > start + 1]
        return replaced(model, [(self._as_one(row), row) for row in rows])

    def _as_one(self, row: Sequence[Box]) -> Box:
        """Boxes as one, which says how many of its operations are equal, added and so on."""
        counts: Counter[str] = Counter()
        for box in row:
            counts += self.counts.get(box.id) or Counter({self.signs[box.id]: box.operations})
        named = {"": "equal", **WORDS}
        words = [f"{counts[sign]:,} {word}" for sign, word in named.items() if counts[sign]]
        name = ", ".join(words) + (" operations" if len(words) == 1 else "")
        whole = one_box(row, name=name, group=common([box.group for box in row]))
        self.counts[whole.id] = counts
        self.signs[whole.id] = next(iter(counts)) if len(counts) == 1 else "~"
        return replace(whole, marks=())


def _arrow(before: str, after: str) -> str:
    return f"{before or '(none)'} → {after or '(none)'}"


def _shape(shape: tuple[int, ...]) -> str:
    return numbers.shape_text(shape) or "single number"


def _parameters(before: Box, after: Box) -> str:
    """Say how the parameters of a box differ: those that do, where the names are the same."""
    old, new = before.parameters, after.parameters
    if [p.name for p in old] == [p.name for p in new]:
        both = [(p, q) for p, q in zip(old, new, strict=True) if p[1:6] != q[1:6]]
        old, new = tuple(p for p, _ in both), tuple(q for _, q in both)
    texts = (parameters_text(some).rpartition(" · ")[0] if some else "no parameters" for some in (old, new))
    return _arrow(*texts)


# --------------------------------------------------------------------------- looks
def _look(sign: str, box: Box | None) -> dict[str, str]:
    """Attributes of a box by its sign; an equal one keeps a pale shade of its colour."""
    if sign:
        fill, line = style.CHANGES[sign]
        return {"fillcolor": fill, "color": line, "penwidth": "2"}
    if box is None or box.is_leaf:
        return {"color": style.FRAME, "fontcolor": style.QUIET}
    return {
        "fillcolor": style.pale(style.fill(box.family)), "color": style.FRAME, "fontcolor": style.QUIET,
    }  # fmt: skip


def _edge_look(sign: str) -> dict[str, str]:
    if not sign:
        return {"color": style.FRAME}
    line = style.CHANGES[sign][1]
    dashed = {"style": "dashed"} if sign == "-" else {}
    return {"color": line, "fontcolor": line, "penwidth": "1.6", **dashed}
