"""Networks as functions of their weights, for the peers whose own layers differ: JAX, autograd, MyGrad.

`Layers` is a namespace like `tinygrad_cnn.nn`, so the builders in `networks` make these too, with the
same keys. A layer holds shapes and no arrays; what it computes is a `Pass` through the engine's
functions (`conv2d`, `linear`, `max_pool2d`, ...), which the engine's module offers under these names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.networks import Network, find, initial_state
from benchmarks.subjects import Subject

Shape = tuple[int, ...]
#: Share of the batch in running statistics, and what is added to a variance: as in ours and PyTorch.
MOMENTUM, EPS = 0.1, 1e-5


@dataclass
class Pass:
    """One way through a network.

    Attributes:
        functions: the engine's module.   weights: its arrays by key.
        running: running statistics by key; a training pass puts new ones in their place.
        training: statistics of the batch, and dropout.
        draws: what dropout takes its random numbers from, one item a layer; None for no dropout.
    """

    functions: Any
    weights: Mapping[str, Any]
    running: dict[str, Any]
    training: bool
    draws: Iterator[Any] | None = None


class Layer:
    """A layer without weights; `function` is the name of what it computes."""

    def __init__(self, function: str = "", *options: Any) -> None:
        self.function, self.options = function, options

    def shapes(self) -> dict[str, Shape]:
        """The shapes of its weights and of its running statistics, by key."""
        return {}

    def __call__(self, path: Pass, key: str, x: Any) -> Any:
        """The layer's result; `key` is where its weights lie."""
        return getattr(path.functions, self.function)(x, *self.options)


class Linear(Layer):
    """x Wᵀ + b."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__("linear")
        self.weight: Shape = (outputs, inputs)

    def shapes(self) -> dict[str, Shape]:
        """Weight and bias."""
        return {"weight": self.weight, "bias": self.weight[:1]}

    def __call__(self, path: Pass, key: str, x: Any) -> Any:
        """The function of x, the weight and the bias."""
        w, b = path.weights[f"{key}.weight"], path.weights[f"{key}.bias"]
        return getattr(path.functions, self.function)(x, w, b, *self.options)


class Conv2d(Linear):
    """A convolution with square kernels and a bias."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        Layer.__init__(self, "conv2d", stride, padding)
        self.weight = (outputs, inputs, kernel, kernel)


class BatchNorm2d(Layer):
    """Normalises each channel; in training by the batch, else by the running statistics."""

    def __init__(self, channels: int) -> None:
        super().__init__("batch_norm")
        self.channels = (channels,)

    def shapes(self) -> dict[str, Shape]:
        """Scale, shift and the two running statistics."""
        return dict.fromkeys(("weight", "bias", "running_mean", "running_var"), self.channels)

    def __call__(self, path: Pass, key: str, x: Any) -> Any:
        """The engine's `batch_norm` or `normalized`; the variance in the running statistics is unbiased."""
        w, b = path.weights[f"{key}.weight"], path.weights[f"{key}.bias"]
        names = (f"{key}.running_mean", f"{key}.running_var")
        mean, var = (path.running[name] for name in names)
        if not path.training:
            return path.functions.normalized(x, w, b, mean, var, EPS)
        y, batch_mean, batch_var = path.functions.batch_norm(x, w, b, EPS)
        count = x.size // x.shape[1]
        path.running[names[0]] = (1 - MOMENTUM) * mean + MOMENTUM * batch_mean
        path.running[names[1]] = (1 - MOMENTUM) * var + MOMENTUM * count / (count - 1) * batch_var
        return y


class Dropout(Layer):
    """Zero with probability p, else x / (1 - p)."""

    def __call__(self, path: Pass, key: str, x: Any) -> Any:
        """x itself outside training, and where the pass has no draws."""
        if not path.training or path.draws is None:
            return x
        return path.functions.dropout(x, self.options[0], next(path.draws))


class Sequential(Layer):
    """One after another; the keys begin with their places."""

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.layers = layers

    def shapes(self) -> dict[str, Shape]:
        """All shapes, by key.

        >>> from benchmarks.networks import xor
        >>> xor(LAYERS).shapes()
        {'0.weight': (4, 2), '0.bias': (4,), '2.weight': (1, 4), '2.bias': (1,)}
        """
        return {f"{k}.{key}": shape for k, layer in enumerate(self.layers)
                for key, shape in layer.shapes().items()}  # fmt: skip

    def __call__(self, path: Pass, key: str, x: Any) -> Any:
        """The result of the last layer."""
        for k, layer in enumerate(self.layers):
            x = layer(path, str(k), x)
        return x


LAYERS = SimpleNamespace(
    Sequential=Sequential, Linear=Linear, Conv2d=Conv2d, BatchNorm2d=BatchNorm2d,
    Flatten=lambda: Layer("flatten"), ReLU=lambda: Layer("relu"), Sigmoid=lambda: Layer("sigmoid"),
    MaxPool2d=lambda size, stride=0: Layer("max_pool2d", size, stride or size),
    AvgPool2d=lambda size, stride=0: Layer("avg_pool2d", size, stride or size),
    Dropout=lambda p: Dropout("dropout", p),
)  # fmt: skip


class FunctionalSubject(Subject):
    """A network on its batch, like `subjects.NetworkSubject`: tasks `step` and `infer`.

    Args:
        engine: a module with the functions, and with `Training(engine, network, model)`,
            which has `step(dropout)`, one training step that returns its loss, and `infer()`; both
            return when the work is done.
        name: one of the networks.
    """

    unrecorded = ("infer",)

    def __init__(self, engine: Any, name: str) -> None:
        self.network = find(name)
        self.training = engine.Training(engine, self.network, self.network.build(LAYERS))
        self.tasks = {"step": self.training.step, "infer": self.training.infer}

    def losses(self) -> list[float]:
        """The losses of the first steps, without dropout, whose draws differ."""
        return [float(self.training.step(dropout=False)) for _ in range(self.network.compared)]


def start_arrays(model: Layer) -> tuple[dict[str, Any], dict[str, Any]]:
    """(weights, running statistics) to begin with, as NumPy arrays by key.

    >>> weights, running = start_arrays(Sequential(BatchNorm2d(2)))
    >>> list(weights), {key: array.tolist() for key, array in running.items()}
    (['0.weight', '0.bias'], {'0.running_mean': [0.0, 0.0], '0.running_var': [1.0, 1.0]})
    """
    shapes = model.shapes()
    weights = initial_state(shapes)
    running = {
        key: np.full(shape, float(key.endswith("var")), np.float32)
        for key, shape in shapes.items()
        if key not in weights
    }
    return weights, running


def criterion(functions: Any, network: Network) -> Any:
    """The engine's loss for this network."""
    return functions.cross_entropy if network.classes else functions.mse_loss
