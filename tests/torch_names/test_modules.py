"""Modules and optimizers of `tinygrad_cnn.torch`."""

import numpy as np
import pytest

import tinygrad_cnn
import viz
from tinygrad_cnn import onnx, torch
from tinygrad_cnn.torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.register_buffer("steps", torch.zeros(1))
        self.register_buffer("cache", torch.ones(2), persistent=False)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        self.steps += 1
        return self.fc(x) * self.scale


def test_parameters_buffers_and_state_are_found():
    net = Net()
    assert [n for n, _ in net.named_parameters()] == ["scale", "fc.weight", "fc.bias"]
    assert list(net.state_dict()) == ["scale", "steps", "fc.weight", "fc.bias"]
    assert isinstance(net.fc.weight, nn.Parameter) and isinstance(net.fc, tinygrad_cnn.nn.Linear)
    net(torch.ones(1, 3))
    assert net.steps.item() == 1 and list(net._buffers) == ["steps", "cache"]


def test_a_state_dict_shares_memory_and_loads():
    net, other = Net(), Net()
    state = net.state_dict()
    state["scale"].fill_(4)
    assert net.scale.item() == 4
    print(other.load_state_dict(state))
    assert torch.equal(other.fc.weight, net.fc.weight)
    with pytest.raises(RuntimeError, match=r"Missing key.*'scale'"):
        net.load_state_dict({})
    with pytest.raises(RuntimeError, match=r"size mismatch for scale"):
        net.load_state_dict({**state, "scale": torch.ones(3)})


def test_a_parameter_is_replaced_by_a_parameter_only():
    net = Net()
    with pytest.raises(TypeError, match="cannot assign"):
        net.scale = torch.ones(1)
    net.scale = nn.Parameter(torch.zeros(1))


def test_native_modules_inside_become_pytorchs():
    layer = nn.TransformerEncoderLayer(4, 2, 8)
    assert isinstance(layer.linear1, nn.Linear) and isinstance(
        layer.self_attn.out_proj.weight, nn.Parameter
    )
    assert all(isinstance(m, nn.Module) for m in layer.modules())


def test_relu_in_place_changes_its_operand():
    x = torch.tensor([-1.0, 1.0])
    assert nn.ReLU(inplace=True)(x) is x and x.tolist() == [0.0, 1.0]


def test_hooks_see_and_change_results():
    net, seen = Net(), []
    handle = net.fc.register_forward_hook(lambda m, args, out: seen.append(tuple(out.shape)))
    net(torch.ones(1, 3))
    handle.remove()
    net(torch.ones(1, 3))
    assert seen == [(1, 2)]


def test_training_lowers_the_loss_and_state_goes_on():
    torch.manual_seed(0)
    net, x = nn.Linear(3, 1), torch.randn(20, 3)
    y = x.sum(1, keepdim=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    losses = []
    for step in range(60):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step == 30:
            saved = optimizer.state_dict()
            optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
            optimizer.load_state_dict(saved)
    assert losses[-1] < losses[0] / 100
    assert isinstance(saved["state"][0]["exp_avg"], torch.Tensor)


def test_an_optimizer_of_ones_own_updates():
    class Descent(torch.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["count"] = self.state[p].get("count", 0) + 1
                    p.add_(p.grad, alpha=-group["lr"])

    w = torch.ones(1, requires_grad=True)
    optimizer = Descent([w], 0.5)
    (w * 2).sum().backward()
    optimizer.step()
    assert w.item() == 0 and optimizer.state[w]["count"] == 1


def test_functions_of_ones_own_are_differentiated_twice():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Cube.apply, x) and torch.autograd.gradgradcheck(Cube.apply, x)


def test_a_wrong_derivative_is_found():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(Wrong.apply, torch.ones(2, dtype=torch.float64, requires_grad=True))


def test_pools_take_one_image_without_a_batch():
    x = torch.arange(16.0).view(1, 4, 4)
    assert nn.MaxPool2d(2)(x).tolist() == [[[5.0, 7.0], [13.0, 15.0]]]
    assert nn.ZeroPad2d(1)(x).shape == (1, 6, 6)


def test_models_take_arrays_and_native_tensors_and_are_drawn_and_exported(tmp_path):
    pytest.importorskip("onnx")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
            self.act, self.fc = nn.ReLU(inplace=True), nn.Linear(2 * 36, 3)

        def forward(self, x):
            x = self.act(self.norm(self.conv(x)))
            return self.fc(x.view(x.size(0), -1))

    model, x = Net(), np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    model.train()
    for given in (x, tinygrad_cnn.Tensor(x)):
        assert type(model(given)) is torch.Tensor
    before = {key: value.numpy().copy() for key, value in model.state_dict().items()}
    assert "BatchNorm" in viz.graph(model, inputs=x).source
    onnx.save(model, tmp_path / "net.onnx", x, training=True)
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[key])


def test_a_device_and_a_type_by_place_come_last():
    """Subclasses of layers pass them on so."""
    kind = torch.float64
    layers = [
        torch.nn.Linear(2, 3, True, "cpu", kind), torch.nn.Conv2d(1, 2, 3, 1, 0, 1, 1, True, "zeros", "cpu", kind),
        torch.nn.BatchNorm2d(2, 1e-5, 0.1, True, True, "cpu", kind), torch.nn.LayerNorm(3, 1e-5, True, True, "cpu", kind),
        torch.nn.Embedding(3, 2, None, None, 2.0, False, False, None, False, "cpu", kind),
        torch.nn.ConvTranspose2d(1, 2, 3, 1, 0, 0, 1, True, 1, "zeros", "cpu", kind),
    ]  # fmt: skip
    assert [layer.weight.dtype for layer in layers] == [kind] * len(layers)
    with pytest.raises(TypeError, match="Linear"):
        torch.nn.Linear(2, 3, True, "cpu", kind, 1)


def test_one_process_is_a_group(monkeypatch):
    dist = torch.distributed
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(ValueError, match="RANK expected"):
        dist.init_process_group("gloo")
    with pytest.raises(RuntimeError, match="rank 0 of 2 processes is left out"):
        dist.init_process_group("gloo", world_size=2, rank=0)
    with pytest.raises(ValueError, match="not been initialized"):
        torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))
    dist.init_process_group("gloo", world_size=1, rank=0)
    try:
        model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))
        assert list(model.state_dict()) == ["module.weight", "module.bias"]
        parts = [torch.zeros(2)]
        dist.all_gather(parts, torch.ones(2))
        assert parts[0].tolist() == [1, 1] and dist.all_reduce(parts[0], async_op=True).wait()
        assert (dist.get_rank(), dist.get_world_size(), dist.get_backend()) == (0, 1, "gloo")
    finally:
        dist.destroy_process_group()
    assert not dist.is_initialized()


def test_a_module_that_looks_elsewhere_for_names_may_ask_pytorchs_way():
    class Around(torch.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.inner, name)

    around = Around(torch.nn.Linear(2, 3))
    assert around.out_features == 3
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'depth'"):
        _ = around.depth
    with pytest.raises(AttributeError, match="'Around' object has no attribute 'depth'"):
        torch.nn.Module.__getattr__(around, "depth")
