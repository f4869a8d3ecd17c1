"""`torch.nn.utils.parametrizations`: weight and spectral norm."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.generators import DRAWS
from tinygrad_cnn.torch.nn.modules import adopted_module

__all__ = ["spectral_norm", "weight_norm"]


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Length and direction of a weight apart: g · v / |v|.

    >>> from tinygrad_cnn.torch import nn
    >>> [tuple(p.shape) for p in weight_norm(nn.Linear(3, 2, bias=False)).parameters()]
    [(2, 1), (2, 3)]
    """
    return _adopted(native_nn.weight_norm(module, name, dim))


def spectral_norm(
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Any:
    """A weight over its largest singular value, followed by power iteration.

    >>> from tinygrad_cnn.torch import nn
    >>> tuple(spectral_norm(nn.Linear(3, 2)).weight.shape)
    (2, 3)
    """
    return _adopted(native_nn.spectral_norm(module, name, n_power_iterations, eps, dim, rng=DRAWS))


def _adopted(module: Any) -> Any:
    adopted_module(module.parametrizations)
    return module
