"""MyGrad as an engine: tensors on NumPy, with convolution, max-pool and batch norm of its own.

It has no average pooling (a reshape and a mean stands for it), no dropout (a product with a mask), and
no running statistics (updated from the mean and the variance that its batch norm has found).
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

import mygrad
import numpy as np
from mygrad.nnet import conv_nd, max_pool, relu, sigmoid, softmax_crossentropy  # noqa: F401
from mygrad.nnet.layers import batchnorm

from benchmarks.layers import FunctionalSubject, Pass, criterion, start_arrays
from benchmarks.networks import Network, batch_of
from benchmarks.subjects import LEARNING_RATE

SUBJECTS = {"network": FunctionalSubject}


def no_grad() -> Any:
    """Nothing is recorded inside."""
    return mygrad.no_autodiff


def flatten(x: Any) -> Any:
    """One row an example."""
    return x.reshape(x.shape[0], -1)


def linear(x: Any, w: Any, b: Any) -> Any:
    """x Wᵀ + b."""
    return mygrad.matmul(x, w.T) + b


def _filled(x: Any, size: int, stride: int) -> Any:
    """Images without the last rows and columns that no window reaches: the library wants none."""
    rows, columns = ((n - size) // stride * stride + size for n in x.shape[2:])
    return x if (rows, columns) == x.shape[2:] else x[:, :, :rows, :columns]


def conv2d(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    """The library's convolution, and the bias."""
    x = x if padding else _filled(x, w.shape[2], stride)
    return conv_nd(x, w, stride=stride, padding=padding) + b.reshape(-1, 1, 1)


def max_pool2d(x: Any, size: int, stride: int) -> Any:
    """The largest in each window."""
    return max_pool(_filled(x, size, stride), (size, size), stride)


def avg_pool2d(x: Any, size: int, stride: int) -> Any:
    """The mean of each window; windows touch, do not overlap, and fill the image."""
    if size != stride or x.shape[2] % size or x.shape[3] % size:
        raise ValueError(f"avg_pool2d: windows of {size} at steps of {stride} in {x.shape}")
    n, c, height, width = x.shape
    return x.reshape(n, c, height // size, size, width // size, size).mean(axis=(3, 5))


def normalized(x: Any, w: Any, b: Any, mean: Any, var: Any, eps: float) -> Any:
    """(x - mean) / sqrt(var + eps), scaled and shifted, by channel."""
    scale = w / np.sqrt(var + np.float32(eps))
    return (x - mean[:, None, None]) * scale.reshape(-1, 1, 1) + b.reshape(-1, 1, 1)


def batch_norm(x: Any, w: Any, b: Any, eps: float) -> tuple[Any, Any, Any]:
    """Normalised by the batch; its mean and variance, which the operation keeps."""
    y = batchnorm(x, gamma=w, beta=b, eps=eps)
    return y, y.creator.mean, y.creator.var


def dropout(x: Any, p: float, draws: np.random.Generator) -> Any:
    """Dropout with the next numbers of a generator."""
    return x * ((draws.random(x.shape, np.float32) >= p) / np.float32(1 - p))


def cross_entropy(y: Any, labels: Any) -> Any:
    """Mean over the batch."""
    return softmax_crossentropy(y, labels)


def mse_loss(y: Any, target: Any) -> Any:
    """Mean of the squared differences."""
    return ((y - target) ** 2).mean()


class Training:
    """Steps and inference of one network."""

    def __init__(self, functions: Any, network: Network, model: Any) -> None:
        weights, self.running = start_arrays(model)
        self.weights = {key: mygrad.Tensor(array) for key, array in weights.items()}
        self.x, self.target = batch_of(network)
        self.functions, self.model = functions, model
        self.loss_of, self.draws = criterion(functions, network), np.random.default_rng(0)

    def step(self, dropout: bool = True) -> Any:
        """One training step; its loss."""
        draws = repeat(self.draws) if dropout else None
        path = Pass(self.functions, self.weights, self.running, True, draws)
        loss = self.loss_of(self.model(path, "", self.x), self.target)
        loss.backward()
        for weight in self.weights.values():
            weight.data -= LEARNING_RATE * weight.grad
        return loss

    def infer(self) -> Any:
        """The network's result."""
        return self.model(Pass(self.functions, self.weights, self.running, False), "", self.x)
