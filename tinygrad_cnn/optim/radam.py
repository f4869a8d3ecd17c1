"""RAdam."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.functional.checks import not_negative, two_decays
from tinygrad_cnn.kernels.numpy.update import Rates
from tinygrad_cnn.optim.adam import weight_decay_of
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class RAdam(Optimizer):
    """Adam that makes plain steps until it has seen enough gradients to tell their spread.

        g <- g + weight_decay * p,   or   p <- p - lr * weight_decay * p if decoupled
        m <- beta1 * m + (1 - beta1) * g          v <- beta2 * v + (1 - beta2) * g²
        rho = 2 / (1 - beta2) - 1                 rho_t = rho - 2 t beta2^t / (1 - beta2^t)
        r² = (rho_t - 4)(rho_t - 2) rho / ((rho - 4)(rho - 2) rho_t)
        p <- p - lr * r * m / (1 - beta1^t) * sqrt(1 - beta2^t) / (sqrt(v) + eps)   if rho_t > 5
        p <- p - lr * m / (1 - beta1^t)                                             otherwise

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        betas: the two decays, in [0, 1).   eps: added to the root.
        weight_decay: factor of an L2 penalty.
        decoupled_weight_decay: shrink the parameters themselves, as AdamW does.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Liu et al. 2020, arXiv:1908.03265.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = RAdam([w], lr=0.1)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.8], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "betas": two_decays, "eps": not_negative, "weight_decay": not_negative,
        "decoupled_weight_decay": flag,
    }  # fmt: skip
    states = frozenset({"step", "exp_avg", "exp_avg_sq"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.0, decoupled_weight_decay: bool = False, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(
            params, {**options, "decoupled_weight_decay": decoupled_weight_decay}, maximize=maximize
        )

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> w, options = np.array([1.0]), {"lr": 0.1, "betas": (0, 0.9), "eps": 0, "weight_decay": 0}
        >>> options["decoupled_weight_decay"] = False
        >>> RAdam.update(RAdam.__new__(RAdam), w, np.array([3.0]), {}, options); w
        array([0.7])
        """
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(p), exp_avg_sq=np.zeros_like(p))
        t = state["step"] = state["step"] + 1
        (beta1, beta2), m, v = group["betas"], state["exp_avg"], state["exp_avg_sq"]
        rate, seen = group["lr"] / (1 - beta1**t), 1 - beta2**t
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / seen
        by_root, along = length > 5, rate
        if by_root:
            share = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            along = rate * sqrt(share * seen)
        decay, shrink = weight_decay_of(group)
        rates = Rates(beta1, 1 - beta1, beta2, 1 - beta2, 1.0, group["eps"], decay, shrink, 0.0, along)
        kernels.adaptive(p, g, m, v, rates, by_root)
