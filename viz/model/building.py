"""From the nodes of a graph, and what was recorded of them, to a `Model`.

Everything is iterative and linear in the number of nodes and edges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import hypot, prod
from typing import Any

import numpy as np

from tinygrad_cnn.graph import Node
from viz.model import marks, op_words
from viz.model.boxes import Box, Edge, Mark, Model, Parameter, Result
from viz.model.node_graph import NodeGraph, Root, is_parameter
from viz.model.places import Group, Places, path_text
from viz.model.reach import Reach
from viz.model.users_words import colors_of, notes_of
from viz.recording.recorder import Recorder
from viz.recording.summary import Summary, summarise
from viz.recording.traces import Memory, Trace


def build(
    roots: list[Root], recorder: Recorder | None = None, *, spelled_out: bool = False,
    names: Mapping[str, Any] | None = None, between: Any = None,
    note: Callable[[Node], Any] | None = None, color: Callable[[Node], Any] | None = None,
) -> Model:  # fmt: skip
    """The model of the graph that ends in `roots`.

    Args:
        roots: from `roots_of`.   recorder: what was seen of it.
        spelled_out: give each parameter and each number a box, instead of a place inside its op's.
        names: what the caller calls modules that no other module holds.
        between: two places; only what lies between them is in the model.
        note, color: told each node; see `viz.graph`.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.node_graph import roots_of
    >>> x = Tensor([1.0], requires_grad=True)
    >>> [box.name or box.kind for box in build(roots_of(x * 2 + 1)).boxes]
    ['input', 'Mul', 'Add']
    """
    return _Builder(roots, recorder, spelled_out, names, between).model(note, color)


class _Builder(NodeGraph):
    def __init__(
        self, roots: list[Root], recorder: Recorder | None, spelled_out: bool,
        names: Mapping[str, Any] | None, between: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(roots, recorder, spelled_out, between)
        self.memory = Memory()
        self.groups = self._groups(names)
        self.stand_ins = self._stand_ins() if recorder is not None else {}
        self.telling = self._is_telling()
        self.reach = Reach(self.nodes, self._parents, self.tops)

    def _trace(self, node: Node) -> Trace:
        if self.recorder is None:
            return Trace()
        trace = self.recorder.trace(node)
        if node.op is not None or node not in self.first_takers:
            return trace
        return replace(trace, value=self.recorder.taken.get(self.first_takers[node], trace.value))

    def _is_telling(self) -> bool:
        """Whether the inputs vary: zeros, or ones, say nothing of units that are never active."""
        leaves = (self._trace(node).value for node in self.nodes if node.role == "input")
        seen = [value for value in leaves if value is not None and prod(value.shape) > 1]
        return not seen or any(value.least < value.greatest or not value.finite for value in seen)

    def _groups(self, names: Mapping[str, Any] | None) -> dict[Node, Group]:
        """Where each operation lies; a leaf that a walk brought in lies in that walk."""
        places, found = Places(self.nodes, names), dict[Node, Group]()
        for node in self.nodes:
            if node.op is None:
                if source := self._parents(node):
                    found[node] = found.get(source[0], ())
                continue
            if not node.order:
                found[node] = places.of(node)
            else:
                trace = self._trace(node)
                found[node] = places.of_derivative(node, trace.walk, trace.derives)
            for parent in self._parents(node):
                if parent.op is None and self.orders[parent]:
                    found.setdefault(parent, found[node][:1])
        return found

    def _stand_ins(self) -> dict[int, Node]:
        """The node that is drawn for each serial: a hidden leaf stands in the first that takes it."""
        found = {node.serial: node for node in self.drawn}
        for node in self.drawn:
            for parent in self._parents(node):
                found.setdefault(parent.serial, node)
        return found

    def model(
        self, note: Callable[[Node], Any] | None = None, color: Callable[[Node], Any] | None = None
    ) -> Model:  # fmt: skip
        boxes = [self._box(node) for node in self.drawn]
        if note is not None:
            said = [notes_of(note(node)) for node in self.drawn]
            boxes = [replace(box, notes=notes) for box, notes in zip(boxes, said, strict=True)]
        if color is not None:
            fills = colors_of([color(node) for node in self.drawn])
            boxes = [replace(box, color=fill) for box, fill in zip(boxes, fills, strict=True)]
        edges = [
            self._edge(node, place, parent)
            for node in self.drawn
            for place, parent in enumerate(self._parents(node))
            if parent in self.ids
        ]
        labels, wires = self._integers()
        first = {
            self.ids[self.stand_ins[serial]]: mark
            for serial, mark in marks.firsts(self.recorder)
            if serial in self.stand_ins
        }
        boxes = [*marks.marked(boxes, edges, first, self.telling), *labels]
        edges += wires
        ends = (root for root in self.roots if root.node.op is not None or self._parents(root.node))
        results = [self._result(root) for root in ends]
        walked = any(box.norm is not None for box in boxes)
        return Model(
            tuple(boxes), tuple(edges), tuple(results), self._head(), len(boxes), walked,
            marks=() if self.whole else self.reach.marks, walks=self._walks(), whole=self.whole,
        )  # fmt: skip

    def _walks(self) -> int:
        """Count the walks that came to an end of this graph."""
        return max((self._trace(node).walks for node in self.tops), default=0)

    def _integers(self) -> tuple[list[Box], list[Edge]]:
        """Labels, indices and masks, which no gradient flows to and no edge of the graph shows."""
        found: dict[int, Box] = {}
        edges = []
        for node in self.drawn:
            if node.op is None or node.op.family == "dropout":  # whose mask is drawn, and no input
                continue
            for name, array in vars(node.op).items():
                word = name.strip("_")
                if isinstance(array, np.ndarray) and array.dtype.kind in "iub" and word != "key":
                    number, walk = len(self.drawn) + len(found), self.groups[node][: bool(node.order)]
                    box = Box(number, "input", word, array.shape, str(array.dtype), group=walk)
                    box = found.setdefault(id(array), box)
                    edges.append(Edge(box.id, self.ids[node], box.id, array.shape))
        return list(found.values()), edges

    def _head(self) -> str:
        if len(self.roots) > 1:
            return f"{len(self.roots)} results"
        node = self.roots[0].node
        words = f"{' × '.join(map(str, node.shape))} {_root_name(node)}".strip()
        if node.op is None and node.role == "input" and not node.requires_grad and node.name is None:
            return f"{words}, no graph: computed under no_grad(), or from nothing that requires grad"
        return words

    # ------------------------------------------------------------------ boxes
    def _box(self, node: Node) -> Box:
        if node in self.outer and node.op is not None:
            name = node.name or f"from {node.op.drawn_name}"
            trace = self._trace(node)
            return Box(
                self.ids[node], "input", name, node.shape, str(node.dtype), value=trace.value,
                gradient=trace.gradient,
            )  # fmt: skip
        if node.op is None:
            return self._detached(node) if self._parents(node) else self._leaf(node)
        trace = self._trace(node)
        inside = Counter(p for p in node.parents if p in self.hidden and is_parameter(p))
        around = f"{path_text(self.groups[node])}."
        found = (self._parameter(leaf, times) for leaf, times in inside.items())
        parameters = tuple(p._replace(name=p.name.removeprefix(around) or p.name) for p in found)
        norms = [p.gradient.norm for p in parameters if p.gradient is not None]
        if not inside and trace.gradient is not None:
            norms = [trace.gradient.norm]
        known = self.recorder is not None and node.serial in self.recorder.traces
        saved = trace.saved if known else None if node.kept is None else self.memory.pieces(node)
        kept = None if saved is None else sum(size for _, size in saved)
        numbers = "" if self.spelled_out else op_words.constants_text(node)
        return Box(
            self.ids[node], "op", node.op.drawn_name or "Op", node.shape, str(node.dtype),
            options=", ".join(filter(None, (numbers, op_words.options_text(node)))),
            family=node.op.family, symbol=node.op.symbol, group=self.groups[node],
            parameters=parameters, operations=1, multiply_adds=_multiply_adds(node), kept=kept,
            forward_ms=trace.forward_ms, backward_ms=trace.backward_ms,
            value=trace.value, gradient=trace.gradient, norm=hypot(*norms) if norms else None,
            marks=marks.dead(trace) if self.telling else (), site=trace.site, order=self.orders[node],
            formula=_formula(node), recorded=node.requires_grad,
            outside=int(not node.requires_grad), saved=saved or (),
        )  # fmt: skip

    def _detached(self, node: Node) -> Box:
        """The place where the graph was left: a box of its own, which no gradient passes."""
        (source,) = self._parents(node)
        gradient, cut = self._gradient(node), self.reach.cut.get(node, 0)
        text = f"cuts {cut} parameter{'' if cut == 1 else 's'} off that would be trained"
        return Box(
            self.ids[node], "op", "Detach", node.shape, str(node.dtype), options="no gradient goes further",
            family="shape", group=self.groups.get(node, ()), recorded=False, wants=node.requires_grad,
            parameters=(self._parameter(source, 1),) if source in self.hidden else (),
            value=self._trace(node).value, gradient=gradient,
            norm=None if gradient is None else gradient.norm,
            marks=(Mark(text, False),) if cut else (),
            formula="The values without their history", order=self.orders[node],
        )  # fmt: skip

    def _leaf(self, node: Node) -> Box:
        trace = self._trace(node)
        gradient = self._gradient(node)
        own = (self._parameter(node, 1),) if is_parameter(node) else ()
        number = next((root.value for root in self.roots if root.node is node), None)
        # What a walk itself brought in, such as the gradient that it starts with, is not an input.
        role = "constant" if self._is_constant(node) else node.role or "leaf"
        lost = "detached" if trace.source is not None else ""  # from what is no longer there
        return Box(
            self.ids[node], role, node.name or lost, node.shape, str(node.dtype),
            parameters=own, gradient=gradient, norm=None if gradient is None else gradient.norm,
            value=summarise(number) if number is not None else trace.value,
            group=self.groups.get(node, ()), order=self.orders[node], wants=self._wants(node),
        )  # fmt: skip

    def _wants(self, leaf: Node) -> bool:
        """Whether a leaf wants a gradient, other than for the sake of the drawing."""
        lent = self.recorder.lent if self.recorder is not None else ()
        return leaf.requires_grad and leaf.serial not in lent

    def _gradient(self, leaf: Node) -> Summary | None:
        return summarise(leaf.grad) if leaf.grad is not None else self._trace(leaf).gradient

    def _parameter(self, node: Node, times: int) -> Parameter:
        return Parameter(
            node.serial, node.name or "parameter", node.shape, node.requires_grad,
            node in self.shared, times, self._trace(node).value, self._gradient(node),
        )  # fmt: skip

    # ------------------------------------------------------------------ edges and results
    def _edge(self, node: Node, place: int, parent: Node) -> Edge:
        share = None if self.recorder is None else self.recorder.shares.get((node.serial, place))
        return Edge(
            self.ids[parent], self.ids[node], self.ids[parent], parent.shape,
            name=(parent.name or "") if parent.op is not None else "",
            constant=self._is_constant(parent), value=self._trace(parent).value, gradient=share,
        )  # fmt: skip

    def _is_constant(self, leaf: Node) -> bool:
        return leaf.role == "constant" or (leaf.op is None and self.orders[leaf] > 0)

    def _result(self, root: Root) -> Result:
        trace, node = self._trace(root.node), root.node
        value = trace.value if root.value is None else summarise(root.value)
        number = root.value
        if number is None and node.shape == () and value is not None and value.values:
            number = value.values[0]
        return Result(self.ids[node], _root_name(node), node.shape, number, value, self._gradient(node))


def _formula(node: Node) -> str:
    """The first line of what the op's class says of itself."""
    return (type(node.op).__doc__ or "").strip().partition("\n")[0].rstrip(".")


def _multiply_adds(node: Node) -> int:
    assert node.op is not None
    return node.op.multiply_adds(node.shape, tuple(parent.shape for parent in node.parents))


def _root_name(node: Node) -> str:
    if node.op is None:
        return node.name or node.role or "value"
    return node.name or ("loss" if node.op.family == "loss" else "result")
