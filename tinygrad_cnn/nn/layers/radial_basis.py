"""Scores by distance from fixed or learnt points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import as_array, flag
from tinygrad_cnn.nn.module import Buffer, Module, Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["RBF"]


class RBF(Module):
    """Minus the squared distance of x from each of several points: the nearest scores highest.

        y[n,k] = -sum_j (x[n,j] - centers[k,j])²

    With `cross_entropy` the scores give the loss of LeNet-5 without its class for rubbish:
    y_D + log sum_k exp(-y_k) of the distances.

    Args:
        centers: (K, J), a point per class.
        learn: whether the points are parameters; by default they stay as they are.
        dtype: a float type.
    Shapes:
        x (N, J) -> (N, K).
    Raises:
        ShapeError: centers have not two axes, or x has not J columns.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", section II B, equation 7.

    >>> RBF([[1.0, 1.0], [-1.0, 1.0]])(np.array([[1.0, 0.0]], "float32"))
    Tensor([[-1., -5.]])
    """

    def __init__(self, centers: Any, learn: bool = False, *, dtype: DTypeLike = np.float32) -> None:
        points = as_array("RBF", centers)
        if points.ndim != 2 or not points.size:
            raise ShapeError(f"RBF: centers need two axes (classes, features), got {points.shape}")
        self.learn = flag("RBF", "learn", learn)
        self.centers = Parameter(points, dtype=dtype) if learn else Buffer(points, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Minus the squared distances.

        >>> RBF([[0.0, 3.0]]).forward(np.array([[4.0, 0.0]], "float32"))
        Tensor([[-25.]])
        """
        features = self.centers.shape[1]
        if np.ndim(x) != 2 or np.shape(x)[1] != features:
            raise ShapeError(f"RBF: x needs (N, {features}), got {np.shape(x)}")
        return -((F.expand_dims(x, 1) - self.centers) ** 2).sum(axis=2)

    def extra_repr(self) -> str:
        """The number of points, and of numbers in each.

        >>> RBF([[0.0, 3.0]])
        RBF(1, 2, learn=False)
        """
        classes, features = self.centers.shape
        return f"{classes}, {features}, learn={isinstance(self.centers, Parameter)}"
