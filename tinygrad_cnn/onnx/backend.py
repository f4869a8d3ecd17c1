"""ONNX's interface for programs that run models, which its public test suite calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import Traced
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.onnx.graph_module import OnnxModule
from tinygrad_cnn.onnx.package import onnx_package
from tinygrad_cnn.onnx.protobuf import Types
from tinygrad_cnn.onnx.reading import module_of

onnx_package("onnx.Backend")
from onnx.backend.base import Backend as _Backend  # noqa: E402  # after the check above
from onnx.backend.base import BackendRep as _BackendRep  # noqa: E402


class PreparedModel(_BackendRep):
    """A model that is ready to run, as `Backend.prepare` gives it.

    >>> PreparedModel.__name__
    'PreparedModel'
    """

    def __init__(self, module: OnnxModule) -> None:
        self.module = module

    def run(self, inputs: Any, **options: Any) -> tuple[Any, ...]:
        """The outputs, as NumPy arrays.

        Args:
            inputs: arrays, in the order of the model's inputs.   options: ignored.
        """
        with no_grad():
            found = self.module(*inputs)
        return tuple(map(_plain, found)) if isinstance(found, tuple) else (_plain(found),)


class Backend(_Backend):
    """Runs ONNX models on the CPU, by ONNX's own interface.

    >>> Backend.supports_device("CPU"), Backend.supports_device("CUDA")
    (True, False)
    """

    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **options: Any) -> PreparedModel:
        """A ModelProto, ready to run.

        Args:
            model: an onnx.ModelProto.   device: 'CPU'.   options: ignored.
        Raises:
            ArgumentError: another device.   FormatError: see `load`.
        """
        if not cls.supports_device(device):
            raise ArgumentError(f"Backend.prepare: device {device!r} is not there; 'CPU' is")
        onnx = onnx_package("Backend.prepare")
        return PreparedModel(module_of(onnx, model, model.graph.name or "model", Types(onnx)))

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether there is such a device: 'CPU' only."""
        return device.split(":")[0].upper() == "CPU"


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if value is None:
        return None
    return np.array(value.array if isinstance(value, Traced) else value)
