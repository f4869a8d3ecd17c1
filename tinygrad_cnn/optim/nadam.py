"""NAdam."""

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


class NAdam(Optimizer):
    """Adam with Nesterov's momentum, which grows towards beta1.

        g  <- g + weight_decay * p,   or   p <- p - lr * weight_decay * p if decoupled
        mu_t = beta1 * (1 - ½ · 0.96^(t · momentum_decay))
        m  <- beta1 * m + (1 - beta1) * g          v <- beta2 * v + (1 - beta2) * g²
        m' = mu_(t+1) * m / (1 - Π_(i≤t+1) mu_i) + (1 - mu_t) * g / (1 - Π_(i≤t) mu_i)
        p  <- p - lr * m' / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        betas: the two decays, in [0, 1).   eps: added to the root.
        weight_decay: factor of an L2 penalty.   momentum_decay: speed of the growth.
        decoupled_weight_decay: shrink the parameters themselves, as AdamW does.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Dozat 2016, "Incorporating Nesterov momentum into Adam".

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = NAdam([w], lr=0.5)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.4718], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "betas": two_decays, "eps": not_negative, "weight_decay": not_negative,
        "momentum_decay": not_negative, "decoupled_weight_decay": flag,
    }  # fmt: skip
    states = frozenset({"step", "mu_product", "exp_avg", "exp_avg_sq"})

    def __init__(
        self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.0, momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        decays = {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, {**options, **decays}, maximize=maximize)

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> w, options = np.array([1.0]), {"lr": 0.1, "betas": (0, 0), "eps": 0, "weight_decay": 0}
        >>> options.update(momentum_decay=0, decoupled_weight_decay=False)
        >>> NAdam.update(NAdam.__new__(NAdam), w, np.array([3.0]), {}, options); w
        array([0.9])
        """
        if not state:
            state.update(step=0, mu_product=1.0, exp_avg=np.zeros_like(p), exp_avg_sq=np.zeros_like(p))
        t = state["step"] = state["step"] + 1
        (beta1, beta2), m, v = group["betas"], state["exp_avg"], state["exp_avg_sq"]
        now, after = (beta1 * (1 - 0.5 * 0.96 ** (k * group["momentum_decay"])) for k in (t, t + 1))
        state["mu_product"] *= now
        product, decay = state["mu_product"], weight_decay_of(group)
        lengths = group["lr"] * (1 - now) / (1 - product), group["lr"] * after / (1 - product * after)
        unbiased = sqrt(1 - beta2**t)
        rates = Rates(beta1, 1 - beta1, beta2, 1 - beta2, unbiased, group["eps"], *decay, *lengths)
        kernels.adaptive(p, g, m, v, rates, True)
