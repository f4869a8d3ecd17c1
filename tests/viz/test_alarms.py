"""Marks on pictures: none on what is healthy, one on each sickness that was planted."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import viz
from benchmarks.zoo import ZOO
from tinygrad_cnn import Tensor, manual_seed, nn, no_grad, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import models
from viz.write import style


def marks(picture: viz.Picture) -> list[str]:
    """All that there is to look at, in words."""
    return [m.text for m in picture.model.marks] + [m.text for b in picture.model.boxes for m in b.marks]


def trained(
    model: nn.Module, x: np.ndarray, t: np.ndarray, steps: int = 3, lr: float = 1e-2
) -> viz.Picture:
    """The picture of the last of some steps of training."""
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for k in range(steps):
        with viz.record() if k == steps - 1 else no_record() as recorder:
            outputs = model(Tensor(x, name="x"))
            loss = F.cross_entropy(outputs, t) if t.dtype.kind == "i" else F.mse_loss(outputs, t)
            optimizer.zero_grad()
            loss.backward()
        optimizer.step()
    return viz.graph(loss, recorder=recorder, max_nodes=None)


class no_record:
    def __enter__(self) -> None:
        """Nothing is watched."""

    def __exit__(self, *error: object) -> None:
        """Nothing was."""


def batch(shape: tuple[int, ...], classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, dtype=np.float32)
    return x, rng.integers(classes, size=shape[0]) if classes else x.copy()


#: Of the zoo, what takes a moment; the others are slow.
QUICK = (
    "transformer",
    "vit",
    "tiny1",
    "lstm",
    "gru",
    "dcgan",
    "norms",
    "wavenet",
    "densenet",
    "autoencoder",
)


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in ZOO if name not in QUICK)]
)
def test_a_network_of_the_zoo_that_trains_well_has_no_mark(name: str) -> None:
    manual_seed(0)
    network = ZOO[name]
    shape = (min(network.batch[0], 4), *network.batch[1:])
    if name == "tiny1":
        shape = network.batch
    model = network.build(nn)
    x, t = batch(shape, network.classes)
    outputs = model(Tensor(x))
    if not network.classes or outputs.ndim != 2:
        t = np.full(outputs.shape, 0.5, np.float32)
    assert marks(trained(model, x, t, steps=2)) == []


LEDGER = {
    "lenet5": lambda: models.lenet5(padding=2, output="dense", rng=0),
    "simple_convnet": lambda: models.simple_convnet(rng=0),
    "deep_convnet": lambda: models.deep_convnet(rng=0),
}  # fmt: skip


@pytest.mark.parametrize("name", LEDGER)
def test_a_network_of_the_ledger_that_trains_well_has_no_mark(name: str) -> None:
    x, t = batch((4, 1, 28, 28), 10)
    assert marks(trained(LEDGER[name](), x, t, steps=2)) == []


#: Networks that the ledger trains: the example, what makes it and with what, and the shape of an input.
EXAMPLES = {
    "best_of_all": ("best_of_all", "network", (0,), (1, 28, 28)),
    "character_lstm": ("character_lstm", "Writer", (0,), (8,)),
    "digits": ("digits", "build_model", (8,), (1, 8, 8)),
    "gru_classifier": ("gru_classifier", "Reader", (0,), (8, 8)),
    "hyperparameter_search": ("hyperparameter_search", "net", (64, 0), (64,)),
    "mnist_convnet": ("mnist_convnet", "build_model", (), (1, 28, 28)),
    "optimizers": ("optimizers", "net", (0,), (1, 8, 8)),
    "residual_and_inception": ("residual_and_inception", "network", (0,), (1, 8, 8)),
    "a stack with shortcuts": ("residual_and_inception", "Stack", (10, True, 0), (8, 8, 8)),
    "dense": ("shift_invariance", "dense", (0,), (1, 28, 28)),
    "convolution and pooling": ("shift_invariance", "pooled", (0,), (1, 28, 28)),
    "largest of all places": ("shift_invariance", "anywhere", (0,), (1, 28, 28)),
    "small_transformer": ("small_transformer", "Sorter", (0,), (8,)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_network_of_the_examples_that_trains_well_has_no_mark(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "examples"))
    example, builder, options, shape = EXAMPLES[name]
    module = import_module(example)
    model, rng = getattr(module, builder)(*options), np.random.default_rng(0)
    x = rng.standard_normal((8, *shape), dtype=np.float32)
    if shape == (8,):
        x = rng.integers(0, len(module.LETTERS), (8, *shape))

    def loss() -> Tensor:
        outputs = model(Tensor(x))
        first = outputs[0] if isinstance(outputs, tuple) else outputs
        return F.mse_loss(first, np.full(first.shape, 0.5, np.float32))

    adam, losses = optim.Adam(model.parameters(), lr=1e-3), []
    for _ in range(4):
        adam.zero_grad()
        with viz.record() as recorder:
            last = loss()
            last.backward()
        adam.step()
        losses.append(last.item())
    assert losses[-1] < losses[0]
    assert marks(viz.graph(last, recorder=recorder, max_nodes=None)) == []


# --------------------------------------------------------------------------- planted
def mlp(depth: int = 3, act: type[nn.Module] = nn.ReLU, width: int = 16) -> nn.Sequential:
    layers: list[nn.Module] = []
    for k in range(depth):
        layers += [nn.Linear(width, width, rng=k), act()]
    return nn.Sequential(*layers, nn.Linear(width, 3, rng=99))


X, T = batch((32, 16), 3)


def test_a_healthy_perceptron_has_no_mark() -> None:
    assert marks(trained(mlp(), X, T)) == []


def test_a_dead_rectifier_is_marked() -> None:
    model = mlp()
    model[2].bias.data = np.full(16, -100.0, np.float32)
    assert any("dead" in text for text in marks(trained(model, X, T, steps=1)))


def test_a_vanishing_gradient_is_marked() -> None:
    assert "vanished gradient" in marks(trained(mlp(16, nn.Sigmoid), X, T, steps=1))


def test_an_exploding_gradient_is_marked() -> None:
    model = mlp(8)
    for p in model.parameters():
        p.data *= 30.0
    assert "exploded gradient" in marks(trained(model, X, T, steps=1))


def test_the_first_nan_is_marked_where_it_arises() -> None:
    model = mlp()
    model[2].weight.data[0, 0] = np.nan
    with np.errstate(all="ignore"):
        picture = trained(model, X, T, steps=1)
    assert next(m.text for b in picture.model.boxes for m in b.marks).startswith("first NaN")


def test_a_layer_frozen_among_trained_ones_is_marked() -> None:
    model = mlp()
    model[2].requires_grad_(False)
    assert marks(trained(model, X, T)) == ["frozen, between layers that are trained"]


def test_a_frozen_front_and_a_frozen_whole_with_small_trained_parts_are_usual() -> None:
    front, adapted = mlp(), mlp(4)
    front[0].requires_grad_(False)
    front[2].requires_grad_(False)
    assert marks(trained(front, X, T)) == []
    for k in (2, 4, 6):
        adapted[k].requires_grad_(False)
    assert marks(trained(adapted, X, T)) == []


class Forgetful(nn.Module):
    def __init__(self) -> None:
        self.body, self.head, self.aux = mlp(1), nn.Linear(3, 3, rng=5), nn.Linear(4, 4, rng=6)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


def test_a_parameter_that_is_never_used_is_marked_with_and_without_a_recorder() -> None:
    assert marks(trained(Forgetful(), X, T)) == ["never used: aux.weight, aux.bias"]
    model = Forgetful()
    loss = F.cross_entropy(model(Tensor(X)), T)
    assert marks(viz.graph(loss)) == ["never used: aux.weight, aux.bias"]


class Cut(nn.Module):
    def __init__(self, how: str) -> None:
        self.how, self.body, self.head = how, mlp(1), nn.Linear(3, 3, rng=5)

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "no_grad":
            with no_grad():
                return self.head(self.body(x))
        return self.head(self.body(x).detach())


def test_a_body_that_is_cut_off_is_marked_at_the_cut() -> None:
    picture = viz.graph(Cut("detach"), inputs=X)
    (box,) = (box for box in picture.model.boxes if box.marks)
    assert box.name == "Detach" and "cuts 4 parameters off" in box.marks[0].text


def test_a_loss_that_is_connected_to_nothing_is_marked() -> None:
    with viz.record() as recorder:
        loss = F.cross_entropy(Cut("no_grad")(Tensor(X, name="x")), T)
    assert marks(viz.graph(loss, recorder=recorder)) == ["no gradient flows back to any parameter"]
    frozen = mlp().requires_grad_(False)
    with viz.record() as recorder:
        loss = F.cross_entropy(frozen(Tensor(X, name="x")), T)
    assert marks(viz.graph(loss, recorder=recorder)) == ["no gradient flows back to any parameter"]


def test_a_critics_step_with_a_detached_generator_has_no_mark() -> None:
    generator, critic = mlp(1), nn.Sequential(nn.Linear(3, 8, rng=1), nn.ReLU(), nn.Linear(8, 1, rng=2))
    with viz.record() as recorder:
        fake = generator(Tensor(X, name="noise"))
        loss = F.softplus(critic(fake.detach())).mean()
        loss.backward()
    picture = viz.graph(loss, recorder=recorder)
    assert marks(picture) == []
    assert "Detach" in {box.name for box in picture.model.boxes} and picture.model.operations > 6


# --------------------------------------------------------------------------- what is outside the graph
def test_what_ran_under_no_grad_is_drawn_and_counted() -> None:
    front, head = mlp(1), nn.Linear(3, 2, rng=3)
    with viz.record() as recorder:
        with no_grad():
            features = front(Tensor(X, name="x"))
        loss = F.cross_entropy(head(features), T % 2)
    picture = viz.graph(loss, recorder=recorder)
    assert "5 operations (3 outside the graph)" in picture.summary
    assert [box.name for box in picture.model.boxes if not box.recorded] == [
        "Linear", "ReLU", "Linear", "Detach"
    ]  # fmt: skip


def test_the_recorder_keeps_nothing_outside_the_graph_alive_but_what_is_used() -> None:
    with viz.record() as recorder, no_grad():
        for _ in range(50):
            mlp(1)(Tensor(X))
    assert len(recorder._origins._known) < 20


def test_trainable_or_not_is_seen_before_backward() -> None:
    w, x = Tensor([1.0, 2.0], requires_grad=True, name="w"), Tensor([1.0, 2.0], name="x")
    text = str(viz.graph((w * x).sum()))
    assert "w  input float32  requires grad" in text and "x  input float32  " in text
    assert "x  input float32  requires grad" not in text
    frozen = mlp().requires_grad_(False)
    frozen[6].requires_grad_(True)
    source = viz.graph(frozen, inputs=X).source
    assert source.count("rounded,filled,dashed") == 3 and "requires grad" not in source


def test_features_of_inputs_that_want_no_gradient_are_not_called_detached() -> None:
    x = Tensor(np.linspace(0, 1, 8, dtype=np.float32).reshape(4, 2), name="x")
    with viz.record() as recorder:
        y = nn.Linear(4, 1, rng=0)(F.concatenate([F.sin(x), F.cos(x)], axis=1))
    boxes = viz.graph(y, recorder=recorder).model.boxes
    assert [box.name for box in boxes] == ["x", "Sin", "Cos", "Concatenate", "Linear"]
    with viz.record(holding=True) as recorder:
        y = F.sin(nn.Linear(2, 4, rng=0)(x)).detach() @ nn.Parameter(np.ones((4, 1), np.float32))
    assert "Detach" in [box.name for box in viz.graph(y, recorder=recorder).model.boxes]


def test_a_gradient_of_zero_is_never_dark() -> None:
    assert style.heat(0.0, 0.0) == style.heat(0.0, 1.0) != style.heat(1.0, 1.0)
