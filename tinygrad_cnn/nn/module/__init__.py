"""Module, the base of all layers and models, and what it holds: parameters and buffers."""

from tinygrad_cnn.nn.module.hooks import RemovableHandle
from tinygrad_cnn.nn.module.module import Module
from tinygrad_cnn.nn.module.parameters import Buffer, Parameter
from tinygrad_cnn.nn.module.state import LoadResult, unchanged_buffers

__all__ = ["Buffer", "LoadResult", "Module", "Parameter", "RemovableHandle", "unchanged_buffers"]
