"""Modules: what they find in themselves, their state, their modes, and their errors."""

import copy
import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from tinygrad_cnn import DTypeError, ShapeError, StateError, Tensor, manual_seed, nn, no_grad, optim
from tinygrad_cnn import functional as F


def small() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=0),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5, rng=1),
        nn.Linear(4 * 4 * 4, 10, rng=2),
    )


IMAGES = np.random.default_rng(0).normal(size=(6, 1, 8, 8)).astype(np.float32)


class Residual(nn.Module):
    """A module of modules, with a parameter of its own defined last."""

    def __init__(self) -> None:
        self.body = nn.Sequential(nn.Linear(3, 3, rng=0), nn.Tanh())
        self.head = nn.Linear(3, 2, rng=1)
        self.scale = nn.Parameter([1.0])

    def forward(self, x):
        return self.head(x + self.body(x) * self.scale)


# --------------------------------------------------------------------------- what it finds
def test_names_and_order() -> None:
    model = Residual()
    names = ["scale", "body.0.weight", "body.0.bias", "head.weight", "head.bias"]
    assert [name for name, _ in model.named_parameters()] == names
    assert list(model.state_dict()) == names
    assert [path for path, _ in model.named_modules()] == ["", "body", "body.0", "body.1", "head"]
    assert [name for name, _ in model.named_children()] == ["body", "head"]
    assert [p.name for p in model.head.parameters()] == ["weight", "bias"]


def test_shared_parameters_and_modules_are_found_once() -> None:
    model = Residual()
    model.again = model.head
    model.tied = model.head.weight
    assert len(list(model.parameters())) == 5
    assert len(list(model.modules())) == 5
    assert {"again.weight", "tied", "head.weight"} <= set(model.state_dict())


def test_reassigned_and_deleted_attributes() -> None:
    model = Residual()
    model.head = nn.Linear(3, 4)
    del model.scale
    assert [name for name, _ in model.named_parameters()][-1] == "head.bias"
    assert model.head.weight.shape == (4, 3)


def test_repr_is_like_pytorchs() -> None:
    assert repr(Residual()) == (
        "Residual(\n"
        "  (body): Sequential(\n"
        "    (0): Linear(in_features=3, out_features=3, bias=True)\n"
        "    (1): Tanh()\n"
        "  )\n"
        "  (head): Linear(in_features=3, out_features=2, bias=True)\n"
        ")"
    )


def test_sequential() -> None:
    model = small()
    assert len(model) == 7 and isinstance(model[-1], nn.Linear)
    assert len(model[:3]) == 3 and model[:3][0] is model[0]
    assert [type(m).__name__ for m in model][:2] == ["Conv2d", "BatchNorm2d"]
    named = nn.Sequential(OrderedDict([("conv", nn.Conv2d(1, 1, 1)), ("act", nn.ReLU())]))
    assert list(named.state_dict()) == ["conv.weight", "conv.bias"]
    with pytest.raises(DTypeError, match="'1' must be a Module"):
        nn.Sequential(nn.ReLU(), F.relu)


# --------------------------------------------------------------------------- scopes and errors
def test_nodes_know_the_module_that_made_them() -> None:
    y = Residual()(Tensor(np.ones((1, 3), np.float32)))
    assert y.node.scope == "head"
    added = y.node.parents[0]
    assert (added.op.name, added.scope) == ("Add", "")
    tanh = added.parents[1].parents[0]
    assert (tanh.op.name, tanh.scope) == ("Tanh", "body.1")
    assert y.node.parents[1].role == "parameter" and y.node.parents[1].name == "weight"


def test_errors_begin_with_the_path_of_the_module() -> None:
    model = nn.Sequential(nn.Sequential(nn.Conv2d(3, 8, 3)), nn.ReLU())
    message = r"^0\.0: conv2d: x has 1 channels, w expects 3 \(x \(6, 1, 8, 8\), w \(8, 3, 3, 3\)\)$"
    with pytest.raises(ShapeError, match=message):
        model(Tensor(IMAGES))
    with pytest.raises(ShapeError, match=r"^conv2d: "):
        nn.Conv2d(3, 8, 3)(Tensor(IMAGES))
    # The scope has ended with the error.
    assert nn.ReLU()(Tensor([1.0], requires_grad=True)).node.scope == ""


