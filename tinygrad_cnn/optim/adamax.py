"""Adamax."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.functional.checks import not_negative, two_decays
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class Adamax(Optimizer):
    """Adam with the largest recent gradient in the place of the mean square.

        g <- g + weight_decay * p
        m <- beta1 * m + (1 - beta1) * g          u <- max(beta2 * u, |g| + eps)
        p <- p - lr / (1 - beta1^t) * m / u

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        betas: the two decays, in [0, 1).   eps: added to the gradient's size.
        weight_decay: factor of an L2 penalty.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Kingma & Ba 2015, arXiv:1412.6980, 7.1.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adamax([w], lr=0.5)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.5], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "betas": two_decays, "eps": not_negative, "weight_decay": not_negative,
    }  # fmt: skip
    states = frozenset({"step", "exp_avg", "exp_inf"})

    def __init__(
        self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}, maximize=maximize
        )

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> p, options = np.array([1.0]), {"lr": 0.1, "betas": (0.9, 0.99), "eps": 0, "weight_decay": 0}
        >>> Adamax.update(Adamax.__new__(Adamax), p, np.array([3.0]), {}, options); p
        array([0.9])
        """
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(p), exp_inf=np.zeros_like(p))
        state["step"] += 1
        (beta1, beta2), m, u = group["betas"], state["exp_avg"], state["exp_inf"]
        m *= beta1
        m += (1 - beta1) * g
        np.maximum(beta2 * u, abs(g) + group["eps"], out=u)
        p -= (group["lr"] / (1 - beta1 ** state["step"])) * (m / u)
