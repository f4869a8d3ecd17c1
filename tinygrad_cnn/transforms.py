"""Derivatives as functions of functions.

`fn` takes Tensors and returns a Tensor. Inputs may be Tensors or arrays; where an input already
requires grad it is used as it stands, so that transforms can be nested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn.errors import GraphError, ShapeError
from tinygrad_cnn.functional import concatenate
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.recomputing import returned
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
        found = _grads(y, points, v, flag("vjp", "create_graph", create_graph))
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
        GraphError: an op's backward computes outside the graph.
    Source: the double-backward trick, Townsend 2017.

    >>> jvp(lambda x: x * x, np.array([1.0, 2.0]), np.array([1.0, 10.0]))[1]
    Tensor([ 2., 40.], dtype=float64)
    """
    record = flag("jvp", "create_graph", create_graph)
    points = [_point(x) for x in _tuple(inputs)]
    moves = [_as_tensor(t) for t in _tuple(tangents)]
    if [p.shape for p in points] != [t.shape for t in moves]:
        raise ShapeError(
            f"jvp: tangents of shapes {[t.shape for t in moves]} for inputs of shapes "
            f"{[p.shape for p in points]}"
        )
    y = _call("jvp", fn, points)
    # Any v would do; where it is not 0, a gradient from outside the graph is seen not to be 0, and refused.
    v = Tensor(np.ones(y.shape, y.dtype), requires_grad=True)
    ends = [(g, t) for g, t in zip(_grads(y, points, v, True), moves, strict=True) if g.requires_grad]
    if not ends:
        return y, Tensor(np.zeros(y.shape, y.dtype))
    moved = grad([g for g, _ in ends], v, [t for _, t in ends], create_graph=record, allow_unused=True)
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
    record = flag("jacobian", "create_graph", create_graph)
    points = [_point(x) for x in _tuple(inputs)]
    y = _call("jacobian", fn, points)
    seeds = np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
    table = [_grads(y, points, seed, record) for seed in seeds]
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
        return returned(name, fn(*inputs))


def _scalar(name: str, y: Tensor) -> Tensor:
    if y.size != 1:
        raise GraphError(f"{name}: the function must give one element, got shape {y.shape}")
    return y


def _grads(y: Tensor, points: Sequence[Tensor], v: Any, create_graph: bool) -> tuple[Tensor, ...]:
    """v·J per point; zeros where y does not depend on it. Keeps the graph for another call."""
    found: tuple[Tensor | None, ...] = (None,) * len(points)
    if y.requires_grad:
        found = grad(y, list(points), v, retain_graph=True, create_graph=create_graph, allow_unused=True)
    pairs = zip(found, points, strict=True)
    return tuple(Tensor(np.zeros(p.shape, p.dtype)) if g is None else g for g, p in pairs)


def _stack(rows: list[Tensor], shape: tuple[int, ...], dtype: Any) -> Tensor:
    if not rows:
        return Tensor(np.zeros(shape, dtype))
    return concatenate([row.reshape(1, row.size) for row in rows]).reshape(shape)