def test_an_image_too_small_for_the_network_is_explained() -> None:
    model = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 1, 5))
    with pytest.raises(ShapeError, match=r"^1: conv2d: a kernel of 5×5 .* only 4×4"):
        model(Tensor(IMAGES))


def test_features_that_do_not_fit_a_linear_layer_are_explained() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(10, 2))
    with pytest.raises(ShapeError, match=r"^1: linear: x has 64 features, w expects 10"):
        model(Tensor(IMAGES))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2d(0, 1, 3), "in_channels must be at least 1"),
        (lambda: nn.Conv2d(1, 1, 0), "kernel_size must be at least 1"),
        (lambda: nn.Conv2d(1, 1, (3, 3, 3)), "kernel_size needs 1 or 2 numbers"),
        (lambda: nn.Conv2d(4, 6, 3, groups=4), "groups=4 must divide"),
        (lambda: nn.Conv2d(1, 1, 3, padding="full"), "'same', 'valid'"),
        (lambda: nn.Conv2d(1, 1, 3, stride=2, padding="same"), "needs stride 1"),
        (lambda: nn.Conv2d(1.5, 1, 3), "in_channels must be an integer"),
        (lambda: nn.Linear(3, -1), "out_features must be at least 1"),
        (lambda: nn.Dropout(1.5), r"p must lie in \[0, 1\]"),
        (lambda: nn.MaxPool2d(2, stride=0), "stride must be at least 1"),
        (lambda: nn.BatchNorm2d(3, momentum=2), "momentum must lie"),
        (lambda: nn.CrossEntropyLoss(reduction="average"), "'mean', 'sum', 'none'"),
    ],
)
def test_options_are_checked_before_the_first_image(make, message) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


# --------------------------------------------------------------------------- state
def test_state_round_trip_is_exact_and_a_copy() -> None:
    first, second = small(), small()
    nn.init.normal_(first[0].weight, rng=5)
    first(Tensor(IMAGES))  # moves the running statistics
    state = first.state_dict()
    assert second.load_state_dict(state) == ([], [])
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a, b)
    state["0.weight"][:] = 0
    assert first[0].weight.numpy().any()
    assert first.state_dict()["1.num_batches_tracked"] == 1


def test_a_state_that_does_not_fit_lists_everything_and_changes_nothing() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = model.state_dict()
    shapes = {"0.weight": (3, 5), "0.bias": 3, "1.weight": (1, 3), "extra": 1}
    state = {key: np.ones(shape) for key, shape in shapes.items()}
    with pytest.raises(StateError) as error:
        model.load_state_dict(state)
    message = str(error.value)
    assert "0.weight: got (3, 5), expected (3, 2)" in message
    assert "missing: 1.bias" in message and "unexpected: extra" in message
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[key])
    with pytest.raises(StateError):
        model.load_state_dict(state, strict=False)  # a wrong shape is never passed over
    state["0.weight"] = np.ones((3, 2))
    assert model.load_state_dict(state, strict=False) == (["1.bias"], ["extra"])
    assert model[0].weight.numpy().all()


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent(copier) -> None:
    model = small()
    other = copier(model)
    assert repr(other) == repr(model)
    np.testing.assert_array_equal(
        model.eval()(Tensor(IMAGES)).numpy(), other.eval()(Tensor(IMAGES)).numpy()
    )
    other[0].weight.data *= 0
    assert model[0].weight.numpy().any()


# --------------------------------------------------------------------------- modes
def test_train_and_eval_concern_dropout_and_batch_norm() -> None:
    model = small().eval()
    assert not any(m.training for m in model.modules())
    first, second = model(Tensor(IMAGES)).numpy(), model(Tensor(IMAGES)).numpy()
    np.testing.assert_array_equal(first, second)
    model.train()
    assert not np.array_equal(model(Tensor(IMAGES)).numpy(), model(Tensor(IMAGES)).numpy())


