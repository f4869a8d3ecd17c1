"""The computation graph: nodes, operations, and the seam for watching them.

A `Node` is one result: which op made it, from which parents, and which arrays that op's derivative
will read. It holds no Tensor and no result array, so a graph has no reference cycles and a result
that no derivative needs dies with its Tensor. This module knows no particular op and no Tensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ShapeError, TinygradCnnError

Array = NDArray[Any]

#: In `Op.keep`, stands for the op's own result.
OUT = -1

_serial = count()


class Node:
    """One value of the graph: a leaf (`op is None`) or the result of an op.

    Attributes:
        op: the `Op` that made it; None for inputs, parameters and constants.
        parents: the operands' nodes, one per operand.
        kept: the arrays that the op's derivative reads, in the order of `op.keep`; None once freed.
        shape, dtype: those of the result.
        serial: order of creation over the whole process; parents are older than their children.
        requires_grad: whether a gradient flows through here.
        retains_grad: whether a walk leaves the gradient in `grad`: leaves, and after `retain_grad()`.
        grad: the gradient's Tensor, or None.
        hooks: functions called with the gradient when it is complete, or None.
        grad_hooks: of a leaf, functions called when a walk has added to `grad`, or None.
        name: what the user calls it, or None.
        scope: path of the module that was running, such as `features.3`; '' outside modules.
        role: 'parameter', 'input' or 'constant' for leaves, '' for results; for drawings.
        order: 0 for what the user computed, 1 for what a walk with `create_graph` computed, 2 for a
            walk over such nodes, and so on; for drawings.
    """

    # Slots: graphs may have a hundred thousand nodes, which the garbage collector passes over.
    __slots__ = (
        "__weakref__", "dtype", "grad", "grad_hooks", "hooks", "kept", "name", "op", "order", "parents",
        "requires_grad", "retains_grad", "role", "scope", "serial", "shape",
    )  # fmt: skip

    def __init__(
        self,
        op: Op | None,
        parents: tuple[Node, ...],
        kept: tuple[Any, ...],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        scope: str = "",
        order: int = 0,
    ) -> None:
        self.op: Op | None = op
        self.parents = parents
        self.kept: tuple[Any, ...] | None = kept
        self.shape = shape
        self.dtype = dtype
        self.scope = scope
        self.order = order
        self.requires_grad = True
        self.retains_grad = False
        self.grad: Any = None
        self.hooks: dict[int, Any] | None = None
        self.grad_hooks: dict[int, Any] | None = None
        self.name: str | None = None
        self.role = ""
        self.serial = next(_serial)

    @classmethod
    def leaf(
        cls, shape: tuple[int, ...], dtype: np.dtype[Any], *,
        requires_grad: bool, role: str, name: str | None = None,
    ) -> Node:  # fmt: skip
        """A node without an op: a parameter, an input or a constant.

        >>> Node.leaf((2, 3), np.dtype("float32"), requires_grad=True, role="input", name="x")
        <Node x (2, 3) float32>
        """
        node = cls(None, (), (), shape, dtype)
        node.requires_grad = node.retains_grad = requires_grad
        node.role, node.name = role, name
        return node

    def __repr__(self) -> str:
        what = self.name or (self.op.name if self.op is not None else self.role or "leaf")
        return f"<Node {what} {self.shape} {self.dtype}>"


class Traced:
    """What `Op.__call__` looks for among its operands: something that wants ops recorded.

    `Tensor` is the one subclass; the graph knows only that it can `record` and has an `array`.
    """

    __slots__ = ()

    @classmethod
    def record(cls, op: Op, operands: tuple[Any, ...]) -> Any:
        """Run `op` on the operands' arrays and note it in the graph."""
        raise NotImplementedError

    @property
    def array(self) -> Array:
        """The values, for reading only."""
        raise NotImplementedError

    def _writable(self) -> Array:
        """The values, to be written over at once: graphs that still need the old ones are told."""
        raise NotImplementedError


