"""The content of a drawing as plain data: boxes, edges and results.

Nothing here knows how it is drawn, or how a graph is made into it. The numbers of the whole
(operations, parameters, multiply-adds, bytes, times) are sums over the boxes, so that whatever joins
boxes keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, prod
from typing import NamedTuple

from viz.model.places import Group, path_text
from viz.recording.summary import Summary


class Parameter(NamedTuple):
    """A parameter inside a box.

    Attributes:
        key: tells parameters apart; a shared one has the same key in each box.
        name, shape: its own.   trainable: False for a frozen one.
        shared: whether other boxes take it too.   times: how often this box takes it.
        value, gradient: its own; None where not known.
        first: False for the one of a further repetition, where equal boxes are drawn as one.
    """

    key: int
    name: str
    shape: tuple[int, ...]
    trainable: bool = True
    shared: bool = False
    times: int = 1
    value: Summary | None = None
    gradient: Summary | None = None
    first: bool = True


class Mark(NamedTuple):
    """Something to look at: `alarm` for what is certainly wrong."""

    text: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A thing that is drawn: a leaf, an op, or several ops as one.

    Attributes:
        id: order of creation in the graph.
        kind: 'op', 'module' for several as one, or a leaf's role: 'input', 'parameter', 'constant'.
        name, options: head of the box.   family, symbol: of the op, as its class says.
        group: the places that it lies in; those of a derivative begin with its walk.
        module: of a module as one box: its own place, behind those around it.
        contents: of several ops as one: the names of the ops inside, and how many there are of each.
        shape, dtype: of the result.
        parameters: those that stand inside.
        operations, multiply_adds, kept, forward_ms, backward_ms: sums over the nodes inside; None
            where not known.
        value, gradient: of the result.   norm: L2 norm of the gradients of the parameters inside,
            of the result where there are none; None where not known.
        marks: what to look at.   site: (file, line) of the user's code.
        formula: what the op computes, in one line; '' where it does not say.
        order: of differentiation, as in `Node`.
        recorded: whether it is part of the graph, so that gradients flow through it.
        outside: how many of its operations are not.
        wants: of an input: whether it wants a gradient.
        repeats: how many equal boxes this one stands for.
        inputs: of several ops as one: how many inputs stand inside instead of beside it.
        notes: what the caller wants to be said of it.   color: its fill; '' for that of its family.
        saved: which arrays are kept for backward, by what they are, and their bytes.
        lines: further ops, drawn in the same box below it.
    """

    id: int
    kind: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    options: str = ""
    family: str = "other"
    symbol: str = ""
    group: Group = ()
    module: Group = ()
    contents: tuple[tuple[str, int], ...] = ()
    parameters: tuple[Parameter, ...] = ()
    operations: int = 0
    multiply_adds: int = 0
    kept: int | None = None
    forward_ms: float | None = None
    backward_ms: float | None = None
    value: Summary | None = None
    gradient: Summary | None = None
    norm: float | None = None
    marks: tuple[Mark, ...] = ()
    site: tuple[str, int] | None = None
    order: int = 0
    repeats: int = 1
    inputs: int = 0
    lines: tuple[Box, ...] = ()
    formula: str = ""
    recorded: bool = True
    outside: int = 0
    wants: bool = False
    notes: tuple[str, ...] = ()
    color: str = ""
    saved: tuple[tuple[str, int], ...] = ()

    @property
    def is_leaf(self) -> bool:
        """Whether no op made it."""
        return self.kind not in ("op", "module")

    @property
    def gradient_of(self) -> str:
        """Name what `norm` is the gradient of: 'w' for parameters, 'y' for results and inputs."""
        return "w" if self.parameters else "y"

    @property
    def is_frozen(self) -> bool:
        """Whether it has parameters, none of which is trained."""
        return bool(self.parameters) and not any(p.trainable for p in self.parameters)

    @property
    def path(self) -> str:
        """Where it lies, in words."""
        return path_text(self.group)


class Edge(NamedTuple):
    """A tensor that flows from a box to a box.

    Attributes:
        tail, head: ids of boxes.   tensor: id of the box that made the tensor, also after joining.
        shape, name: the tensor's.   constant: whether it is one.
        value: the tensor's.   gradient: what flowed back along this edge; None where not known.
    """

    tail: int
    head: int
    tensor: int
    shape: tuple[int, ...]
    name: str = ""
    constant: bool = False
    value: Summary | None = None
    gradient: Summary | None = None


class Result(NamedTuple):
    """The end of a graph: the box that made it, its name, shape, number, value and gradient."""

    box: int
    name: str
    shape: tuple[int, ...]
    number: float | None = None
    value: Summary | None = None
    gradient: Summary | None = None


@dataclass(frozen=True)
class Model:
    """Boxes oldest first, the edges between them, and the results; `head` says what it is in words.

    Attributes:
        nodes: how many boxes there were before any were joined.
        walked: whether a gradient was seen anywhere.
        loops: edges from one repetition of equal boxes to the next, of one whose parameters are shared:
            the state of a recurrent network.
        marks: what to look at that belongs to no box.   walks: how many walks back were seen.
        whole: of a part: how many operations the whole graph has.
        unseen: boxes whose gradient is left blank, as a frame of an animation does before its time.
    """

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    results: tuple[Result, ...]
    head: str
    nodes: int
    walked: bool
    loops: tuple[Edge, ...] = ()
    marks: tuple[Mark, ...] = ()
    walks: int = 0
    whole: int = 0
    unseen: frozenset[int] = frozenset()

    @property
    def operations(self) -> int:
        """Count the ops that the boxes stand for."""
        return sum(box.operations for box in self.boxes)

    @property
    def outside(self) -> int:
        """Count those that are not part of the graph, so that no gradient flows through them."""
        return sum(box.outside for box in self.boxes)

    @property
    def parameters(self) -> list[Parameter]:
        """All parameters, each once."""
        return list({p.key: p for box in self.boxes for p in box.parameters}.values())

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of all ops."""
        return sum(box.multiply_adds for box in self.boxes)

    @cached_property
    def largest(self) -> dict[str, float]:
        """The largest finite norm of each kind of gradient, by its sign; see `Box.gradient_of`."""
        found: dict[str, float] = {}
        for box in self.boxes:
            if box.norm is not None and isfinite(box.norm):
                found[box.gradient_of] = max(found.get(box.gradient_of, 0.0), box.norm)
        return found


def sizes(parameters: Iterable[Parameter]) -> int:
    """Number of elements of some parameters.

    >>> sizes([Parameter(0, "weight", (2, 3)), Parameter(1, "bias", (2,))])
    8
    """
    return sum(prod(parameter.shape) for parameter in parameters)
