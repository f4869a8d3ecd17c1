"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.functional.checks import not_negative
from tinygrad_cnn.kernels.numpy.update import Rates
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class Adagrad(Optimizer):
    """Steps that shrink with the sum of all squared gradients so far, element by element.

        g <- g + weight_decay * p                 s <- s + g²
        p <- p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        lr_decay: how fast the learning rate falls.   weight_decay: factor of an L2 penalty.
        initial_accumulator_value: s before the first step.   eps: added to the root.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Duchi, Hazan & Singer 2011, "Adaptive subgradient methods for online learning and
        stochastic optimization".

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adagrad([w], lr=0.5)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.5], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "lr_decay": not_negative, "weight_decay": not_negative,
        "initial_accumulator_value": not_negative, "eps": not_negative,
    }  # fmt: skip
    states = frozenset({"step", "sum"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0, eps: float = 1e-10, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        super().__init__(
            params, {**options, "initial_accumulator_value": initial_accumulator_value}, maximize=maximize
        )

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> p, options = np.array([1.0]), {"lr": 0.1, "lr_decay": 0, "weight_decay": 0, "eps": 0}
        >>> options["initial_accumulator_value"] = 0
        >>> Adagrad.update(Adagrad.__new__(Adagrad), p, np.array([3.0]), {}, options); p
        array([0.9])
        """
        if not state:
            state.update(step=0, sum=np.full_like(p, group["initial_accumulator_value"]))
        lr = group["lr"] / (1 + state["step"] * group["lr_decay"])
        state["step"] += 1
        rates = Rates(0.0, 0.0, 1.0, 1.0, 1.0, group["eps"], group["weight_decay"], 1.0, lr, 0.0)
        kernels.adaptive(p, g, None, state["sum"], rates, True)
