"""Work to interrupt: pieces on data that never change, each giving arrays that never differ.

Each makes all that it uses, so nothing half done is met again: what is left is what the process shares.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import nn, rng
from tinygrad_cnn.data import ArrayDataset, DataLoader
from tinygrad_cnn.graph import MODE, scope
from tinygrad_cnn.mode import enable_grad, no_grad, set_grad_enabled
from tinygrad_cnn.recomputing import checkpoint
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.train.evaluation import Evaluator
from tinygrad_cnn.transforms import hvp

Arrays = list[Any]


def shared_state() -> list[Any]:
    """Note what an interrupt must leave as it was: the mode, what notes draws, the collector of garbage.

    >>> shared_state()[:2]
    [[True, (), None, 0], None]
    """
    return [list(MODE.get()), rng._used.get(), gc.isenabled()]


def _images(count: int = 4) -> tuple[Any, Any]:
    draw = np.random.default_rng(1)
    return draw.normal(size=(count, 3, 8, 8)).astype(np.float32), draw.integers(0, 5, count)


def _network() -> nn.Sequential:
    draw = np.random.default_rng(2)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, rng=draw), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.25, rng=np.random.default_rng(3)), nn.Linear(36, 5, rng=draw),
    )  # fmt: skip


def _gradients(network: nn.Module) -> Arrays:
    return [p.grad.numpy().copy() for p in network.parameters() if p.grad is not None]


def products() -> Arrays:
    """A step through a network of matrix products, and a look without recording."""
    draw = np.random.default_rng(1)
    network = nn.Sequential(nn.Linear(64, 256, rng=draw), nn.ReLU(), nn.Linear(256, 10, rng=draw))
    x, labels = draw.normal(size=(128, 64)).astype(np.float32), draw.integers(0, 10, 128)
    loss = F.cross_entropy(network(x), labels)
    loss.backward()
    with no_grad():
        again = network(x)
    return [loss.numpy().copy(), again.numpy().copy(), *_gradients(network)]


def convolutions() -> Arrays:
    """A step through convolution, normalisation and pooling."""
    x, labels = _images()
    network = _network()
    loss = F.cross_entropy(network(x), labels)
    loss.backward()
    return [loss.numpy().copy(), *_gradients(network)]


def checkpointed() -> Arrays:
    """The same, computed again in the walk."""
    x, labels = _images()
    network = _network()
    loss = F.cross_entropy(checkpoint(network, x), labels)
    loss.backward()
    return [loss.numpy().copy(), *_gradients(network)]


def slopes() -> Arrays:
    """Derivatives of derivatives."""
    x = Tensor(np.linspace(-1, 1, 6), requires_grad=True)
    first = grad((x.tanh() * x).sum(), x, create_graph=True)
    second = grad(first.sum(), x)
    return [second.numpy().copy(), hvp(lambda t: (t**3).sum(), x.numpy().copy(), np.ones(6))[1].numpy()]


def blocks() -> Arrays:
    """Blocks inside blocks, in a generator that is left early, and around functions."""

    def unrecorded(x: Tensor) -> Generator[Tensor, None, None]:
        with no_grad(), scope("inside"):
            yield x * 2

    @enable_grad()
    def recorded(x: Tensor) -> Tensor:
        return x * x

    x = Tensor([1.0, 2.0], requires_grad=True)
    with set_grad_enabled(False):
        y = recorded(x)
    early = unrecorded(x)
    z = next(early)
    early.close()
    y = y + z
    y.sum().backward()
    return [y.numpy().copy(), x.grad.numpy().copy()]  # type: ignore[union-attr]


def loading() -> Arrays:
    """Batches that a thread makes ahead, left before the end."""
    x, labels = _images(12)
    data = ArrayDataset(x, labels)
    found: Arrays = []
    for batch, _ in DataLoader(data, batch_size=3, shuffle=True, rng=5, prefetch=2):
        found.append(np.asarray(batch).copy())
        if len(found) == 3:
            break
    return found


def evaluation() -> Arrays:
    """The result of a model in evaluation mode, and a draw that is forgotten."""
    x, labels = _images()
    network = _network()
    with rng.undisturbed(network):
        network(x)
    found = Evaluator(network, F.cross_entropy)
    return [found.predict(x), np.array(found.evaluate(x, labels)["loss"])]


WORKS: dict[str, Callable[[], Arrays]] = {
    work.__name__: work
    for work in (products, convolutions, checkpointed, slopes, blocks, loading, evaluation)
}