def test_batch_norm_statistics() -> None:
    layer = nn.BatchNorm2d(1, momentum=0.25)
    values = np.arange(4.0, dtype=np.float32).reshape(4, 1, 1, 1)
    y = layer(Tensor(values))
    np.testing.assert_allclose(y.numpy().std(), 1, rtol=1e-4)  # normalised by the biased variance
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.25 * 1.5)
    np.testing.assert_allclose(layer.running_var.numpy(), 0.75 + 0.25 * (5 / 3), rtol=1e-6)  # unbiased
    layer.eval()
    mean, var = layer.running_mean.numpy().copy(), layer.running_var.numpy().copy()
    expected = (values - mean) / np.sqrt(var + 1e-5)
    np.testing.assert_allclose(layer(Tensor(values)).numpy(), expected, rtol=1e-5)
    np.testing.assert_array_equal(layer.running_mean.numpy(), mean)
    with pytest.raises(ShapeError, match="more than 1 value"):
        layer.train()(Tensor(np.ones((1, 1, 1, 1), np.float32)))
    with pytest.raises(ShapeError, match="4 axes"):
        layer(Tensor(np.ones((2, 1), np.float32)))


def test_a_graph_through_eval_batch_norm_is_not_confused_by_later_training() -> None:
    layer = nn.BatchNorm2d(1).eval()
    x = Tensor(IMAGES, requires_grad=True)
    y = layer(x).sum()
    layer.train()(Tensor(IMAGES * 7 + 3))
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 1 / np.sqrt(1 + 1e-5), rtol=1e-6)


def test_dropout_keeps_the_expectation_and_repeats_with_its_seed() -> None:
    x = np.ones(20_000, np.float32)
    y = nn.Dropout(0.3, rng=7)(Tensor(x)).numpy()
    assert abs(y.mean() - 1) < 0.02 and set(np.unique(y)) == {0.0, np.float32(1 / 0.7)}
    np.testing.assert_array_equal(y, nn.Dropout(0.3, rng=7)(Tensor(x)).numpy())
    assert nn.Dropout(1.0)(Tensor(x)).numpy().sum() == 0


def test_freezing() -> None:
    model = nn.Sequential(nn.Linear(3, 3, rng=0), nn.Linear(3, 1, rng=1))
    model[0].requires_grad_(False)
    model(Tensor(np.ones((2, 3), np.float32))).sum().backward()
    assert model[0].weight.grad is None and model[1].weight.grad is not None
    model.zero_grad()
    assert model[1].weight.grad is None


def test_apply_visits_children_before_parents() -> None:
    seen = []
    Residual().apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "Tanh", "Sequential", "Linear", "Residual"]


# --------------------------------------------------------------------------- it learns, and repeats
def train(seed: int, steps: int) -> list[np.ndarray]:
    manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(), nn.Linear(72, 3))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    labels = np.arange(6) % 3
    for _ in range(steps):
        loss = F.cross_entropy(model(Tensor(IMAGES)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [*model.state_dict().values(), np.array(loss.item())]


def test_a_seed_fixes_everything() -> None:
    for a, b in zip(train(3, 20), train(3, 20), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(train(3, 1)[0], train(4, 1)[0])


def test_a_seed_fixes_everything_in_every_process() -> None:
    program = (
        "import hashlib, sys; sys.path.insert(0, 'tests/nn'); from test_module import train; "
        "print(hashlib.sha256(b''.join(a.tobytes() for a in train(3, 10))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_small_network_learns_its_images_by_heart() -> None:
    assert train(0, 100)[-1] < 0.1


def test_default_weights_lie_within_their_bound() -> None:
    layer = nn.Conv2d(4, 8, 3, rng=0)
    bound = 1 / np.sqrt(4 * 9)
    for parameter in layer.parameters():
        assert abs(parameter.numpy()).max() <= bound
    assert layer.weight.numpy().std() == pytest.approx(bound / np.sqrt(3), rel=0.1)


def test_inference_under_no_grad_records_nothing() -> None:
    with no_grad():
        y = small()(Tensor(IMAGES))
    assert y.is_leaf
