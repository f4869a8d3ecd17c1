"""Adam; `adamw` has the variant whose weight decay does not go through the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.functional.checks import not_negative, two_decays
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class Adam(Optimizer):
    """Steps of adaptive size, from running means of the gradient and of its square.

        g <- g + weight_decay * p
        m <- beta1 * m + (1 - beta1) * g          v <- beta2 * v + (1 - beta2) * g²
        p <- p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    With amsgrad the largest v so far takes the place of v in the last line.

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        betas: the two decays, in [0, 1).   eps: added to the root.
        weight_decay: factor of an L2 penalty.   amsgrad: never let steps grow again.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Kingma & Ba 2015, arXiv:1412.6980; amsgrad: Reddi, Kale & Kumar 2018, arXiv:1904.09237.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.5)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.5], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "betas": two_decays, "eps": not_negative, "weight_decay": not_negative,
        "amsgrad": flag,
    }  # fmt: skip
    states = frozenset({"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0.0, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "amsgrad": amsgrad}, maximize=maximize)

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> p, options = np.array([1.0]), {"lr": 0.1, "betas": (0.9, 0.99), "eps": 0, "weight_decay": 0}
        >>> Adam.update(Adam.__new__(Adam), p, np.array([3.0]), {}, {**options, "amsgrad": False}); p
        array([0.9])
        """
        adam_step(p, g, state, group, decay=group["weight_decay"])


def adam_step(
    p: Array, g: Array, state: dict[str, Any], group: Group, decay: float = 0.0, shrink: float = 1.0
) -> None:
    """One step of `p`, in place: p <- p * shrink, g <- g + decay * p, then the rest of Adam's equations.

    >>> p, state = np.array([1.0]), {}
    >>> adam_step(p, np.array([2.0]), state, {"lr": 0.1, "betas": (0, 0), "eps": 0, "amsgrad": False}); p
    array([0.9])
    """
    if not state:
        state.update(step=0, exp_avg=np.zeros_like(p), exp_avg_sq=np.zeros_like(p))
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = np.zeros_like(p)
    state["step"] += 1
    largest = state["max_exp_avg_sq"] if group["amsgrad"] else None
    beta1, beta2 = group["betas"]
    kernels.adam(
        p, g, state["exp_avg"], state["exp_avg_sq"], largest, state["step"],
        group["lr"], beta1, beta2, group["eps"], decay, shrink,
    )  # fmt: skip


def weight_decay_of(group: Group) -> tuple[float, float]:
    """(share of p in the gradient, factor of p before the step) of an optimizer with both ways to decay.

    >>> weight_decay_of({"lr": 0.5, "weight_decay": 0.5, "decoupled_weight_decay": True})
    (0.0, 0.75)
    """
    if group["decoupled_weight_decay"]:
        return 0.0, 1 - group["lr"] * group["weight_decay"]
    return group["weight_decay"], 1.0
