"""Whose call a box belongs to: modules that are used again, shared, nested, and alike by name only."""

from __future__ import annotations

import gc

import numpy as np

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from viz.model.boxes import Model

X = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)


def modules_of(model: Model) -> list[str]:
    return [box.name for box in model.boxes if box.kind == "module"]


# --------------------------------------------------------------------------- programs that people bring
class Siamese(nn.Module):
    def __init__(self) -> None:
        self.net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return ((self.net(a) - self.net(b)) ** 2).sum()


def test_each_call_of_a_module_is_a_box() -> None:
    picture = viz.graph(Siamese(), inputs=(X, X), depth=0)
    assert modules_of(picture.model) == ["net", "net, 2nd call"]
    assert "· 30 parameters" in picture.source  # counted once
    whole = viz.graph(Siamese(), inputs=(X, X))
    assert whole.source.count("subgraph") == 2
    assert ">net<" in whole.source and ">net, 2nd call<" in whole.source


def test_two_models_of_one_class_are_two_boxes() -> None:
    encoder, decoder = (nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4)) for _ in range(2))
    picture = viz.graph(decoder(encoder(Tensor(X, requires_grad=True))), depth=0)
    assert modules_of(picture.model) == ["Sequential 1", "Sequential 2"]
    names = {"encoder": encoder, "decoder": decoder}
    named = viz.graph(decoder(encoder(Tensor(X, requires_grad=True))), depth=0, names=names)
    assert modules_of(named.model) == ["encoder", "decoder"]


def test_a_step_of_a_gan_shows_each_network_and_each_use() -> None:
    class Generator(nn.Sequential):
        pass

    class Critic(nn.Sequential):
        pass

    generator = Generator(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    critic = Critic(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
    fake = generator(Tensor(X))
    losses = [critic(fake).mean(), critic(Tensor(X)).mean()]
    picture = viz.graph(losses, depth=0)
    assert modules_of(picture.model) == ["Generator", "Critic", "Critic, 2nd call"]


def test_a_model_that_is_gone_keeps_the_name_of_its_class() -> None:
    def losses() -> list[Tensor]:
        nets = [nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(2)]
        return [net(Tensor(X)).sum() for net in nets]

    made = losses()
    gc.collect()
    assert modules_of(viz.graph(made, depth=0).model) == ["Sequential 1", "Sequential 2"]


def test_the_same_module_under_several_names_has_its_first() -> None:
    layer, act = nn.Linear(4, 4), nn.Tanh()
    model = nn.Sequential(layer, act, layer, act, layer)
    picture = viz.graph(model, inputs=X)
    assert [box.path for box in picture.model.boxes[1:]] == [
        "0", "1", "0, 2nd call", "1, 2nd call", "0, 3rd call"
    ]  # fmt: skip
    assert picture.source.count("subgraph") == 0  # no frame around single operations
    assert "· 20 parameters" in picture.source


class Tutorial(nn.Module):
    """The network of PyTorch's tutorial on CIFAR-10: one pooling for two places."""

    def __init__(self) -> None:
        self.conv1, self.pool, self.conv2 = nn.Conv2d(3, 6, 5), nn.MaxPool2d(2, 2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = F.flatten(x, 1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def test_a_pooling_for_two_places_makes_no_frame() -> None:
    picture = viz.graph(Tutorial(), inputs=np.zeros((1, 3, 32, 32), np.float32))
    assert "subgraph" not in picture.source
    names = [box.name for box in picture.model.boxes[1:]]
    assert names == [*["Conv", "ReLU", "MaxPool"] * 2, "Reshape", *["Linear", "ReLU"] * 2, "Linear"]


def test_layers_in_a_plain_list_are_told_apart() -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            self.layers = [nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(2)]

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = layer(x)
            return x

    assert modules_of(viz.graph(Plain(), inputs=X, depth=0).model) == ["Sequential 1", "Sequential 2"]


# --------------------------------------------------------------------------- nothing vanishes silently
def test_labels_indices_and_masks_are_inputs_too() -> None:
    labels = np.array([1, 0, 1, 1, 0, 1])
    tokens = np.arange(6).reshape(2, 3)
    h = nn.Embedding(9, 2, rng=0)(tokens).reshape(6, 2)
    loss = F.cross_entropy(F.where(np.ones((6, 2)) > 0, h, 0.0), labels)
    inputs = [(box.name, box.dtype, box.shape) for box in viz.graph(loss).model.boxes if box.is_leaf]
    assert inputs == [
        ("indices", "int64", (2, 3)), ("mask", "bool", (6, 2)), ("labels", "int64", (6,))
    ]  # fmt: skip


def test_inputs_that_do_not_fit_are_counted() -> None:
    rows = [Tensor(np.ones((k + 1, 2)), requires_grad=True, name=f"row {k}") for k in range(45)]
    picture = viz.graph(F.concatenate([row * 2 for row in rows]), max_nodes=12)
    drawn = sum(box.repeats for box in picture.model.boxes if box.kind == "input")
    assert drawn + sum(box.inputs for box in picture.model.boxes) == 45
    assert "inputs inside" in picture.source and "inputs inside" in str(picture)


def test_a_result_without_a_graph_says_why() -> None:
    y = nn.Linear(4, 2, rng=0).requires_grad_(False)(Tensor(X))
    assert "no graph: computed under no_grad()" in viz.graph(y).source
