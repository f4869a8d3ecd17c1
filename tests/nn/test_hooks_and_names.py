"""Hooks around forward and backward, state set by name, and what may stand where a parameter stood."""

import copy
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, GraphError, StateError, Tensor, nn, no_grad

X = np.array([[1.0, -2.0, 3.0]], "float32")


def net():
    return nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 2, rng=1))


# --------------------------------------------------------------------------- forward hooks
def test_forward_hooks_see_and_replace_operands_and_results_in_order():
    layer, seen = nn.ReLU(), []
    layer.register_forward_pre_hook(lambda m, args: seen.append("second"))
    layer.register_forward_pre_hook(lambda m, args: seen.append("first"), prepend=True)
    doubled = layer.register_forward_pre_hook(lambda m, args: args[0] * 2)
    negated = layer.register_forward_hook(lambda m, args, y: -y)
    np.testing.assert_array_equal(layer(X).numpy(), -np.maximum(2 * X, 0))
    assert seen == ["first", "second"]
    doubled.remove(), negated.remove(), negated.remove()
    np.testing.assert_array_equal(layer(X).numpy(), np.maximum(X, 0))
    with layer.register_forward_hook(lambda m, args, y: y + 1):
        np.testing.assert_array_equal(layer(X).numpy(), np.maximum(X, 0) + 1)
    np.testing.assert_array_equal(layer(X).numpy(), np.maximum(X, 0))


def test_hooks_with_kwargs_get_and_give_both():
    class Scaled(nn.Module):
        def forward(self, x, scale=1.0):
            return x * scale

    module = Scaled()
    module.register_forward_pre_hook(lambda m, a, k: (a, {"scale": k["scale"] * 10}), with_kwargs=True)
    given = []
    module.register_forward_hook(lambda m, a, k, y: given.append(k["scale"]), with_kwargs=True)
    np.testing.assert_array_equal(module(X, scale=2.0).numpy(), X * 20)
    assert given == [20.0]
    module.register_forward_pre_hook(lambda m, a, k: X, with_kwargs=True)
    with pytest.raises(DTypeError, match=r"must return None or \(args, kwargs\), got ndarray"):
        module(X, scale=2.0)


def test_what_is_no_function_is_no_hook():
    for name in ("forward_pre_hook", "forward_hook", "full_backward_pre_hook", "full_backward_hook"):
        with pytest.raises(DTypeError, match=f"register_{name}: a function fits, got str"):
            getattr(nn.ReLU(), f"register_{name}")("print")


def test_hooks_are_no_part_of_the_structure_and_live_in_copies():
    model, calls = net(), []
    text = nn.to_json(model)
    model[1].register_forward_hook(lambda m, args, y: calls.append(1))
    assert nn.to_json(model) == text
    copy.deepcopy(model)(X), model(X)
    assert len(calls) == 2


# --------------------------------------------------------------------------- backward hooks
def test_a_backward_hook_gets_the_gradients_of_operand_and_result():
    model, found = net(), {}
    for name, layer in model.named_children():
        layer.register_full_backward_hook(lambda m, gi, go, name=name: found.update({name: (gi, go)}))
    x = Tensor(X, requires_grad=True)
    model(x).sum().backward()
    plain = Tensor(X, requires_grad=True)
    h = net()[0](plain)
    h.retain_grad()
    t = h.tanh()
    t.retain_grad()
    net()[2](t).sum().backward()
    for got, expected in [
        (found["0"][0][0], plain.grad), (found["0"][1][0], h.grad), (found["1"][0][0], h.grad),
        (found["1"][1][0], t.grad), (found["2"][1][0], Tensor(np.ones((1, 2), "f4"))),
    ]:  # fmt: skip
        np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), plain.grad.numpy(), rtol=1e-6)


def test_a_backward_hook_counts_only_the_gradient_that_passed_the_module():
    layer, found = nn.Tanh(), []
    layer.register_full_backward_hook(lambda m, gi, go: found.append(gi[0]))
    x = Tensor([0.5], requires_grad=True)
    (layer(x) + 100 * x).backward()
    np.testing.assert_allclose(found[0].numpy(), 1 - np.tanh(0.5) ** 2, rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), 101 - np.tanh(0.5) ** 2, rtol=1e-6)


def test_backward_hooks_replace_one_gradient_and_refuse_several():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 0,))
    x = Tensor([0.5], requires_grad=True)
    layer(x).backward()
    assert float(x.grad) == 0

    class Both(nn.Module):
        def forward(self, x, y):
            return x * y, x + y

    module, seen = Both(), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    x, y = (Tensor([v], requires_grad=True) for v in (2.0, 3.0))
    first, second = module(x, y)
    (first + 10 * second).backward()
    [((gx, gy), (ga, gb))] = seen
    assert [float(g) for g in (gx, gy, ga, gb)] == [13, 12, 1, 10]
    module.register_full_backward_hook(lambda m, gi, go: gi)
    first, second = module(x, y)
    with pytest.raises(GraphError, match="Both: what a backward hook returns replaces one gradient"):
        (first + second).backward()


