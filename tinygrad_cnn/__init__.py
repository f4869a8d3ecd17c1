"""tinygrad-cnn: see through a neural network. Autograd, CNNs and computation graphs on NumPy.

Not affiliated with tinygrad. A name is loaded when it is first used, so that what only looks for this
package, such as the start of pytest, need not load NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad_cnn import functional as functional
    from tinygrad_cnn import nn as nn
    from tinygrad_cnn import optim as optim
    from tinygrad_cnn import transforms as transforms
    from tinygrad_cnn.errors import ArgumentError as ArgumentError
    from tinygrad_cnn.errors import DTypeError as DTypeError
    from tinygrad_cnn.errors import FormatError as FormatError
    from tinygrad_cnn.errors import GraphError as GraphError
    from tinygrad_cnn.errors import KernelError as KernelError
    from tinygrad_cnn.errors import MissingExtraError as MissingExtraError
    from tinygrad_cnn.errors import ShapeError as ShapeError
    from tinygrad_cnn.errors import StateError as StateError
    from tinygrad_cnn.errors import TinygradCnnError as TinygradCnnError
    from tinygrad_cnn.gradient import grad as grad
    from tinygrad_cnn.graph import OUT as OUT
    from tinygrad_cnn.graph import Node as Node
    from tinygrad_cnn.graph import Observer as Observer
    from tinygrad_cnn.graph import Op as Op
    from tinygrad_cnn.graph import observe as observe
    from tinygrad_cnn.graph import scope as scope
    from tinygrad_cnn.kernels.serving import kernels_in_use as kernels_in_use
    from tinygrad_cnn.kernels.serving import use_kernels as use_kernels
    from tinygrad_cnn.kernels.threads import get_num_threads as get_num_threads
    from tinygrad_cnn.kernels.threads import set_num_threads as set_num_threads
    from tinygrad_cnn.mode import enable_grad as enable_grad
    from tinygrad_cnn.mode import is_grad_enabled as is_grad_enabled
    from tinygrad_cnn.mode import no_grad as no_grad
    from tinygrad_cnn.mode import set_grad_enabled as set_grad_enabled
    from tinygrad_cnn.nn.module import Parameter as Parameter
    from tinygrad_cnn.rng import manual_seed as manual_seed
    from tinygrad_cnn.tensor import Tensor as Tensor
    from tinygrad_cnn.transforms import checkpoint as checkpoint

__version__ = "0.1.0"

#: Public name -> the module that has it; a test compares this with the imports above.
_HOME = {
    "ArgumentError": "tinygrad_cnn.errors",
    "DTypeError": "tinygrad_cnn.errors",
    "FormatError": "tinygrad_cnn.errors",
    "GraphError": "tinygrad_cnn.errors",
    "KernelError": "tinygrad_cnn.errors",
    "MissingExtraError": "tinygrad_cnn.errors",
    "ShapeError": "tinygrad_cnn.errors",
    "StateError": "tinygrad_cnn.errors",
    "TinygradCnnError": "tinygrad_cnn.errors",
    "OUT": "tinygrad_cnn.graph",
    "Node": "tinygrad_cnn.graph",
    "Observer": "tinygrad_cnn.graph",
    "Op": "tinygrad_cnn.graph",
    "observe": "tinygrad_cnn.graph",
    "scope": "tinygrad_cnn.graph",
    "kernels_in_use": "tinygrad_cnn.kernels.serving",
    "use_kernels": "tinygrad_cnn.kernels.serving",
    "get_num_threads": "tinygrad_cnn.kernels.threads",
    "set_num_threads": "tinygrad_cnn.kernels.threads",
    "enable_grad": "tinygrad_cnn.mode",
    "is_grad_enabled": "tinygrad_cnn.mode",
    "no_grad": "tinygrad_cnn.mode",
    "set_grad_enabled": "tinygrad_cnn.mode",
    "Parameter": "tinygrad_cnn.nn.module",
    "manual_seed": "tinygrad_cnn.rng",
    "Tensor": "tinygrad_cnn.tensor",
    "grad": "tinygrad_cnn.gradient",
    "checkpoint": "tinygrad_cnn.transforms",
}
_PACKAGES = ("functional", "nn", "optim", "transforms")


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME, *_PACKAGES])
