"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import Kept, Pads, Sizes, TensorLike, sizes
from tinygrad_cnn.functional.checks import above_0, at_least, optional, per_axis
from tinygrad_cnn.functional.conv import sides_of
from tinygrad_cnn.nn.function_layer import FunctionLayer, format_note, image_format, option
from tinygrad_cnn.nn.window import Window, window_of
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool2d",
    "MaxPool1d", "MaxPool2d", "MaxPool3d", "MaxUnpool2d",
]  # fmt: skip


class PoolLayer(FunctionLayer):
    """Base of layers over windows: `kernel_size`, `stride` (kernel_size if None), `padding`.

    A subclass gives the number of spatial axes, `axes`.

    >>> [layer.axes for layer in (MaxPool1d, MaxPool2d, MaxPool3d)]
    [1, 2, 3]
    """

    axes: ClassVar[int]
    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Pads = 0

    def check(self) -> None:
        """The windows' options, before the first image comes; they are kept as they were given.

        Raises:
            ArgumentError: numbers that do not fit the axes, or padding above half of kernel_size.

        >>> AvgPool2d((2, 3)).stride
        (2, 3)
        """
        name, count = type(self).__name__, self.axes
        self.stride = self.kernel_size if self.stride is None else self.stride
        kernel = sizes(name, "kernel_size", self.kernel_size, count, at_least=1)
        sizes(name, "stride", self.stride, count, at_least=1)
        pads = tuple(max(side) for side in sides_of(name, self.padding, count))
        sizes(name, "dilation", getattr(self, "dilation", 1), count, at_least=1)
        if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
            raise ArgumentError(f"{name}: padding {pads} exceeds half of kernel_size {kernel}")

    def window(self) -> Window | None:
        """The window over images; None where x has other axes.

        >>> MaxPool2d(3, 2).window().stride, MaxPool1d(3).window()
        ((2, 2), None)
        """
        return window_of(self) if self.axes == 2 else None

    def extra_repr(self) -> str:
        """The windows' options, in PyTorch's order.

        >>> AvgPool2d(2)
        AvgPool2d(kernel_size=2, stride=2, padding=0)
        """
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
            f"{format_note(self)}"
        )


# --------------------------------------------------------------------------- maxima
class MaxPoolLayer(PoolLayer):
    """Shared by max pooling layers, over any number of spatial axes.

    >>> MaxPool2d(2)
    MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    """

    dilation: Sizes = 1
    return_indices: bool = False
    ceil_mode: bool = False

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> MaxPool1d(3, 1)
        MaxPool1d(kernel_size=3, stride=1, padding=0, dilation=1, ceil_mode=False)
        """
        return f"{super().extra_repr()}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"


class MaxPool1d(MaxPoolLayer, function=F.max_pool1d):
    """Largest element of each window of a signal; see `functional.max_pool1d`.

    Args:
        kernel_size: int.   stride: kernel_size if None.
        padding, dilation, return_indices, ceil_mode: as `functional.max_pool1d`.
    Shapes:
        x (N, C, L) -> (N, C, OL).

    >>> import numpy as np
    >>> MaxPool1d(2)(np.zeros((1, 3, 8))).shape
    (1, 3, 4)
    """

    axes = 1


class MaxPool2d(MaxPoolLayer, function=F.max_pool2d):
    """Largest element of each window; see `functional.max_pool2d`.

    Args:
        kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding, dilation, return_indices, ceil_mode: as `functional.max_pool2d`.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> MaxPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    axes = 2
    data_format: str = image_format()


class MaxPool3d(MaxPoolLayer, function=F.max_pool3d):
    """Largest element of each window of a volume; see `functional.max_pool3d`.

    Args:
        kernel_size: int or (KD, KH, KW).   stride: kernel_size if None.
        padding, dilation, return_indices, ceil_mode: as `functional.max_pool3d`.
    Shapes:
        x (N, C, D, H, W) -> (N, C, OD, OH, OW).

    >>> import numpy as np
    >>> MaxPool3d(2)(np.zeros((1, 3, 2, 8, 8))).shape
    (1, 3, 1, 4, 4)
    """

    axes = 3


# --------------------------------------------------------------------------- means and power sums
class AvgPoolLayer(PoolLayer):
    """Shared by average pooling layers, over any number of spatial axes.

    >>> AvgPool3d(2, padding=1)
    AvgPool3d(kernel_size=2, stride=2, padding=1)
    """

    ceil_mode: bool = False
    count_include_pad: bool = True


class AvgPool1d(AvgPoolLayer, function=F.avg_pool1d):
    """Mean of each window of a signal; see `functional.avg_pool1d`.

    Args:
        kernel_size: int.   stride: kernel_size if None.
        padding, ceil_mode, count_include_pad: as `functional.avg_pool1d`.
    Shapes:
        x (N, C, L) -> (N, C, OL).

    >>> import numpy as np
    >>> AvgPool1d(2)(np.zeros((1, 3, 8))).shape
    (1, 3, 4)
    """

    axes = 1


