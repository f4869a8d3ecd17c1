"""The stand-in refuses what CuPy refuses; tensors say where their values lie."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest

from tinygrad_cnn import Tensor, devices, ops
from tinygrad_cnn.errors import DeviceError
from tinygrad_cnn.tensors import exchange
from tinygrad_cnn.testing.stand_in import cupy_names, otherwise, threads_in_turn
from tinygrad_cnn.testing.stand_in.capsules import _Given


@pytest.fixture
def x(device):
    if device.type != "stand-in":
        pytest.skip("the stand-in's own refusals")
    return Tensor([[1.0, 2.0]]).to(device)._array


def test_what_cupy_refuses_is_refused(x):
    with pytest.raises(ValueError, match="size 1"):
        x.item()
    with pytest.raises(TypeError, match=r"sum\(\) got an unexpected keyword argument 'where'"):
        x.sum(where=True)
    with pytest.raises(ValueError, match="exactly one array"):
        np.divmod(x, x, out=(x, x))
    with pytest.raises(TypeError, match="zeros_like: subok is not supported"):
        otherwise.refuse_values("zeros_like", {"subok": False})
    assert (
        cupy_names.Parameters("a,axis").refuses(3, set()) == "takes 2 positional arguments but 3 were given"
    )
    with pytest.raises(np.linalg.LinAlgError, match="did not converge"):
        otherwise._silently(lambda a: (_ for _ in ()).throw(np.linalg.LinAlgError("did not converge")))(x)
    alone = type("Alone", (), {"__array_ufunc__": None, "__radd__": lambda self, other: "its own"})()
    assert x + alone == "its own"


def test_threads_that_end_while_others_wait_for_them_are_told_of(x, tmp_path, monkeypatch):
    library = SimpleNamespace(start_relu=lambda *given: 1)
    monkeypatch.setattr(threads_in_turn, "_library", lambda real, folder: library)
    with pytest.raises(DeviceError, match="relu: some threads of a block ended while others waited"):
        threads_in_turn.launcher(tmp_path)(x)("relu", 1, x, 3, 0.5)


def test_copies_are_apart(x):
    for other in (copy.copy(x), copy.deepcopy(x)):
        other += 1
        assert x.get().tolist() == [[1.0, 2.0]] and other.get().tolist() == [[2.0, 3.0]]
    assert (+x).get().tolist() == [[1.0, 2.0]]
    assert _Given(None).__dlpack_device__() == (1, 0)


def test_arrays_of_the_host_alone_stay_there(device):
    assert ops.Neg()(np.ones(2)).tolist() == [-1, -1]
    made = Tensor.record(ops.Concatenate(0), (np.ones(1), np.zeros(1), np.ones(1)))
    assert made.device == "cpu" and made.tolist() == [1, 0, 1]


def test_comparing_across_devices_names_both(device):
    if devices.backend_named(device.type).count() < 2:
        pytest.skip(f"there is one {device.type} alone")
    other = devices.Device(f"{device.type}:1")
    with pytest.raises(DeviceError) as caught:
        Tensor([1.0]).to(device) < Tensor([1.0]).to(other)  # noqa: B015
    assert str(device) in str(caught.value) and str(other) in str(caught.value)


def test_an_array_of_a_gpu_is_taken_over_once_the_gpu_is_known(monkeypatch):
    class Far:
        def __dlpack_device__(self):
            return devices.CUDA_MEMORY, 3

    class Backend:
        def from_dlpack(self, x):
            return "its array"

    known = []
    monkeypatch.setattr(exchange.naming, "device", known.append)
    monkeypatch.setattr(exchange.devices, "backend_speaking", lambda kind: Backend() if known else None)
    assert exchange._taken_over(Far()) == "its array" and known == ["cuda:3"]
