"""The nodes of the engine's graph that are drawn, and what each was computed from.

What was computed outside the graph is known to a recorder, and taken from there.
"""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import Any, NamedTuple

from tinygrad_cnn import Tensor
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.graph import Node, ancestors
from viz.model import op_words
from viz.model.part import part
from viz.recording.recorder import Recorder
from viz.recording.summary import values_of


class Root(NamedTuple):
    """Something that is drawn as a result: its node, and its value if that is a single number."""

    node: Node
    value: float | None


def roots_of(thing: Any, recorder: Recorder | None = None) -> list[Root]:
    """Find what to draw, from a Tensor, a Node, or a list or tuple of them; each node once.

    What was computed outside the graph is known to a recorder, and drawn from there.

    Raises:
        DTypeError: something else.   ArgumentError: an empty list.

    >>> [root.value for root in roots_of(Tensor(2.5))]
    [2.5]
    """
    fits = "a Tensor, a Node, a list of them, or a Module with inputs="
    things = list(thing) if isinstance(thing, (list, tuple)) else [thing]
    if not things:
        raise ArgumentError(f"viz.graph: the list is empty; {fits} fits")
    roots: dict[Node, Root] = {}
    for one in things:
        if isinstance(one, Tensor):
            value, node = float(values_of(one)) if one.shape == () else None, one.node
            if recorder is not None and node.op is None:
                source = recorder.source(node, one._array)  # the array itself: `array` is a view of it
                node = source if source is not None and not source.requires_grad else node
            roots.setdefault(node, Root(node, value))
        elif isinstance(one, Node):
            roots.setdefault(one, Root(one, None))
        else:
            raise DTypeError(f"viz.graph: got {type(one).__name__}; {fits} fits")
    return list(roots.values())


class NodeGraph:
    """The nodes of a graph as they are drawn, also those outside that a recorder knows.

    Attributes:
        roots: its ends.   recorder: what was seen of it.   spelled_out: as for `build`.
        nodes: all, oldest first.   whole: of a part: how many operations the whole has; else 0.
        outer: of a part: what it takes from outside.   tops: the nodes of the ends.
        hidden: leaves that stand inside the boxes of their takers.   drawn: all others; ids: their numbers.
        shared: hidden leaves with several takers.   first_takers: by leaf, the first op that takes it.
        orders: of differentiation.

    >>> from tinygrad_cnn import Tensor
    >>> len(NodeGraph(roots_of(Tensor(2.0, requires_grad=True) * 3), None, False).drawn)
    2
    """

    def __init__(
        self, roots: list[Root], recorder: Recorder | None, spelled_out: bool, between: Any = None
    ) -> None:  # fmt: skip
        self.roots, self.recorder, self.spelled_out = roots, recorder, spelled_out
        self.outer: set[Node] = set()
        self.wanting: dict[Node, bool] = {}
        self.tops = {root.node for root in roots}
        self.nodes, self.whole = self._ancestors(), 0
        if between is not None:
            self.whole = sum(node.op is not None for node in self.nodes)
            self.nodes, self.outer, ends = part(self.nodes, self._parents, between)
            known = {root.node: root for root in roots}
            self.roots = [known.get(node, Root(node, None)) for node in ends]
            self.tops = set(ends)
        self.first_takers = self._first_takers()
        self.hidden = set() if spelled_out else {n for n in self.nodes if self._is_inside(n)}
        self.drawn = [n for n in self.nodes if n not in self.hidden]
        self.ids = {node: k for k, node in enumerate(self.drawn)}
        takers = Counter(p for node in self.nodes for p in set(self._parents(node)) & self.hidden)
        self.shared = {node for node, count in takers.items() if count > 1}
        self.orders = self._orders()

    def _parents(self, node: Node) -> tuple[Node, ...]:
        """Find what a node was computed from; of a detached one, what it was detached from."""
        if node in self.outer:
            return ()
        if self.recorder is None or node.role == "parameter":
            return node.parents
        if node.op is not None:
            return tuple(map(self._first_of_its_array, node.parents))
        source = self.recorder.source(node)
        if source is None or (source.op is None and not source.requires_grad and prod(node.shape) == 1):
            return ()  # a number that several take: nothing was detached
        return (source,)

    def _first_of_its_array(self, leaf: Node) -> Node:
        """Find what stands for a leaf: the first of several with one array, or the op that gave it."""
        if leaf.op is not None or leaf.requires_grad or self.recorder is None or prod(leaf.shape) == 1:
            return leaf
        source = self.recorder.source(leaf)
        if source is None or source.requires_grad:
            return leaf
        if source.op is not None:  # nothing was cut off where nothing behind it wants a gradient
            return leaf if self._wants_behind(source) else source
        return source if source.role == leaf.role and leaf.name in (None, source.name) else leaf

    def _wants_behind(self, node: Node) -> bool:
        """Whether what a node outside the graph was computed from wants a gradient."""
        if node not in self.wanting:
            seen, stack = {node}, [node]
            while stack and not stack[-1].requires_grad:
                new = [parent for parent in self._parents(stack.pop()) if parent not in seen]
                seen.update(new)
                stack += new
            self.wanting[node] = bool(stack)
        return self.wanting[node]

    def _ancestors(self) -> list[Node]:
        """The ends and all that they were computed from, also outside the graph, oldest first."""
        if self.recorder is None:
            return ancestors(*self.tops)
        found, stack = set(self.tops), list(self.tops)
        while stack:
            new = [node for node in self._parents(stack.pop()) if node not in found]
            found.update(new)
            stack += new
        return sorted(found, key=lambda node: node.serial)

    def _is_inside(self, node: Node) -> bool:
        return node not in self.tops and (op_words.is_number(node) or is_parameter(node))

    def _first_takers(self) -> dict[Node, tuple[int, int]]:
        """By leaf, the op of this graph that takes it first, and as which operand."""
        found: dict[Node, tuple[int, int]] = {}
        for node in self.nodes:
            for place, parent in enumerate(node.parents):
                if parent.op is None:
                    found.setdefault(parent, (node.serial, place))
        return found

    def _orders(self) -> dict[Node, int]:
        """Of differentiation: the nodes' own; a leaf's is that of the first part that takes it."""
        found: dict[Node, int] = {}
        for node in self.nodes:
            for parent in self._parents(node):
                if parent.op is None:
                    found[parent] = min(found.get(parent, node.order), node.order)
        return {node: found.get(node, node.order) for node in self.nodes}


def is_parameter(node: Node) -> bool:
    """Whether a node is a parameter itself."""
    return node.op is None and node.role == "parameter"
