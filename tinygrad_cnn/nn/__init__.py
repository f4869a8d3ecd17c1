"""Layers, containers and losses, with PyTorch's names, arguments, defaults and state-dict keys.

`to_json` and `from_json` write and read what a model consists of; `register` admits classes of your own.
"""

from tinygrad_cnn.nn import init, layers, models
from tinygrad_cnn.nn.averaged_model import AveragedModel, get_ema_avg_fn, update_bn
from tinygrad_cnn.nn.containers.collections import ModuleDict, ModuleList
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.inspect.layer_table import summary
from tinygrad_cnn.nn.inspect.receptive_fields import ReceptiveField, receptive_field, same_padding
from tinygrad_cnn.nn.layers import *
from tinygrad_cnn.nn.module import Buffer, LoadResult, Module, Parameter, RemovableHandle
from tinygrad_cnn.nn.rebuild import from_json
from tinygrad_cnn.nn.registry import register
from tinygrad_cnn.nn.structure import to_json

__all__ = [
    "AveragedModel",
    "Buffer",
    "LoadResult",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ReceptiveField",
    "RemovableHandle",
    "Sequential",
    "from_json",
    "get_ema_avg_fn",
    "init",
    "models",
    "receptive_field",
    "register",
    "same_padding",
    "summary",
    "to_json",
    "update_bn",
]
__all__ += layers.__all__
