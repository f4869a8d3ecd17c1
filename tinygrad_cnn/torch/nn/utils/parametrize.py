"""`torch.nn.utils.parametrize`: parameters that a module computes."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.nn import is_parametrized as is_parametrized
from tinygrad_cnn.torch.nn.modules import adopted_module

__all__ = ["is_parametrized", "register_parametrization", "remove_parametrizations"]


def register_parametrization(
    module: Any, tensor_name: str, parametrization: Any, *, unsafe: bool = False
) -> Any:
    """Let a parameter be computed by a module whenever it is read.

    >>> from tinygrad_cnn.torch import nn
    >>> layer = register_parametrization(nn.Linear(2, 1), "weight", nn.ReLU())
    >>> bool((layer.weight >= 0).all())
    True
    """
    native_nn.register_parametrization(module, tensor_name, parametrization)
    adopted_module(module.parametrizations)
    return module


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Let a parameter be an ordinary one again, with the value that it has now, or with its original.

    >>> from tinygrad_cnn.torch import nn
    >>> layer = register_parametrization(nn.Linear(2, 1), "weight", nn.ReLU())
    >>> is_parametrized(remove_parametrizations(layer, "weight"))
    False
    """
    original = None
    if not leave_parametrized:
        original = getattr(module.parametrizations, tensor_name).original._array.copy()
    native_nn.remove_parametrizations(module, tensor_name)
    if original is not None:
        getattr(module, tensor_name)._writable()[...] = original
    return module
