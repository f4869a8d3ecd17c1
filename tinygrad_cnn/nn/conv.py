"""Convolution layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import integer, sizes
from tinygrad_cnn.functional.conv import paddings
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.rng import Seed, generator


class Conv2d(Module):
    """Slide learnt kernels over images; see `functional.conv2d` for the formula.

    Weights and bias start uniform in ±1/sqrt(in_channels/groups · KH · KW).

    Args:
        in_channels, out_channels: channels of x, and number of kernels.
        kernel_size: int or (KH, KW).   stride, padding, dilation, groups: as `functional.conv2d`.
        bias: whether to add one per kernel.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, in_channels, H, W) -> (N, out_channels, OH, OW);
        weight (out_channels, in_channels/groups, KH, KW).
    Raises:
        ArgumentError: an option out of its range, or channels that groups do not divide.
    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition".

    >>> Conv2d(1, 8, 3, padding=1, rng=0)(np.zeros((2, 1, 28, 28), "float32")).shape
    (2, 8, 28, 28)
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True, *,
        rng: Seed = None, dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        name = "Conv2d"
        self.in_channels = integer(name, "in_channels", in_channels, 1)
        self.out_channels = integer(name, "out_channels", out_channels, 1)
        self.kernel_size = sizes(name, "kernel_size", kernel_size, 2, at_least=1)
        self.stride = sizes(name, "stride", stride, 2, at_least=1)
        self.dilation = sizes(name, "dilation", dilation, 2, at_least=1)
        paddings(name, padding, self.kernel_size, self.stride, self.dilation)  # checks it
        self.padding = padding if isinstance(padding, str) else sizes(name, "padding", padding, 2, 0)
        self.groups = integer(name, "groups", groups, 1)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ArgumentError(
                f"{name}: groups={groups} must divide in_channels={in_channels} and "
                f"out_channels={out_channels}"
            )
        draws = generator(rng)
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        self.weight = Parameter(np.empty(shape, dtype))
        self.bias = Parameter(np.empty(self.out_channels, dtype)) if bias else None
        init.default_(self.weight, self.bias, rng=draws)

    def forward(self, x: Any) -> Any:
        """The convolution of x with `weight`, plus `bias`.

        >>> Conv2d(1, 2, 3).forward(np.zeros((1, 1, 5, 5), "float32")).shape
        (1, 2, 3, 3)
        """
        return F.conv2d(
            x, self.weight, self.bias, stride=self.stride, padding=self.padding,
            dilation=self.dilation, groups=self.groups,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The options that matter, in PyTorch's order.

        >>> Conv2d(1, 8, 3, padding=1)
        Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
        """
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        parts.append(f"stride={self.stride}")
        if self.padding not in ((0, 0), "valid"):
            parts.append(f"padding={self.padding!r}")
        if self.dilation != (1, 1):
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        return ", ".join(parts)
