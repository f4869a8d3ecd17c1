"""A part of a graph: what lies between two places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tinygrad_cnn import Tensor
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.graph import Node
from tinygrad_cnn.nn import Module
from viz.model.places import chain


class Part(NamedTuple):
    """The nodes of a part, those outside that it takes, and its ends."""

    nodes: list[Node]
    outer: set[Node]
    ends: list[Node]


def part(
    nodes: Sequence[Node], parents: Callable[[Node], tuple[Node, ...]], between: Any
) -> Part:  # fmt: skip
    """Cut out what depends on the first of two places and what the second depends on; both included.

    Args:
        nodes: of the whole graph, oldest first.   parents: of a node.
        between: two of: a Tensor, a Node, a Module, a name, or the path of a module; None for an end.
    Raises:
        ArgumentError: not two, a place that is not in the graph, or nothing in between.
        DTypeError: a place of another kind.
    """
    if not isinstance(between, (tuple, list)) or len(between) != 2:
        raise ArgumentError(f"viz.graph: between is {between!r}; two places fit: (a, b)")
    first, last = (None if one is None else _found(nodes, one) for one in between)
    below = set(nodes) if first is None else set(first)
    if first is not None:
        for node in nodes:
            if any(parent in below for parent in parents(node)):
                below.add(node)
    above = set(nodes) if last is None else set(last)
    if last is not None:
        for node in reversed(nodes):
            if node in above:
                above.update(parents(node))
    kept = [node for node in nodes if node in below and node in above]
    if not any(node.op is not None for node in kept):
        raise ArgumentError("viz.graph: between: no operation lies between the two places")
    inside = set(kept)
    outer = {p for node in kept for p in parents(node) if p not in inside}
    taken = {p for node in kept for p in parents(node)}
    ends = [node for node in kept if node not in taken and node.op is not None]
    return Part(sorted(inside | outer, key=lambda node: node.serial), outer, ends)


def _found(nodes: Sequence[Node], place: Any) -> set[Node]:
    if isinstance(place, (Tensor, Node)):
        node = place.node if isinstance(place, Tensor) else place
        found = {node} & set(nodes)
    elif isinstance(place, Module):
        found = {n for n in nodes for c in chain(n.call) if c.module is not None and c.module() is place}
    elif isinstance(place, str):
        found = {n for n in nodes if n.name == place or (n.op and place in (n.op.name, n.op.drawn_name))}
        found |= {n for n in nodes if f"{n.scope}.".startswith(f"{place}.") and n.op is not None}
    else:
        raise DTypeError(
            f"viz.graph: between holds a {type(place).__name__}; "
            "a Tensor, a Node, a Module, a name or None fits"
        )
    if not found:
        raise ArgumentError(f"viz.graph: between: {place!r:.60} is not in the graph")
    return found
