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


class Variable:
    """The old name of a Tensor: `Variable(x)` gives x itself.

    >>> from tinygrad_cnn import torch
    >>> torch.autograd.Variable(torch.ones(1), requires_grad=True)
    tensor([1.], requires_grad=True)
    """

    def __new__(cls, data: Any, requires_grad: bool = False, volatile: bool = False) -> Any:
        return data.requires_grad_() if requires_grad else data


__getattr__ = _guard("torch.autograd", globals())
