"""From one device to another: tensors, gradients, modules; and what is refused."""

import copy
import logging
import pickle

import numpy as np
import pytest

from tinygrad_cnn import Tensor, grad, nn
from tinygrad_cnn import device as named
from tinygrad_cnn import functional as F
from tinygrad_cnn.devices import cuda, naming
from tinygrad_cnn.errors import ArgumentError, DeviceError, DTypeError, GraphError, MissingExtraError
from tinygrad_cnn.testing.stand_in import transfers


# --------------------------------------------------------------------------- names
def test_the_cpu_is_a_device_with_a_name_that_reads_as_a_text():
    cpu = named("cpu")
    assert (cpu, cpu.type, cpu.index) == ("cpu", "cpu", None) and named(cpu) is cpu
    assert Tensor([1.0]).device == cpu


def test_auto_is_the_cpu_without_a_gpu_and_one_line_says_why(monkeypatch, caplog):
    monkeypatch.setattr(naming, "reason_against", lambda: "CuPy finds no GPU")
    monkeypatch.setattr(naming, "_told", False)
    with caplog.at_level(logging.WARNING, "tinygrad_cnn"):
        assert named("auto") == "cpu" and named() == "cpu"
    assert [record.getMessage() for record in caplog.records] == [
        "tinygrad-cnn: device('auto') is the CPU: CuPy finds no GPU"
    ]


def test_a_gpu_asked_for_by_name_without_cupy_says_what_to_install(monkeypatch):
    monkeypatch.setattr(naming, "reason_against", lambda: cuda.INSTALL)
    with pytest.raises(MissingExtraError, match=r"device 'cuda:1': .* pip install 'tinygrad-cnn\[gpu\]'"):
        named("cuda:1")
    with pytest.raises(MissingExtraError):
        Tensor([1.0]).cuda()
    with pytest.raises(MissingExtraError):
        nn.Linear(1, 1).cuda(3)


def test_cupy_without_a_gpu_says_so(monkeypatch):
    monkeypatch.setattr(naming, "reason_against", lambda: "CuPy finds no GPU: no driver")
    with pytest.raises(DeviceError, match="device 'cuda': CuPy finds no GPU: no driver"):
        named("cuda")


@pytest.mark.parametrize(
    ("name", "error"),
    [("mps", ArgumentError), ("cuda:x", ArgumentError), ("cuda:-1", ArgumentError), ("", ArgumentError),
     (3, DTypeError), (None, DTypeError)],
)  # fmt: skip
def test_what_names_no_device_is_refused(name, error):
    with pytest.raises(error, match="device"):
        named(name)


def test_a_number_beyond_the_last_device_is_refused(device):
    with pytest.raises(DeviceError, match=r"there are \d+ of that kind"):
        named(f"{device.type}:99")


# --------------------------------------------------------------------------- tensors
def test_a_tensor_goes_to_a_device_and_back_with_its_bits(device):
    x = Tensor(np.arange(6, dtype=np.float32).reshape(2, 3))
    there = x.to(device)
    assert there.device == device and there.to(device) is there and there.dtype == x.dtype
    assert there.cpu().numpy().tobytes() == x.numpy().tobytes()


def test_gradients_come_back_to_where_the_leaf_lies_to_any_order(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x.to(device) ** 3).sum()
    slope = grad(y, x, create_graph=True)
    assert (slope.device, grad(slope.sum(), x).tolist()) == ("cpu", [6.0, 12.0])


def test_a_device_tensor_is_no_numpy_array_until_somebody_asks(device):
    x = Tensor([1.0]).to(device)
    for read in (lambda: x.numpy(), lambda: np.asarray(x)):
        with pytest.raises(DeviceError, match=r"\.cpu\(\)"):
            read()
    assert f"device={str(device)!r}" in repr(x)


def test_a_copy_lies_where_the_original_does_and_a_pickle_in_the_host_memory(device):
    x = Tensor([1.0], requires_grad=True).to(device).detach()
    assert copy.deepcopy(x).device == device
    assert pickle.loads(pickle.dumps(x)).device == "cpu"


def test_mixed_devices_are_named_with_the_module(device):
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2)).to(device)
    with pytest.raises(DeviceError) as caught:
        model(np.ones((3, 2, 2), np.float32))
    message = str(caught.value)
    assert message.startswith("1: ") and "cpu" in message and str(device) in message


def test_writing_in_place_is_seen_by_a_graph_that_needs_the_old_values(device):
    x = Tensor([1.0, 2.0]).to(device).requires_grad_()
    y = (x * x).sum()
    x.data -= 1
    with pytest.raises(GraphError, match="written over"):
        y.backward()
    view = F.broadcast_to(Tensor([1.0]).to(device), (3,))
    with pytest.raises(GraphError, match="share"):
        view += 1


def test_a_label_out_of_range_is_refused_and_does_not_wrap_around(device):
    scores = Tensor(np.zeros((2, 3))).to(device)
    with pytest.raises(ArgumentError, match="label 3"):
        F.cross_entropy(scores, Tensor(np.array([0, 3])).to(device))
    with pytest.raises(IndexError):
        scores[np.array([5])]


# --------------------------------------------------------------------------- modules
def test_a_module_is_moved_with_its_gradients_and_buffers_and_keeps_its_tensors(device):
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    weight = model[0].weight
    model(np.ones((4, 3), np.float32) * np.arange(4)[:, None].astype(np.float32)).sum().backward()
    assert model.to(device) is model and model[0].weight is weight
    held = [*model.parameters(), *(p.grad for p in model.parameters()), *model.buffers()]
    assert {tensor.device for tensor in held} == {device}
    assert {tensor.device for tensor in model.cpu().parameters()} == {"cpu"}


def test_moving_counts_one_transfer_for_each_tensor(device):
    model = nn.Linear(3, 2)
    with transfers() as counted:
        model.to(device).to(device)
    assert device.type != "stand-in" or counted == {"upload": 2}
