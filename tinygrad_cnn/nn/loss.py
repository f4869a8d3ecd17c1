"""Losses as modules."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import choice
from tinygrad_cnn.functional.loss import REDUCTIONS
from tinygrad_cnn.nn.module import Module


class CrossEntropyLoss(Module):
    """Cross-entropy of scores and integer labels; see `functional.cross_entropy`.

    Args:
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: another reduction.

    >>> round(float(CrossEntropyLoss()([[0.0, 0.0]], [1])), 4)
    0.6931
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        self.reduction = choice("CrossEntropyLoss", "reduction", reduction, REDUCTIONS)

    def forward(self, x: Any, labels: Any) -> Any:
        """The loss of scores x (N, K, ...) against labels (N, ...).

        >>> CrossEntropyLoss(reduction="none").forward([[0.0, 0.0]], [0]).round(4)
        array([0.6931], dtype=float32)
        """
        return F.cross_entropy(x, labels, reduction=self.reduction)

    def extra_repr(self) -> str:
        """The reduction.

        >>> CrossEntropyLoss()
        CrossEntropyLoss(reduction='mean')
        """
        return f"reduction={self.reduction!r}"
