"""Normalisation."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import floating, number, values
from tinygrad_cnn.graph import Traced


def batch_norm(
    x: Any, running_mean: Any = None, running_var: Any = None, w: Any = None, b: Any = None, *,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Normalise each channel: y = w * (x - mean) / sqrt(var + eps) + b.

    In training, mean and (biased) variance are the batch's own, over all axes but the channels',
    and the running statistics move towards them: r <- (1 - momentum) * r + momentum * new, with
    the unbiased variance. Otherwise the running statistics are used, and left as they are.

    Args:
        x: (N, C) or (N, C, ...) float.
        running_mean, running_var: (C,) Tensors or float arrays, written in place in training;
            both or neither. Without them the batch's own statistics serve at all times.
        w, b: (C,), or None for 1 and 0.
        momentum: share of the new value, in [0, 1].   eps: at least 0.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has fewer than 2 axes, a (C,) operand does not fit, or training has only one
            value per channel.
        ArgumentError: one running statistic without the other, or an option out of its range.
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167.
    >>> batch_norm(np.array([[1.0], [3.0]]), training=True).round(3)
    array([[-1.],
           [ 1.]])
    """
    name = "batch_norm"
    x = floating(name, x)
    momentum = number(name, "momentum", momentum, 0, 1)
    eps = number(name, "eps", eps, 0, inf)
    if x.ndim < 2:
        raise ShapeError(f"{name}: x needs at least 2 axes (N, C, ...), got {x.shape}")
    if (running_mean is None) != (running_var is None):
        raise ArgumentError(f"{name}: give both running_mean and running_var, or neither")
    channels = x.shape[1]
    w = np.ones(channels, x.dtype) if w is None else floating(name, w, "w")
    b = np.zeros(channels, x.dtype) if b is None else floating(name, b, "b")
    given = {"w": w, "b": b, "running_mean": running_mean, "running_var": running_var}
    for key, value in given.items():
        if value is not None and np.shape(values(value)) != (channels,):
            shape = np.shape(values(value))
            raise ShapeError(f"{name}: {key} has shape {shape}, x {x.shape} expects {(channels,)}")
    if not training and running_mean is not None:
        mean, var = (np.array(values(v), x.dtype) for v in (running_mean, running_var))
        return ops.FixedNorm(mean, var, eps)(x, w, b)
    count = x.size // channels if channels else 0
    if training and count == 1:
        raise ShapeError(f"{name}: training needs more than 1 value per channel, x is {x.shape}")
    op = ops.BatchNorm(eps)
    y = op(x, w, b)
    if training and running_mean is not None and count:
        _move(running_mean, op._mean, momentum)
        _move(running_var, op._var * (count / (count - 1)), momentum)
    return y


def _move(running: Any, new: Any, momentum: float) -> None:
    """running <- (1 - momentum) * running + momentum * new, in place."""
    target = running._writable() if isinstance(running, Traced) else running
    target *= 1 - momentum
    target += momentum * new
