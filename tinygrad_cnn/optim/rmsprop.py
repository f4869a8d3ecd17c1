"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.functional.checks import between, not_negative
from tinygrad_cnn.kernels.numpy.update import Rates
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of the squared gradient.

        g <- g + weight_decay * p                 v <- alpha * v + (1 - alpha) * g²
        d = g / (sqrt(v) + eps);  with centered   d = g / (sqrt(v - a²) + eps),
                                                  a <- alpha * a + (1 - alpha) * g
        p <- p - lr * d;          with momentum   b <- momentum * b + d,  p <- p - lr * b

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        alpha: the decay of the means, in [0, 1].   eps: added to the root.
        weight_decay: factor of an L2 penalty.   momentum: share of the previous direction.
        centered: divide by the standard deviation.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Hinton, Srivastava & Swersky 2012, "Neural networks for machine learning", lecture 6;
        centered: Graves 2013, arXiv:1308.0850.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.9], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "alpha": between(0, 1), "eps": not_negative, "weight_decay": not_negative,
        "momentum": not_negative, "centered": flag,
    }  # fmt: skip
    states = frozenset({"step", "square_avg", "grad_avg", "momentum_buffer"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0.0, momentum: float = 0.0, centered: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "momentum": momentum, "centered": centered}, maximize=maximize)

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> p, options = np.array([1.0]), {"lr": 0.1, "alpha": 0, "eps": 0, "weight_decay": 0}
        >>> options.update(momentum=0, centered=False)
        >>> RMSprop.update(RMSprop.__new__(RMSprop), p, np.array([3.0]), {}, options); p
        array([0.9])
        """
        if not state:
            state.update(step=0, square_avg=np.zeros_like(p))
        state["step"] += 1
        alpha, v, decay = group["alpha"], state["square_avg"], group["weight_decay"]
        if not (group["centered"] or group["momentum"]):
            rates = Rates(0.0, 0.0, alpha, 1 - alpha, 1.0, group["eps"], decay, 1.0, group["lr"], 0.0)
            kernels.adaptive(p, g, None, v, rates, True)
            return
        if decay:
            g = g + decay * p
        v *= alpha
        v += (1 - alpha) * (g * g)
        if group["centered"]:
            a = state.setdefault("grad_avg", np.zeros_like(p))
            a *= alpha
            a += (1 - alpha) * g
            v = np.maximum(v - a * a, 0)  # rounding may leave it just below 0
        d = g / (np.sqrt(v) + group["eps"])
        if group["momentum"]:
            b = state.setdefault("momentum_buffer", np.zeros_like(p))
            b *= group["momentum"]
            b += d
            d = b
        p -= group["lr"] * d
