"""What the CUDA backend asks of CuPy, seen on a module that stands in for it: no GPU is needed."""

import logging
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tinygrad_cnn import device, devices
from tinygrad_cnn.devices import cuda, naming
from tinygrad_cnn.errors import DeviceError, MissingExtraError


class Array(np.ndarray):
    """An array that says where it lies."""

    device = SimpleNamespace(id=1)

    def get(self):
        return np.array(self)


@pytest.fixture
def cupy(monkeypatch):
    """A module of CuPy's names that writes down what is asked of it."""
    asked = []

    class Device:
        def __init__(self, index):
            self.index = index

        def use(self):
            asked.append(f"use {self.index}")

        def __enter__(self):
            asked.append(f"enter {self.index}")

        def __exit__(self, *error):
            asked.append("exit")

    class RawModule:
        def __init__(self, code, options):
            asked.append((code, options))

        def get_function(self, name):
            return lambda *given: asked.append((name, *given))

    module = ModuleType("cupy")
    module.__spec__ = ModuleSpec("cupy", None)
    module.ndarray, module.RawModule, module.asked = Array, RawModule, asked
    module.array = lambda x: np.array(x).view(Array)
    module.from_dlpack = lambda x: np.from_dlpack(x).view(Array)
    module.add, module.maximum = np.add, np.maximum
    module.cuda = SimpleNamespace(
        Device=Device,
        runtime=SimpleNamespace(getDeviceCount=lambda: 2),
        get_current_stream=lambda: SimpleNamespace(synchronize=lambda: asked.append("waited")),
    )
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def test_arrays_go_there_and_come_back(cupy):
    backend = cuda._Cuda()
    there = backend.upload(np.arange(3.0), 1)
    assert type(there) is backend.array and backend.count() == 2 and backend.index_of(there) == 1
    assert type(backend.download(there)) is np.ndarray and backend.download(there).tolist() == [0, 1, 2]
    assert backend.current(there).index == 1 and type(backend.from_dlpack(np.ones(2))) is Array
    backend.synchronize()
    assert cupy.asked == ["use 1", "waited"]
    backend.add_at(there, [0, 0], 2.0)
    backend.max_at(there, [1, 1], [5.0, 4.0])
    assert backend.download(there).tolist() == [4, 5, 2]


@pytest.mark.parametrize(("dtype", "real"), [("float32", "float"), ("float64", "double")])
def test_a_kernel_is_compiled_once_for_a_type_and_gets_numbers_of_its_types(cupy, dtype, real):
    backend = cuda._Cuda()
    x = backend.upload(np.ones(2, dtype), 1)
    cupy.asked.clear()
    backend.launcher(x)("relu", 7, x, 3, np.int32(4), 0.5)
    backend.launcher(x)
    (code, options), enter, (name, blocks, threads, given), leave = cupy.asked
    assert code == cuda.sources().SOURCE and options == (*cuda.sources().OPTIONS, f"-DREAL={real}")
    assert (enter, name, blocks, threads, leave) == (
        "enter 1",
        "relu",
        (7,),
        (cuda.sources().THREADS,),
        "exit",
    )
    assert given[0] is x and [(type(n).__name__, float(n)) for n in given[1:]] == [
        ("int64", 3), ("int64", 4), (dtype, 0.5)
    ]  # fmt: skip


def test_without_a_compiler_whole_arrays_serve_and_the_log_says_why(cupy, caplog):
    def broken(code, options):
        raise RuntimeError("no NVRTC here")

    cupy.RawModule = broken
    backend = cuda._Cuda()
    x = backend.upload(np.ones(2), 0)
    with caplog.at_level(logging.WARNING):
        assert backend.launcher(x) is None is backend.launcher(x)
    assert [r.getMessage().split(": ")[-1] for r in caplog.records] == ["no NVRTC here"]


def test_why_no_gpu_serves_is_said(cupy, monkeypatch):
    def broken():
        raise RuntimeError("the driver is too old")

    assert cuda.reason_against() is None
    cupy.cuda.runtime.getDeviceCount = lambda: 0
    assert cuda.reason_against() == "CuPy finds no GPU"
    cupy.cuda.runtime.getDeviceCount = broken
    assert cuda.reason_against() == "CuPy finds no GPU: the driver is too old"
    with pytest.raises(DeviceError, match="device 'cuda': CuPy finds no GPU: the driver is too old"):
        device("cuda")
    monkeypatch.setattr(cuda, "importlib", SimpleNamespace(import_module=lambda name: broken()))
    assert cuda.reason_against() == "CuPy cannot be loaded: the driver is too old"
    monkeypatch.setattr(cuda, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install"):
        device("cuda")


def test_auto_is_the_first_gpu(cupy, monkeypatch):
    admitted = []
    monkeypatch.setattr(devices, "admit", admitted.append)
    monkeypatch.setattr(devices, "backend_named", lambda kind: None)
    monkeypatch.setattr(naming, "CUDA", cuda._Cuda())
    assert device("auto") == "cuda:0" and admitted == [naming.CUDA]
    with pytest.raises(DeviceError, match="there are 2 of that kind"):
        device("cuda:2")
    with pytest.raises(DeviceError, match=r"ask for it by tinygrad_cnn.device\('cuda:1'\) first"):
        devices.moved(np.ones(2), devices.Device("cuda:1"))
