"""`torch.autograd`: gradients, functions with a derivative of their own, and their check."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.mode import enable_grad, no_grad, set_grad_enabled
from tinygrad_cnn.torch.autograd import anomaly_mode as anomaly_mode
from tinygrad_cnn.torch.autograd import functional as functional
from tinygrad_cnn.torch.autograd import profiler as profiler
from tinygrad_cnn.torch.autograd.anomaly_mode import detect_anomaly as detect_anomaly
from tinygrad_cnn.torch.autograd.anomaly_mode import set_detect_anomaly as set_detect_anomaly
from tinygrad_cnn.torch.autograd.checks import gradcheck as gradcheck
from tinygrad_cnn.torch.autograd.checks import gradgradcheck as gradgradcheck
from tinygrad_cnn.torch.autograd.functions import Function as Function
from tinygrad_cnn.torch.autograd.functions import once_differentiable as once_differentiable
from tinygrad_cnn.torch.autograd.walks import backward as backward
from tinygrad_cnn.torch.autograd.walks import grad as grad
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Tensor

__all__ = [
    "Function",
    "Variable",
    "anomaly_mode",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "no_grad",
    "once_differentiable",
    "profiler",
    "set_detect_anomaly",
    "set_grad_enabled",
]  # fmt: skip


class _VariableMeta(type):
    """Every Tensor is an instance of Variable, as in PyTorch."""

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, Tensor)


class Variable(metaclass=_VariableMeta):
    """The old name of a Tensor: `Variable(x)` is a leaf of its own that shares x's numbers.

    No gradient goes through it to x, and without `requires_grad=True` it needs none. `volatile` is a word of
    PyTorch 0.3, and means nothing today.

    Raises:
        TypeError: x is no Tensor.

    >>> from tinygrad_cnn import torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> torch.autograd.Variable(x), torch.autograd.Variable(x * 2, requires_grad=True)
    (tensor([1.]), tensor([2.], requires_grad=True))
    """

    def __new__(cls, data: Any = None, requires_grad: bool | None = False, volatile: bool = False) -> Any:
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(bool(requires_grad))


__getattr__ = _guard("torch.autograd", globals())
