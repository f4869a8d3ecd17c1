"""JAX (CPU) as an engine: the whole training step is one compiled function of the weights.

Forward, backward and the SGD update are traced and compiled together, once for each network, when
the first step is taken. The old weights are given away (`donate_argnums`), so that the new ones may
take their memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext as no_grad  # noqa: F401  the worker asks for it
from functools import partial
from typing import Any

import jax
from jax import lax
from jax import numpy as jnp

from benchmarks.layers import Dropout, FunctionalSubject, Pass, criterion, start_arrays
from benchmarks.networks import Network, batch_of
from benchmarks.subjects import LEARNING_RATE

SUBJECTS = {"network": FunctionalSubject}

_IMAGES = ("NCHW", "OIHW", "NCHW")


def flatten(x: Any) -> Any:
    """One row an example."""
    return x.reshape(x.shape[0], -1)


def linear(x: Any, w: Any, b: Any) -> Any:
    """x Wᵀ + b."""
    return x @ w.T + b


def conv2d(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    """XLA's convolution, and the bias."""
    y = lax.conv_general_dilated(x, w, (stride,) * 2, [(padding,) * 2] * 2, dimension_numbers=_IMAGES)
    return y + b[:, None, None]


def max_pool2d(x: Any, size: int, stride: int) -> Any:
    """The largest in each window."""
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, size, size), (1, 1, stride, stride), "VALID")


def avg_pool2d(x: Any, size: int, stride: int) -> Any:
    """The mean of each window."""
    window, strides = (1, 1, size, size), (1, 1, stride, stride)
    return lax.reduce_window(x, 0.0, lax.add, window, strides, "VALID") / size**2


def normalized(x: Any, w: Any, b: Any, mean: Any, var: Any, eps: float) -> Any:
    """(x - mean) / sqrt(var + eps), scaled and shifted, by channel."""
    mean, b, scale = (a[:, None, None] for a in (mean, b, w * lax.rsqrt(var + eps)))
    return (x - mean) * scale + b


def batch_norm(x: Any, w: Any, b: Any, eps: float) -> tuple[Any, Any, Any]:
    """Normalised by the batch; its mean and variance."""
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    return normalized(x, w, b, mean, var, eps), mean, var


relu, sigmoid = jax.nn.relu, jax.nn.sigmoid


def dropout(x: Any, p: float, key: Any) -> Any:
    """Dropout with the numbers that this key gives."""
    return jnp.where(jax.random.bernoulli(key, 1 - p, x.shape), x / (1 - p), 0.0)


def cross_entropy(y: Any, labels: Any) -> Any:
    """Mean over the batch."""
    chosen = jnp.take_along_axis(jax.nn.log_softmax(y), labels[:, None], axis=1)
    return -chosen.mean()


def mse_loss(y: Any, target: Any) -> Any:
    """Mean of the squared differences."""
    return ((y - target) ** 2).mean()


def _keys(key: Any) -> Iterator[Any]:
    """As many keys as there are layers that draw."""
    while True:
        key, one = jax.random.split(key)
        yield one


class Training:
    """The compiled step and the compiled inference of one network."""

    def __init__(self, functions: Any, network: Network, model: Any) -> None:
        weights, running = start_arrays(model)
        x, target = batch_of(network)
        loss_of = criterion(functions, network)

        def loss(weights: Any, running: Any, key: Any, x: Any, target: Any, dropout: bool) -> Any:
            path = Pass(functions, weights, dict(running), True, _keys(key) if dropout else None)
            return loss_of(model(path, "", x), target), path.running

        @partial(jax.jit, static_argnums=5, donate_argnums=(0, 1, 2))
        def step(weights: Any, running: Any, key: Any, x: Any, target: Any, dropout: bool) -> Any:
            key, now = jax.random.split(key)
            value_and_grad = jax.value_and_grad(loss, has_aux=True)
            (value, running), grads = value_and_grad(weights, running, now, x, target, dropout)
            weights = jax.tree.map(lambda w, g: w - LEARNING_RATE * g, weights, grads)
            return value, (weights, running, key)

        @jax.jit
        def infer(weights: Any, running: Any, x: Any) -> Any:
            return model(Pass(functions, weights, running, False), "", x)

        self._step, self._infer = step, infer
        # Without a dropout both kinds of step are the same, and need be compiled only once.
        self.draws = any(isinstance(layer, Dropout) for layer in model.layers)
        arrays = jax.tree.map(jnp.asarray, (weights, running))
        self.state = (*arrays, jax.random.key(0))
        self.x, self.target = jnp.asarray(x), jnp.asarray(target, jnp.int32 if network.classes else None)

    def step(self, dropout: bool = True) -> Any:
        """One training step, finished; its loss."""
        value, self.state = self._step(*self.state, self.x, self.target, dropout and self.draws)
        jax.block_until_ready(self.state)
        return value.block_until_ready()

    def infer(self) -> Any:
        """The network's result, finished."""
        return self._infer(*self.state[:2], self.x).block_until_ready()
