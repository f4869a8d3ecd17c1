"""Recomputation instead of memory: a function's inner results are computed again during the walk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tinygrad_cnn.backward import gradients
from tinygrad_cnn.errors import DTypeError, GraphError
from tinygrad_cnn.graph import MODE, OUT, Mode, Needs, Node, Observer, Op, observe
from tinygrad_cnn.kernels.serving import SERVING
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.rng import noting_used
from tinygrad_cnn.tensors.tensor_class import Tensor

Function = Callable[..., Tensor]


def checkpoint(fn: Function, *inputs: Any) -> Tensor:
    """fn(*inputs), computed again during the walk instead of keeping what its derivatives read.

    Costs one more forward pass through `fn`; its inner results are not kept. Gradients reach the
    inputs and every parameter that `fn` uses. Dropout inside draws the same mask again, from the
    default generator or from another one. A batch norm inside moves its running statistics
    at both passes.

    Args:
        fn: from Tensors to one Tensor; a Module, for example.   inputs: its arguments.
    Returns:
        The Tensor that `fn` gives, as one node of the graph.
    Raises:
        DTypeError: fn does not return a Tensor.
        GraphError: during the walk, if computing again gives another result.
    Source: Griewank & Walther 2000, "Algorithm 799: revolve"; Chen et al. 2016, arXiv:1604.06174.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda t: (t * t).exp(), x).sum().backward()
    >>> x.grad.numpy().round(2)
    array([  5.44, 218.39], dtype=float32)
    """
    if not MODE.get().recording:
        return returned("checkpoint", fn(*inputs))
    changes = SERVING.changes
    border = _Border()
    with observe(border), noting_used(fn, inputs) as draws:
        result = returned("checkpoint", fn(*inputs))
    if not result.requires_grad or not border.arrays:
        return result
    for x in inputs:
        if isinstance(x, Tensor):
            border.arrays.setdefault(x.node, x._array)
    nodes = list(border.arrays)
    arguments = [nodes.index(x.node) if isinstance(x, Tensor) else _Constant(x) for x in inputs]
    op = Checkpoint(fn, arguments, nodes, draws, changes)
    return Tensor.noted(op, [Tensor.at(border.arrays[node], node) for node in nodes], result._array)


#: How far two results of one function may differ, relative to the largest, after a change of kernels.
ROUNDING = 1e-3


class Checkpoint(Op):
    """A function computed again in the derivative. Its operands are all that the function reads."""

    def __init__(
        self, fn: Function, arguments: list[Any], nodes: list[Node], draws: Any, changes: int
    ) -> None:
        self._fn, self._arguments, self._nodes, self._draws = fn, arguments, nodes, draws
        self._changes = changes  # of kernels, before the first pass
        self.keep = (*range(len(nodes)), OUT)

    @property
    def name(self) -> str:
        return f"Checkpoint {getattr(self._fn, '__name__', type(self._fn).__name__)}"

    def forward(self, *arrays: Any) -> Any:
        raise GraphError(
            f"{self.name}: checkpoint() has computed it; it cannot be computed from operands alone, some "
            "of which its function captured"
        )

    def backward(self, g: Any, *kept: Any, needs: Needs) -> tuple[Any, ...]:
        *operands, out = kept
        recorded = isinstance(g, Tensor)
        # The border's own nodes, so that what the function captured is found at the same place.
        points = [
            x if isinstance(x, Tensor) else Tensor.at(x, node)
            for x, node in zip(operands, self._nodes, strict=True)
        ]
        result = self._again([a.value if isinstance(a, _Constant) else points[a] for a in self._arguments])
        if not self._repeats(result._array, out._array if recorded else out):
            raise GraphError(
                f"checkpoint: {self.name} gave another result when it was computed again; a random "
                "draw or a change of state inside it does not repeat"
            )
        wanted = [n for n, need in zip(self._nodes, needs, strict=True) if need]
        end = result.node
        del result  # its array: every block's largest is there once more now, so each counts
        with enable_grad():
            found = gradients(
                {end: g},
                wanted,
                wrap=Tensor.at,
                record=recorded,
                retain_graph=recorded,
                as_leaves=True,
            )
        return tuple(found.get(node) for node in self._nodes)

    def _repeats(self, again: Any, first: Any) -> bool:
        """Whether both are the same: to the bit, or up to rounding if other kernels have taken over."""
        if np.array_equal(again, first, equal_nan=True):
            return True
        if self._changes == SERVING.changes or again.shape != first.shape:
            return False
        size = np.max(np.abs(first), initial=0, where=np.isfinite(first))
        return bool(np.allclose(again, first, rtol=ROUNDING, atol=ROUNDING * size, equal_nan=True))

    def _again(self, inputs: list[Any]) -> Tensor:
        """The function's result once more: recorded, unobserved, with the same random draws."""
        before = MODE.get()
        now = [(one, one.bit_generator.state) for one, _ in self._draws]

        def put(mode: Mode, states: Any) -> None:
            MODE.set(mode)
            for one, state in states:
                one.bit_generator.state = state

        again = before.replaced(recording=True, observers=())
        with Restoring(partial(put, again, self._draws), partial(put, before, now)):
            return self._fn(*inputs)


class _Constant:
    """An argument of a checkpointed function that is not a Tensor."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _Border(Observer):
    """Collects what the nodes recorded inside read from outside, with its array."""

    def __init__(self) -> None:
        self.arrays: dict[Node, Any] = {}
        self._inside: set[Node] = set()

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Any) -> None:
        for parent, array in zip(node.parents, arrays, strict=True):
            if parent not in self._inside and parent.role != "constant":
                self.arrays[parent] = array
        self._inside.add(node)


def returned(name: str, y: Any) -> Tensor:
    """Check what a function gave to `name`, which takes a Tensor only.

    Raises:
        DTypeError: something else.

    >>> returned("vjp", 1.0)
    Traceback (most recent call last):
    tinygrad_cnn.errors.DTypeError: vjp: the function must return a Tensor, got float
    """
    if not isinstance(y, Tensor):
        raise DTypeError(f"{name}: the function must return a Tensor, got {type(y).__name__}")
    return y
