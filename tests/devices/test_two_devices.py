"""Two devices of a kind, and what a module, an optimizer and a graph keep when they are moved."""

import copy

import numpy as np
import pytest

from tinygrad_cnn import Tensor, devices, grad, manual_seed, nn, no_grad, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.devices import Device
from tinygrad_cnn.errors import DeviceError
from tinygrad_cnn.testing.stand_in import transfers


@pytest.fixture
def other(device):
    if devices.backend_named(device.type).count() < 2:
        pytest.skip(f"there is one {device.type} alone")
    return Device(f"{device.type}:1")


def test_operands_on_two_devices_of_a_kind_are_refused_by_both_names_and_the_module(device, other):
    with pytest.raises(DeviceError) as caught:
        Tensor([1.0, 2.0]).to(device) + Tensor([1.0, 2.0]).to(other)
    assert str(device) in str(caught.value) and str(other) in str(caught.value)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2)).to(other)
    with pytest.raises(DeviceError) as caught:
        model(Tensor(np.ones((3, 2, 2), np.float32)).to(device))
    message = str(caught.value)
    assert message.startswith("1: ") and str(device) in message and str(other) in message


def test_values_and_gradients_go_from_one_device_to_the_other(device, other):
    x = Tensor([1.0, 2.0]).to(device).requires_grad_()
    y = (x * 2).to(other)
    with transfers() as counted:
        (y * y).sum().backward()
    assert y.device == other and x.grad.device == device and x.grad.tolist() == [8, 16]
    assert "get" not in counted


def test_a_checkpoint_of_one_device_trains_on_on_the_other(device, other):
    model = nn.Linear(3, 2, rng=0).to(device)
    optimizer = optim.Adam(model.parameters())
    for place in (device, other, device):
        model.to(place)
        optimizer.zero_grad()
        (model(Tensor(np.ones((2, 3), np.float32)).to(place)) ** 2).sum().backward()
        optimizer.step()
        held = [
            v for own in optimizer.state.values() for v in own.values() if isinstance(v, devices.CLASSES)
        ]
        assert {devices.device_of(v) for v in held} == {place}


def test_tied_parameters_stay_tied(device):
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    assert model.to(device)[2].weight is model[0].weight
    again = copy.deepcopy(model)
    assert again[2].weight is again[0].weight and again[0].weight.device == device
    model(Tensor(np.ones((1, 3), np.float32)).to(device)).sum().backward()
    assert model[0].weight.grad.device == device and len(list(model.parameters())) == 3


def test_workers_load_what_the_loader_moves(device):
    x, labels = np.arange(12.0).reshape(6, 2), np.arange(6)
    loader = DataLoader((x, labels), batch_size=3, num_workers=1, device=device)
    batches = list(loader)
    assert [Tensor(inputs).device for inputs, _ in batches] == [device] * 2
    assert np.concatenate([devices.to_host(inputs) for inputs, _ in batches]).tolist() == x.tolist()


def test_a_seed_gives_the_same_draws_on_every_device(device):
    drawn = []
    for place in ("cpu", device):
        manual_seed(5)
        layer = nn.Linear(4, 4).to(place)
        drawn.append([layer.weight.cpu(), F.dropout(Tensor(np.ones((3, 4))).to(place), 0.5).cpu()])
    for here, there in zip(*drawn, strict=True):
        assert here.detach().numpy().tobytes() == there.detach().numpy().tobytes()


def test_hooks_see_tensors_of_the_device_and_may_change_gradients(device):
    model, seen = nn.Sequential(nn.Linear(2, 2), nn.Tanh()).to(device), []
    model[0].register_forward_hook(lambda module, inputs, output: seen.append(output.device))
    x = Tensor(np.ones((1, 2), np.float32)).to(device).requires_grad_()
    x.register_hook(lambda g: (seen.append(g.device), g * 0)[1])
    model(x).sum().backward()
    assert seen == [device, device] and x.grad.tolist() == [[0, 0]] and x.grad.device == device


def test_in_place_second_order_and_no_grad(device):
    x = Tensor([1.0, 2.0, 3.0]).to(device).requires_grad_()
    with no_grad():
        x += 1
        x[0] = 5.0
        assert not (x * 2).requires_grad
    assert x.device == device and x.tolist() == [5, 3, 4]
    (slope,) = grad((x**3).sum(), [x], create_graph=True)
    (second,) = grad(slope.sum(), [x])
    assert second.device == device and second.tolist() == [30, 18, 24]