def test_a_backward_hook_of_the_first_layer_runs_without_a_gradient_of_the_image():
    model, found = net(), []
    model[0].register_full_backward_hook(lambda m, gi, go: found.append((gi, go[0].shape)))
    model(X).sum().backward()
    assert found == [((None,), (1, 4))]
    with no_grad():
        assert not model(X).requires_grad


# --------------------------------------------------------------------------- names
def test_buffers_that_are_not_persistent_stay_out_of_the_state():
    module = nn.Module()
    module.register_buffer("kept", np.ones(2))
    module.register_buffer("passing", np.zeros(2), persistent=False)
    module.register_buffer("nothing", None)
    outer = nn.Sequential(module)
    assert list(outer.state_dict()) == ["0.kept"]
    assert [name for name, _ in outer.named_buffers()] == ["0.kept", "0.passing"]
    outer.load_state_dict({"0.kept": np.zeros(2)})
    module.passing = np.full(2, 5.0)
    assert isinstance(module.passing, nn.Buffer) and list(outer.state_dict()) == ["0.kept"]
    module.register_buffer("passing", np.zeros(2))
    assert list(outer.state_dict()) == ["0.kept", "0.passing"]


@pytest.mark.parametrize("name", ["", "a.b", "forward", "training", 3, None])
def test_names_that_cannot_be_are_refused(name):
    for register, value in [("buffer", X), ("parameter", nn.Parameter(X)), ("module", nn.ReLU())]:
        with pytest.raises(ArgumentError, match="cannot be a name"):
            getattr(nn.Module(), f"register_{register}")(name, value)


def test_what_is_at_a_path():
    model = nn.Sequential(nn.Sequential(nn.BatchNorm1d(3)))
    assert model.get_submodule("") is model and model.get_submodule("0.0") is model[0][0]
    assert model.get_parameter("0.0.weight") is model[0][0].weight
    assert model.get_buffer("0.0.running_mean") is model[0][0].running_mean
    for call, path in [("submodule", "0.7"), ("parameter", "0.0.running_mean"), ("buffer", "0.0.weight")]:
        with pytest.raises(ArgumentError, match=f"get_{call}: Sequential has no"):
            getattr(model, f"get_{call}")(path)


# --------------------------------------------------------------------------- what may stand where
@pytest.mark.parametrize(
    "value",
    [
        lambda w: Tensor(w.numpy()),
        lambda w: w * 0.5,
        lambda w: w.numpy(),
        lambda w: 0.0,
        lambda w: nn.Buffer(w.numpy()),
    ],
)
def test_a_parameter_is_only_replaced_by_a_parameter(value):
    layer = nn.Linear(3, 2)
    weight = layer.weight
    with pytest.raises(
        DTypeError, match=r"Linear: 'weight' is a parameter, .* module.weight.data = values"
    ):
        layer.weight = value(weight)
    assert layer.weight is weight
    layer.weight = other = nn.Parameter(np.zeros((2, 3)))
    assert layer.weight is other and next(layer.parameters()) is other
    layer.bias = None
    assert list(layer.state_dict()) == ["weight"]


@pytest.mark.parametrize("value", [lambda x: x, Tensor([1.0]), np.ones(2), 1.0])
def test_a_module_is_only_replaced_by_a_module(value: Any) -> None:  # E12
    net = nn.Sequential(nn.Linear(2, 2))
    net.last = nn.Linear(2, 1)
    count = len(list(net.parameters()))
    with pytest.raises(DTypeError, match=r"'last' is a module, got a .*; another module fits"):
        net.last = value
    assert len(list(net.parameters())) == count
    net.last = nn.ReLU()
    net.last = None
    assert len(list(net.parameters())) == count - 2


def test_a_path_that_is_no_text_is_refused() -> None:  # E25
    layer = nn.Linear(1, 1)
    before = {path: value.copy() for path, value in layer.state_dict().items()}
    with pytest.raises(StateError, match="paths are text, got 3"):
        layer.load_state_dict({"weight": np.ones((1, 1)), "bias": np.ones(1), 3: np.ones(1)})
    assert all((layer.state_dict()[path] == value).all() for path, value in before.items())


def test_a_buffer_stays_a_buffer():
    norm = nn.BatchNorm1d(2)
    norm.running_mean = norm.running_mean + 1
    assert isinstance(norm.running_mean, nn.Buffer) and norm.running_mean.name == "running_mean"
    with pytest.raises(DTypeError, match="'running_mean' is a buffer"):
        norm.running_mean = norm.weight * 2
    with pytest.raises(DTypeError, match="'running_mean' is a buffer"):
        norm.running_mean = "zero"


