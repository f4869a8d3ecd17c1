"""Gradients of tensors: `backward` and `grad` with PyTorch's arguments.

The walk computes with native Tensors, because derivatives are written in NumPy's terms; what comes out is
adopted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import Node
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.tensors.gradient import accumulate, walk
from tinygrad_cnn.tensors.gradient import grad as native_grad
from tinygrad_cnn.torch.tensors import Tensor, adopted, native


def _seed(output: Any, gradient: Any) -> Any:
    """Find what flows into an output, as a native Tensor; the walk computes with those."""
    if not output.requires_grad:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    if gradient is None:
        if output._array.size != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        return NativeTensor.at(np.ones(output._array.shape, output._array.dtype), None)
    if gradient._array.shape != output._array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output has a shape of {gradient.shape} and output has a shape of {output.shape}."
        )
    seed = native(gradient) if gradient.requires_grad else NativeTensor.at(gradient._array, None)
    return seed if seed.dtype == output._array.dtype else seed.astype(output._array.dtype)


def _listed(value: Any) -> list[Any]:
    return [value] if value is None or isinstance(value, NativeTensor) else list(value)


def backward(
    tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    inputs: Any = None,
) -> None:  # fmt: skip
    """Add the derivatives of tensors to `grad` of their leaves.

    >>> from tinygrad_cnn import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> torch.autograd.backward(x * x); x.grad
    tensor(6.)
    """
    ends = _listed(tensors)
    weights = _listed(grad_tensors) if grad_tensors is not None else [None] * len(ends)
    seeds: dict[Node, Any] = {}
    for end, weight in zip(ends, weights, strict=True):
        seed = _seed(end, weight)
        seeds[end.node] = seeds[end.node] + seed if end.node in seeds else seed
    retain = create_graph if retain_graph is None else retain_graph or create_graph
    if inputs is not None:
        starts = _listed(inputs)
        found = walk(seeds, [start.node for start in starts], retain, create_graph)
        for start in starts:
            if start.node in found:
                accumulate(start.node, found[start.node])
        return
    for node, g in walk(seeds, None, retain, create_graph, accumulate).items():
        accumulate(node, g)


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    only_inputs: bool = True, allow_unused: bool | None = None, is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """Gradients of the outputs with respect to the inputs, one each.

    >>> from tinygrad_cnn import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> torch.autograd.grad(x * x, x)
    (tensor(6.),)
    """
    ends, starts = _listed(outputs), _listed(inputs)
    weights = _listed(grad_outputs) if grad_outputs is not None else [None] * len(ends)
    seeds = [_seed(end, weight) for end, weight in zip(ends, weights, strict=True)]
    found = native_grad(
        [native(end) for end in ends], [native(start) for start in starts], seeds,
        retain_graph=retain_graph, create_graph=create_graph,
        allow_unused=bool(allow_unused) or materialize_grads,
    )  # fmt: skip
    out = [adopted(g) for g in found]
    if materialize_grads:
        out = [
            Tensor.detached(np.zeros(start._array.shape, start._array.dtype)) if g is None else g
            for g, start in zip(out, starts, strict=True)
        ]
    return tuple(out)
