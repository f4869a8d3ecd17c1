"""One run of a module, recorded, that leaves the module as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from typing import Any

import numpy as np

from tinygrad_cnn import Tensor, devices, enable_grad
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.graph import MODE
from tinygrad_cnn.nn import Module
from tinygrad_cnn.nn.module import unchanged_buffers
from tinygrad_cnn.rng import undisturbed
from viz.recording.recorder import Recorder, record


def run(model: Module, inputs: Any) -> tuple[list[Tensor], Recorder]:
    """Run a module on example inputs, in the mode that it is in, and record it.

    The inputs enter as new tensors, through which gradients would flow, so that everything done to
    them is in the graph. Buffers and random generators are put back to where they were; parameters
    and gradients are not touched.

    Args:
        model: the module.
        inputs: an array or a Tensor, or a tuple or list of them for several arguments.
    Returns:
        The Tensors that it gave, and what was recorded.
    Raises:
        ArgumentError: no inputs.   DTypeError: the module gave no Tensor, or inputs are not arrays.
        Whatever the module raises.

    >>> from tinygrad_cnn import nn
    >>> results, recorder = run(nn.Linear(3, 2), np.ones((1, 3), "float32"))
    >>> results[0].node.op.name
    'Linear'
    """
    if inputs is None:
        raise ArgumentError(
            f"viz.graph: to draw {type(model).__name__} it must be run: give inputs=, an array or a "
            "tuple of arrays"
        )
    given = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
    names = _names(model, len(given))
    arguments = [beside(model, _leaf(value, name)) for value, name in zip(given, names, strict=True)]
    before = MODE.get()
    try:
        MODE.set(before.replaced(call=None))
        with undisturbed(model), unchanged_buffers(model), enable_grad(), record(holding=True) as recorder:
            recorder.lent.update(_lent(given, arguments))
            output = model(*arguments)
    finally:
        MODE.set(before)
    results = list(_tensors(output))
    if not results:
        raise DTypeError(f"viz.graph: {type(model).__name__} gave {type(output).__name__}, no Tensor")
    return results, recorder


def _names(model: Module, count: int) -> list[str]:
    """Find what the module itself calls its inputs, where its `forward` has a name for each."""
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    try:
        names = [name for name, p in signature(model.forward).parameters.items() if p.kind in positional]
    except (TypeError, ValueError):  # one that does not say
        names = []
    if len(names) >= count:
        return names[:count]
    return ["x"] if count == 1 else [f"x{k}" for k in range(1, count + 1)]


def beside(model: Module, leaf: Tensor) -> Tensor:
    """A leaf where a model's parameters lie: itself, or one with its values there.

    >>> from tinygrad_cnn import nn
    >>> x = Tensor([1.0])
    >>> beside(nn.Linear(1, 1), x) is x
    True
    """
    first = next(iter(model.parameters()), None)
    # Asked of the arrays: Tensors under PyTorch's names answer with PyTorch's devices.
    if first is None or devices.device_of(first.array) == devices.device_of(leaf.array):
        return leaf
    return Tensor(
        devices.moved(leaf._array, devices.device_of(first.array)), leaf.requires_grad, name=leaf.name
    )


def _lent(given: list[Any], leaves: list[Tensor]) -> Iterator[int]:
    """Serials of the leaves that want a gradient though their caller's inputs do not."""
    for value, leaf in zip(given, leaves, strict=True):
        if leaf.requires_grad and not (isinstance(value, Tensor) and value.requires_grad):
            yield leaf.node.serial


def _leaf(value: Any, name: str) -> Tensor:
    if not isinstance(value, (Tensor, np.generic, *devices.CLASSES)):
        raise DTypeError(f"viz.graph: inputs hold {type(value).__name__}; arrays and Tensors fit")
    own = value.name if isinstance(value, Tensor) and value.name else name
    leaf = Tensor(value, name=own)
    return leaf.requires_grad_() if leaf.dtype.kind == "f" else leaf


def _tensors(output: Any) -> Iterator[Tensor]:
    """The Tensors in a result, also in tuples, lists and dicts."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, (tuple, list, Mapping)):
        for part in output.values() if isinstance(output, Mapping) else output:
            yield from _tensors(part)
