"""Sub-sampling with a weight and a bias per map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import Sizes, choice, integer, shape_of, sizes
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.nn.window import Window, window_of
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["SubSampling2d"]


class SubSampling2d(Module):
    """f(weight · down(x) + bias), with one weight and one bias per map.

        y[n,c] = f(weight[c] · down(x[n,c]) + bias[c])

    `down` is the mean or the maximum of each window; windows overlap where the stride is smaller
    than the kernel. A sum over the window, as in LeNet-5, is the mean with a weight KH·KW times as
    large. Weights start at 1 and biases at 0, so that the layer starts as f(down(x)).

    Args:
        channels: number of maps C.
        kernel_size: int or (KH, KW).   stride: kernel_size if None.
        down: 'average' or 'max'.
        activation: f, a function or Module; None for none.   dtype: a float type.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW); weight, bias (C,).
    Raises:
        ShapeError: x has not C channels.   DTypeError: activation cannot be called.
        ArgumentError: an option out of its range.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", section II B.

    >>> layer = SubSampling2d(6)
    >>> sum(p.size for p in layer.parameters()), layer(np.zeros((1, 6, 28, 28), "float32")).shape
    (12, (1, 6, 14, 14))
    """

    def __init__(
        self, channels: int, kernel_size: Sizes = 2, stride: Sizes | None = None, *, down: str = "average",
        activation: Callable[[Any], Any] | None = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = "SubSampling2d"
        self.channels = integer(name, "channels", channels, 1)
        self.kernel_size = sizes(name, "kernel_size", kernel_size, 2, at_least=1)
        self.stride = self.kernel_size if stride is None else sizes(name, "stride", stride, 2, at_least=1)
        self.down = choice(name, "down", down, ("average", "max"))
        if activation is not None and not callable(activation):
            raise DTypeError(f"{name}: activation must be a function or a Module, got {activation!r}")
        self.weight = Parameter(filled(name, self.channels, dtype, 1.0))
        self.bias = Parameter(filled(name, self.channels, dtype))
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """f(weight · down(x) + bias).

        >>> SubSampling2d(1, down="max").forward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]])).item()
        4.0
        """
        shape = shape_of(x, "SubSampling2d")
        if len(shape) != 4 or shape[1] != self.channels:
            raise ShapeError(f"SubSampling2d: x needs (N, {self.channels}, H, W), got {shape}")
        pool = F.avg_pool2d if self.down == "average" else F.max_pool2d
        each = (self.channels, 1, 1)
        y = pool(x, self.kernel_size, self.stride) * F.reshape(self.weight, each)
        y = y + F.reshape(self.bias, each)
        return y if self.activation is None else self.activation(y)

    def window(self) -> Window:
        """The window over which it pools.

        >>> SubSampling2d(6, 3, 2).window().kernel
        (3, 3)
        """
        return window_of(self)

    def extra_repr(self) -> str:
        """The options.

        >>> SubSampling2d(6)
        SubSampling2d(6, kernel_size=(2, 2), stride=(2, 2), down='average')
        """
        return f"{self.channels}, kernel_size={self.kernel_size}, stride={self.stride}, down={self.down!r}"
