"""ONNX in and out: networks of other programs as modules, and ours as files that they read.

They need the extra `onnx`: `pip install 'tinygrad-cnn[onnx]'`. A name is loaded when it
is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad_cnn.onnx.backend import Backend as Backend
    from tinygrad_cnn.onnx.backend import PreparedModel as PreparedModel
    from tinygrad_cnn.onnx.graph_module import OnnxModule as OnnxModule
    from tinygrad_cnn.onnx.reading import load as load
    from tinygrad_cnn.onnx.writing import save as save

__all__ = ["Backend", "OnnxModule", "PreparedModel", "load", "save"]

#: Public name -> the module that has it.
_HOME = {
    "Backend": "tinygrad_cnn.onnx.backend",
    "OnnxModule": "tinygrad_cnn.onnx.graph_module",
    "PreparedModel": "tinygrad_cnn.onnx.backend",
    "load": "tinygrad_cnn.onnx.reading",
    "save": "tinygrad_cnn.onnx.writing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
