"""Losses as modules, with PyTorch's names and defaults; the formulas are those of `functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import choice, values
from tinygrad_cnn.functional.loss import REDUCTIONS
from tinygrad_cnn.nn.module import Buffer, Module


class Loss(Module):
    """What loss modules share: the reduction, and constant weights as buffers.

    Args:
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: another reduction.

    >>> Loss("sum").reduction
    'sum'
    """

    reductions: tuple[str, ...] = REDUCTIONS

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = choice(type(self).__name__, "reduction", reduction, self.reductions)

    def extra_repr(self) -> str:
        """The options that are no buffers.

        >>> SmoothL1Loss(beta=0.5)
        SmoothL1Loss(beta=0.5, reduction='mean')
        """
        plain = (bool, int, float, str)
        options = {k: v for k, v in vars(self).items() if isinstance(v, plain) and k[0] != "_"}
        return ", ".join(f"{k}={v!r}" for k, v in options.items() if k != "training")


def _weights(weight: Any) -> Buffer | None:
    """Constant factors as a buffer; Python numbers as float32."""
    if weight is None:
        return None
    return Buffer(np.asarray(weight, np.float32) if isinstance(weight, (list, tuple)) else values(weight))


class CrossEntropyLoss(Loss):
    """Cross-entropy of scores and labels or probabilities; see `functional.cross_entropy`.

    Args:
        weight: (K,) a factor per class, or None.   ignore_index: the label that counts nothing.
        reduction: 'mean', 'sum' or 'none'.   label_smoothing: in [0, 1].
    Raises:
        ArgumentError: another reduction.

    >>> round(float(CrossEntropyLoss()([[0.0, 0.0]], [1])), 4)
    0.6931
    """

    def __init__(
        self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:  # fmt: skip
        self.weight = _weights(weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The loss of scores x (N, K, ...) against labels (N, ...) or probabilities of x's shape.

        >>> CrossEntropyLoss(reduction="none").forward([[0.0, 0.0]], [0]).round(4)
        array([0.6931], dtype=float32)
        """
        return F.cross_entropy(
            x, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


class NLLLoss(Loss):
    """Negative log-likelihood of labels, after a log-softmax; see `functional.nll_loss`.

    Args:
        weight: (K,) a factor per class, or None.   ignore_index: the label that counts nothing.
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: another reduction.

    >>> float(NLLLoss()([[-1.0, -2.0]], [1]))
    2.0
    """

    def __init__(self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        self.weight = _weights(weight)
        self.ignore_index = ignore_index
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The loss of x (N, K, ...), logarithms of probabilities, against labels (N, ...).

        >>> NLLLoss(reduction="none").forward([[-1.0, -2.0]], [0])
        array([1.], dtype=float32)
        """
        return F.nll_loss(x, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class MSELoss(Loss):
    """Squared error of each element; see `functional.mse_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: another reduction.

    >>> float(MSELoss()([1.0, 2.0], [1.0, 4.0]))
    2.0
    """

    def forward(self, x: Any, target: Any) -> Any:
        """(x - target)², reduced.

        >>> MSELoss("none").forward([1.0, 2.0], [1.0, 4.0])
        array([0., 4.], dtype=float32)
        """
        return F.mse_loss(x, target, reduction=self.reduction)


class L1Loss(Loss):
    """Absolute error of each element; see `functional.l1_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: another reduction.

    >>> float(L1Loss()([1.0, 2.0], [1.0, 4.0]))
    1.0
    """

    def forward(self, x: Any, target: Any) -> Any:
        """|x - target|, reduced.

        >>> L1Loss("none").forward([1.0, 2.0], [1.0, 4.0])
        array([0., 2.], dtype=float32)
        """
        return F.l1_loss(x, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """Absolute error, a parabola near 0; see `functional.smooth_l1_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.   beta: where the parabola ends, at least 0.
    Raises:
        ArgumentError: another reduction.

    >>> float(SmoothL1Loss()([0.5], [0.0]))
    0.125
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        self.beta = beta
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The loss of x against a target of its shape.

        >>> SmoothL1Loss("none").forward([0.5, 3.0], [0.0, 0.0])
        array([0.125, 2.5  ], dtype=float32)
        """
        return F.smooth_l1_loss(x, target, beta=self.beta, reduction=self.reduction)


class HuberLoss(Loss):
    """Squared error near 0, absolute error far away; see `functional.huber_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.   delta: where the parabola ends, above 0.
    Raises:
        ArgumentError: another reduction.

    >>> float(HuberLoss(delta=2.0)([3.0], [0.0]))
    4.0
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        self.delta = delta
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The loss of x against a target of its shape.

        >>> HuberLoss("none").forward([0.5, 3.0], [0.0, 0.0])
        array([0.125, 2.5  ], dtype=float32)
        """
        return F.huber_loss(x, target, delta=self.delta, reduction=self.reduction)


class BCELoss(Loss):
    """Cross-entropy of probabilities of two classes; see `functional.binary_cross_entropy`.

    Args:
        weight: factors that broadcast to x, or None.   reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: another reduction.

    >>> round(float(BCELoss()([0.5], [1.0])), 4)
    0.6931
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        self.weight = _weights(weight)
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The loss of probabilities x against a target of their shape.

        >>> BCELoss(reduction="none").forward([0.0], [1.0])
        array([100.], dtype=float32)
        """
        return F.binary_cross_entropy(x, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """Cross-entropy of scores of two classes; see `functional.binary_cross_entropy_with_logits`.

    Args:
        weight: factors that broadcast to x, or None.   reduction: 'mean', 'sum' or 'none'.
        pos_weight: factors of the positive part that broadcast to x, or None.
    Raises:
        ArgumentError: another reduction.

    >>> round(float(BCEWithLogitsLoss(pos_weight=[2.0])([0.0], [1.0])), 4)
    1.3863
    """

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        self.weight, self.pos_weight = _weights(weight), _weights(pos_weight)
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The loss of scores x against a target of their shape.

        >>> BCEWithLogitsLoss(reduction="none").forward([-1000.0], [1.0])
        array([1000.], dtype=float32)
        """
        return F.binary_cross_entropy_with_logits(
            x, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class KLDivLoss(Loss):
    """Kullback-Leibler divergence of a target from logarithms; see `functional.kl_div`.

    Args:
        reduction: 'mean', 'batchmean', 'sum' or 'none'.
        log_target: whether targets are logarithms too.
    Raises:
        ArgumentError: another reduction.

    >>> round(float(KLDivLoss("sum")(np.log([0.5, 0.5]), [1.0, 0.0])), 4)
    0.6931
    """

    reductions = (*REDUCTIONS, "batchmean")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        self.log_target = log_target
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The divergence of a target from x, of its shape.

        >>> KLDivLoss("none", log_target=True).forward([0.0], [0.0])
        array([0.], dtype=float32)
        """
        return F.kl_div(x, target, log_target=self.log_target, reduction=self.reduction)


class MultiMarginLoss(Loss):
    """Hinge loss of several classes; see `functional.multi_margin_loss`.

    Args:
        p: 1 or 2.   margin: the wanted distance.   weight: (K,) a factor per class, or None.
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: another reduction.

    >>> float(MultiMarginLoss()([[0.0, 0.5]], [0]))
    0.75
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Any = None, *, reduction: str = "mean"
    ) -> None:
        self.p, self.margin, self.weight = p, margin, _weights(weight)
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The loss of scores x (N, K) against labels (N,).

        >>> MultiMarginLoss(reduction="none").forward([[0.0, 0.5]], [1])
        array([0.25], dtype=float32)
        """
        return F.multi_margin_loss(x, target, self.p, self.margin, self.weight, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    """A loss of distances of like and unlike pairs; see `functional.hinge_embedding_loss`.

    Args:
        margin: the distance from which unlike pairs cost nothing.
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: another reduction.

    >>> float(HingeEmbeddingLoss()([0.25, 0.25], [1, -1]))
    0.5
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        self.margin = margin
        super().__init__(reduction)

    def forward(self, x: Any, target: Any) -> Any:
        """The loss of distances x against 1 or -1.

        >>> HingeEmbeddingLoss(reduction="none").forward([0.25], [-1])
        array([0.75], dtype=float32)
        """
        return F.hinge_embedding_loss(x, target, margin=self.margin, reduction=self.reduction)
