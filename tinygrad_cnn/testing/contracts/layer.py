"""The contract of a layer that has a reference.

PYTEST_DONT_REWRITE: its messages are complete, and meant to be read as they stand.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.graph import Op
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.contracts.module import arrays_of, insist_on_gradients, widened
from tinygrad_cnn.testing.contracts.report import (
    Array,
    Report,
    UncheckedError,
    by_name,
    insist_same,
    run_properties,
)


def check_layer_against(
    layer: Callable[..., Any], reference: Callable[..., Any], inputs: Any, *,
    only: Iterable[str] | None = None, rtol: float = 1e-7, atol: float = 1e-9,
    buffers: Callable[..., Mapping[str, Any]] | None = None,
) -> Report:  # fmt: skip
    """Check a layer against a slow and obvious function of arrays: values and gradients.

    Args:
        layer: a module, checked as a float64 copy, or a function of Tensors.
        reference: from arrays to an array; its derivative is found by finite differences.
        inputs: an array or Tensor, or a tuple of them; float ones are taken as float64.
        only: names of `LAYER_PROPERTIES`; None for all.
        rtol, atol: differences that are passed over.
        buffers: (state, *arrays) -> the values that a call in training mode leaves in the buffers, by
            their paths in `state_dict`, from the state before it. Two calls are compared, and one in
            eval mode must leave them as they are.
    Raises:
        ArgumentError: an unknown property.   DTypeError: the layer does not return a Tensor.

    >>> from tinygrad_cnn import nn
    >>> print(check_layer_against(nn.Softsign(), lambda x: x / (1 + abs(x)), np.array([0.5, -2.0])))
    Softsign: pass
      pass      values_agree
      pass      gradients_agree
    """
    arrays = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in arrays_of(inputs)]
    made = widened(layer) if isinstance(layer, Module) else layer  # each property gets a copy of its own
    name = getattr(layer, "__name__", type(layer).__name__)
    given = (made, reference, arrays, rtol, atol)
    table = LAYER_PROPERTIES
    if buffers is not None:
        table = table | {"buffers_agree": partial(_buffers_agree, buffers)}
    return run_properties("check_layer_against", name, table, only, *given)


class _Borrowed(Op):
    """The values of a reference with the derivative of a layer: gradcheck compares the two."""

    def __init__(self, layer: Callable[..., Any], reference: Callable[..., Any], count: int) -> None:
        self.layer, self.reference, self.keep = layer, reference, tuple(range(count))

    def forward(self, *arrays: Any) -> Any:
        return np.asarray(self.reference(*(x.copy() for x in arrays)), np.float64)

    def backward(self, g: Any, /, *kept: Any) -> tuple[Any, ...]:
        with enable_grad():
            tensors = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in kept]
            y = _tensor(self.layer(*tensors))
        floats = [t for t in tensors if t.requires_grad]
        found = iter(grad(y, floats, g, allow_unused=True) if y.requires_grad else [None] * len(floats))
        arrays = (next(found) if t.requires_grad else None for t in tensors)
        return tuple(None if t is None else t.numpy() for t in arrays)


def _tensor(y: Any) -> Tensor:
    if not isinstance(y, Tensor):
        raise DTypeError(f"check_layer_against: the layer must return a Tensor, got {type(y).__name__}")
    return y


def _values_agree(layer: Any, reference: Any, arrays: Sequence[Array], rtol: float, atol: float) -> None:
    y = _tensor(copy.deepcopy(layer)(*map(Tensor, arrays))).numpy()
    expected = np.asarray(reference(*(x.copy() for x in arrays)))
    assert y.shape == expected.shape, f"the layer gives shape {y.shape}, the reference {expected.shape}"
    np.testing.assert_allclose(y, expected, rtol=rtol, atol=atol)


def _gradients_agree(layer: Any, reference: Any, arrays: Sequence[Array], rtol: float, atol: float) -> None:
    made = copy.deepcopy(layer)

    def function(*xs: Tensor) -> Tensor:
        return _Borrowed(made, reference, len(xs))(*xs)

    # The derivative is borrowed as numbers, which have no forward mode.
    insist_on_gradients(function, arrays, rtol=rtol, atol=atol, forward=False)


def _buffers_agree(
    buffers: Callable[..., Mapping[str, Any]], layer: Any, reference: Any, arrays: Sequence[Array],
    rtol: float, atol: float,
) -> None:  # fmt: skip
    """Two calls in training mode leave in the buffers what the reference says, and in no others."""
    if not isinstance(layer, Module):
        raise UncheckedError("a function has no buffers")
    made = copy.deepcopy(layer).train()
    paths = {path for path, _ in made.named_buffers()}
    for number, factor in enumerate((1.0, 0.5)):  # the second call with other values
        given = [x * factor if x.dtype.kind == "f" else x for x in arrays]
        before = {path: np.array(value) for path, value in made.state_dict().items()}
        expected = buffers(before, *(x.copy() for x in given))
        unknown = expected.keys() - paths
        assert not unknown, (
            f"the reference names {sorted(unknown)}; the layer's buffers are {sorted(paths)}"
        )
        made(*map(Tensor, given))
        after = made.state_dict()
        for path in sorted(paths):
            want = np.asarray(expected.get(path, before[path]))
            said = f"{path} after call {number + 1} in training mode"
            np.testing.assert_allclose(after[path], want, rtol=rtol, atol=atol, err_msg=said)
    made.eval()(*map(Tensor, arrays))
    for path, value in made.state_dict().items():
        insist_same(f"{path}, after a call in eval mode,", value, after[path])


LAYER_PROPERTIES = by_name(_values_agree, _gradients_agree)
