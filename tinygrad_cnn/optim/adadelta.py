"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.functional.checks import between, not_negative
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class Adadelta(Optimizer):
    """Steps scaled by the root of their own running mean square: they have the parameter's unit.

        g <- g + weight_decay * p                 v <- rho * v + (1 - rho) * g²
        d = sqrt(u + eps) / sqrt(v + eps) * g     u <- rho * u + (1 - rho) * d²
        p <- p - lr * d

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        rho: the decay of both means, in [0, 1].   eps: added under the roots.
        weight_decay: factor of an L2 penalty.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Zeiler 2012, arXiv:1212.5701.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adadelta([w], eps=1e-2)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.6877], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "rho": between(0, 1), "eps": not_negative, "weight_decay": not_negative,
    }  # fmt: skip
    states = frozenset({"step", "square_avg", "acc_delta"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6,
        weight_decay: float = 0.0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}, maximize=maximize
        )

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> p, options = np.array([1.0]), {"lr": 1, "rho": 0, "eps": 1, "weight_decay": 0}
        >>> Adadelta.update(Adadelta.__new__(Adadelta), p, np.array([3.0]), {}, options); p.round(4)
        array([0.0513])
        """
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if not state:
            state.update(step=0, square_avg=np.zeros_like(p), acc_delta=np.zeros_like(p))
        state["step"] += 1
        rho, eps, v, u = group["rho"], group["eps"], state["square_avg"], state["acc_delta"]
        v *= rho
        v += (1 - rho) * (g * g)
        d = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u *= rho
        u += (1 - rho) * (d * d)
        p -= group["lr"] * d
