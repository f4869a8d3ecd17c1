"""Softmax and cross-entropy on a device. Classes lie along axis 1 of (N, K, ...).

Labels and weights may lie in the host's memory: they are constants, and moved when they are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

Array = NDArray[Any]

__all__ = ["cross_entropy", "cross_entropy_slope", "log_softmax", "one_hot", "softmax"]


def softmax(x: Array, axis: int) -> Array:
    """e^x / sum(e^x) along an axis, shifted by the maximum so that nothing overflows."""
    if not x.size:
        return x.copy()  # the largest of no elements does not exist, and a device has no initial=
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x: Array, axis: int) -> Array:
    """x - log(sum(e^x)) along an axis."""
    if not x.size:
        return x.copy()
    z = x - x.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def cross_entropy(x: Array, labels: Array, weight: Array) -> Array:
    """-log softmax(x)[label] * weight per sample: x (N, K, ...), the others and the result (N, ...)."""
    labels, weight = devices.beside(labels, x), devices.beside(weight, x)
    beside = np.maximum(np.expand_dims(labels, 1), 0)
    picked = np.take_along_axis(log_softmax(x, 1), beside, 1).squeeze(1)
    return np.where(labels < 0, x.dtype.type(0), -picked * weight)


def cross_entropy_slope(x: Array, labels: Array, share: Array) -> Array:
    """(softmax(x) - one_hot(labels)) * share: the derivative of `cross_entropy` in x."""
    return (softmax(x, 1) - one_hot(devices.beside(labels, x), x.shape, x.dtype)) * share


def one_hot(labels: Array, shape: tuple[int, ...], dtype: Any) -> Array:
    """1 at each label along axis 1 that is not negative, 0 elsewhere."""
    numbers = devices.arange(0, shape[1], like=labels).reshape(1, -1, *(1 for _ in shape[2:]))
    return (np.expand_dims(labels, 1) == numbers).astype(dtype)
