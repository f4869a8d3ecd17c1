"""HIPS autograd as an engine: NumPy, differentiated.

Convolution is the library's own (`autograd.scipy.signal.convolve`), which has neither strides nor
padding, so images are padded before it. It has no pooling: windows that touch and do not overlap are
a reshape and a maximum or mean. Networks with other windows, and with batch norm, are left out.
"""

from __future__ import annotations

from contextlib import nullcontext as no_grad  # noqa: F401  the worker asks for it
from itertools import repeat
from typing import Any

import numpy
from autograd import numpy as np
from autograd import value_and_grad
from autograd.scipy.signal import convolve
from autograd.scipy.special import expit, logsumexp

from benchmarks.layers import FunctionalSubject, Pass, criterion, start_arrays
from benchmarks.networks import Network, batch_of
from benchmarks.subjects import LEARNING_RATE

SUBJECTS = {"network": FunctionalSubject}
sigmoid = expit


def flatten(x: Any) -> Any:
    """One row an example."""
    return np.reshape(x, (x.shape[0], -1))


def linear(x: Any, w: Any, b: Any) -> Any:
    """x Wᵀ + b."""
    return np.dot(x, w.T) + b


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return np.maximum(x, 0)


def conv2d(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    """The library's convolution with the kernel turned round, and the bias."""
    if stride != 1:
        raise ValueError(f"conv2d: autograd has no strides, got {stride}")
    if padding:
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="constant")
    turned = w[:, :, ::-1, ::-1]
    y = convolve(x, turned, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")
    return y + b[:, None, None]


def _windows(x: Any, size: int, stride: int) -> Any:
    """Windows of a size as axes 3 and 5; rows and columns that fill no window are left out."""
    if size != stride:
        raise ValueError(f"pooling: windows of {size} at steps of {stride} would overlap or leave gaps")
    n, c, height, width = x.shape
    rows, columns = height // size, width // size
    return np.reshape(x[:, :, : rows * size, : columns * size], (n, c, rows, size, columns, size))


def max_pool2d(x: Any, size: int, stride: int) -> Any:
    """The largest in each window."""
    return np.max(_windows(x, size, stride), axis=(3, 5))


def avg_pool2d(x: Any, size: int, stride: int) -> Any:
    """The mean of each window."""
    return np.mean(_windows(x, size, stride), axis=(3, 5))


def dropout(x: Any, p: float, draws: numpy.random.Generator) -> Any:
    """Dropout with the next numbers of a generator."""
    return x * ((draws.random(x.shape, numpy.float32) >= p) / numpy.float32(1 - p))


def cross_entropy(y: Any, labels: Any) -> Any:
    """Mean over the batch."""
    return np.mean(logsumexp(y, axis=1) - y[numpy.arange(len(labels)), labels])


def mse_loss(y: Any, target: Any) -> Any:
    """Mean of the squared differences."""
    return np.mean((y - target) ** 2)


class Training:
    """Steps and inference of one network."""

    def __init__(self, functions: Any, network: Network, model: Any) -> None:
        self.weights, _ = start_arrays(model)
        x, target = batch_of(network)
        loss_of, draws = criterion(functions, network), numpy.random.default_rng(0)

        def loss(weights: Any, dropout: bool) -> Any:
            path = Pass(functions, weights, {}, True, repeat(draws) if dropout else None)
            return loss_of(model(path, "", x), target)

        self._value_and_grad = value_and_grad(loss)
        self._infer = lambda: model(Pass(functions, self.weights, {}, False), "", x)

    def step(self, dropout: bool = True) -> Any:
        """One training step; its loss."""
        value, grads = self._value_and_grad(self.weights, dropout)
        for key, weight in self.weights.items():
            weight -= LEARNING_RATE * grads[key]
        return value

    def infer(self) -> Any:
        """The network's result."""
        return self._infer()
