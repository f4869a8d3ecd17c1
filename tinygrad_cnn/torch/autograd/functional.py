"""`torch.autograd.functional`: whole derivatives of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.autograd.walks import grad
from tinygrad_cnn.torch.tensors import Tensor


def _gradient(output: Any, x: Any, create_graph: bool) -> Any:
    if not output.requires_grad:
        return Tensor.detached(np.zeros(x._array.shape, x._array.dtype))
    (g,) = grad(output, x, retain_graph=True, create_graph=create_graph, allow_unused=True)
    return Tensor.detached(np.zeros(x._array.shape, x._array.dtype)) if g is None else g


def _inputs(inputs: Any, create_graph: bool) -> list[Any]:
    given = list(inputs) if isinstance(inputs, tuple) else [inputs]
    return [x if create_graph and x.requires_grad else x.detach().clone().requires_grad_() for x in given]


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All partial derivatives of a function's results.

    >>> from tinygrad_cnn import torch
    >>> jacobian(lambda x: x * x, torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    xs = _inputs(inputs, create_graph)
    output = func(*xs)
    rows: list[list[Any]] = [[] for _ in xs]
    flat = F.reshape(output, (-1,))
    for i in range(flat._array.size):
        for k, x in enumerate(xs):
            rows[k].append(_gradient(flat[i], x, create_graph))
    found = [
        F.reshape(F.stack(r), (*output._array.shape, *x._array.shape))
        for r, x in zip(rows, xs, strict=True)
    ]
    return tuple(found) if isinstance(inputs, tuple) else found[0]


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """All second derivatives of a function with one number as its result.

    >>> from tinygrad_cnn import torch
    >>> hessian(lambda x: (x ** 3).sum(), torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    xs = _inputs(inputs, create_graph)
    output = func(*xs)
    slopes = [_gradient(output, x, True) for x in xs]
    rows = []
    for g, x in zip(slopes, xs, strict=True):
        row = []
        for other in xs:
            flat = F.reshape(g, (-1,))
            parts = [_gradient(flat[i], other, create_graph) for i in range(flat._array.size)]
            row.append(F.reshape(F.stack(parts), (*x._array.shape, *other._array.shape)))
        rows.append(tuple(row))
    return tuple(rows) if isinstance(inputs, tuple) else rows[0][0]


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """A function's result, and a vector times its Jacobian.

    >>> from tinygrad_cnn import torch
    >>> vjp(lambda x: x * x, torch.tensor([3.0]), torch.tensor([1.0]))[1]
    tensor([6.])
    """
    xs = _inputs(inputs, create_graph)
    output = func(*xs)
    weighted = output if v is None else F.sum(output * v)
    found = tuple(_gradient(weighted, x, create_graph) for x in xs)
    return output.detach(), found if isinstance(inputs, tuple) else found[0]


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """A function's result, and its Jacobian times a vector.

    >>> from tinygrad_cnn import torch
    >>> jvp(lambda x: x * x, torch.tensor([3.0]), torch.tensor([1.0]))[1]
    tensor([6.])
    """
    xs = _inputs(inputs, create_graph)
    output = func(*xs)
    weight = Tensor.detached(np.ones(output._array.shape, output._array.dtype)).requires_grad_()
    slopes = grad(output, xs, weight, create_graph=True)
    vs = v if isinstance(v, tuple) else (v,)
    total = sum(
        (F.sum(g * (1.0 if w is None else w)) for g, w in zip(slopes, vs, strict=True)), Tensor([0.0]).sum()
    )
    return output.detach(), _gradient(total, weight, create_graph)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """A function's result, and its Hessian times a vector.

    >>> from tinygrad_cnn import torch
    >>> hvp(lambda x: (x ** 3).sum(), torch.tensor([2.0]), torch.tensor([1.0]))[1]
    tensor([12.])
    """
    xs = _inputs(inputs, create_graph)
    output = func(*xs)
    slopes = [_gradient(output, x, True) for x in xs]
    vs = v if isinstance(v, tuple) else (v,)
    total = sum((F.sum(g * w) for g, w in zip(slopes, vs, strict=True)), Tensor([0.0]).sum())
    found = tuple(_gradient(total, x, create_graph) for x in xs)
    return output.detach(), found if isinstance(inputs, tuple) else found[0]


vhp = hvp
