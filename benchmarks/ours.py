"""tinygrad-cnn as an engine of the benchmarks; `peers_torch` has the same names."""

from __future__ import annotations

import os
from typing import Any

from benchmarks.place import finish as finish
from benchmarks.place import place
from tinygrad_cnn import Tensor, use_kernels
from tinygrad_cnn import functional as functional
from tinygrad_cnn import grad as grad
from tinygrad_cnn import nn as nn
from tinygrad_cnn import no_grad as no_grad
from tinygrad_cnn.optim import SGD as SGD
from tinygrad_cnn.optim import Adam as Adam
from tinygrad_cnn.optim import AdamW as AdamW

# As PyTorch loads its kernels with its import, so do we, unless the start itself is what is timed.
if os.environ.get("TINYGRAD_CNN_KERNELS") == "fast":
    use_kernels("fast")


def tensor(array: Any, requires_grad: bool = False) -> Any:
    """An array as this engine's Tensor.

    >>> tensor([1.0], requires_grad=True)
    Tensor([1.], requires_grad=True)
    """
    made = Tensor(array).to(place())
    return made.requires_grad_() if requires_grad else made


def labels(array: Any) -> Any:
    """Integer labels as this engine takes them: as they are, on the host, as a loader leaves them."""
    return array


def shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """The shape of each entry of the model's state.

    >>> shapes(nn.Linear(2, 3))
    {'weight': (3, 2), 'bias': (3,)}
    """
    return {key: value.shape for key, value in model.state_dict().items()}


def load(model: Any, state: dict[str, Any]) -> None:
    """Write `state` into the model; entries that it leaves out stay as they are."""
    unexpected = model.load_state_dict(state, strict=False).unexpected
    if unexpected:
        raise ValueError(f"load: the model has no {unexpected}")


def ready(model: Any) -> Any:
    """The model as it is trained, on the device.

    >>> ready(nn.ReLU())
    ReLU()
    """
    return model if place() == "cpu" else model.to(place())
