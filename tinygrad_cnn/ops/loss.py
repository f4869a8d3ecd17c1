"""Losses that are one op, so that softmax and logarithm never meet an overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import Op
from tinygrad_cnn.ops.activation import LogSoftmax, Softmax


class SoftmaxCrossEntropy(Op):
    """-log softmax(x)[label] along axis 1, times a weight per sample, summed unless reduction is 'none'.

    x (N, K, ...), labels int (N, ...), weight (N, ...): 1 / N for the mean.
    """

    keep = (0,)

    def __init__(self, labels: Any, weight: Any, reduction: str) -> None:
        self._labels = np.expand_dims(labels, 1)  # (N, 1, ...)
        self._weight = np.expand_dims(weight, 1)
        self.reduction = reduction

    def forward(self, x: Any) -> Any:
        picked = np.take_along_axis(LogSoftmax(1).forward(x), self._labels, 1)
        losses = -picked * self._weight
        return losses.squeeze(1) if self.reduction == "none" else losses.sum()

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        target = np.zeros(x.shape, x.dtype)
        np.put_along_axis(target, self._labels, 1, 1)
        if self.reduction == "none":
            g = g.reshape((g.shape[0], 1, *g.shape[1:]))  # (N, 1, ...), beside the classes
        return ((Softmax(1)(x) - target) * (g * self._weight),)
