"""Adam."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, sqrt
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import number
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class Adam(Optimizer):
    """Steps of adaptive size, from running means of the gradient and of its square.

        g <- g + weight_decay * p
        m <- beta1 * m + (1 - beta1) * g          v <- beta2 * v + (1 - beta2) * g²
        p <- p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        betas: the two decays, in [0, 1).   eps: added to the root.
        weight_decay: factor of an L2 penalty.
    Raises:
        ArgumentError: an option out of its range.
    Source: Kingma & Ba 2015, arXiv:1412.6980.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.5)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.5], dtype=float32)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def check(self, group: Group) -> None:
        """Raise ArgumentError if an option is out of its range.

        >>> Adam.check(Adam.__new__(Adam), {"lr": 1, "betas": (0, 0), "eps": 0, "weight_decay": 0})
        """
        for key in ("lr", "eps", "weight_decay"):
            number("Adam", key, group[key], 0, inf)
        if len(group["betas"]) != 2 or not all(0 <= beta < 1 for beta in group["betas"]):
            raise ArgumentError(f"Adam: betas must be two numbers in [0, 1), got {group['betas']}")

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place."""
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(p), exp_avg_sq=np.zeros_like(p))
        state["step"] += 1
        (beta1, beta2), m, v = group["betas"], state["exp_avg"], state["exp_avg_sq"]
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        root = np.sqrt(v)
        root /= sqrt(1 - beta2 ** state["step"])
        root += group["eps"]
        p -= (group["lr"] / (1 - beta1 ** state["step"])) * (m / root)
