"""Muon."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.functional.checks import at_least, between, not_negative, one_of, optional
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer

#: Coefficients of the quintic that brings singular values near 1 in a few rounds.
QUINTIC = (3.4445, -4.775, 2.0315)


class Muon(Optimizer):
    """Momentum whose steps are made orthogonal: for the matrices inside a network.

        v <- momentum * v + (1 - momentum) * g
        u = orthogonal((1 - momentum) * g + momentum * v)   with nesterov, else orthogonal(v)
        p <- p * (1 - lr * weight_decay) - lr * scale * u

    Args:
        params: matrices, or groups of them; give vectors and the outer layers to AdamW.
        lr: learning rate, at least 0.   weight_decay: how much the parameters shrink.
        momentum: share of the previous direction, in [0, 1].   nesterov: look ahead.
        ns_steps: rounds of the iteration that makes a step orthogonal, at least 1.
        adjust_lr_fn: 'original', scale = sqrt(max(1, rows / columns)), which None means too; or
            'match_rms_adamw', scale = 0.2 sqrt(max(rows, columns)).
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.   ShapeError: from `step`, a parameter is not a matrix.
    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([[1.0]], requires_grad=True)
    >>> optimizer = Muon([w], lr=0.1, weight_decay=0.0)
    >>> (w * w).sum().backward(); optimizer.step(); 0.85 < w.item() < 0.95
    True
    """

    checks: ClassVar = {
        "lr": not_negative, "weight_decay": not_negative, "momentum": between(0, 1), "nesterov": flag,
        "ns_steps": at_least(1), "adjust_lr_fn": optional(one_of("original", "match_rms_adamw")),
    }  # fmt: skip
    states = frozenset({"momentum_buffer"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95,
        nesterov: bool = True, ns_steps: int = 5, adjust_lr_fn: str | None = None, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov}
        super().__init__(
            params, {**options, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn}, maximize=maximize
        )

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place."""
        if p.ndim != 2:
            raise ShapeError(f"Muon: a parameter has shape {p.shape}, a matrix fits; give others to AdamW")
        v, share = state.setdefault("momentum_buffer", np.zeros_like(p)), group["momentum"]
        v += (1 - share) * (g - v)
        u = orthogonal(g + share * (v - g) if group["nesterov"] else v, group["ns_steps"])
        rows, columns = p.shape
        scale = sqrt(max(1, rows / columns))
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * sqrt(max(rows, columns))
        p *= 1 - group["lr"] * group["weight_decay"]
        p -= (group["lr"] * scale) * u


def orthogonal(x: Array, rounds: int) -> Array:
    """A matrix with the singular vectors of x and singular values near 1 (0.7 to 1.2 after 5 rounds).

    >>> values = np.linalg.svd(orthogonal(np.array([[3.0, 1.0], [0.0, 2.0]]), 5))[1]
    >>> bool((values > 0.6).all() and (values < 1.3).all())
    True
    """
    a, b, c = QUINTIC
    wide = x if x.shape[0] <= x.shape[1] else x.T
    wide = wide / np.maximum(np.linalg.norm(wide), 1e-7)
    for _ in range(rounds):
        square = wide @ wide.T
        wide = a * wide + (b * square + c * (square @ square)) @ wide
    return wide if x.shape[0] <= x.shape[1] else wide.T
