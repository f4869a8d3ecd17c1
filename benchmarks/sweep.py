"""Layers over sizes: the points of the sweep for cliffs, each a layer and what goes into it.

A `Series` lets one measure of a layer grow while the rest stays. Each point is written once for both
engines, as the networks are; tasks are `infer`, and `step`: forward and both derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks.networks import initial_state
from benchmarks.subjects import Subject
from benchmarks.zoo import joined, module

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Series:
    """One layer, one measure of which takes these values in turn.

    Attributes:
        make: (namespace of layers, value) -> the layer.   shape: value -> shape of its input.
        values: in rising order.   below: above 0, the input is of integers below it.
    """

    make: Callable[[Any, Any], Any]
    shape: Callable[[Any], Shape]
    values: tuple[Any, ...]
    below: int = 0


@dataclass(frozen=True)
class Point:
    """A layer and the shape of its input; see `Series`."""

    build: Callable[[Any], Any]
    shape: Shape
    below: int = 0


BATCHES, SIZES, CHANNELS = (
    (1, 2, 4, 8, 16, 32),
    (4, 7, 8, 14, 15, 16, 28, 33, 56),
    (1, 3, 4, 8, 15, 16, 17, 32, 64),
)
KERNELS, LENGTHS = (1, 2, 3, 4, 5, 7, 9), (16, 60, 100, 1000, 4000)
FEATURES = (8, 10, 32, 100, 128, 257, 512, 1024)


def _layer(name: str, *before: Any, **options: Any) -> Callable[[Any, Any], Any]:
    """A layer with these arguments, whatever the value."""
    return lambda nn, _: getattr(nn, name)(*before, **options)


def _image(batch: int = 8, channels: int = 16, size: int = 28) -> Callable[[Any], Shape]:
    return lambda _: (batch, channels, size, size)


def _swapped(nn: Any, layer: Any, first: int, second: int) -> Any:
    """A layer on a view with two axes exchanged."""
    return module(nn, lambda m, x: m.layer(x.swapaxes(first, second)), layer=layer)


def _function(nn: Any, function: Callable[[Any], Any]) -> Any:
    return module(nn, lambda _, x: function(x))


def _conv_series() -> dict[str, Series]:
    conv = "Conv2d"
    found = {
        "conv 3×3, batch": Series(_layer(conv, 16, 16, 3, padding=1), lambda n: (n, 16, 28, 28), BATCHES),
        "conv 3×3, image": Series(_layer(conv, 16, 16, 3, padding=1), lambda s: (8, 16, s, s), SIZES),
        "conv 3×3, channels": Series(
            lambda nn, c: nn.Conv2d(c, c, 3, padding=1), lambda c: (8, c, 28, 28), CHANNELS
        ),
        "conv 3×3 stride 2, image": Series(
            _layer(conv, 16, 32, 3, stride=2, padding=1), lambda s: (8, 16, s, s), SIZES
        ),
        "conv, kernel": Series(lambda nn, k: nn.Conv2d(16, 16, k, padding=k // 2), _image(), KERNELS),
        "conv, dilation": Series(
            lambda nn, d: nn.Conv2d(16, 16, 3, padding=d, dilation=d), _image(), (1, 2, 3, 4)
        ),
        "conv, stride": Series(lambda nn, s: nn.Conv2d(16, 16, 3, stride=s), _image(), (1, 2, 3, 4)),
        "conv, groups": Series(
            lambda nn, g: nn.Conv2d(32, 32, 3, padding=1, groups=g), _image(channels=32),
            (1, 2, 4, 8, 16, 32),
        ),
        "conv 1×1, channels": Series(lambda nn, c: nn.Conv2d(c, c, 1), lambda c: (8, c, 28, 28), CHANNELS),
        "conv 1×1, image": Series(_layer(conv, 64, 16, 1), lambda s: (8, 64, s, s), SIZES),
        "depthwise, kernel": Series(
            lambda nn, k: nn.Conv2d(32, 32, k, padding=k // 2, groups=32), _image(channels=32), KERNELS
        ),
        "depthwise stride 2, image": Series(
            _layer(conv, 32, 32, 3, stride=2, padding=1, groups=32), lambda s: (8, 32, s, s), SIZES
        ),
        "transposed conv, kernel": Series(
            lambda nn, k: nn.ConvTranspose2d(16, 16, k, stride=2), _image(size=14), KERNELS
        ),
        "transposed conv, channels": Series(
            lambda nn, c: nn.ConvTranspose2d(c, c, 4, 2, 1), lambda c: (8, c, 14, 14), CHANNELS
        ),
        "conv along lines, length": Series(
            _layer("Conv1d", 16, 16, 3, padding=1), lambda t: (8, 16, t), LENGTHS
        ),
        "conv along lines, dilation": Series(
            lambda nn, d: nn.Conv1d(16, 16, 3, dilation=d), lambda _: (8, 16, 256), (1, 2, 8, 32)
        ),
        "transposed conv along lines": Series(
            lambda nn, c: nn.ConvTranspose1d(c, c, 4, 2), lambda c: (8, c, 100), CHANNELS[2:]
        ),
        "conv of volumes, size": Series(
            _layer("Conv3d", 8, 8, 3, padding=1), lambda s: (2, 8, s, s, s), (4, 7, 8, 16)
        ),
        "conv of channels-last": Series(
            lambda nn, c: _swapped(nn, nn.Conv2d(c, c, 3, padding=1), 1, 3), lambda c: (8, 28, 28, c),
            CHANNELS,
        ),
    }  # fmt: skip
    return found


def _pool_series() -> dict[str, Series]:
    found = {}
    for name in ("MaxPool2d", "AvgPool2d"):
        found |= {
            f"{name}, kernel": Series(lambda nn, k, name=name: getattr(nn, name)(k), _image(), KERNELS[1:]),
            f"{name} of 3, stride": Series(
                lambda nn, s, name=name: getattr(nn, name)(3, s, 1), _image(), (1, 2, 3)
            ),
            f"{name} of 2, image": Series(_layer(name, 2), lambda s: (8, 16, s, s), SIZES),
        }
    return found | {
        "MaxPool1d, length": Series(_layer("MaxPool1d", 2), lambda t: (8, 16, t), LENGTHS),
        "AvgPool1d, length": Series(_layer("AvgPool1d", 3, 2), lambda t: (8, 16, t), LENGTHS),
        "MaxPool3d, size": Series(_layer("MaxPool3d", 2), lambda s: (2, 8, s, s, s), (4, 7, 16)),
        "AvgPool3d, size": Series(_layer("AvgPool3d", 2), lambda s: (2, 8, s, s, s), (4, 7, 16)),
        "AdaptiveAvgPool2d, output": Series(
            lambda nn, k: nn.AdaptiveAvgPool2d(k), _image(channels=64), (1, 2, 5, 7)
        ),
        "AdaptiveMaxPool2d, output": Series(lambda nn, k: nn.AdaptiveMaxPool2d(k), _image(), (1, 2, 5, 7)),
        "Upsample, nearest": Series(
            lambda nn, k: nn.Upsample(scale_factor=k), _image(size=14), (2, 3, 4)
        ),
        "Upsample, bilinear": Series(
            lambda nn, k: nn.Upsample(scale_factor=k, mode="bilinear"), _image(size=14), (2, 3, 4)
        ),
        "PixelShuffle": Series(lambda nn, k: nn.PixelShuffle(k), lambda k: (8, 8 * k * k, 14, 14), (2, 3)),
        "ZeroPad2d": Series(lambda nn, k: nn.ZeroPad2d(k), _image(), (1, 3)),
    }  # fmt: skip


def _norm_series() -> dict[str, Series]:
    return {
        "BatchNorm2d, channels": Series(
            lambda nn, c: nn.BatchNorm2d(c), lambda c: (8, c, 28, 28), CHANNELS
        ),
        "BatchNorm1d, features": Series(lambda nn, f: nn.BatchNorm1d(f), lambda f: (64, f), FEATURES),
        "BatchNorm2d, image": Series(_layer("BatchNorm2d", 16), lambda s: (8, 16, s, s), SIZES),
        "GroupNorm, groups": Series(
            lambda nn, g: nn.GroupNorm(g, 32), _image(channels=32), (1, 2, 8, 32)
        ),
        "GroupNorm, image": Series(_layer("GroupNorm", 4, 16), lambda s: (8, 16, s, s), SIZES),
        "InstanceNorm2d, image": Series(
            _layer("InstanceNorm2d", 16, affine=True), lambda s: (8, 16, s, s), SIZES
        ),
        "LayerNorm, features": Series(lambda nn, f: nn.LayerNorm(f), lambda f: (8, 48, f), FEATURES),
        "LocalResponseNorm, channels": Series(
            _layer("LocalResponseNorm", 5), lambda c: (8, c, 28, 28), (8, 16, 64)
        ),
        "Softmax, features": Series(_layer("Softmax", -1), lambda f: (256, f), FEATURES),
        "Softmax over channels": Series(_layer("Softmax", 1), lambda c: (8, c, 28, 28), CHANNELS[1:]),
        "LogSoftmax, features": Series(_layer("LogSoftmax", -1), lambda f: (256, f), FEATURES),
    }  # fmt: skip


def _pointwise_series() -> dict[str, Series]:
    names = (
        "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "SELU", "CELU", "Hardtanh", "Hardsigmoid",
        "Hardswish", "Sigmoid", "Tanh", "GELU", "SiLU", "Mish", "Softplus", "Softsign", "LogSigmoid",
    )  # fmt: skip
    found = {name: Series(_layer(name), lambda n: (n,), (64, 4096, 100_000)) for name in names}
    found["GELU by tanh"] = Series(_layer("GELU", approximate="tanh"), lambda n: (n,), (64, 4096, 100_000))
    functions: dict[str, Callable[[Any], Any]] = {
        "x * x + x": lambda x: x * x + x,
        "(x * x + 1) ** 0.5": lambda x: (x * x + 1) ** 0.5,
        "x.exp()": lambda x: x.exp(),
        "a part of x": lambda x: x[len(x) // 4 : len(x) // 2] * 2,
        "every second of x": lambda x: x[::2] * 2,
        "x.sum()": lambda x: x.sum(),
        "x.mean()": lambda x: x.mean(),
    }
    for name, function in functions.items():
        found[name] = Series(
            lambda nn, _, function=function: _function(nn, function), lambda n: (n,), (64, 4096, 100_000)
        )
    return found


def _other_series() -> dict[str, Series]:
    def attend(nn: Any, tokens: int) -> Any:
        layer = nn.MultiheadAttention(64, 4, batch_first=True)
        return module(nn, lambda m, x: m.layer(x, x, x, need_weights=False)[0], layer=layer)

    def first(nn: Any, layer: Any) -> Any:
        return module(nn, lambda m, x: m.layer(x)[0], layer=layer)

    def squares(nn: Any, _: Any) -> Any:
        return _function(nn, lambda x: x @ x.swapaxes(-1, -2))

    found = {
        "Linear, features": Series(lambda nn, f: nn.Linear(f, f), lambda f: (64, f), FEATURES),
        "Linear, batch": Series(_layer("Linear", 256, 256), lambda n: (n, 256), (*BATCHES, 100, 500)),
        "Linear on sequences": Series(_layer("Linear", 64, 64), lambda t: (8, t, 64), (10, 48, 100)),
        "Linear on a view": Series(
            lambda nn, t: _swapped(nn, nn.Linear(64, 64), 1, 2), lambda t: (8, 64, t), (10, 48, 100)
        ),
        "x @ x.T of batches": Series(squares, lambda t: (16, t, 32), (8, 17, 48, 64)),
        "MultiheadAttention, tokens": Series(attend, lambda t: (8, t, 64), (8, 17, 48, 64)),
        "Embedding, length": Series(_layer("Embedding", 1000, 64), lambda t: (8, t), (1, 16, 100), 1000),
        "joined by channels": Series(
            lambda nn, c: _function(nn, lambda x: joined(nn, x, x * 2)), lambda c: (8, c, 28, 28), CHANNELS
        ),
        "Dropout": Series(_layer("Dropout", 0.5), lambda n: (n,), (64, 4096, 100_000)),
    }  # fmt: skip
    for kind in ("LSTM", "GRU", "RNN"):
        found |= {
            f"{kind}, hidden units": Series(
                lambda nn, h, kind=kind: first(nn, getattr(nn, kind)(16, h)), lambda _: (20, 16, 16),
                (8, 17, 64, 128),
            ),
            f"{kind}, batch": Series(
                lambda nn, _, kind=kind: first(nn, getattr(nn, kind)(16, 32)), lambda n: (20, n, 16),
                BATCHES,
            ),
        }  # fmt: skip
    return found


#: All series by name.
SERIES = _conv_series() | _pool_series() | _norm_series() | _pointwise_series() | _other_series()
#: All points: "series: value".
POINTS = {
    f"{name}: {value}": Point(lambda nn, s=s, value=value: s.make(nn, value), s.shape(value), s.below)
    for name, s in SERIES.items()
    for value in s.values
}


class PointSubject(Subject):
    """One point. Tasks: `infer`, unrecorded; `step`: forward, and the derivatives in input and weights."""

    unrecorded = ("infer",)

    def __init__(self, engine: Any, name: str) -> None:
        point = POINTS[name]
        rng = np.random.default_rng(crc32(name.encode()))
        self.model = point.build(engine.nn)
        engine.load(self.model, initial_state(engine.shapes(self.model)))
        if point.below:
            self.x = engine.labels(rng.integers(0, point.below, point.shape))
        else:
            self.x = engine.tensor(rng.standard_normal(point.shape, np.float32), True)
        self.leaves = [*self.model.parameters(), *([] if point.below else [self.x])]
        with engine.no_grad():
            shape = tuple(self.model(self.x).shape)
        self.gradient = engine.tensor(rng.standard_normal(shape, np.float32))
        self.tasks = {"step": self.step, "infer": self.infer}

    def infer(self) -> Any:
        """The layer's result."""
        return self.model(self.x)

    def step(self) -> None:
        """Forward and backward, with gradients that start from nothing."""
        for leaf in self.leaves:
            leaf.grad = None
        self.model(self.x).backward(self.gradient)
