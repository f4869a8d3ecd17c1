"""Convolution layers, over one to three spatial axes, and their transposed counterparts."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import Pads, Sizes, choice, flag, integer, sizes
from tinygrad_cnn.functional.conv import paddings
from tinygrad_cnn.functional.layout import FORMATS, as_given, channels_first
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.function_layer import format_note
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.nn.window import Window, window_of
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

#: What stands in the border of a layer's operand.
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class ConvLayer(Module):
    """Shared by all convolution layers: channels, geometry, groups, weight and bias.

    Weights and bias start uniform in ±1/sqrt(n), n the elements of `weight[0]`. A subclass gives
    the number of spatial axes, `axes`, and `forward`.

    >>> [layer.axes for layer in (Conv1d, Conv2d, Conv3d)]
    [1, 2, 3]
    """

    axes: ClassVar[int]

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1,
        padding: Pads | str = 0, dilation: Sizes = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", *, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name, count = type(self).__name__, self.axes
        self.padding_mode = choice(name, "padding_mode", padding_mode, PADDING_MODES)
        self.in_channels = integer(name, "in_channels", in_channels, 1)
        self.out_channels = integer(name, "out_channels", out_channels, 1)
        self.kernel_size = sizes(name, "kernel_size", kernel_size, count, at_least=1)
        self.stride = sizes(name, "stride", stride, count, at_least=1)
        self.dilation = sizes(name, "dilation", dilation, count, at_least=1)
        sides = paddings(name, padding, self.kernel_size, self.stride, self.dilation)  # checks it
        even = all(before == after and before >= 0 for before, after in sides)
        self.padding = (
            padding if isinstance(padding, str) else tuple(a for a, _ in sides) if even else sides
        )
        self.groups = integer(name, "groups", groups, 1)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ArgumentError(
                f"{name}: groups={groups} must divide in_channels={in_channels} and "
                f"out_channels={out_channels}"
            )
        draws = generator(rng)
        self.weight = Parameter(filled(name, (*self._channels(), *self.kernel_size), dtype))
        self.bias = Parameter(filled(name, self.out_channels, dtype)) if flag(name, "bias", bias) else None
        init.default_(self.weight, self.bias, rng=draws)

    def _channels(self) -> tuple[int, int]:
        """The first two sizes of the weight."""
        return self.out_channels, self.in_channels // self.groups

    def _options(self) -> dict[str, Any]:
        """The options that `functional` takes by name."""
        names = ("stride", "padding", "dilation", "groups")
        return {name: getattr(self, name) for name in names}

    def _padded(self, x: Any) -> tuple[Any, dict[str, Any]]:
        """x with the border that shows x, if the layer has one, and the options of the convolution."""
        options = self._options()
        if self.padding_mode == "zeros":
            return x, options
        sides = paddings(
            type(self).__name__, options["padding"], self.kernel_size, self.stride, self.dilation
        )
        return F.pad(x, ((0, 0), (0, 0), *sides), self.padding_mode), {**options, "padding": 0}

    def extra_repr(self) -> str:
        """The options that matter, in PyTorch's order.

        >>> Conv2d(1, 8, 3, padding=1)
        Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
        """
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        parts.append(f"stride={self.stride}")
        usual = {"padding": 0, "dilation": 1, "output_padding": 0}
        for name, value in usual.items():
            if getattr(self, name, None) not in (None, (value,) * self.axes):
                parts.append(f"{name}={getattr(self, name)}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts) + format_note(self)


class Conv1d(ConvLayer):
    """Slide learnt kernels over signals; see `functional.conv1d` for the formula.

    Args:
        in_channels, out_channels: channels of x, and number of kernels.
        kernel_size: int.   stride, padding, dilation, groups: as `functional.conv1d`.
        bias: whether to add one per kernel.   rng: seed or generator of the weights.
        padding_mode: 'zeros', or what the border shows of x: 'reflect', 'replicate' or 'circular'.
        dtype: a float type.
    Shapes:
        x (N, in_channels, L) -> (N, out_channels, OL); weight (out_channels, in_channels/groups, K).
    Raises:
        ArgumentError: an option out of its range, or channels that groups do not divide.
    Source: Waibel et al. 1989, "Phoneme recognition using time-delay neural networks".

    >>> Conv1d(2, 8, 3, padding=1, rng=0)(np.zeros((4, 2, 10), "float32")).shape
    (4, 8, 10)
    """

    axes = 1

    def forward(self, x: Tensor) -> Tensor:
        """The convolution of x with `weight`, plus `bias`.

        >>> Conv1d(1, 2, 3).forward(np.zeros((1, 1, 5), "float32")).shape
        (1, 2, 3)
        """
        x, options = self._padded(x)
        return F.conv1d(x, self.weight, self.bias, **options)


class Conv2d(ConvLayer):
    """Slide learnt kernels over images; see `functional.conv2d` for the formula.

    Weights and bias start uniform in ±1/sqrt(in_channels/groups · KH · KW).

    Args:
        in_channels, out_channels: channels of x, and number of kernels.
        kernel_size: int or (KH, KW).   stride, padding, dilation, groups: as `functional.conv2d`.
        bias: whether to add one per kernel.   rng: seed or generator of the weights.
        padding_mode: 'zeros', or what the border shows of x: 'reflect', 'replicate' or 'circular'.
        data_format: 'NCHW', or 'NHWC' for images with their channels last; the weight is the same.
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

    axes = 2

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1,
        padding: Pads | str = 0, dilation: Sizes = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", *, data_format: str = "NCHW", rng: Seed = None,
        dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
            rng=rng, dtype=dtype,
        )  # fmt: skip
        self.data_format = choice(type(self).__name__, "data_format", data_format, FORMATS)

    def forward(self, x: Tensor) -> Tensor:
        """The convolution of x with `weight`, plus `bias`.

        >>> Conv2d(1, 2, 3).forward(np.zeros((1, 1, 5, 5), "float32")).shape
        (1, 2, 3, 3)
        """
        last = self.data_format == "NHWC"
        x, options = self._padded(channels_first("conv2d", x, "NHWC") if last else x)
        y = F.conv2d(x, self.weight, self.bias, **options)
        return as_given(y, "NHWC") if last else y

    def window(self) -> Window:
        """The window that the kernels slide over images.

        >>> Conv2d(1, 1, 3, padding=1).window().padding
        ((1, 1), (1, 1))
        """
        return window_of(self)


