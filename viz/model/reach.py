"""The parameters that gradients reach: what is unused, cut off, or frozen where others are trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tinygrad_cnn.graph import Node
from viz.model.boxes import Box, Edge, Mark
from viz.model.places import chain

#: Names that are listed at most.
_NAMES = 4
#: Characters that all names may have.
_LENGTH = 90


class Reach:
    """The parameters of a graph's modules, and what flows back to them from its ends.

    Attributes:
        cut: by leaf at which the graph was left: how many parameters behind it want a gradient and get
            none, though others of the same model do.
        marks: of the whole graph: unused parameters, and ends that no parameter is connected to.

    Args:
        nodes: all that are drawn, oldest first.   parents: of a node, also beyond a cut.
        tops: the ends.
    """

    def __init__(
        self, nodes: Sequence[Node], parents: Callable[[Node], tuple[Node, ...]], tops: Iterable[Node]
    ) -> None:  # fmt: skip
        there, tops = set(nodes), list(tops)
        self._reached = _reached(tops)
        trained = {node for node in nodes if _is_trained(node)}
        own = self._models(nodes)
        unused = [(name, node) for model in own for name, node in model if node not in there]
        self.cut = self._cuts(nodes, parents, own)
        learns = any(node in self._reached for node in trained)
        flowing = any(node.requires_grad for node in tops)
        ended = any(node.op is not None and node.op.family == "loss" for node in tops)
        marks = []
        if not learns and (ended if not flowing else trained or unused):
            marks.append(Mark("no gradient flows back to any parameter", flowing))
        elif unused:
            marks.append(Mark(f"never used: {_listed([name for name, _ in unused])}", False))
        self.marks = tuple(marks)

    def _models(self, nodes: Sequence[Node]) -> list[list[tuple[str, Node]]]:
        """Of each outermost module that ran: its parameters that want a gradient."""
        found: dict[int, list[tuple[str, Node]]] = {}
        for node in nodes:
            module: Any = None
            for call in chain(node.call):
                module = module or (call.module() if call.module is not None else None)
            if module is not None and id(module) not in found:
                named = module.named_parameters()
                found[id(module)] = [(name, p.node) for name, p in named if _is_trained(p.node)]
        return list(found.values())

    def _cuts(
        self, nodes: Sequence[Node], parents: Callable[[Node], tuple[Node, ...]],
        models: Iterable[list[tuple[str, Node]]],
    ) -> dict[Node, int]:  # fmt: skip
        """Leaves behind which parameters of a model are that is trained in part."""
        there = set(nodes)
        off: set[Node] = set()
        for model in models:
            inside = {node for _, node in model if node in there}
            if inside & self._reached:
                off |= inside - self._reached
        behind: dict[Node, frozenset[Node]] = {}
        found = {}
        for node in nodes if off else ():
            taken = parents(node)
            known = [behind[p] for p in taken]
            own = {node} & off
            behind[node] = frozenset(own).union(*known) if own or any(known) else frozenset()
            if node.op is None and taken and behind[node]:
                found[node] = len(behind[node])
        return found


def _reached(tops: Iterable[Node]) -> set[Node]:
    """All nodes that a walk back comes to."""
    stack = [node for node in tops if node.requires_grad]
    found = set(stack)
    while stack:
        for parent in stack.pop().parents:
            if parent.requires_grad and parent not in found:
                found.add(parent)
                stack.append(parent)
    return found


def _is_trained(node: Node) -> bool:
    return node.op is None and node.role == "parameter" and node.requires_grad


def _listed(names: Sequence[str]) -> str:
    """The names, or how many there are and with what most of them begin.

    >>> _listed(["a.weight", "a.bias"]), _listed([f"head.{k}.weight" for k in range(9)])
    ('a.weight, a.bias', '9 parameters of head')
    """
    text = ", ".join(names)
    if len(names) <= _NAMES and len(text) <= _LENGTH:
        return text
    around = names[0].split(".")[:-1]
    while any(name.split(".")[: len(around)] != around for name in names):
        around.pop()
    return f"{len(names):,} parameters " + (f"of {'.'.join(around)}" if around else f"such as {names[0]}")


def frozen_between(boxes: Sequence[Box], edges: Iterable[Edge]) -> set[int]:
    """Boxes with frozen parameters behind trained ones, where most are trained: by mistake, it seems.

    A frozen front, and small parts that are trained in a frozen whole, are usual; so are frozen
    normalisations.

    >>> frozen_between([], [])
    set()
    """
    holding = [box for box in boxes if box.parameters and not box.is_leaf and box.family != "norm"]
    frozen = {box.id for box in holding if any(not p.trainable for p in box.parameters)}
    if not frozen or 2 * len(frozen) >= len(holding):
        return set()
    operands: dict[int, list[int]] = {}
    for edge in edges:
        operands.setdefault(edge.head, []).append(edge.tail)
    learned: set[int] = set()
    found = set()
    for box in boxes:
        behind = any(tail in learned for tail in operands.get(box.id, ()))
        if behind and box.id in frozen:
            found.add(box.id)
        if behind or any(p.trainable for p in box.parameters):
            learned.add(box.id)
    return found
