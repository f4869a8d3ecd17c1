"""The networks to be timed, each written once: `tinygrad_cnn.nn` and `torch.nn` have the same layers.

A builder takes the namespace with the layers, so both engines build the same network from the same
lines, with the same keys in its state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from math import prod, sqrt
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def mlp(nn: Any) -> Any:
    """784-50-10 with ReLU."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))


def xor(nn: Any) -> Any:
    """2-4-1 with sigmoids: the smallest network that learns something."""
    return nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid())


def seed001(nn: Any) -> Any:
    """Two 3×3 convolutions with ReLU and max-pool, and one linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(784, 10),
    )  # fmt: skip


def simple(nn: Any) -> Any:
    """SimpleConvNet: one 5×5 convolution, two linear layers.

    Source: Saito 2016, "Deep Learning from Scratch", chapter 7.
    """
    return nn.Sequential(
        nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4320, 100), nn.ReLU(), nn.Linear(100, 10),
    )  # fmt: skip


def lenet(nn: Any) -> Any:
    """LeNet-5 with sigmoids and average pooling.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition".
    """
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(),
        nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )  # fmt: skip


def deep(nn: Any) -> Any:
    """DeepConvNet: six 3×3 convolutions, dropout before the last layer.

    Source: Saito 2016, "Deep Learning from Scratch", chapter 8.
    """
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=2), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1024, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 10),
    )  # fmt: skip


def vgg11(nn: Any) -> Any:
    """VGG-11 with batch norm, for images of 32×32.

    Source: Simonyan & Zisserman 2014, arXiv:1409.1556, configuration A.
    """
    layers, channels = [], 3
    for stage in ((64,), (128,), (256, 256), (512, 512), (512, 512)):
        for width in stage:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))


def alex(nn: Any) -> Any:
    """A net after AlexNet with batch norm, for images of 224×224.

    Source: Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks".
    """
    return nn.Sequential(
        nn.Conv2d(3, 6, 11, stride=4), nn.ReLU(), nn.BatchNorm2d(6), nn.MaxPool2d(3, 2),
        nn.Conv2d(6, 256, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(256), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(384),
        nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(384),
        nn.Conv2d(384, 356, 3), nn.ReLU(), nn.BatchNorm2d(356), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(5696, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, 1000), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1000, 2),
    )  # fmt: skip


@dataclass(frozen=True)
class Network:
    """A network, its batch, and how far two engines can be compared on it.

    Attributes:
        build: makes it from a namespace of layers.   batch: shape of its input.
        classes: labels run from 0 to classes - 1; 0 for a squared error against values in [0, 1).
        compared: how many training steps must give the same loss. One where ReLU or max-pool lie
            deep: there a rounding that flips one sign changes later losses by far more.
        optimizer: what it is usually trained with.
    """

    build: Callable[[Any], Any]
    batch: tuple[int, ...]
    classes: int
    compared: int
    optimizer: str = "SGD"


#: The networks that count for the geometric mean.
NETWORKS = {
    "mlp100": Network(mlp, (100, 1, 28, 28), 10, 3),
    "seed001": Network(seed001, (128, 1, 28, 28), 10, 3),
    "simple100": Network(simple, (100, 1, 28, 28), 10, 3),
    "lenet64": Network(lenet, (64, 1, 28, 28), 10, 3),
    "deep100": Network(deep, (100, 1, 28, 28), 10, 1),
    "vgg11-32": Network(vgg11, (32, 3, 32, 32), 10, 1),
    "alex8": Network(alex, (8, 3, 224, 224), 2, 1),
}
#: Networks so small that a step costs little more than its nodes.
SMALL = {"xor4": Network(xor, (4, 2), 0, 3), "mlp1": Network(mlp, (1, 1, 28, 28), 10, 3)}


def stack(channels: int, size: int, depth: int) -> Callable[[Any], Any]:
    """The builder of `depth` 3×3 convolutions with ReLU, a max-pool by 2, and a linear layer."""

    def build(nn: Any) -> Any:
        layers = []
        for _ in range(depth):
            layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
        last = nn.Linear(channels * (size // 2) ** 2, 10)
        return nn.Sequential(*layers, nn.MaxPool2d(2), nn.Flatten(), last)

    return build


#: Where the stacks start from, and the values that each of its measures takes in turn.
STACK = {"batch": 32, "image": 28, "channels": 8, "depth": 1}
GROWTH_VALUES = {
    "batch": (1, 2, 4, 8, 16, 32, 64, 128),
    "image": (16, 20, 24, 27, 28, 29, 30, 31, 32, 40, 48, 56, 64),
    "channels": (3, 4, 5, 7, 8, 16, 17, 32, 64),
    "depth": (1, 2, 3, 4, 5, 6, 7, 8),
}


def _grown(measure: str, value: int) -> Network:
    of = {**STACK, measure: value}
    batch = (of["batch"], of["channels"], of["image"], of["image"])
    return Network(stack(of["channels"], of["image"], of["depth"]), batch, 10, 1)


#: A stack for each value of each measure, the others as they are in STACK: "batch 1", "image 27", ...
GROWTH = {f"{m} {v}": _grown(m, v) for m, values in GROWTH_VALUES.items() for v in values}


def find(name: str) -> Network:
    """The network of this name, whatever part it belongs to.

    >>> find("image 27").batch
    (32, 8, 27, 27)
    """
    return {**NETWORKS, **SMALL, **GROWTH, **import_module("benchmarks.zoo").ZOO}[name]


def batch_of(network: Network) -> tuple[Array, Array]:
    """The one batch that a network is timed on: inputs uniform in [0, 1), labels or target values.

    >>> x, t = batch_of(NETWORKS["mlp100"])
    >>> x.shape, x.dtype.name, t.shape, t.dtype.name
    ((100, 1, 28, 28), 'float32', (100,), 'int64')
    """
    rng, count = np.random.default_rng(0), network.batch[0]
    x = rng.random(network.batch, np.float32)
    if network.classes:
        return x, rng.integers(0, network.classes, count)
    return x, rng.random((count, 1), np.float32)


def initial_state(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Weights for a state with these keys: the same for whoever asks with the same keys and shapes.

    Weights and biases are uniform in ±1/sqrt(fan_in); a normalisation starts as the identity. Other
    keys (running statistics) are left out: both engines start them alike.

    >>> shapes = {"0.weight": (3, 4), "0.bias": (3,), "1.weight": (3,), "1.running_mean": (3,)}
    >>> state = initial_state(shapes)
    >>> list(state), state["1.weight"].tolist(), bool(abs(state["0.bias"]).max() <= 0.5)
    (['0.weight', '0.bias', '1.weight'], [1.0, 1.0, 1.0], True)
    """
    state = {}
    for key, shape in shapes.items():
        path, _, kind = key.rpartition(".")
        if not kind.startswith(("weight", "bias")):
            continue
        fans = shapes.get(f"{path}.weight", (0, *shape))[1:]  # a recurrent layer has names of its own
        if fans:
            bound = 1 / sqrt(prod(fans))
            values = np.random.default_rng(crc32(key.encode())).random(shape, np.float32)
            values -= 0.5
            values *= 2 * bound
            state[key] = values
        else:
            state[key] = np.full(shape, float(kind == "weight"), np.float32)
    return state
