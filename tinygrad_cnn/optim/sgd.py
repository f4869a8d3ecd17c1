"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import flag, number
from tinygrad_cnn.functional.checks import not_negative
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum, Nesterov's variant and weight decay.

        g <- g + weight_decay * p
        v <- momentum * v + (1 - dampening) * g        (v = g at the first step)
        p <- p - lr * v,  or  p - lr * (g + momentum * v) with nesterov

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        momentum: share of the previous direction.   dampening: held back from the gradient.
        weight_decay: factor of an L2 penalty.   nesterov: look ahead; needs momentum.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range, or nesterov without momentum.
    Source: Robbins & Monro 1951; Polyak 1964; Sutskever et al. 2013, "On the importance of
        initialization and momentum in deep learning".

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).sum().backward(); optimizer.step(); w
    Tensor([0.8], requires_grad=True)
    """

    checks: ClassVar = {
        "lr": not_negative, "momentum": not_negative, "dampening": number,
        "weight_decay": not_negative, "nesterov": flag,
    }  # fmt: skip
    states = frozenset({"momentum_buffer"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0,
        weight_decay: float = 0.0, nesterov: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**options, "nesterov": nesterov}, maximize=maximize)

    def check(self, group: Group) -> None:
        """Check the options: nesterov needs momentum.

        Raises:
            ArgumentError: an option out of its range, or nesterov without momentum.

        >>> options = {"lr": 1, "momentum": 0.9, "dampening": 0, "weight_decay": 0, "nesterov": True}
        >>> SGD.check(SGD.__new__(SGD), options)
        """
        super().check(group)
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ArgumentError("SGD: nesterov needs momentum above 0, and dampening 0")

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place."""
        v, kept = None, 1 - group["dampening"]
        if group["momentum"]:
            if "momentum_buffer" not in state:
                state["momentum_buffer"], kept = np.zeros_like(p), 1  # so that v becomes g
            v = state["momentum_buffer"]
        kernels.sgd(p, g, v, group["lr"], group["momentum"], kept, group["weight_decay"], group["nesterov"])
