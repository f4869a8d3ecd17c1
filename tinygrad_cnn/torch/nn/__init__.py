"""`torch.nn`: layers, containers and losses as PyTorch has them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tinygrad_cnn.torch.nn import functional as functional
from tinygrad_cnn.torch.nn import init as init
from tinygrad_cnn.torch.nn import modules as modules
from tinygrad_cnn.torch.nn import parallel as parallel
from tinygrad_cnn.torch.nn import parameter as parameter
from tinygrad_cnn.torch.nn import utils as utils
from tinygrad_cnn.torch.nn.containers import CLASSES as _CONTAINERS
from tinygrad_cnn.torch.nn.layers import CLASSES as _LAYERS
from tinygrad_cnn.torch.nn.modules import Module as Module
from tinygrad_cnn.torch.nn.sequences import CLASSES as _SEQUENCES
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Buffer as Buffer
from tinygrad_cnn.torch.tensors import Parameter as Parameter

_CLASSES: dict[str, Any] = {**_LAYERS, **_CONTAINERS, **_SEQUENCES}
globals().update(_CLASSES)
_HOMES = SimpleNamespace(**_CLASSES, Module=Module, NonDynamicallyQuantizableLinear=_CLASSES["Linear"])
for _name in (
    "activation", "batchnorm", "container", "conv", "distance", "dropout", "flatten", "fold", "instancenorm", "linear",
    "loss", "module", "normalization", "padding", "pixelshuffle", "pooling", "rnn", "sparse", "transformer", "upsampling",
):  # fmt: skip
    setattr(modules, _name, _HOMES)  # PyTorch's files of layers; each holds all of them here
vars(modules).update(_CLASSES)
__all__ = sorted([*_CLASSES, "Buffer", "Module", "Parameter", "functional", "init", "utils"])

__getattr__ = _guard("torch.nn", globals())
