"""Normalisation layers that look at one sample at a time: layer, group and local response norm."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import Sizes, flag, integer, number, shape_of
from tinygrad_cnn.functional.checks import at_least
from tinygrad_cnn.functional.normalization import last_sizes
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn.function_layer import FunctionLayer, option
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class LayerNorm(Module):
    """Normalise each sample over its last axes; see `functional.layer_norm`.

    Args:
        normalized_shape: int or ints, the last sizes of x.   eps: added to the variance.
        elementwise_affine: learn a scale per element, and with `bias` a shift.   dtype: a float type.
    Shapes:
        x (..., *normalized_shape) -> the same; weight, bias normalized_shape.
    Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450.

    >>> LayerNorm(4)(np.zeros((2, 3, 4), "float32")).shape
    (2, 3, 4)
    """

    def __init__(
        self, normalized_shape: Sizes, eps: float = 1e-5, elementwise_affine: bool = True,
        bias: bool = True, *, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        self.normalized_shape = last_sizes("LayerNorm", normalized_shape)
        self.eps = number("LayerNorm", "eps", eps, 0, inf)
        self.elementwise_affine = flag("LayerNorm", "elementwise_affine", elementwise_affine)
        shape, shift = self.normalized_shape, elementwise_affine and flag("LayerNorm", "bias", bias)
        self.weight = Parameter(filled("LayerNorm", shape, dtype, 1.0)) if elementwise_affine else None
        self.bias = Parameter(filled("LayerNorm", shape, dtype)) if shift else None

    def forward(self, x: Tensor) -> Tensor:
        """x, normalised.

        >>> LayerNorm((1, 2)).forward(np.zeros((5, 1, 2), "float32")).shape
        (5, 1, 2)
        """
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> LayerNorm(4)
        LayerNorm((4,), eps=1e-05, elementwise_affine=True)
        """
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class RMSNorm(Module):
    """Scale each sample by its root mean square over its last axes; see `functional.rms_norm`.

    Args:
        normalized_shape: int or ints, the last sizes of x.
        eps: added to the mean square; None for the distance from 1 to the next number of x's type.
        elementwise_affine: learn a scale per element.   dtype: a float type.
    Shapes:
        x (..., *normalized_shape) -> the same; weight normalized_shape.
    Source: Zhang & Sennrich 2019, arXiv:1910.07467.

    >>> RMSNorm(4)(np.zeros((2, 3, 4), "float32")).shape
    (2, 3, 4)
    """

    def __init__(
        self, normalized_shape: Sizes, eps: float | None = None, elementwise_affine: bool = True, *,
        dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        self.normalized_shape = last_sizes("RMSNorm", normalized_shape)
        self.eps = None if eps is None else number("RMSNorm", "eps", eps, 0, inf)
        self.elementwise_affine = flag("RMSNorm", "elementwise_affine", elementwise_affine)
        ones = filled("RMSNorm", self.normalized_shape, dtype, 1.0)
        self.weight = Parameter(ones) if self.elementwise_affine else None

    def forward(self, x: Tensor) -> Tensor:
        """x, scaled.

        >>> RMSNorm((1, 2)).forward(np.ones((5, 1, 2), "float32")).shape
        (5, 1, 2)
        """
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> RMSNorm(4)
        RMSNorm((4,), eps=None, elementwise_affine=True)
        """
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalise groups of channels of each sample; see `functional.group_norm`.

    Args:
        num_groups: divides the channels.   num_channels: C.   eps: added to the variance.
        affine: learn a scale and a shift per channel.   dtype: a float type.
    Shapes:
        x (N, C, ...) -> the same; weight, bias (C,).
    Raises:
        ArgumentError: num_groups does not divide num_channels.   ShapeError: x has not C channels.
    Source: Wu & He 2018, arXiv:1803.08494.

    >>> GroupNorm(2, 4)(np.zeros((2, 4, 5, 5), "float32")).shape
    (2, 4, 5, 5)
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *,
        dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = "GroupNorm"
        self.num_groups = integer(name, "num_groups", num_groups, 1)
        self.num_channels = integer(name, "num_channels", num_channels, 1)
        if self.num_channels % self.num_groups:
            raise ArgumentError(f"{name}: num_groups={num_groups} must divide num_channels={num_channels}")
        self.eps, self.affine = number(name, "eps", eps, 0, inf), flag(name, "affine", affine)
        self.weight = Parameter(filled(name, self.num_channels, dtype, 1.0)) if affine else None
        self.bias = Parameter(filled(name, self.num_channels, dtype)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        """x, normalised.

        >>> GroupNorm(1, 2).forward(np.zeros((1, 2), "float32")).shape
        (1, 2)
        """
        shape = shape_of(x, "GroupNorm")
        if len(shape) < 2 or shape[1] != self.num_channels:
            raise ShapeError(f"GroupNorm: x has shape {shape}, (N, {self.num_channels}, ...) fits")
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> GroupNorm(2, 4)
        GroupNorm(2, 4, eps=1e-05, affine=True)
        """
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class LocalResponseNorm(FunctionLayer, function=F.local_response_norm):
    """Divide by a power of the mean square of neighbouring channels; see `functional.local_response_norm`.

    Args:
        size: number of channels.   alpha, beta, k: numbers of the formula.
    Shapes:
        x (N, C, ...) -> the same.
    Source: Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional
        neural networks".

    >>> LocalResponseNorm(5)(np.zeros((1, 8, 4, 4), "float32")).shape
    (1, 8, 4, 4)
    """

    size: int = option(check=at_least(1))
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> LocalResponseNorm(5)
        LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)
        """
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