def test_a_module_below_itself_is_refused():
    class Child(nn.Module):
        def __init__(self, parent):
            self.parent = parent

    parent = nn.Sequential()
    child = Child(parent)
    with pytest.raises(ArgumentError, match="Sequential: 'child' holds this module itself"):
        parent.child = child
    with pytest.raises(ArgumentError, match="holds this module itself"):
        parent.itself = parent
    assert len(parent) == 0 and repr(child)


# --------------------------------------------------------------------------- state and types
@pytest.mark.parametrize("bad", ["text", np.array(["a"]), object(), [1, [2]], 1j])
def test_a_failed_load_changes_nothing(bad):
    model = net()
    state = {path: value + 1 for path, value in model.state_dict().items()}
    before = model.state_dict()
    with pytest.raises((DTypeError, StateError), match="load_state_dict: "):
        model.load_state_dict({**state, "2.bias": bad})
    with pytest.raises(DTypeError, match="load_state_dict: a mapping of paths to arrays fits, got str"):
        model.load_state_dict("model.npz")
    for path, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[path])


def test_types_of_a_model_change_in_place():
    model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.BatchNorm1d(2))
    weight = model[0].weight
    model(np.ones((4, 3), "f4")).sum().backward()
    assert model.double() is model and model[0].weight is weight
    assert {v.dtype for v in model.state_dict().values()} == {np.dtype("f8"), np.dtype("i8")}
    assert weight.grad.dtype == np.float64 and model(np.ones((4, 3))).dtype == np.float64
    model.zero_grad()
    model(np.ones((4, 3))).sum().backward()
    assert weight.grad.dtype == np.float64
    for dtype in (int, "nothing", "int32", None if False else "bool"):
        with pytest.raises(DTypeError, match="astype: a float dtype fits"):
            model.to(dtype)
    with pytest.raises(ArgumentError, match="device: 'mps:0' is not one of"):
        model.to("mps:0")
    model.zero_grad(set_to_none=False)
    assert not weight.grad.numpy().any() and model.to("cpu", np.float32)[0].weight.dtype == np.float32


# --------------------------------------------------------------------------- arrays at the door
def test_forward_gets_tensors_and_gives_tensors():
    class Net(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(4, 2, rng=0)

        def forward(self, x, *, scale):
            assert isinstance(x, Tensor) and isinstance(scale, Tensor)
            return self.fc(x.flatten(1)) * scale

    x = np.ones((2, 2, 2), "f4")
    y = Net()(x, scale=np.float32([2.0]))
    assert y.shape == (2, 2)
    y_before = y.numpy().copy()
    x[:] = np.nan  # the caller's array may be written over before backward
    (y**2).sum().backward()
    np.testing.assert_array_equal(y.numpy(), y_before)
    assert isinstance(nn.ReLU()([1.0, -1.0]), Tensor)

    class Words(nn.Module):
        def forward(self, text):
            return text

    words = np.array(["a", "b"])
    assert Words()(words) is words


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: nn.Linear(3, 2, v), "bias"),
        (lambda v: nn.Conv2d(1, 1, 3, bias=v), "bias"),
        (lambda v: nn.BatchNorm2d(3, affine=v), "affine"),
        (lambda v: nn.BatchNorm2d(3, track_running_stats=v), "track_running_stats"),
        (lambda v: nn.LayerNorm(3, bias=v), "bias"),
        (lambda v: nn.LayerNorm(3, elementwise_affine=v), "elementwise_affine"),
        (lambda v: nn.GroupNorm(1, 1, affine=v), "affine"),
        (lambda v: nn.MaxPool2d(2, ceil_mode=v), "ceil_mode"),
        (lambda v: nn.MaxPool2d(2, return_indices=v), "return_indices"),
        (lambda v: nn.AvgPool2d(2, count_include_pad=v), "count_include_pad"),
        (lambda v: nn.LPPool2d(2, 2, ceil_mode=v), "ceil_mode"),
        (lambda v: nn.AdaptiveMaxPool2d(2, v), "return_indices"),
        (lambda v: nn.KLDivLoss(log_target=v), "log_target"),
        (lambda v: nn.RBF([[0.0]], v), "learn"),
        (lambda v: nn.Upsample(2, mode="bilinear", align_corners=v), "align_corners"),
        (lambda v: nn.ReLU().train(v), "mode"),
        (lambda v: nn.ReLU().requires_grad_(v), "requires_grad"),
    ],
)
@pytest.mark.parametrize("value", ["False", 0, 1, "relu"])
def test_switches_take_true_and_false_only(make, name, value):
    with pytest.raises(DTypeError, match=f"{name} is True or False, got {value!r}"):
        make(value)


def test_arguments_that_do_not_exist_are_named_with_those_that_do():
    with pytest.raises(DTypeError, match=r"LeakyReLU: .*'slope'; the arguments are \(negative_slope"):
        nn.LeakyReLU(slope=0.1)
    with pytest.raises(DTypeError, match=r"PixelShuffle: missing a required argument: 'upscale_factor'"):
        nn.PixelShuffle()
