"""Fractional max pooling as layers."""

from __future__ import annotations

from typing import ClassVar

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import Scales, Sizes, sizes
from tinygrad_cnn.functional.fractional_pool import size_or_share
from tinygrad_cnn.nn.function_layer import FunctionLayer, format_note, image_format, option
from tinygrad_cnn.rng import Seed, own_generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


class FractionalMaxPoolLayer(FunctionLayer):
    """Shared by fractional max pooling layers; a subclass gives the number of spatial axes.

    >>> [layer.axes for layer in (FractionalMaxPool2d, FractionalMaxPool3d)]
    [2, 3]
    """

    axes: ClassVar[int]
    kernel_size: Sizes
    output_size: Sizes | None = None
    output_ratio: Scales | None = None
    return_indices: bool = False
    rng: Seed = option(default=None, check=own_generator, kw_only=True)

    def check(self) -> None:
        """The options, before the first image comes; they are kept as they were given.

        Raises:
            ArgumentError: numbers that do not fit the axes, or both or none of the two sizes.

        >>> FractionalMaxPool2d(2, output_ratio=0.7).output_ratio
        0.7
        """
        name = type(self).__name__
        sizes(name, "kernel_size", self.kernel_size, self.axes, at_least=1)
        size_or_share(name, self.output_size, self.output_ratio, self.axes)

    def extra_repr(self) -> str:
        """What was given.

        >>> FractionalMaxPool3d(2, 3)
        FractionalMaxPool3d(kernel_size=2, output_size=3)
        """
        size = (
            f"output_size={self.output_size}"
            if self.output_size is not None
            else f"output_ratio={self.output_ratio}"
        )
        return f"kernel_size={self.kernel_size}, {size}{format_note(self)}"


class FractionalMaxPool2d(FractionalMaxPoolLayer):
    """Largest element of each of OH × OW windows with drawn steps; see `functional.fractional_max_pool2d`.

    Args:
        kernel_size: int or (KH, KW).   output_size: int or (OH, OW).
        output_ratio: instead, the size of the result as a share of the image's, or one share per axis.
        return_indices: return also where each maximum lies.
        rng: seed or generator of the layer's own draws; None shares the default generator.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).
    Raises:
        ArgumentError: an option out of its range, or both or none of the two sizes.
    Source: Graham 2014, arXiv:1412.6071.

    >>> import numpy as np
    >>> FractionalMaxPool2d(2, output_ratio=0.7)(np.zeros((1, 3, 10, 10))).shape
    (1, 3, 7, 7)
    """

    axes = 2
    data_format: str = image_format()

    def forward(self, x: Tensor) -> Tensor:
        """The maxima, and with return_indices their places.

        >>> import numpy as np
        >>> FractionalMaxPool2d(2, 2).forward(np.ones((1, 1, 3, 3)))
        array([[[[1., 1.],
                 [1., 1.]]]])
        """
        given = (self.kernel_size, self.output_size, self.output_ratio, self.return_indices)
        return F.fractional_max_pool2d(x, *given, rng=self.rng, data_format=self.data_format)  # type: ignore[call-overload]


class FractionalMaxPool3d(FractionalMaxPoolLayer):
    """Largest element of each of OD × OH × OW windows with drawn steps; see `FractionalMaxPool2d`.

    Args:
        kernel_size, output_size, output_ratio: one number, or three.
        return_indices, rng: as `FractionalMaxPool2d`.
    Shapes:
        x (N, C, D, H, W) -> (N, C, OD, OH, OW).
    Raises:
        ArgumentError: an option out of its range, or both or none of the two sizes.
    Source: Graham 2014, arXiv:1412.6071.

    >>> import numpy as np
    >>> FractionalMaxPool3d(2, 3)(np.zeros((1, 3, 5, 5, 5))).shape
    (1, 3, 3, 3, 3)
    """

    axes = 3

    def forward(self, x: Tensor) -> Tensor:
        """The maxima, and with return_indices their places.

        >>> import numpy as np
        >>> FractionalMaxPool3d(2, 1).forward(np.ones((1, 1, 3, 3, 3))).shape
        (1, 1, 1, 1, 1)
        """
        given = (self.kernel_size, self.output_size, self.output_ratio, self.return_indices)
        return F.fractional_max_pool3d(x, *given, rng=self.rng)  # type: ignore[call-overload]
