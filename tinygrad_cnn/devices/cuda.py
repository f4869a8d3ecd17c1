"""NVIDIA's GPUs, by CuPy, which is loaded when a GPU is first asked for."""

from __future__ import annotations

import importlib
import logging
from importlib.util import find_spec
from typing import Any

import numpy as np

from tinygrad_cnn.devices import CUDA_MEMORY, Launch
from tinygrad_cnn.signal_handlers import let_through

__all__ = ["CUDA", "INSTALL", "reason_against"]

_log = logging.getLogger("tinygrad_cnn")

INSTALL = "CuPy is not installed: pip install 'tinygrad-cnn[gpu]'"


def sources() -> Any:
    """The text of the device's own kernels, which is loaded when one is first called."""
    return importlib.import_module("tinygrad_cnn.kernels.device.sources")


class _Cuda:
    """CuPy's arrays. All that is asked of CuPy is here; see `devices.Backend`."""

    kind = "cuda"
    dlpack = CUDA_MEMORY

    def __init__(self) -> None:
        self._modules: dict[str, Any] = {}  # of kernels, by type character; None: they cannot be had

    @property
    def cupy(self) -> Any:
        return importlib.import_module("cupy")

    @property
    def array(self) -> Any:
        return self.cupy.ndarray

    def count(self) -> int:
        return int(self.cupy.cuda.runtime.getDeviceCount())

    def upload(self, array: Any, index: int) -> Any:
        """A copy; the device becomes CuPy's current one, on which it computes."""
        self.cupy.cuda.Device(index).use()
        return self.cupy.array(array)

    def download(self, array: Any) -> Any:
        return np.asarray(array.get())

    def from_dlpack(self, x: Any) -> Any:
        return self.cupy.from_dlpack(x)

    def index_of(self, array: Any) -> int:
        return int(array.device.id)

    def current(self, array: Any) -> Any:
        return self.cupy.cuda.Device(self.index_of(array))

    def synchronize(self) -> None:
        self.cupy.cuda.get_current_stream().synchronize()

    def launcher(self, like: Any) -> Launch | None:
        """Kernels by NVIDIA's compiler, which CuPy brings along; one line of the log where it fails."""
        kind = like.dtype.char
        if kind not in self._modules:
            self._modules[kind] = self._compiled(kind)
        module = self._modules[kind]
        if module is None:
            return None
        number = like.dtype.type

        def passed(value: Any) -> Any:
            if isinstance(value, self.array):
                return value
            return np.int64(value) if isinstance(value, (int, np.integer)) else number(value)

        def launch(name: str, blocks: int, *arguments: Any) -> None:
            with self.cupy.cuda.Device(self.index_of(like)):
                start = module.get_function(name)
                start((blocks,), (sources().THREADS,), tuple(map(passed, arguments)))

        return launch

    def _compiled(self, kind: str) -> Any:
        """The module of kernels for a float type; None where it cannot be compiled."""
        options = (*sources().OPTIONS, f"-DREAL={'float' if kind == 'f' else 'double'}")
        try:
            module = self.cupy.RawModule(code=sources().SOURCE, options=options)
            module.get_function("sgd")  # compiles it
        except Exception as error:  # the compiler, or the driver, is not there or of another version
            _log.warning("tinygrad-cnn: whole-array operations serve on the GPU: %s", error)
            return None
        return module

    def add_at(self, target: Any, key: Any, values: Any) -> None:
        self.cupy.add.at(target, key, values)

    def max_at(self, target: Any, key: Any, values: Any) -> None:
        self.cupy.maximum.at(target, key, values)


CUDA = _Cuda()


def reason_against() -> str | None:
    """Why there is no GPU to compute on, in words; None where there is one.

    >>> isinstance(reason_against(), (str, type(None)))
    True
    """
    if find_spec("cupy") is None:
        return INSTALL
    try:
        cupy = importlib.import_module("cupy")
    except Exception as error:  # a library that it is linked with may be missing or too old
        let_through(error)
        return f"CuPy cannot be loaded: {error}"
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # CUDARuntimeError, or what a broken driver raises
        let_through(error)
        return f"CuPy finds no GPU: {error}"
    return None if count else "CuPy finds no GPU"
