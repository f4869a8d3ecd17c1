"""AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.functional.checks import not_negative, two_decays
from tinygrad_cnn.optim.adam import adam_step
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


class AdamW(Optimizer):
    """Adam whose weight decay shrinks the parameters directly, not through the gradient.

        p <- p - lr * weight_decay * p
        m <- beta1 * m + (1 - beta1) * g          v <- beta2 * v + (1 - beta2) * g²
        p <- p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    With amsgrad the largest v so far takes the place of v in the last line.

    Args:
        params: parameters, or groups of them.   lr: learning rate, at least 0.
        betas: the two decays, in [0, 1).   eps: added to the root.
        weight_decay: share of each parameter, times lr, that a step takes away.
        amsgrad: never let steps grow again.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Loshchilov & Hutter 2019, arXiv:1711.05101.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = AdamW([w], lr=0.5, weight_decay=0.1)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.45], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "betas": two_decays, "eps": not_negative, "weight_decay": not_negative,
        "amsgrad": flag,
    }  # fmt: skip
    states = frozenset({"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "amsgrad": amsgrad}, maximize=maximize)

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> p, options = np.array([1.0]), {"lr": 0.1, "betas": (0, 0), "eps": 0, "weight_decay": 1}
        >>> AdamW.update(AdamW.__new__(AdamW), p, np.ones(1), {}, {**options, "amsgrad": False}); p
        array([0.8])
        """
        adam_step(p, g, state, group, shrink=1 - group["lr"] * group["weight_decay"])
