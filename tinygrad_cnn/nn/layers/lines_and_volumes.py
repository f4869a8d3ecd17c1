"""Pooling of signals and volumes as layers, and channels shuffled; images' layers are in `pool`."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import Kept, Scales, Sizes, TensorLike
from tinygrad_cnn.functional.checks import at_least, optional, per_axis
from tinygrad_cnn.nn.function_layer import FunctionLayer, option
from tinygrad_cnn.nn.layers.pool import AdaptiveMaxPoolLayer, PoolLayer, power
from tinygrad_cnn.nn.layers.rearrange import Upsample
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool3d",
    "ChannelShuffle",
    "LPPool1d",
    "LPPool3d",
    "MaxUnpool1d",
    "MaxUnpool3d",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]


class AdaptiveAvgPool1d(FunctionLayer, function=F.adaptive_avg_pool1d):
    """Mean of each of OL bins that cover the signal; see `functional.adaptive_avg_pool1d`.

    Args:
        output_size: int, or None for the signal's length.
    Shapes:
        x (N, C, L) -> (N, C, OL).

    >>> import numpy as np
    >>> AdaptiveAvgPool1d(3)(np.zeros((1, 2, 7))).shape
    (1, 2, 3)
    """

    output_size: Kept = option()


class AdaptiveAvgPool3d(FunctionLayer, function=F.adaptive_avg_pool3d):
    """Mean of each of OD × OH × OW bins that cover the volume; see `functional.adaptive_avg_pool3d`.

    Args:
        output_size: int, or three of which None keeps the volume's size.
    Shapes:
        x (N, C, D, H, W) -> (N, C, OD, OH, OW).

    >>> import numpy as np
    >>> AdaptiveAvgPool3d((1, None, 2))(np.zeros((1, 2, 4, 3, 5))).shape
    (1, 2, 1, 3, 2)
    """

    output_size: Kept = option()


class AdaptiveMaxPool1d(AdaptiveMaxPoolLayer, function=F.adaptive_max_pool1d):
    """Largest element of each of OL bins of a signal; see `functional.adaptive_max_pool1d`.

    Args:
        output_size: int, or None for the signal's length.   return_indices: return also where each lies.
    Shapes:
        x (N, C, L) -> (N, C, OL).

    >>> import numpy as np
    >>> AdaptiveMaxPool1d(3)(np.zeros((1, 2, 7))).shape
    (1, 2, 3)
    """


class AdaptiveMaxPool3d(AdaptiveMaxPoolLayer, function=F.adaptive_max_pool3d):
    """Largest element of each of OD × OH × OW bins; see `functional.adaptive_max_pool3d`.

    Args:
        output_size: int, or three of which None keeps the volume's size.
        return_indices: return also where each lies.
    Shapes:
        x (N, C, D, H, W) -> (N, C, OD, OH, OW).

    >>> import numpy as np
    >>> AdaptiveMaxPool3d(2)(np.zeros((1, 2, 4, 3, 5))).shape
    (1, 2, 2, 2, 2)
    """


class LPPool1d(FunctionLayer, function=F.lp_pool1d):
    """Power sum of each window of a signal; see `functional.lp_pool1d`.

    Args:
        norm_type: the power, above 0.   kernel_size: int.   stride: kernel_size if None.
        ceil_mode: as `functional.lp_pool1d`.
    Shapes:
        x (N, C, L) -> (N, C, OL).

    >>> import numpy as np
    >>> LPPool1d(2, 2)(np.array([[[3.0, 4.0]]]))
    Tensor([[[5.]]], dtype=float64)
    """

    norm_type: float = option(check=power)
    kernel_size: Sizes = option(check=per_axis(1, 1))
    stride: Sizes | None = option(default=None, check=optional(per_axis(1, 1)))
    ceil_mode: bool = False


class LPPool3d(FunctionLayer, function=F.lp_pool3d):
    """Power sum of each window of a volume; see `functional.lp_pool3d`.

    Args:
        norm_type: the power, above 0.   kernel_size: int or (KD, KH, KW).   stride: kernel_size if None.
        ceil_mode: as `functional.lp_pool3d`.
    Shapes:
        x (N, C, D, H, W) -> (N, C, OD, OH, OW).

    >>> import numpy as np
    >>> LPPool3d(2, 2)(np.ones((1, 1, 2, 2, 2))).shape
    (1, 1, 1, 1, 1)
    """

    norm_type: float = option(check=power)
    kernel_size: Sizes = option(check=per_axis(3, 1))
    stride: Sizes | None = option(default=None, check=optional(per_axis(3, 1)))
    ceil_mode: bool = False


class MaxUnpool1d(PoolLayer):
    """Maxima back at the places that `MaxPool1d` took them from; see `functional.max_unpool1d`.

    Args:
        kernel_size: int.   stride: kernel_size if None.   padding: as of the pooling.
    Shapes:
        x, indices (N, C, OL) -> (N, C, L).

    >>> import numpy as np
    >>> MaxUnpool1d(2)(np.array([[[7.0]]]), np.array([[[1]]]))
    Tensor([[[0., 7.]]], dtype=float64)
    """

    axes = 1

    def forward(self, x: Tensor, indices: TensorLike, output_size: Sequence[int] | None = None) -> Tensor:
        """The maxima in their places, zeros elsewhere.

        >>> import numpy as np
        >>> MaxUnpool1d(2).forward(np.ones((1, 1, 1)), np.zeros((1, 1, 1), int)).tolist()
        [[[1.0, 0.0]]]
        """
        return F.max_unpool1d(x, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(PoolLayer):
    """Maxima back at the places that `MaxPool3d` took them from; see `functional.max_unpool3d`.

    Args:
        kernel_size: int or (KD, KH, KW).   stride: kernel_size if None.   padding: as of the pooling.
    Shapes:
        x, indices (N, C, OD, OH, OW) -> (N, C, D, H, W).

    >>> import numpy as np
    >>> MaxUnpool3d(2)(np.ones((1, 1, 1, 1, 1)), np.zeros((1, 1, 1, 1, 1), int)).shape
    (1, 1, 2, 2, 2)
    """

    axes = 3

    def forward(self, x: Tensor, indices: TensorLike, output_size: Sequence[int] | None = None) -> Tensor:
        """The maxima in their places, zeros elsewhere.

        >>> import numpy as np
        >>> ones = np.ones((1, 1, 1, 1, 1))
        >>> MaxUnpool3d((1, 1, 2)).forward(ones, ones.astype(int)).ravel()
        array([0., 1.])
        """
        return F.max_unpool3d(x, indices, self.kernel_size, self.stride, self.padding, output_size)


class ChannelShuffle(FunctionLayer, function=F.channel_shuffle):
    """Channels of several groups interleaved; see `functional.channel_shuffle`.

    Args:
        groups: a divisor of the number of channels.

    >>> import numpy as np
    >>> ChannelShuffle(2)(np.arange(4.0).reshape(1, 4, 1)).ravel()
    Tensor([0., 2., 1., 3.], dtype=float64)
    """

    groups: int = option(check=at_least(1))


class UpsamplingNearest2d(Upsample):
    """Images of another size, by the nearest pixel: `Upsample` in mode 'nearest'.

    Args:
        size: int or (OH, OW).   scale_factor: number or a pair, instead.

    >>> import numpy as np
    >>> UpsamplingNearest2d(scale_factor=2)(np.zeros((1, 1, 2, 3))).shape
    (1, 1, 4, 6)
    """

    def __init__(self, size: Sizes | None = None, scale_factor: Scales | None = None) -> None:
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """Images of another size, along lines, the corners kept: `Upsample` in mode 'bilinear'.

    Args:
        size: int or (OH, OW).   scale_factor: number or a pair, instead.

    >>> import numpy as np
    >>> UpsamplingBilinear2d(size=(1, 3))(np.array([[[[0.0, 2.0]]]]))
    Tensor([[[[0., 1., 2.]]]], dtype=float64)
    """

    def __init__(self, size: Sizes | None = None, scale_factor: Scales | None = None) -> None:
        super().__init__(size, scale_factor, "bilinear", True)