class AvgPool2d(AvgPoolLayer, function=F.avg_pool2d):
    """Mean of each window; see `functional.avg_pool2d`.

    Args:
        kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding, ceil_mode, count_include_pad, divisor_override: as `functional.avg_pool2d`.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> AvgPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    axes = 2
    divisor_override: int | None = option(default=None, check=optional(at_least(1)))
    data_format: str = image_format()


class AvgPool3d(AvgPoolLayer, function=F.avg_pool3d):
    """Mean of each window of a volume; see `functional.avg_pool3d`.

    Args:
        kernel_size: int or (KD, KH, KW).   stride: kernel_size if None.
        padding, ceil_mode, count_include_pad, divisor_override: as `functional.avg_pool3d`.
    Shapes:
        x (N, C, D, H, W) -> (N, C, OD, OH, OW).

    >>> import numpy as np
    >>> AvgPool3d(2)(np.zeros((1, 3, 2, 8, 8))).shape
    (1, 3, 1, 4, 4)
    """

    axes = 3
    divisor_override: int | None = option(default=None, check=optional(at_least(1)))


def power(layer: str, name: str, value: Any) -> Any:
    """The power of a norm, kept as it was given: PyTorch shows 2, not 2.0."""
    above_0(layer, name, value)
    return value


class LPPool2d(FunctionLayer, function=F.lp_pool2d):
    """Power sum of each window; see `functional.lp_pool2d`.

    Args:
        norm_type: the power, above 0.   kernel_size: int or (KH, KW).   stride: kernel_size if None.
        ceil_mode: as `functional.lp_pool2d`.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> LPPool2d(2, (1, 2))(np.array([[[[3.0, 4.0]]]]))
    Tensor([[[[5.]]]], dtype=float64)
    """

    norm_type: float = option(check=power)
    kernel_size: Sizes = option(check=per_axis(2, 1))
    stride: Sizes | None = option(default=None, check=optional(per_axis(2, 1)))
    ceil_mode: bool = False
    data_format: str = image_format()

    def window(self) -> Window:
        """The window over images.

        >>> LPPool2d(2, 3).window().stride
        (3, 3)
        """
        return window_of(self)


class MaxUnpool2d(PoolLayer):
    """Maxima back at the places that `MaxPool2d` took them from; see `functional.max_unpool2d`.

    Args:
        kernel_size: int or (KH, KW).   stride: kernel_size if None.   padding: as of the pooling.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x, indices (N, C, OH, OW) -> (N, C, H, W).

    >>> import numpy as np
    >>> y, where = MaxPool2d(2, return_indices=True)(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
    >>> MaxUnpool2d(2)(y, where)
    Tensor([[[[0., 0.],
              [4., 0.]]]], dtype=float64)
    """

    axes = 2
    data_format: str = image_format()

    def window(self) -> None:
        """It slides no window: pixels go to their places."""

    def forward(self, x: Tensor, indices: TensorLike, output_size: Sequence[int] | None = None) -> Tensor:
        """The maxima in their places, zeros elsewhere.

        >>> import numpy as np
        >>> MaxUnpool2d(2).forward(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), int)).sum()
        np.float64(1.0)
        """
        return F.max_unpool2d(
            x,
            indices,
            self.kernel_size,
            self.stride,
            self.padding,
            output_size,
            data_format=self.data_format,
        )


# --------------------------------------------------------------------------- one output size for all images
class AdaptiveAvgPool2d(FunctionLayer, function=F.adaptive_avg_pool2d):
    """Mean of each of OH × OW bins that cover the image; see `functional.adaptive_avg_pool2d`.

    Args:
        output_size: int, or (OH, OW) of which None keeps the image's size.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> AdaptiveAvgPool2d((5, None))(np.zeros((1, 3, 8, 7))).shape
    (1, 3, 5, 7)
    """

    output_size: Kept = option()
    data_format: str = image_format()


class AdaptiveMaxPoolLayer(FunctionLayer):
    """Shared by adaptive max pooling layers, over any number of spatial axes.

    Args:
        output_size: int, or one per axis, of which None keeps the size.
        return_indices: return also where each maximum lies.
    """

    output_size: Kept
    return_indices: bool = False

    def extra_repr(self) -> str:
        """The output's size.

        >>> AdaptiveMaxPool2d(1)
        AdaptiveMaxPool2d(output_size=1)
        """
        return f"output_size={self.output_size}"


class AdaptiveMaxPool2d(AdaptiveMaxPoolLayer, function=F.adaptive_max_pool2d):
    """Largest element of each of OH × OW bins; see `functional.adaptive_max_pool2d`.

    Args:
        output_size: int, or (OH, OW) of which None keeps the image's size.
        return_indices: return also where each maximum lies.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> AdaptiveMaxPool2d(2)(np.zeros((1, 3, 8, 7))).shape
    (1, 3, 2, 2)
    """

    data_format: str = image_format()

    def extra_repr(self) -> str:
        """The output's size, and where the channels lie if not first.

        >>> AdaptiveMaxPool2d(1, data_format="NHWC")
        AdaptiveMaxPool2d(output_size=1, data_format='NHWC')
        """
        return f"{super().extra_repr()}{format_note(self)}"
