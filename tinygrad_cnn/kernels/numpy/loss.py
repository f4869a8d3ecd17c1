"""Softmax and cross-entropy in plain NumPy, without overflow. Classes lie along axis 1 of (N, K, ...)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.numpy.sums import total

Array = NDArray[Any]


def softmax(x: Array, axis: int) -> Array:
    """e^x / sum(e^x) along an axis, shifted by the maximum so that nothing overflows."""
    e = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
    e /= total(e, (axis % x.ndim,), keepdims=True)
    return e


def log_softmax(x: Array, axis: int) -> Array:
    """x - log(sum(e^x)) along an axis."""
    z = x - x.max(axis=axis, keepdims=True, initial=-np.inf)
    out: Array = z - np.log(total(np.exp(z), (axis % x.ndim,), keepdims=True))
    return out


def cross_entropy(x: Array, labels: Array, weight: Array) -> Array:
    """-log softmax(x)[label] * weight per sample: x (N, K, ...), the others and the result (N, ...).

    A negative label counts 0, even if a score is NaN.
    """
    beside = np.expand_dims(labels, 1)
    picked = np.take_along_axis(log_softmax(x, 1), np.maximum(beside, 0), 1).squeeze(1)
    return np.where(labels < 0, 0, -picked * weight)


def cross_entropy_slope(x: Array, labels: Array, share: Array) -> Array:
    """(softmax(x) - one_hot(labels)) * share: the derivative of `cross_entropy` in x.

    `share` (N, 1, ...) is weight times the gradient of each loss; a negative label is hot nowhere.
    """
    dx = softmax(x, 1)
    dx -= one_hot(labels, x.shape, x.dtype)
    return dx * share


def huber(d: Array, delta: float, factor: float) -> Array:
    """factor * (½d² where |d| < delta, else delta (|d| - ½delta)).

    >>> huber(np.array([0.5, -3.0]), 1.0, 1.0)
    array([0.125, 2.5  ])
    """
    size = abs(d)
    near = np.minimum(size, delta)  # no square of it overflows
    found: Array = factor * (near * (size - 0.5 * near))
    return found


def one_hot(labels: Array, shape: tuple[int, ...], dtype: Any) -> Array:
    """1 at each label along axis 1 that is not negative, 0 elsewhere.

    >>> one_hot(np.array([1, -100]), (2, 3), np.float32)
    array([[0., 1., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    target = np.zeros(shape, dtype)
    if len(shape) == 2:  # a quarter of the time
        target[np.arange(shape[0]), np.maximum(labels, 0)] = labels >= 0
        return target
    beside = np.expand_dims(labels, 1)
    np.put_along_axis(target, np.maximum(beside, 0), beside >= 0, 1)
    return target
