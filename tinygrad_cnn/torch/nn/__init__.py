"""`torch.nn`: layers, containers and losses as PyTorch has them."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch.nn import attention as attention
from tinygrad_cnn.torch.nn import functional as functional
from tinygrad_cnn.torch.nn import init as init
from tinygrad_cnn.torch.nn import modules as modules
from tinygrad_cnn.torch.nn import parallel as parallel
from tinygrad_cnn.torch.nn import parameter as parameter
from tinygrad_cnn.torch.nn import utils as utils
from tinygrad_cnn.torch.nn.bases import BASES as _BASES
from tinygrad_cnn.torch.nn.bases import COMMON_TYPES as _COMMON_TYPES
from tinygrad_cnn.torch.nn.bases import UTILS as _UTILS
from tinygrad_cnn.torch.nn.containers import CLASSES as _CONTAINERS
from tinygrad_cnn.torch.nn.layers import CLASSES as _LAYERS
from tinygrad_cnn.torch.nn.lazy import UninitializedBuffer as UninitializedBuffer
from tinygrad_cnn.torch.nn.lazy import UninitializedParameter as UninitializedParameter
from tinygrad_cnn.torch.nn.modules import Module as Module
from tinygrad_cnn.torch.nn.sequences import CLASSES as _SEQUENCES
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Buffer as Buffer
from tinygrad_cnn.torch.tensors import Parameter as Parameter

_CLASSES: dict[str, Any] = {**_LAYERS, **_CONTAINERS, **_SEQUENCES}
globals().update(_CLASSES)
globals().update(_BASES)
common_types = _COMMON_TYPES
modules.utils = _UTILS  # type: ignore[attr-defined]
vars(modules).update(_CLASSES | _BASES)
__all__ = sorted([*_CLASSES, "Buffer", "Module", "Parameter", "functional", "init", "utils"])

modules.__getattr__ = _guard("torch.nn.modules", vars(modules))  # type: ignore[method-assign]
__getattr__ = _guard("torch.nn", globals())
