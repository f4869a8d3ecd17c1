"""A linear layer and the cross-entropy of its scores, as one loss."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import Operand, choice, integer, number
from tinygrad_cnn.functional.loss import REDUCTIONS
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.layers.loss import weights
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["LinearCrossEntropyLoss"]


class LinearCrossEntropyLoss(Module):
    """Cross-entropy of the scores of a linear layer of its own; see `functional.linear_cross_entropy`.

    Args:
        in_features: length of a row of x.   num_classes: K.
        out_features: further axes (d1, ...) of which each place is a classification of its own.
        bias: whether the layer adds a bias.
        reduction, weight, ignore_index, label_smoothing: as `functional.linear_cross_entropy`.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, in_features) and target (N, d1, ...) labels or (N, K, d1, ...) probabilities -> ().
    Raises:
        ArgumentError: an option out of its range.   ShapeError: a weight that is not (K,).
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 6.2.2.3.

    >>> loss = LinearCrossEntropyLoss(4, 3, rng=0)
    >>> loss(np.ones((2, 4), "float32"), np.array([0, 2])).shape
    ()
    """

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: Sequence[int] = (), bias: bool = False,
        reduction: str = "mean", weight: Any = None, ignore_index: int | None = None,
        label_smoothing: float = 0.0, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = "LinearCrossEntropyLoss"
        self.num_classes = integer(name, "num_classes", num_classes, 1)
        self.out_features = tuple(integer(name, "out_features", n, 1) for n in out_features)
        self.reduction = choice(name, "reduction", reduction, REDUCTIONS)
        self.ignore_index = None if ignore_index is None else integer(name, "ignore_index", ignore_index)
        self.label_smoothing = number(name, "label_smoothing", label_smoothing, 0, 1)
        self.weight = weights(name, "weight", weight)
        if self.weight is not None and self.weight.shape != (self.num_classes,):
            raise ShapeError(f"{name}: weight needs {self.num_classes} factors, got {self.weight.shape}")
        units = self.num_classes * prod(self.out_features)
        self.linear = Linear(in_features, units, bias, rng=rng, dtype=dtype)

    def forward(self, x: Tensor, target: Operand[Tensor]) -> Tensor:
        """The loss of some rows.

        >>> LinearCrossEntropyLoss(4, 3, rng=0, reduction="none").forward(np.ones((2, 4)), [0, 2]).shape
        (2,)
        """
        places = (self.num_classes, *self.out_features)
        wide = (*places, self.linear.in_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            x, F.reshape(self.linear.weight, wide), target, weight=self.weight, reduction=self.reduction,
            linear_bias=None if bias is None else F.reshape(bias, places), ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The options.

        >>> LinearCrossEntropyLoss(4, 3, label_smoothing=0.1).extra_repr()[:42]
        'in_features=4, num_classes=3, out_features'
        """
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, "
            f"reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}"
        )
