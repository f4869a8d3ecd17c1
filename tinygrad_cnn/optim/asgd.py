"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.functional.checks import not_negative
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class ASGD(Optimizer):
    """Gradient descent that also keeps the mean of the parameters over all steps from t0 on.

        g <- g + weight_decay * p
        p <- p * (1 - lambd * eta) - eta * g            eta = lr / (1 + lambd * lr * t)^alpha
        a <- a + mu * (p - a)                            mu = 1 / max(1, t - t0)

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        lambd: how fast the rate decays.   alpha: power of that decay.
        t0: the step from which on the mean is taken; it is `state[p]["ax"]`.
        weight_decay: factor of an L2 penalty.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging".

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = ASGD([w], lr=0.1, lambd=0)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.8], dtype=float32)
    """

    checks: ClassVar = dict.fromkeys(("lr", "lambd", "alpha", "t0", "weight_decay"), not_negative)
    states = frozenset({"step", "eta", "mu", "ax"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75,
        t0: float = 1e6, weight_decay: float = 0.0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        decays = {"lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay}
        super().__init__(params, {"lr": lr, **decays}, maximize=maximize)

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> w, options = np.array([1.0]), {"lr": 0.1, "lambd": 0, "alpha": 1, "t0": 9, "weight_decay": 0}
        >>> ASGD.update(ASGD.__new__(ASGD), w, np.array([3.0]), {}, options); w
        array([0.7])
        """
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if not state:
            state.update(step=0, eta=float(group["lr"]), mu=1.0, ax=np.zeros_like(p))
        t = state["step"] = state["step"] + 1
        p *= 1 - group["lambd"] * state["eta"]
        p -= state["eta"] * g
        if state["mu"] == 1:
            state["ax"][...] = p
        else:
            state["ax"] += state["mu"] * (p - state["ax"])
        state["eta"] = group["lr"] / (1 + group["lambd"] * group["lr"] * t) ** group["alpha"]
        state["mu"] = 1 / max(1, t - group["t0"])
