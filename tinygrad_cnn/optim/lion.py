"""Lion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.functional.checks import not_negative, two_decays
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class Lion(Optimizer):
    """Steps of one size, by the sign of a running mean of the gradient.

        p <- p - lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * p)
        m <- beta2 * m + (1 - beta2) * g

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0; a tenth of Adam's fits.
        betas: the two decays, in [0, 1).   weight_decay: how much the parameters shrink.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Chen et al. 2023, arXiv:2302.06675.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Lion([w], lr=0.1)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.9], dtype=float32)
    """

    checks: ClassVar = {"lr": not_negative, "betas": two_decays, "weight_decay": not_negative}
    states = frozenset({"exp_avg"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, {"lr": lr, "betas": betas, "weight_decay": weight_decay}, maximize=maximize
        )

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> w, options = np.array([1.0]), {"lr": 0.1, "betas": (0.9, 0.99), "weight_decay": 0}
        >>> Lion.update(Lion.__new__(Lion), w, np.array([-3.0]), {}, options); w
        array([1.1])
        """
        m = state.setdefault("exp_avg", np.zeros_like(p))
        beta1, beta2 = group["betas"]
        p *= 1 - group["lr"] * group["weight_decay"]
        p -= group["lr"] * np.sign(beta1 * m + (1 - beta1) * g)
        m *= beta2
        m += (1 - beta2) * g
