"""Traces of nodes, of the memory kept for derivatives, and of where arrays came from."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

from tinygrad_cnn import devices
from tinygrad_cnn.graph import OUT, Call, Node, owner
from viz.recording.summary import Summary


@dataclass(slots=True)
class Trace:
    """The record of one node.

    Attributes:
        value, gradient: of its result; None where none was seen.
        forward_ms, backward_ms: time of the op and of its derivative in milliseconds.
        saved: arrays kept for the derivative, by what they are, and their bytes: each piece of memory
            at its first keeper only; parameters and inputs, which live anyway, are not counted.
        site: where the user's code made it, as (file, line).
        derives: call of the node whose derivative made it; None outside of walks and of modules.
        walk: number of the walk that made it, 0 for none.   walks: how many came through it.
        source: of a leaf whose array an op gave: the node of that op, outside the graph, or a weak
            reference to the one in it that was detached.
        dead, units: for a rectifier: how many of its units are 0 throughout the batch, of how many;
            0 units where the batch is too small to tell.
    """

    value: Summary | None = None
    gradient: Summary | None = None
    forward_ms: float | None = None
    backward_ms: float | None = None
    saved: tuple[tuple[str, int], ...] = ()
    site: tuple[str, int] | None = None
    derives: Call | None = None
    walk: int = 0
    walks: int = 0
    source: Node | weakref.ref[Node] | None = None
    dead: int = 0
    units: int = 0

    @property
    def kept(self) -> int:
        """Bytes of the arrays kept for the derivative."""
        return sum(size for _, size in self.saved)


class Memory:
    """Counts bytes kept for derivatives, each piece of memory once.

    >>> x = Tensor(np.ones(4), requires_grad=True)
    >>> y = x.tanh().tanh()
    >>> memory = Memory()
    >>> [memory.kept_by(node) for node in (y.node.parents[0], y.node)]
    [32, 32]
    """

    def __init__(self) -> None:
        self._seen: dict[int, weakref.ref[Any]] = {}

    def mark(self, array: Any) -> bool:
        """Note the memory of an array; whether it was new."""
        whole = owner(array)
        known = self._seen.get(id(whole))  # an id may be reused, hence the look at the object
        if known is not None and known() is whole:
            return False
        self._seen[id(whole)] = weakref.ref(whole)
        return True

    def kept_by(self, node: Node) -> int:
        """Bytes that `node` is the first to keep; what belongs to a leaf lives anyway."""
        return sum(size for _, size in self.pieces(node))

    def pieces(self, node: Node) -> tuple[tuple[str, int], ...]:
        """List the arrays that `node` is the first to keep, by what they are to it, and their bytes."""
        if node.op is None or node.kept is None:
            return ()
        pairs = list(zip(node.op.keep, node.kept, strict=True))
        for place, array in pairs:
            if place != OUT and node.parents[place].op is None and isinstance(array, devices.CLASSES):
                self.mark(array)
        left = node.residual if isinstance(node.residual, tuple) else (node.residual,)
        named = [
            ("result" if place == OUT else _operand_name(node, place), array) for place, array in pairs
        ]
        named += [("what forward left", array) for array in left]
        named += [(name.strip("_"), array) for name, array in vars(node.op).items()]
        return tuple(
            (name, owner(array).nbytes)
            for name, array in named
            if isinstance(array, devices.CLASSES) and self.mark(array)
        )


def _operand_name(node: Node, place: int) -> str:
    own = node.parents[place].name
    return own or ("operand" if len(node.parents) == 1 else f"operand {place + 1}")


class Origins:
    """The node that gave each array, for as long as the array lives.

    >>> array = np.ones(2)
    >>> origins, node = Origins(), Tensor(array, requires_grad=True).node
    >>> origins.note(array, node)
    >>> origins.of(array) is node, origins.of(array[:1])
    (True, None)
    """

    def __init__(self, holding: bool = False) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], Node | weakref.ref[Node]]] = {}
        self._holding = holding

    def note_recorded(self, array: Any, node: Node) -> None:
        """Note the node of the graph that gave an array; it is not kept alive, if not asked for."""
        self.note(array, node if self._holding else weakref.ref(node))

    def note(self, array: Any, node: Node | weakref.ref[Node]) -> None:
        """Note an array's node."""
        if isinstance(array, devices.CLASSES):
            key, known = id(array), self._known
            known[key] = (weakref.ref(array, lambda _: known.pop(key, None)), node)

    def of(self, array: Any) -> Node | weakref.ref[Node] | None:
        """The node of an array, or None."""
        pair = self._known.get(id(array))
        return pair[1] if pair is not None and pair[0]() is array else None

    def tell(self, leaf: Node, array: Any, trace: Trace) -> None:
        """Note in a leaf's trace whose array it has, if another node's; else that the array is its own."""
        found = self.of(array)
        if found is None:
            self.note_recorded(array, leaf)
        elif (found() if isinstance(found, weakref.ref) else found) is not leaf:
            trace.source = found
