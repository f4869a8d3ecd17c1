"""Layers without parameters that rearrange windows and pixels, or change an image's size."""

from __future__ import annotations

from math import inf
from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import choice, integer, number, sizes
from tinygrad_cnn.nn.module import Module


class Unfold(Module):
    """Each window of an image as a column; see `functional.unfold`.

    Args:
        kernel_size, dilation, padding, stride: int or a pair of ints.
    Shapes:
        x (N, C, H, W) -> (N, C*KH*KW, OH*OW).

    >>> import numpy as np
    >>> Unfold(3)(np.zeros((1, 2, 5, 5))).shape
    (1, 18, 9)
    """

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        name = type(self).__name__
        sizes(name, "kernel_size", kernel_size, 2, at_least=1)
        sizes(name, "dilation", dilation, 2, at_least=1)
        sizes(name, "padding", padding, 2, at_least=0)
        sizes(name, "stride", stride, 2, at_least=1)
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride

    def forward(self, x: Any) -> Any:
        """The columns.

        >>> import numpy as np
        >>> Unfold(2).forward(np.zeros((1, 1, 2, 2))).shape
        (1, 4, 1)
        """
        return F.unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> Unfold(3)
        Unfold(kernel_size=3, dilation=1, padding=0, stride=1)
        """
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Unfold):
    """Columns added where `Unfold` reads them; see `functional.fold`.

    Args:
        output_size: (H, W) of the image.   kernel_size, dilation, padding, stride: as `Unfold`.
    Shapes:
        x (N, C*KH*KW, L) -> (N, C, H, W).

    >>> import numpy as np
    >>> Fold((5, 5), 3)(np.zeros((1, 18, 9))).shape
    (1, 2, 5, 5)
    """

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        sizes("Fold", "output_size", output_size, 2, at_least=1)
        self.output_size = output_size
        super().__init__(kernel_size, dilation, padding, stride)

    def forward(self, x: Any) -> Any:
        """The image.

        >>> import numpy as np
        >>> Fold(2, 2).forward(np.zeros((1, 4, 1))).shape
        (1, 1, 2, 2)
        """
        options = (self.kernel_size, self.dilation, self.padding, self.stride)
        return F.fold(x, self.output_size, *options)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> Fold(4, 2)
        Fold(output_size=4, kernel_size=2, dilation=1, padding=0, stride=1)
        """
        return f"output_size={self.output_size}, {super().extra_repr()}"


class Upsample(Module):
    """Images of another size; see `functional.interpolate`.

    Args:
        size: int or (OH, OW).   scale_factor: number or a pair, instead.
        mode: 'nearest' or 'bilinear'.   align_corners: let the corner pixels' centres meet.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).
    Raises:
        ArgumentError: not exactly one of size and scale_factor, or another mode.
    Source: Gonzalez & Woods 2018, "Digital image processing", 2.4.

    >>> import numpy as np
    >>> Upsample(scale_factor=2)(np.zeros((1, 3, 4, 4))).shape
    (1, 3, 8, 8)
    """

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
        align_corners: bool | None = None,
    ) -> None:  # fmt: skip
        if (size is None) == (scale_factor is None):
            raise ArgumentError(
                f"Upsample: give one of size and scale_factor, got {size!r} and {scale_factor!r}"
            )
        self.size = size
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,)
        if size is None:
            checked = tuple(number("Upsample", "scale_factor", factor, 0, inf) for factor in factors)
            self.scale_factor: Any = checked if len(checked) > 1 else checked[0]
        else:
            sizes("Upsample", "size", size, 2, at_least=1)
            self.scale_factor = None
        self.mode = choice("Upsample", "mode", mode, ("nearest", "bilinear"))
        self.align_corners = align_corners

    def forward(self, x: Any) -> Any:
        """The images in their new size.

        >>> import numpy as np
        >>> Upsample(size=(2, 3)).forward(np.zeros((1, 1, 4, 4))).shape
        (1, 1, 2, 3)
        """
        return F.interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        """The options that are set.

        >>> Upsample(scale_factor=2)
        Upsample(scale_factor=2.0, mode='nearest')
        """
        size = f"scale_factor={self.scale_factor}" if self.size is None else f"size={self.size}"
        return f"{size}, mode={self.mode!r}"


class PixelShuffle(Module):
    """r² channels as r × r pixels; see `functional.pixel_shuffle`.

    Args:
        upscale_factor: r.
    Shapes:
        x (..., C*r², H, W) -> (..., C, H*r, W*r).
    Source: Shi et al. 2016, arXiv:1609.05158.

    >>> import numpy as np
    >>> PixelShuffle(2)(np.zeros((1, 12, 4, 4))).shape
    (1, 3, 8, 8)
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = integer("PixelShuffle", "upscale_factor", upscale_factor, 1)

    def forward(self, x: Any) -> Any:
        """The larger images.

        >>> import numpy as np
        >>> PixelShuffle(3).forward(np.zeros((9, 1, 1))).shape
        (1, 3, 3)
        """
        return F.pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        """The factor.

        >>> PixelShuffle(2)
        PixelShuffle(upscale_factor=2)
        """
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """r × r pixels as r² channels; see `functional.pixel_unshuffle`.

    Args:
        downscale_factor: r.
    Shapes:
        x (..., C, H, W) -> (..., C*r², H/r, W/r).
    Source: Shi et al. 2016, arXiv:1609.05158.

    >>> import numpy as np
    >>> PixelUnshuffle(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 12, 4, 4)
    """

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = integer("PixelUnshuffle", "downscale_factor", downscale_factor, 1)

    def forward(self, x: Any) -> Any:
        """The smaller images.

        >>> import numpy as np
        >>> PixelUnshuffle(3).forward(np.zeros((1, 3, 3))).shape
        (9, 1, 1)
        """
        return F.pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        """The factor.

        >>> PixelUnshuffle(2)
        PixelUnshuffle(downscale_factor=2)
        """
        return f"downscale_factor={self.downscale_factor}"
