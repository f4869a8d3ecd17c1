"""Nodes: one for each result, with the op that made it, its parents, and what its derivative will read.

A node holds no Tensor and no result array, so a graph has no reference cycles and a result that no
derivative needs dies with its Tensor.
"""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from tinygrad_cnn.graph.operations import Array, Needs, Op

__all__ = ["Call", "Node", "Observer", "ancestors"]

#: Gives the next of the numbers that order everything that happens.
next_serial = count().__next__


class Call(NamedTuple):
    """One call of a module, or one `with scope(...)` block: what nodes were recorded in.

    Two calls of one module are two objects with the same `module`; compare calls by `is`.

    Attributes:
        around: the call that it runs inside; None for the outermost.
        name: what the module is called by the one that holds it; '' where nobody does.
        module: a weak reference, so that no graph keeps a model alive; None for a `scope`.
        kind: the module's class; None for a `scope`.
    """

    around: Call | None
    name: str
    module: ref[Any] | None = None
    kind: type[Any] | None = None

    @property
    def path(self) -> str:
        """The names from the outermost in, such as `features.3`.

        >>> Call(Call(Call(None, ""), "features"), "3").path
        'features.3'
        """
        names: list[str] = []
        call: Call | None = self
        while call is not None:
            if call.name:
                names.append(call.name)
            call = call.around
        return ".".join(reversed(names))


class Node:
    """One value of the graph: a leaf (`op is None`) or the result of an op.

    Attributes:
        op: the `Op` that made it; None for inputs, parameters and constants.
        parents: the operands' nodes, one per operand.
        kept: the arrays that the op's derivative reads, in the order of `op.keep`; None once freed.
        residual: what the op's `forward` left for its derivative, besides the result; or None.
        needs: per operand, whether it wanted a gradient when the node was recorded.
        shape, dtype: those of the result.
        serial: order of creation over the whole process; parents are older than their children.
        requires_grad: whether a gradient flows through here.
        retains_grad: whether a walk leaves the gradient in `grad`: leaves, and after `retain_grad()`.
        grad: the gradient's Tensor, or None.
        hooks: functions called with the gradient when it is complete, or None.
        grad_hooks: of a leaf, functions called when a walk has added to `grad`, or None.
        name: what the user calls it, or None.
        call: the call of a module that was running; None outside modules.
        role: 'parameter', 'input' or 'constant' for leaves, '' for results; for drawings.
        order: 0 for what the user computed, 1 for what a walk with `create_graph` computed, 2 for a
            walk over such nodes, and so on; for drawings.
    """

    # Slots: graphs may have a hundred thousand nodes, which the garbage collector passes over.
    __slots__ = (
        "__weakref__", "call", "dtype", "grad", "grad_hooks", "hooks", "kept", "name", "needs", "op",
        "order", "parents", "requires_grad", "residual", "retains_grad", "role", "serial", "shape",
    )  # fmt: skip

    def __init__(
        self,
        op: Op | None,
        parents: tuple[Node, ...],
        kept: tuple[Any, ...],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        call: Call | None = None,
        order: int = 0,
        needs: Needs = (),
        residual: Any = None,
    ) -> None:
        self.op: Op | None = op
        self.parents = parents
        self.kept: tuple[Any, ...] | None = kept
        self.needs = needs
        self.residual = residual
        self.shape = shape
        self.dtype = dtype
        self.call = call
        self.order = order
        self.requires_grad = True
        self.retains_grad = False
        self.grad: Any = None
        self.hooks: dict[int, Any] | None = None
        self.grad_hooks: dict[int, Any] | None = None
        self.name: str | None = None
        self.role = ""
        self.serial = next_serial()

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

    @property
    def scope(self) -> str:
        """Path of the module that was running, such as `features.3`; '' outside modules."""
        return "" if self.call is None else self.call.path

    def __repr__(self) -> str:
        what = self.name or (self.op.name if self.op is not None else self.role or "leaf")
        return f"<Node {what} {self.shape} {self.dtype}>"


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


class Observer:
    """Base of everything that watches: override what you need, the rest does nothing.

    Times, values, memory, NaN detection and animations are observers; the engine knows none of
    them. An observer reads and never writes the arrays that it is shown.
    """

    def op_starts(self, op: Op, arrays: tuple[Any, ...]) -> None:
        """An op that will be recorded is about to compute its result from `arrays`."""

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Array) -> None:
        """A node was recorded; `result` is its value."""

    def unrecorded(self, op: Op, operands: tuple[Any, ...], arrays: tuple[Any, ...], result: Array) -> None:
        """An op gave `result` outside the graph: under `no_grad()`, or where nothing needs a gradient."""

    def computed(self, function: str, operands: tuple[Any, ...], options: Any, result: Any) -> None:
        """A function without a gradient, such as `argmax` or `greater`, gave `result`, a Tensor or array.

        Args:
            function: its name in `functional`.   operands: Tensors, arrays, numbers.
            options: a dict of its further arguments, by their names there.
        """

    def step_starts(self, node: Node, g: Any) -> None:
        """The walk is about to run the derivative of `node`, whose complete gradient is `g`."""

    def stepped(self, node: Node, g: Any, gradients: tuple[Any, ...]) -> None:
        """The derivative of `node` gave one gradient (or None) for each of its parents."""