class Conv3d(ConvLayer):
    """Slide learnt kernels over volumes; see `functional.conv3d` for the formula.

    Args:
        in_channels, out_channels: channels of x, and number of kernels.
        kernel_size: int or (KD, KH, KW).   stride, padding, dilation, groups: as `functional.conv3d`.
        bias: whether to add one per kernel.   rng: seed or generator of the weights.
        padding_mode: 'zeros', or what the border shows of x: 'reflect', 'replicate' or 'circular'.
        dtype: a float type.
    Shapes:
        x (N, in_channels, D, H, W) -> (N, out_channels, OD, OH, OW);
        weight (out_channels, in_channels/groups, KD, KH, KW).
    Raises:
        ArgumentError: an option out of its range, or channels that groups do not divide.
    Source: Ji et al. 2013, "3D convolutional neural networks for human action recognition".

    >>> Conv3d(1, 2, 3, rng=0)(np.zeros((1, 1, 3, 5, 5), "float32")).shape
    (1, 2, 1, 3, 3)
    """

    axes = 3

    def forward(self, x: Tensor) -> Tensor:
        """The convolution of x with `weight`, plus `bias`.

        >>> Conv3d(1, 2, 1).forward(np.zeros((1, 1, 2, 3, 4), "float32")).shape
        (1, 2, 2, 3, 4)
        """
        x, options = self._padded(x)
        return F.conv3d(x, self.weight, self.bias, **options)


