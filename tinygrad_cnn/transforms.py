"""Derivatives as functions of functions, and recomputation instead of memory.

`fn` takes Tensors and returns a Tensor. Inputs may be Tensors or arrays; where an input already
requires grad it is used as it stands, so that transforms can be nested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinygrad_cnn.backward import gradients
from tinygrad_cnn.errors import DTypeError, GraphError, ShapeError
from tinygrad_cnn.functional import concatenate
from tinygrad_cnn.graph import MODE, OUT, Mode, Needs, Node, Observer, Op, observe
from tinygrad_cnn.kernels.serving import SERVING
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.rng import noting_used
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor

Function = Callable[..., Tensor]


def vjp(fn: Function, *inputs: Any) -> tuple[Tensor, Callable[..., Any]]:
    """The value y = fn(*inputs), and the function v -> v·J of its Jacobian J.

    Args:
        fn: from Tensors to a Tensor.   inputs: Tensors or float arrays.
    Returns:
        y, and `pull(v, create_graph=False)`, which gives a Tensor per input (one alone for one
        input; zeros where y does not depend on it) and may be called repeatedly.
    Raises:
        DTypeError: fn does not return a Tensor.   ShapeError: v has not the shape of y.
    Source: Griewank & Walther 2008, "Evaluating Derivatives", 3.2.

    >>> y, pull = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))
    Tensor([ 2., 40.], dtype=float64)
    """
    points = [_point(x) for x in inputs]
    y = _call("vjp", fn, points)

    def pull(v: Any, create_graph: bool = False) -> Any:
        found = _grads(y, points, v, create_graph)
        return found[0] if len(found) == 1 else found

    return y, pull


def jvp(fn: Function, inputs: Any, tangents: Any, *, create_graph: bool = False) -> tuple[Tensor, Tensor]:
    """The value y = fn(*inputs), and J·t: how y moves when the inputs move along the tangents.

    Computed from reverse mode alone: v·J is linear in v, and its derivative in v along t is J·t.

    Args:
        fn: from Tensors to a Tensor.   inputs, tangents: one, or a tuple of them, of equal shapes.
        create_graph: give J·t a graph of its own.
    Returns:
        y and J·t, of the same shape.
    Raises:
        ShapeError: a tangent has not its input's shape.   DTypeError: fn does not return a Tensor.
    Source: the double-backward trick, Townsend 2017.

    >>> jvp(lambda x: x * x, np.array([1.0, 2.0]), np.array([1.0, 10.0]))[1]
    Tensor([ 2., 40.], dtype=float64)
    """
    points = [_point(x) for x in _tuple(inputs)]
    moves = [_as_tensor(t) for t in _tuple(tangents)]
    if [p.shape for p in points] != [t.shape for t in moves]:
        raise ShapeError(
            f"jvp: tangents of shapes {[t.shape for t in moves]} for inputs of shapes "
            f"{[p.shape for p in points]}"
        )
    y = _call("jvp", fn, points)
    v = Tensor(np.zeros(y.shape, y.dtype), requires_grad=True)
    ends = [(g, t) for g, t in zip(_grads(y, points, v, True), moves, strict=True) if g.requires_grad]
    if not ends:
        return y, Tensor(np.zeros(y.shape, y.dtype))
    moved = grad(
        [g for g, _ in ends], v, [t for _, t in ends], create_graph=create_graph, allow_unused=True
    )
    return y, Tensor(np.zeros(y.shape, y.dtype)) if moved is None else moved


def jacobian(fn: Function, inputs: Any, *, create_graph: bool = False) -> Any:
    """All first derivatives: J[i, j] = d fn(x)[i] / d x[j], for index tuples i and j.

    Args:
        fn: from Tensors to a Tensor.   inputs: one Tensor or array, or a tuple of them.
        create_graph: give the result a graph of its own.
    Returns:
        y.shape + x.shape, a Tensor per input (one alone if `inputs` is not a tuple). Takes one walk
        per element of y.
    Raises:
        DTypeError: fn does not return a Tensor.
    Source: Griewank & Walther 2008, "Evaluating Derivatives", 3.2.

    >>> jacobian(lambda x: x * x, np.array([1.0, 2.0]))
    Tensor([[2., 0.],
            [0., 4.]], dtype=float64)
    """
    points = [_point(x) for x in _tuple(inputs)]
    y = _call("jacobian", fn, points)
    seeds = np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
    table = [_grads(y, points, seed, create_graph) for seed in seeds]
    columns = [
        _stack([row[k] for row in table], (*y.shape, *x.shape), y.dtype) for k, x in enumerate(points)
    ]
    return tuple(columns) if isinstance(inputs, tuple) else columns[0]


def hessian(fn: Function, inputs: Any) -> Any:
    """All second derivatives of a scalar function: H[i, j] = d² fn(x) / d x[i] d x[j].

    Args:
        fn: from Tensors to a Tensor of one element.   inputs: one Tensor or array, or a tuple.
    Returns:
        x.shape + x.shape; for a tuple of inputs a tuple of tuples, H[a][b] by inputs a and b.
    Raises:
        GraphError: fn gives more than one element.   DTypeError: fn does not return a Tensor.
    Source: Griewank & Walther 2008, "Evaluating Derivatives", 3.

    >>> hessian(lambda x: (x ** 3).sum(), np.array([1.0, 2.0]))
    Tensor([[ 6.,  0.],
            [ 0., 12.]], dtype=float64)
    """
    several = _tuple(inputs)

    def slope(k: int) -> Function:
        def derivative(*points: Tensor) -> Tensor:
            y = _scalar("hessian", _call("hessian", fn, points))
            return _grads(y, points, np.ones(y.shape, y.dtype), True)[k]

        return derivative

    rows = tuple(jacobian(slope(k), several) for k in range(len(several)))
    return rows if isinstance(inputs, tuple) else rows[0][0]


def hvp(fn: Function, inputs: Any, vectors: Any) -> tuple[Tensor, Any]:
    """The value of a scalar function, and its Hessian times a vector, without forming the Hessian.

    Args:
        fn: from Tensors to a Tensor of one element.
        inputs, vectors: one, or a tuple of them, of equal shapes.
    Returns:
        y, and H·v: a Tensor per input (one alone if `inputs` is not a tuple). Takes two walks.
    Raises:
        ShapeError: a vector has not its input's shape.   GraphError: y has several elements.
    Source: Pearlmutter 1994, "Fast exact multiplication by the Hessian".

    >>> hvp(lambda x: (x ** 3).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0]))[1]
    Tensor([ 6., 12.], dtype=float64)
    """
    points = [_point(x) for x in _tuple(inputs)]
    weights = [_as_tensor(v) for v in _tuple(vectors)]
    if [p.shape for p in points] != [v.shape for v in weights]:
        raise ShapeError(
            f"hvp: vectors of shapes {[v.shape for v in weights]} for inputs of shapes "
            f"{[p.shape for p in points]}"
        )
    y = _scalar("hvp", _call("hvp", fn, points))
    slopes = _grads(y, points, np.ones(y.shape, y.dtype), True)
    ends = [(g, v) for g, v in zip(slopes, weights, strict=True) if g.requires_grad]
    zeros = tuple(Tensor(np.zeros(p.shape, p.dtype)) for p in points)
    found = zeros
    if ends:
        raw = grad([g for g, _ in ends], points, [v for _, v in ends], allow_unused=True)
        found = tuple(z if h is None else h for h, z in zip(raw, zeros, strict=True))
    return y, found if isinstance(inputs, tuple) else found[0]


# --------------------------------------------------------------------------- checkpoint
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
        return _checked("checkpoint", fn(*inputs))
    changes = SERVING.changes
    border = _Border()
    with observe(border), noting_used(fn, inputs) as draws:
        result = _checked("checkpoint", fn(*inputs))
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


# --------------------------------------------------------------------------- shared
def _tuple(inputs: Any) -> tuple[Any, ...]:
    return inputs if isinstance(inputs, tuple) else (inputs,)


def _as_tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)


def _point(x: Any) -> Tensor:
    """Where to differentiate: the Tensor itself if gradients flow to it, else a new leaf."""
    return x if isinstance(x, Tensor) and x.requires_grad else Tensor(x, requires_grad=True)


def _call(name: str, fn: Function, inputs: Sequence[Any]) -> Tensor:
    """fn(*inputs), recorded also under no_grad: derivatives are what the caller asked for."""
    with enable_grad():
        return _checked(name, fn(*inputs))


def _checked(name: str, y: Any) -> Tensor:
    if not isinstance(y, Tensor):
        raise DTypeError(f"{name}: the function must return a Tensor, got {type(y).__name__}")
    return y


def _scalar(name: str, y: Tensor) -> Tensor:
    if y.size != 1:
        raise GraphError(f"{name}: the function must give one element, got shape {y.shape}")
    return y


def _grads(y: Tensor, points: Sequence[Tensor], v: Any, create_graph: bool) -> tuple[Tensor, ...]:
    """v·J per point; zeros where y does not depend on it. Keeps the graph for another call."""
    zeros = tuple(Tensor(np.zeros(p.shape, p.dtype)) for p in points)
    if not y.requires_grad:
        return zeros
    found = grad(y, list(points), v, retain_graph=True, create_graph=create_graph, allow_unused=True)
    return tuple(z if g is None else g for g, z in zip(found, zeros, strict=True))


def _stack(rows: list[Tensor], shape: tuple[int, ...], dtype: Any) -> Tensor:
    if not rows:
        return Tensor(np.zeros(shape, dtype))
    return concatenate([row.reshape(1, row.size) for row in rows]).reshape(shape)
