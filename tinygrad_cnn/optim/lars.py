"""LARS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.functional.checks import not_negative
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class LARS(Optimizer):
    """Layer-wise adaptive rate scaling, for large batches: steps follow the size of each weight.

        rate <- lr * trust_coefficient * |p| / (|g| + weight_decay * |p|)
        v <- momentum * v + rate * (g + weight_decay * p)
        p <- p - v

    | | is the Euclidean norm of a whole parameter. What has fewer than two axes, such as biases and the
    scales of norms, takes the rate lr itself and does not decay; so does, at rate lr, a parameter or a
    gradient of zeros.

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        momentum: share of the previous step.   weight_decay: factor of an L2 penalty.
        trust_coefficient: how far one step may change a weight, as a share of its norm, at lr 1.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: You, Gitman & Ginsburg 2017, arXiv:1708.03888.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([[3.0, 4.0]], requires_grad=True)
    >>> optimizer = LARS([w], lr=10.0, momentum=0.0, trust_coefficient=0.01)
    >>> (w * Tensor([[0.0, 7.0]])).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([[3. , 3.5]], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "momentum": not_negative, "weight_decay": not_negative,
        "trust_coefficient": not_negative,
    }  # fmt: skip
    states = frozenset({"momentum_buffer"})

    def __init__(
        self, params: Iterable[Any], lr: float = 0.1, momentum: float = 0.9, weight_decay: float = 0.0,
        trust_coefficient: float = 1e-3, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, {**options, "trust_coefficient": trust_coefficient}, maximize=maximize)

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> options = {"lr": 0.1, "momentum": 0.0, "weight_decay": 0.5, "trust_coefficient": 0.001}
        >>> w = np.array([1.0]); LARS.update(LARS.__new__(LARS), w, np.array([-3.0]), {}, options); w
        array([1.3])
        """
        rate = group["lr"]
        if p.ndim > 1:
            decay = group["weight_decay"]
            weight, slope = _norm(p), _norm(g)
            g = g + decay * p
            if weight and slope:
                rate = rate * group["trust_coefficient"] * weight / (slope + decay * weight)
        v = state.setdefault("momentum_buffer", np.zeros_like(p))
        v *= group["momentum"]
        v += rate * g
        p -= v


def _norm(array: Array) -> float:
    """The Euclidean norm of all entries, which float32 could not always hold squared."""
    return float(np.sqrt(np.square(array, dtype=np.float64).sum()))