class ConvTransposeLayer(ConvLayer):
    """Shared by the transposed layers: the order of their arguments, and `output_padding`.

    >>> ConvTranspose2d(8, 1, 3, stride=2, padding=1, output_padding=1)
    ConvTranspose2d(8, 1, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1))
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1,
        padding: Sizes = 0, output_padding: Sizes = 0, groups: int = 1, bias: bool = True,
        dilation: Sizes = 1, *, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        pads = sizes(name, "padding", padding, self.axes, at_least=0)  # words do not fit here
        super().__init__(
            in_channels, out_channels, kernel_size, stride, pads, dilation, groups, bias,
            rng=rng, dtype=dtype,
        )  # fmt: skip
        self.output_padding = sizes(name, "output_padding", output_padding, self.axes, at_least=0)
        limits = tuple(map(max, self.stride, self.dilation))
        if any(extra >= limit for extra, limit in zip(self.output_padding, limits, strict=True)):
            raise ArgumentError(
                f"{name}: output_padding {self.output_padding} must be smaller than stride "
                f"{self.stride} or dilation {self.dilation}"
            )

    def _channels(self) -> tuple[int, int]:
        return self.in_channels, self.out_channels // self.groups

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "output_padding": self.output_padding}


class ConvTranspose1d(ConvTransposeLayer):
    """Spread each element of a signal by a learnt kernel; see `functional.conv_transpose1d`.

    Args:
        in_channels, out_channels: channels of x and of y.   kernel_size: int.
        stride, padding, output_padding, groups, dilation: as `functional.conv_transpose1d`.
        bias: whether to add one per channel of y.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, in_channels, L) -> (N, out_channels, OL); weight (in_channels, out_channels/groups, K).
    Raises:
        ArgumentError: an option out of its range, or channels that groups do not divide.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4.

    >>> ConvTranspose1d(8, 1, 2, stride=2, rng=0)(np.zeros((4, 8, 5), "float32")).shape
    (4, 1, 10)
    """

    axes = 1

    def forward(self, x: Tensor) -> Tensor:
        """The transposed convolution of x with `weight`, plus `bias`.

        >>> ConvTranspose1d(1, 2, 3).forward(np.zeros((1, 1, 5), "float32")).shape
        (1, 2, 7)
        """
        return F.conv_transpose1d(x, self.weight, self.bias, **self._options())


class ConvTranspose2d(ConvTransposeLayer):
    """Spread each pixel of an image by a learnt kernel; see `functional.conv_transpose2d`.

    Args:
        in_channels, out_channels: channels of x and of y.   kernel_size: int or (KH, KW).
        stride, padding, output_padding, groups, dilation: as `functional.conv_transpose2d`.
        bias: whether to add one per channel of y.   rng: seed or generator of the weights.
        data_format: 'NCHW', or 'NHWC' for images with their channels last; the weight is the same.
        dtype: a float type.
    Shapes:
        x (N, in_channels, H, W) -> (N, out_channels, OH, OW);
        weight (in_channels, out_channels/groups, KH, KW).
    Raises:
        ArgumentError: an option out of its range, or channels that groups do not divide.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4.

    >>> ConvTranspose2d(8, 1, 2, stride=2, rng=0)(np.zeros((4, 8, 7, 7), "float32")).shape
    (4, 1, 14, 14)
    """

    axes = 2

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1,
        padding: Sizes = 0, output_padding: Sizes = 0, groups: int = 1, bias: bool = True,
        dilation: Sizes = 1, *, data_format: str = "NCHW", rng: Seed = None,
        dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation,
            rng=rng, dtype=dtype,
        )  # fmt: skip
        self.data_format = choice(type(self).__name__, "data_format", data_format, FORMATS)

    def forward(self, x: Tensor) -> Tensor:
        """The transposed convolution of x with `weight`, plus `bias`.

        >>> ConvTranspose2d(1, 2, 3).forward(np.zeros((1, 1, 5, 5), "float32")).shape
        (1, 2, 7, 7)
        """
        return F.conv_transpose2d(
            x, self.weight, self.bias, **self._options(), data_format=self.data_format
        )


class ConvTranspose3d(ConvTransposeLayer):
    """Spread learnt kernels over volumes; see `functional.conv_transpose3d` for the formula.

    Weights and bias start uniform in ±1/sqrt(out_channels/groups · KD · KH · KW).

    Args:
        in_channels, out_channels: channels of x and of y.   kernel_size: int or (KD, KH, KW).
        stride, padding, output_padding, groups, dilation: as `functional.conv_transpose3d`.
        bias: whether to add one per channel of y.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, in_channels, D, H, W) -> (N, out_channels, OD, OH, OW);
        weight (in_channels, out_channels/groups, KD, KH, KW).
    Raises:
        ArgumentError: an option out of its range, or channels that groups do not divide.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4.

    >>> ConvTranspose3d(8, 1, 2, stride=2, rng=0)(np.zeros((4, 8, 2, 3, 3), "float32")).shape
    (4, 1, 4, 6, 6)
    """

    axes = 3

    def forward(self, x: Tensor) -> Tensor:
        """The transposed convolution of x with `weight`, plus `bias`.

        >>> ConvTranspose3d(1, 2, 2).forward(np.zeros((1, 1, 2, 3, 3), "float32")).shape
        (1, 2, 3, 4, 4)
        """
        return F.conv_transpose3d(x, self.weight, self.bias, **self._options())