class Op:
    """A differentiable function: operands are differentiated, attributes are constants.

    A subclass writes `forward` on arrays and `backward` in operations that arrays and Tensors
    share (`+ - * / ** @`, comparisons, indexing, `.sum .reshape .transpose .astype`, other ops):
    the first-order walk runs those lines on arrays, `create_graph=True` runs the same lines on
    Tensors, so every derivative has a derivative. Attributes hold only what does not vary smoothly
    with the operands: geometry, a mask, labels, a random draw.

    Class attributes:
        keep: what `backward` reads: positions of operands, or `OUT` for the result.
        needs: per operand, whether it wants a gradient; set when the op is recorded. A backward
            may return None for operands that do not.
        alike: for ops without attributes (`class Add(Op, stateless=True)`), which need no object
            per node: the one that all nodes with the same `needs` share. None for other ops.

    >>> class Cube(Op):
    ...     keep = (0,)
    ...     def forward(self, x): return x * x * x
    ...     def backward(self, g, x): return (g * 3 * x * x,)
    >>> Cube()(np.array([1.0, 2.0]))
    array([1., 8.])
    """

    keep: tuple[int, ...] = ()
    needs: tuple[bool, ...] = ()
    alike: ClassVar[dict[tuple[bool, ...], Op] | None] = None

    def __init_subclass__(cls, *, stateless: bool = False, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.alike = {} if stateless else None

    def forward(self, *arrays: Any) -> Any:
        """The result's array, from the operands' arrays, which must not be written to."""
        raise NotImplementedError(f"{type(self).__name__}.forward is not written")

    def backward(self, g: Any, /, *kept: Any) -> tuple[Any, ...]:
        """One gradient per operand (or None), from the result's gradient `g` and what was kept.

        A gradient may have the broadcast shape of the result: the walk sums it to the operand's.
        """
        raise NotImplementedError(f"{type(self).__name__}.backward is not written")

    def __call__(self, *operands: Any) -> Any:
        """Apply the op: recorded when a Tensor is among the operands, plain arrays otherwise."""
        for operand in operands:
            if isinstance(operand, Traced):
                return operand.record(self, operands)
        return np.asarray(run_forward(self, operands))

    def taken(self, needs: tuple[bool, ...]) -> Op:
        """The op object for a new node: this one, unless a node has it already or they share one.

        >>> op = Op()
        >>> op.taken((True,)) is op, op.taken((True,)) is op
        (True, False)
        """
        op = self
        if self.alike is not None:
            op = self.alike[needs] = object.__new__(type(self))
        elif self.needs:
            op = object.__new__(type(self))
            op.__dict__.update(self.__dict__)
        op.needs = needs
        return op

    @property
    def name(self) -> str:
        """The op's name on drawings and in messages: the class's name."""
        return type(self).__name__

    def options(self) -> dict[str, Any]:
        """What is worth reading beside the name on a drawing, such as `{'axis': (1,)}`."""
        plain = (bool, int, float, str, tuple)
        return {
            key: value
            for key, value in vars(self).items()
            if key != "needs" and not key.startswith("_") and isinstance(value, plain)
        }


def run_forward(op: Op, arrays: Sequence[Any]) -> Any:
    """`op.forward(*arrays)`, with NumPy's complaint about shapes retold with the op's name."""
    try:
        return op.forward(*arrays)
    except ValueError as error:
        raise retold(error, op, arrays) from error


def retold(error: ValueError, op: Op, arrays: Sequence[Any]) -> ValueError:
    """NumPy's complaint about shapes with the op's name; our own errors as they are.

    >>> print(retold(ValueError("no"), Op(), [np.zeros(2)]))
    Op: operands of shapes (2,) do not fit: no
    """
    if isinstance(error, TinygradCnnError):
        return error
    shapes = ", ".join(str(np.shape(array)) for array in arrays)
    return ShapeError(f"{op.name}: operands of shapes {shapes} do not fit: {error}")


def ancestors(*roots: Node) -> list[Node]:
    """The roots and all that they were computed from, oldest first, each once.

    Iterative, and linear in the number of nodes and edges whatever the number of paths.

    >>> a = Node.leaf((), np.dtype(float), requires_grad=True, role="input")
    >>> b = Node(Op(), (a, a), (), (), np.dtype(float))
    >>> [node is a for node in ancestors(b)]
    [True, False]
    """
    found, stack = set(roots), list(roots)
    while stack:
        for parent in stack.pop().parents:
            if parent not in found:
                found.add(parent)
                stack.append(parent)
    return sorted(found, key=lambda node: node.serial)


# --------------------------------------------------------------------------- what is going on
class Observer:
    """Base of everything that watches: override what you need, the rest does nothing.

    Times, values, memory, NaN detection and animations are observers; the engine knows none of
    them. An observer reads and never writes the arrays that it is shown.
    """

    def op_starts(self, op: Op, arrays: tuple[Any, ...]) -> None:
        """An op that will be recorded is about to compute its result from `arrays`."""

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Array) -> None:
        """A node was recorded; `result` is its value."""

    def step_starts(self, node: Node, g: Any) -> None:
        """The walk is about to run the derivative of `node`, whose complete gradient is `g`."""

    def stepped(self, node: Node, g: Any, gradients: tuple[Any, ...]) -> None:
        """The derivative of `node` gave one gradient (or None) for each of its parents."""


