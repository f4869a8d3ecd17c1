"""Normalisation layers."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import integer, number
from tinygrad_cnn.nn.module import Buffer, Module, Parameter


class BatchNorm2d(Module):
    """Normalise each channel over the batch; see `functional.batch_norm`.

    In training the batch's own statistics are used and running ones updated; after `eval()` the
    running ones are used.

    Args:
        num_features: number of channels C.   eps: added to the variance.
        momentum: share of the new value in the running statistics.
        affine: learn a scale and a shift per channel.
        track_running_stats: keep running statistics; without, the batch's own always serve.
        dtype: a float type.
    Shapes:
        x (N, C, H, W) -> the same; weight, bias, running_mean, running_var (C,).
    Raises:
        ShapeError: x has not 4 axes, or not C channels.
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167.

    >>> BatchNorm2d(3)(np.zeros((2, 3, 4, 4), "float32")).shape
    (2, 3, 4, 4)
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True,
        track_running_stats: bool = True, *, dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        name = "BatchNorm2d"
        self.num_features = integer(name, "num_features", num_features, 1)
        self.eps = number(name, "eps", eps, 0, inf)
        self.momentum = number(name, "momentum", momentum, 0, 1)
        self.affine, self.track_running_stats = bool(affine), bool(track_running_stats)
        ones, zeros = np.ones(self.num_features, dtype), np.zeros(self.num_features, dtype)
        self.weight = Parameter(ones) if affine else None
        self.bias = Parameter(zeros) if affine else None
        self.running_mean = Buffer(zeros) if track_running_stats else None
        self.running_var = Buffer(ones) if track_running_stats else None
        self.num_batches_tracked = Buffer(np.array(0)) if track_running_stats else None

    def forward(self, x: Any) -> Any:
        """x, normalised.

        >>> BatchNorm2d(1).forward(np.zeros((1, 1, 2, 2), "float32")).shape
        (1, 1, 2, 2)
        """
        if np.ndim(x) != 4:
            raise ShapeError(f"BatchNorm2d: x needs 4 axes (N, C, H, W), got {np.shape(x)}")
        y = F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            training=self.training, momentum=self.momentum, eps=self.eps,
        )  # fmt: skip
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.data += 1
        return y

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> BatchNorm2d(8)
        BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
        """
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )
