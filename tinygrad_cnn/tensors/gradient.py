"""Gradients of Tensors: `grad`, and what it shares with `Tensor.backward`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.backward import gradients
from tinygrad_cnn.errors import GraphError, ShapeError
from tinygrad_cnn.functional.arguments import as_array, flag
from tinygrad_cnn.graph import MODE, Node, Traced, owner, writes

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor


@overload
def grad(
    outputs: Tensor | Sequence[Tensor], inputs: Tensor, grad_outputs: Any = None, *,
    retain_graph: bool | None = None, create_graph: bool = False, allow_unused: Literal[False] = False,
) -> Tensor: ...  # fmt: skip
@overload
def grad(
    outputs: Tensor | Sequence[Tensor], inputs: Tensor, grad_outputs: Any = None, *,
    retain_graph: bool | None = None, create_graph: bool = False, allow_unused: bool,
) -> Tensor | None: ...  # fmt: skip
@overload
def grad(
    outputs: Tensor | Sequence[Tensor], inputs: Sequence[Tensor], grad_outputs: Any = None, *,
    retain_graph: bool | None = None, create_graph: bool = False, allow_unused: Literal[False] = False,
) -> tuple[Tensor, ...]: ...  # fmt: skip
@overload
def grad(
    outputs: Tensor | Sequence[Tensor], inputs: Sequence[Tensor], grad_outputs: Any = None, *,
    retain_graph: bool | None = None, create_graph: bool = False, allow_unused: bool,
) -> tuple[Tensor | None, ...]: ...  # fmt: skip
def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> Any:
    """Gradients of the outputs with respect to the inputs, without touching any `grad`.

        g_k = d( sum_j sum(grad_outputs_j * outputs_j) ) / d inputs_k

    Args:
        outputs: what to differentiate, one or several.
        inputs: what to differentiate by: leaves or results of the graph.
        grad_outputs: one weight per output, of its shape; 1 for a single element if None.
        retain_graph: keep the graph for another walk; as `create_graph` if None.
        create_graph: record the walk, so that the gradients can be differentiated.
        allow_unused: give None for an input that no output depends on, instead of an error.
    Returns:
        A Tensor for one input, a tuple of Tensors for several.
    Raises:
        GraphError: as for `backward`, or an input that no output depends on.
    Source: Griewank & Walther 2008, "Evaluating Derivatives", 3.2.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> slope = grad(x ** 3, x, create_graph=True)
    >>> slope, grad(slope, x)
    (Tensor(12., op=Mul), Tensor(12.))
    """
    ends = [outputs] if isinstance(outputs, Traced) else list(outputs)
    starts = [inputs] if isinstance(inputs, Traced) else list(inputs)
    weights = [grad_outputs] if isinstance(outputs, Traced) else list(grad_outputs or [None] * len(ends))
    if len(weights) != len(ends):
        raise ShapeError(f"grad: {len(weights)} grad_outputs for {len(ends)} outputs")
    for k, start in enumerate(starts):
        if not start.requires_grad:
            raise GraphError(f"grad: input {k} of shape {start.shape} does not require grad")
    seeds: dict[Node, Any] = {}
    for end, weight in zip(ends, weights, strict=True):
        seed = seed_of("grad", end, weight)
        seeds[end.node] = seeds[end.node] + seed if end.node in seeds else seed
    create_graph = flag("grad", "create_graph", create_graph)
    retain = create_graph if retain_graph is None else flag("grad", "retain_graph", retain_graph)
    allow_unused = flag("grad", "allow_unused", allow_unused)
    found = walk(seeds, [start.node for start in starts], retain, create_graph)
    for k, start in enumerate(starts):
        if start.node not in found and not allow_unused:
            raise GraphError(
                f"grad: no output depends on input {k} (shape {start.shape}, name {start.name}); "
                "allow_unused=True gives None for it"
            )
    results = tuple(owned(found[s.node]) if s.node in found else None for s in starts)
    return results[0] if isinstance(inputs, Traced) else results


def walk(
    seeds: dict[Node, Tensor], targets: Any, retain: bool, create: bool, deliver: Any = None
) -> dict[Node, Any]:
    """The walk's gradients as Tensors, with a graph if `create`."""
    make = type(next(iter(seeds.values()))).at
    if create:
        order = 1 + max(node.order for node in seeds)
        before = MODE.get()
        try:
            MODE.set(before.replaced(recording=True, order=order))
            return gradients(seeds, targets, wrap=make, record=True, retain_graph=retain, deliver=deliver)
        finally:
            MODE.set(before)
    arrays = {node: seed._array for node, seed in seeds.items()}
    found = gradients(arrays, targets, wrap=make, retain_graph=retain, deliver=deliver)
    return {node: make(g, None) for node, g in found.items()}


def seed_of(function: str, output: Any, gradient: Any) -> Tensor:
    """Find what flows into an output, as a Tensor of its shape and type."""
    if not output.requires_grad:
        raise GraphError(
            f"{function}: this tensor does not require grad: nothing it was computed from has "
            "requires_grad=True, or it was computed under no_grad()"
        )
    if gradient is None:
        if output.size != 1:
            raise GraphError(
                f"{function}: the output has shape {output.shape}; only a single element can be "
                "differentiated without a gradient of that shape, or take its .sum() or .mean() first"
            )
        return output.detached(devices.ones(output.shape, output.dtype, like=output))
    seed: Any = gradient
    if not isinstance(gradient, Traced):
        seed = output.detached(devices.beside(as_array(function, gradient), output))
    if seed.shape != output.shape:
        raise ShapeError(f"{function}: the gradient has shape {seed.shape}, {output.shape} fits")
    return seed if seed.dtype == output.dtype else seed.astype(output.dtype)


def accumulate(node: Node, g: Tensor) -> None:
    """Add a leaf's gradient to its `grad`, and tell those who wait for it."""
    with writes.LOCK:  # two threads may add to one leaf
        node.grad = owned(g) if node.grad is None else owned(node.grad + g)
    if node.grad_hooks:
        for hook in tuple(node.grad_hooks.values()):
            hook()


def owned(gradient: Tensor) -> Tensor:
    """A gradient in memory of its own, so that writing to it can never write to something else.

    A derivative may hand the same array to two operands, or hand on the seed, a view or what it
    kept. Copying always would cost as much as the weights are large; reference counts tell exactly
    when somebody else holds the memory.
    """
    if gradient._node is None and _is_shared(gradient):
        gradient._array = gradient._array.copy()
    return gradient


def _is_shared(tensor: Tensor) -> bool:
    """Whether anything but this tensor holds its array or the array that owns its memory."""
    if type(tensor._array) in devices.ON_DEVICES:
        return True  # whose copies are quick, and whose owners are not asked
    if not tensor._array.flags.writeable or sys.getrefcount(tensor._array) > _ALONE:
        return True
    if tensor._array.base is None:
        return False
    return owner(tensor._array) is not tensor._array.base or sys.getrefcount(tensor._array.base) > _ALONE


class _Slot:
    __slots__ = ("_array",)

    def __init__(self) -> None:
        self._array = np.empty(1)


#: What `sys.getrefcount` says of an array that only one slot holds; it varies between Pythons.
_ALONE = next(sys.getrefcount(slot._array) for slot in [_Slot()])
