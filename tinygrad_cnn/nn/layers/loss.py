"""Losses as modules, with PyTorch's names and defaults; the formulas are those of `functional`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import values
from tinygrad_cnn.functional.checks import above_0, at_least, between, one_of
from tinygrad_cnn.functional.loss import REDUCTIONS
from tinygrad_cnn.nn.function_layer import FunctionLayer, option
from tinygrad_cnn.nn.module import Buffer

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss",
    "L1Loss", "MSELoss", "MultiMarginLoss", "NLLLoss", "SmoothL1Loss",
]  # fmt: skip

#: The check of a loss's reduction.
REDUCTION = one_of(*REDUCTIONS)


def weights(layer: str, name: str, value: Any) -> Buffer | None:
    """Constant factors as a buffer; Python numbers as float32.

    >>> weights("NLLLoss", "weight", [1.0, 2.0])
    Tensor([1., 2.])
    """
    if value is None:
        return None
    return Buffer(np.asarray(value, np.float32) if isinstance(value, (list, tuple)) else values(value))


class Loss(FunctionLayer):
    """Base of loss modules, which are called with predictions and targets.

    >>> MSELoss("sum")
    MSELoss(reduction='sum')
    """

    def extra_repr(self) -> str:
        """The options that are given and are not buffers.

        >>> NLLLoss([1.0, 2.0])
        NLLLoss(ignore_index=-100, reduction='mean')
        """
        shown = {name: getattr(self, name) for name in self._options}
        return ", ".join(
            f"{k}={v!r}" for k, v in shown.items() if v is not None and not isinstance(v, Buffer)
        )


class CrossEntropyLoss(Loss, function=F.cross_entropy):
    """Cross-entropy of scores and labels or probabilities; see `functional.cross_entropy`.

    Args:
        weight: (K,) a factor per class, or None.   ignore_index: the label that counts nothing.
        reduction: 'mean', 'sum' or 'none'.   label_smoothing: in [0, 1].
    Raises:
        ArgumentError: an option out of its range.

    >>> round(float(CrossEntropyLoss()([[0.0, 0.0]], [1])), 4)
    0.6931
    """

    weight: Any = option(default=None, check=weights)
    ignore_index: int = option(default=-100, kw_only=True)
    reduction: str = option(default="mean", check=REDUCTION, kw_only=True)
    label_smoothing: float = option(default=0.0, check=between(0, 1), kw_only=True)


class NLLLoss(Loss, function=F.nll_loss):
    """Negative log-likelihood of labels, after a log-softmax; see `functional.nll_loss`.

    Args:
        weight: (K,) a factor per class, or None.   ignore_index: the label that counts nothing.
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: an option out of its range.

    >>> float(NLLLoss()([[-1.0, -2.0]], [1]))
    2.0
    """

    weight: Any = option(default=None, check=weights)
    ignore_index: int = option(default=-100, kw_only=True)
    reduction: str = option(default="mean", check=REDUCTION, kw_only=True)


class MSELoss(Loss, function=F.mse_loss):
    """Squared error of each element; see `functional.mse_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: an option out of its range.

    >>> float(MSELoss()([1.0, 2.0], [1.0, 4.0]))
    2.0
    """

    reduction: str = option(default="mean", check=REDUCTION)


class L1Loss(Loss, function=F.l1_loss):
    """Absolute error of each element; see `functional.l1_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: an option out of its range.

    >>> float(L1Loss()([1.0, 2.0], [1.0, 4.0]))
    1.0
    """

    reduction: str = option(default="mean", check=REDUCTION)


class SmoothL1Loss(Loss, function=F.smooth_l1_loss):
    """Absolute error, a parabola near 0; see `functional.smooth_l1_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.   beta: where the parabola ends, at least 0.
    Raises:
        ArgumentError: an option out of its range.

    >>> float(SmoothL1Loss()([0.5], [0.0]))
    0.125
    """

    reduction: str = option(default="mean", check=REDUCTION)
    beta: float = option(default=1.0, check=between(0, math.inf))


class HuberLoss(Loss, function=F.huber_loss):
    """Squared error near 0, absolute error far away; see `functional.huber_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.   delta: where the parabola ends, above 0.
    Raises:
        ArgumentError: an option out of its range.

    >>> float(HuberLoss(delta=2.0)([3.0], [0.0]))
    4.0
    """

    reduction: str = option(default="mean", check=REDUCTION)
    delta: float = option(default=1.0, check=above_0)


class BCELoss(Loss, function=F.binary_cross_entropy):
    """Cross-entropy of probabilities of two classes; see `functional.binary_cross_entropy`.

    Args:
        weight: factors that broadcast to x, or None.   reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: an option out of its range.

    >>> round(float(BCELoss()([0.5], [1.0])), 4)
    0.6931
    """

    weight: Any = option(default=None, check=weights)
    reduction: str = option(default="mean", check=REDUCTION)


class BCEWithLogitsLoss(Loss, function=F.binary_cross_entropy_with_logits):
    """Cross-entropy of scores of two classes; see `functional.binary_cross_entropy_with_logits`.

    Args:
        weight: factors that broadcast to x, or None.   reduction: 'mean', 'sum' or 'none'.
        pos_weight: factors of the positive part that broadcast to x, or None.
    Raises:
        ArgumentError: an option out of its range.

    >>> round(float(BCEWithLogitsLoss(pos_weight=[2.0])([0.0], [1.0])), 4)
    1.3863
    """

    weight: Any = option(default=None, check=weights)
    reduction: str = option(default="mean", check=REDUCTION)
    pos_weight: Any = option(default=None, check=weights)


class KLDivLoss(Loss, function=F.kl_div):
    """Kullback-Leibler divergence of a target from logarithms; see `functional.kl_div`.

    Args:
        reduction: 'mean', 'batchmean', 'sum' or 'none'.
        log_target: whether targets are logarithms too.
    Raises:
        ArgumentError: an option out of its range.

    >>> round(float(KLDivLoss("sum")(np.log([0.5, 0.5]), [1.0, 0.0])), 4)
    0.6931
    """

    reduction: str = option(default="mean", check=one_of(*REDUCTIONS, "batchmean"))
    log_target: bool = False


class MultiMarginLoss(Loss, function=F.multi_margin_loss):
    """Hinge loss of several classes; see `functional.multi_margin_loss`.

    Args:
        p: 1 or 2.   margin: the wanted distance.   weight: (K,) a factor per class, or None.
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: an option out of its range.

    >>> float(MultiMarginLoss()([[0.0, 0.5]], [0]))
    0.75
    """

    p: int = option(default=1, check=at_least(1))
    margin: float = 1.0
    weight: Any = option(default=None, check=weights)
    reduction: str = option(default="mean", check=REDUCTION, kw_only=True)


class HingeEmbeddingLoss(Loss, function=F.hinge_embedding_loss):
    """A loss of distances of like and unlike pairs; see `functional.hinge_embedding_loss`.

    Args:
        margin: the distance from which unlike pairs cost nothing.
        reduction: 'mean', 'sum' or 'none'.
    Raises:
        ArgumentError: an option out of its range.

    >>> float(HingeEmbeddingLoss()([0.25, 0.25], [1, -1]))
    0.5
    """

    margin: float = 1.0
    reduction: str = option(default="mean", check=REDUCTION)
