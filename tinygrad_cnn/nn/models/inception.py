"""The inception block: windows of several sizes side by side, their maps joined."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.channel_norm import BatchNorm2d
from tinygrad_cnn.nn.layers.conv import Conv2d
from tinygrad_cnn.nn.layers.pool import MaxPool2d
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor


class ConvNormReLU(Module):
    """A convolution without bias that keeps the size, batch norm, and ReLU.

    Args:
        inputs, outputs: channels.   kernel_size: odd.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, inputs, H, W) -> (N, outputs, H, W).
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167, section 4.2.

    >>> ConvNormReLU(3, 8, 5, rng=0)(np.ones((1, 3, 6, 6), "float32")).shape
    (1, 8, 6, 6)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: int = 1,
        *,
        rng: Seed = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        same = integer("ConvNormReLU", "kernel_size", kernel_size, 1) // 2
        self.conv = Conv2d(inputs, outputs, kernel_size, padding=same, bias=False, rng=rng, dtype=dtype)
        self.bn = BatchNorm2d(outputs, eps=0.001, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """relu(bn(conv(x))).

        >>> ConvNormReLU(3, 2, rng=0).forward(np.ones((1, 3, 4, 4), "float32")).shape
        (1, 2, 4, 4)
        """
        return F.relu(self.bn(self.conv(x)))


class Inception(Module):
    """Four branches side by side, joined along the channels: 1×1; 1×1-3×3; 1×1-5×5; pool-1×1.

    Names and arguments are those of torchvision's GoogLeNet, whose published weights have a 3×3
    window where the paper has 5×5: `large=3` takes them.

    Args:
        in_channels: of x.   ch1x1: maps of the first branch.
        ch3x3red, ch3x3: of the second, after its 1×1 and its 3×3 convolution.
        ch5x5red, ch5x5: of the third, likewise.   pool_proj: of the last, after a 3×3 max-pool.
        large: the window of the third branch, odd.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, in_channels, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W).
    Source: Szegedy et al. 2014, arXiv:1409.4842, figure 2b; batch norm: Ioffe & Szegedy 2015.

    >>> Inception(192, 64, 96, 128, 16, 32, 32, rng=0)(np.ones((1, 192, 4, 4), "float32")).shape
    (1, 256, 4, 4)
    """

    def __init__(
        self, in_channels: int, ch1x1: int, ch3x3red: int, ch3x3: int, ch5x5red: int, ch5x5: int,
        pool_proj: int, *, large: int = 5, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        options: dict[str, Any] = {"rng": generator(rng), "dtype": dtype}
        self.branch1 = ConvNormReLU(in_channels, ch1x1, 1, **options)
        self.branch2 = Sequential(
            ConvNormReLU(in_channels, ch3x3red, 1, **options), ConvNormReLU(ch3x3red, ch3x3, 3, **options)
        )
        self.branch3 = Sequential(
            ConvNormReLU(in_channels, ch5x5red, 1, **options),
            ConvNormReLU(ch5x5red, ch5x5, large, **options),
        )
        self.branch4 = Sequential(
            MaxPool2d(3, stride=1, padding=1), ConvNormReLU(in_channels, pool_proj, 1, **options)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The maps of all branches.

        >>> Inception(2, 1, 1, 1, 1, 1, 1, rng=0).forward(np.ones((1, 2, 3, 3), "float32")).shape
        (1, 4, 3, 3)
        """
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return F.concatenate([branch(x) for branch in branches], axis=1)
