"""Distances and angles as layers."""

from __future__ import annotations

from math import inf

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.checks import between
from tinygrad_cnn.nn.function_layer import FunctionLayer, option
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(FunctionLayer):
    """Cosine of the angle between vectors; see `functional.cosine_similarity`.

    Args:
        dim: the axis of the vectors.   eps: the least length.
    Shapes:
        x1, x2 that broadcast -> the broadcast shape without the axis.

    >>> CosineSimilarity()([[1.0, 0.0]], [[2.0, 0.0]])
    Tensor([1.])
    """

    dim: int = 1
    eps: float = option(default=1e-8, check=between(0, inf))

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The cosines.

        >>> CosineSimilarity(0).forward([1.0, 0.0], [0.0, 2.0])
        array(0., dtype=float32)
        """
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(FunctionLayer):
    """Distance of vectors that stand side by side; see `functional.pairwise_distance`.

    Args:
        p: of the norm.   eps: added to each difference.   keepdim: keep the last axis, with length 1.
    Shapes:
        x1, x2 (..., D) -> (...).

    >>> PairwiseDistance()([[0.0, 0.0]], [[3.0, 4.0]]).round(3)
    Tensor([5.])
    """

    p: float = 2.0
    eps: float = 1e-6
    keepdim: bool = False

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The distances.

        >>> PairwiseDistance(1.0).forward([0.0, 0.0], [3.0, 4.0]).round(3)
        np.float32(7.0)
        """
        return F.pairwise_distance(x1, x2, self.p, self.eps, self.keepdim)