class Mode(NamedTuple):
    """What holds for the code that runs now, in this thread and this async task."""

    recording: bool = True
    observers: tuple[Observer, ...] = ()
    scope: str = ""
    order: int = 0


MODE: ContextVar[Mode] = ContextVar("tinygrad_cnn_mode", default=Mode())  # noqa: B039  # a NamedTuple of immutables


@contextmanager
def observe(observer: Observer) -> Iterator[Observer]:
    """Tell `observer` of each node recorded and of each step of a walk, inside the `with` block.

    >>> class Count(Observer):
    ...     nodes = 0
    ...     def recorded(self, node, arrays, result): self.nodes += 1
    >>> from tinygrad_cnn import Tensor
    >>> with observe(Count()) as seen:
    ...     y = Tensor([1.0], requires_grad=True) * 2 + 1
    >>> seen.nodes
    2
    """
    mode = MODE.get()
    token = MODE.set(mode._replace(observers=(*mode.observers, observer)))
    try:
        yield observer
    finally:
        MODE.reset(token)


@contextmanager
def scope(name: str) -> Iterator[str]:
    """Put `name` on the path of the nodes recorded inside; modules do so by themselves.

    >>> from tinygrad_cnn import Tensor
    >>> with scope("encoder"), scope("block"):
    ...     y = Tensor([1.0], requires_grad=True) * 2
    >>> y.node.scope
    'encoder.block'
    """
    mode = MODE.get()
    path = f"{mode.scope}.{name}" if mode.scope and name else mode.scope or name
    token = MODE.set(mode._replace(scope=path))
    try:
        yield path
    finally:
        MODE.reset(token)


# --------------------------------------------------------------------------- overwritten arrays
# Serial numbers order everything that happens. A write in place stamps the array's owner with the
# next serial; a node older than the stamp that still keeps that memory would compute its gradient
# from values it never saw. A stale entry (its id reused by a newer array) is older than any node
# that can keep the newer array, so it never raises a false alarm.
_written: dict[int, int] = {}
_latest = -1


def owner(array: Array) -> Array:
    """The array that owns the memory that `array` shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def stamp(array: Array) -> None:
    """Note that the memory of `array` is being written over now."""
    global _latest
    _latest = _written[id(owner(array))] = next(_serial)


def last_stamp() -> int:
    """The serial number of the latest write: nodes with a larger one cannot be stale."""
    return _latest


def is_stale(node: Node) -> bool:
    """Whether an array that `node` keeps for its derivative was written over since."""
    for array in node.kept or ():
        if isinstance(array, np.ndarray) and _written.get(id(owner(array)), -1) > node.serial:
            return True
    return False
