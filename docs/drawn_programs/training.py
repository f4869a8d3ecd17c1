"""Steps of training, parts of networks, and graphs that are hard to draw."""

from __future__ import annotations

from typing import Any

import numpy as np

import viz
from drawn_programs.attention import Block
from drawn_programs.collection import Drawn, array, program
from drawn_programs.images import depthwise
from tinygrad_cnn import Tensor, nn, no_grad
from tinygrad_cnn import functional as F


@program
def frozen_body() -> Drawn:
    """A frozen body with a new head, before training."""
    body = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.ReLU(), nn.Flatten())
    model = nn.Sequential(body.requires_grad_(False), nn.Linear(144, 3, rng=1))
    return model, {"inputs": array(2, 1, 8, 8)}


@program
def frozen_front_of_a_loss() -> Drawn:
    """The loss of a network whose front was computed without a graph."""
    front, head = nn.Sequential(nn.Linear(4, 8, rng=0), nn.Tanh()), nn.Linear(8, 2, rng=1)
    with viz.record() as recorder:
        with no_grad():
            features = front(Tensor(array(3, 4), name="x"))
        loss = F.cross_entropy(head(features), [0, 1, 1])
        loss.backward()
    return loss, {"recorder": recorder, "names": {"front": front, "head": head}}


@program
def critic_step() -> Drawn:
    """A step of a GAN's critic: the generator's images are detached."""
    generator = nn.Sequential(nn.Linear(3, 8, rng=0), nn.ReLU(), nn.Linear(8, 4, rng=1))
    critic = nn.Sequential(nn.Linear(4, 8, rng=2), nn.LeakyReLU(0.2), nn.Linear(8, 1, rng=3))
    with viz.record(holding=True) as recorder:
        fake = generator(Tensor(array(5, 3), name="noise"))
        real = Tensor(array(5, 4), name="real")
        loss = (F.softplus(critic(fake.detach())) + F.softplus(-critic(real))).mean()
        loss.backward()
    return loss, {"recorder": recorder, "names": {"G": generator, "D": critic}, "fold": True}


@program
def quantised_codes() -> Drawn:
    """A straight-through estimator, as in VQ-VAE: values of the code, gradients of the input."""
    encoder, decoder = nn.Linear(6, 4, rng=0), nn.Linear(4, 6, rng=1)
    with viz.record(holding=True) as recorder:
        x = Tensor(array(3, 6), name="x")
        z = encoder(x)
        code = Tensor(np.sign(z.numpy()), name="code")
        straight = z + (code - z).detach()
        loss = F.mse_loss(decoder(straight), x) + 0.25 * F.mse_loss(z, code)
        loss.backward()
    return loss, {"recorder": recorder, "names": {"encoder": encoder, "decoder": decoder}}


@program
def depthwise_on_a_slide() -> Drawn:
    """The same for a slide: in columns, numbers where one ends and the next goes on."""
    thing, options = depthwise()
    return thing, {**options, "page": "16:9"}


@program
def notes_and_colours() -> Drawn:
    """Notes and colours of one's own: the share of zeros in each weight."""
    layers = [
        nn.Linear(6, 12, rng=0),
        nn.ReLU(),
        nn.Linear(12, 12, rng=1),
        nn.ReLU(),
        nn.Linear(12, 2, rng=2),
    ]
    model = nn.Sequential(*layers)
    model[2].weight.data *= array(12, 12) > 0.5

    def zeros(node: Any) -> float | None:
        module = node.call.module() if node.call is not None and node.call.module is not None else None
        held = module if isinstance(module, nn.Linear) else None
        return None if held is None else float((held.weight.numpy() == 0).mean())

    def words(node: Any) -> str | None:
        share = zeros(node)
        return None if share is None else f"{100 * share:.0f} % of the weights are 0"

    return model, {"inputs": array(3, 6), "note": words, "color": zeros}


@program
def part_of_a_transformer() -> Drawn:
    """A part of a picture: the attention of one block."""
    return Block(8), {"inputs": array(2, 5, 8), "between": ("attention", "attention")}


@program
def batch_norm_step() -> Drawn:
    """A training step with batch norm and dropout, after backward."""
    layers = [nn.Conv2d(1, 4, 3, rng=0), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5, rng=1), nn.Flatten()]
    model = nn.Sequential(*layers, nn.Linear(144, 3, rng=2))
    with viz.record() as recorder:
        loss = F.cross_entropy(model(Tensor(array(4, 1, 8, 8), name="images")), [0, 1, 2, 0])
        loss.backward()
    return loss, {"recorder": recorder, "legend": True}


@program
def forty_five_inputs() -> Drawn:
    """Forty-five inputs of one sum."""
    x = [Tensor(array(2, 3), requires_grad=True, name=f"x{k}") for k in range(45)]
    return F.concatenate(x, axis=0).sum(), {}


@program
def masked_loss() -> Drawn:
    """A loss where a mask chooses, with labels and indices."""
    scores = Tensor(array(4, 6), requires_grad=True, name="scores")
    picked = F.where(array(4, 6) > 0, scores, 0.0)[[0, 2, 3]]
    return F.cross_entropy(picked, np.array([1, 0, 5])), {}


@program
def five_thousand_operations() -> Drawn:
    """Five thousand operations that follow no pattern."""
    rng = np.random.default_rng(0)
    made = [Tensor(array(2, 2), requires_grad=True, name="x")] * 2
    for what in rng.integers(4, size=5000):
        a, b = made[-1], made[-int(rng.integers(1, 8)) % len(made)]
        made.append([a + b, a * b, F.tanh(a), F.relu(a)][what])
    return made[-1], {"max_nodes": 16, "fold": False}


@program
def neural_ode() -> Drawn:
    """Twelve steps of Runge and Kutta through one network."""
    net = nn.Sequential(nn.Linear(2, 8, rng=0), nn.Tanh(), nn.Linear(8, 2, rng=1))
    x, h = Tensor(array(3, 2), requires_grad=True, name="x"), 0.1
    for _ in range(12):
        k1 = net(x)
        k2 = net(x + h * k1)
        x = x + h / 2 * (k1 + k2)
    return x, {"names": {"net": net}}


@program
def graph_network() -> Drawn:
    """Two rounds of messages in a graph network."""
    links = np.eye(5, dtype=np.float32) * 0.5 + 0.1
    first, second = nn.Linear(3, 8, rng=0), nn.Linear(8, 2, rng=1)
    x = Tensor(array(5, 3), name="nodes")
    adjacency = Tensor(links, name="links")
    return adjacency @ second(F.relu(adjacency @ first(x))), {"names": {"first": first, "second": second}}
