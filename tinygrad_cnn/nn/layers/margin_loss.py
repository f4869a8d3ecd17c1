"""Losses of pairs, triplets and several labels as modules; the formulas are those of `functional`."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.nn.function_layer import option
from tinygrad_cnn.nn.layers.loss import REDUCTION, Loss, weights
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "CosineEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class SoftMarginLoss(Loss, function=F.soft_margin_loss):
    """A smooth loss of two classes, 1 and -1; see `functional.soft_margin_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.

    >>> round(float(SoftMarginLoss()([0.0], [1.0])), 4)
    0.6931
    """

    reduction: str = option(default="mean", check=REDUCTION)


class MultiLabelSoftMarginLoss(Loss, function=F.multilabel_soft_margin_loss):
    """Cross-entropy of several labels at once; see `functional.multilabel_soft_margin_loss`.

    Args:
        weight: (K,) a factor per class, or None.   reduction: 'mean', 'sum' or 'none'.

    >>> round(float(MultiLabelSoftMarginLoss()([[0.0, 0.0]], [[1, 0]])), 4)
    0.6931
    """

    weight: Any = option(default=None, check=weights)
    reduction: str = option(default="mean", check=REDUCTION)


class MultiLabelMarginLoss(Loss, function=F.multilabel_margin_loss):
    """Hinge loss of several labels; see `functional.multilabel_margin_loss`.

    Args:
        reduction: 'mean', 'sum' or 'none'.

    >>> round(float(MultiLabelMarginLoss()([[0.25, 0.5, 0.0]], [[1, -1, 0]])), 4)
    0.4167
    """

    reduction: str = option(default="mean", check=REDUCTION)


class MarginRankingLoss(Loss, function=F.margin_ranking_loss):
    """A loss of two scores, of which one should be larger; see `functional.margin_ranking_loss`.

    Args:
        margin: the wanted distance.   reduction: 'mean', 'sum' or 'none'.

    >>> float(MarginRankingLoss()([0.5], [0.25], [-1]))
    0.25
    """

    margin: float = 0.0
    reduction: str = option(default="mean", check=REDUCTION)


class CosineEmbeddingLoss(Loss, function=F.cosine_embedding_loss):
    """A loss of angles of like and unlike pairs; see `functional.cosine_embedding_loss`.

    Args:
        margin: the cosine below which unlike pairs cost nothing.   reduction: 'mean', 'sum' or 'none'.

    >>> float(CosineEmbeddingLoss()([[1.0, 0.0]], [[0.0, 1.0]], [1]))
    1.0
    """

    margin: float = 0.0
    reduction: str = option(default="mean", check=REDUCTION)


class TripletMarginLoss(Loss, function=F.triplet_margin_loss):
    """A loss of three vectors, of which two should be near; see `functional.triplet_margin_loss`.

    Args:
        margin: the wanted difference of the distances.   p, eps: of `functional.pairwise_distance`.
        swap: whether the negative is compared with the nearer of anchor and positive.
        reduction: 'mean', 'sum' or 'none'.

    >>> round(float(TripletMarginLoss(5.0)([[0.0]], [[1.0]], [[4.0]])), 4)
    2.0
    """

    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-6
    swap: bool = False
    reduction: str = option(default="mean", check=REDUCTION)


class TripletMarginWithDistanceLoss(Loss, function=F.triplet_margin_with_distance_loss):
    """`TripletMarginLoss` with any distance; see `functional.triplet_margin_with_distance_loss`.

    Args:
        distance_function: a function of two operands that gives their distances; None for
            `functional.pairwise_distance`.
        margin, swap: as `TripletMarginLoss`.   reduction: 'mean', 'sum' or 'none'.

    >>> loss = TripletMarginWithDistanceLoss(distance_function=F.pairwise_distance, margin=5.0)
    >>> round(float(loss([[0.0]], [[1.0]], [[4.0]])), 4)
    2.0
    """

    distance_function: Any = option(default=None, kw_only=True)
    margin: float = option(default=1.0, kw_only=True)
    swap: bool = option(default=False, kw_only=True)
    reduction: str = option(default="mean", check=REDUCTION, kw_only=True)

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss of triplets.

        >>> round(float(TripletMarginWithDistanceLoss().forward([[0.0]], [[1.0]], [[4.0]])), 4)
        0.0
        """
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance=self.distance_function, margin=self.margin,
            swap=self.swap, reduction=self.reduction,
        )  # fmt: skip
