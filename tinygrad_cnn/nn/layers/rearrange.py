"""Layers without parameters that rearrange axes, windows and pixels, or change an image's size."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from sys import float_info
from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError, shown
from tinygrad_cnn.functional.arguments import (
    Scales,
    Sizes,
    choice,
    flag,
    integer,
    is_several,
    number,
    one_axis,
    shape_of,
    sizes,
)
from tinygrad_cnn.functional.checks import at_least, per_axis
from tinygrad_cnn.functional.interpolation import MODES
from tinygrad_cnn.functional.layout import FORMATS
from tinygrad_cnn.nn.function_layer import FunctionLayer, format_note, image_format, option
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["Flatten", "Fold", "PixelShuffle", "PixelUnshuffle", "Unflatten", "Unfold", "Upsample"]


class Flatten(FunctionLayer):
    """Axes merged into one, by default all but the first: (N, C, H, W) -> (N, C·H·W).

    Args:
        start_dim, end_dim: first and last of the axes to merge.

    >>> Flatten()(np.zeros((2, 3, 4, 4))).shape
    (2, 48)
    """

    start_dim: int = 1
    end_dim: int = -1

    def forward(self, x: Tensor) -> Tensor:
        """x with the axes merged.

        >>> Flatten(0).forward(np.zeros((2, 3))).shape
        (6,)
        """
        return F.flatten(x, self.start_dim, self.end_dim)


class Unflatten(Module):
    """One axis split into several: the inverse of `Flatten` over those axes.

    Args:
        dim: which axis.   unflattened_size: the sizes it is split into; one may be -1.
    Raises:
        ShapeError: no such axis, or sizes that do not multiply to its size.

    >>> Unflatten(1, (3, 4, 4))(np.zeros((2, 48))).shape
    (2, 3, 4, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim = integer("Unflatten", "dim", dim)
        if not is_several(unflattened_size):
            raise DTypeError(
                f"Unflatten: unflattened_size needs several sizes, got {shown(unflattened_size)}"
            )
        self.unflattened_size = tuple(integer("Unflatten", "size", n, -1) for n in unflattened_size)

    def forward(self, x: Tensor) -> Tensor:
        """x with the axis split.

        >>> Unflatten(-1, (2, -1)).forward(np.zeros((1, 6))).shape
        (1, 2, 3)
        """
        shape = shape_of(x, "Unflatten")
        axis = one_axis("Unflatten", self.dim, len(shape))
        known = prod(n for n in self.unflattened_size if n != -1)
        free = self.unflattened_size.count(-1)
        fits = known > 0 and shape[axis] % known == 0 if free else shape[axis] == known
        if free > 1 or not fits:
            raise ShapeError(
                f"Unflatten: axis {self.dim} of x {shape} does not split into {self.unflattened_size}"
            )
        rest = tuple(shape[axis] // known if n == -1 else n for n in self.unflattened_size)
        return F.reshape(x, (*shape[:axis], *rest, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        """The options.

        >>> Unflatten(1, (2, 3))
        Unflatten(dim=1, unflattened_size=(2, 3))
        """
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Unfold(FunctionLayer, function=F.unfold):
    """Each window of an image as a column; see `functional.unfold`.

    Args:
        kernel_size, dilation, padding, stride: int or a pair of ints.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> (N, C*KH*KW, OH*OW).

    >>> Unfold(3)(np.zeros((1, 2, 5, 5))).shape
    (1, 18, 9)
    """

    kernel_size: Sizes = option(check=per_axis(2, 1))
    dilation: Sizes = option(default=1, check=per_axis(2, 1))
    padding: Sizes = option(default=0, check=per_axis(2, 0))
    stride: Sizes = option(default=1, check=per_axis(2, 1))
    data_format: str = image_format()


class Fold(FunctionLayer, function=F.fold):
    """Columns added where `Unfold` reads them; see `functional.fold`.

    Args:
        output_size: (H, W) of the image.   kernel_size, dilation, padding, stride: as `Unfold`.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C*KH*KW, L) -> (N, C, H, W).

    >>> Fold((5, 5), 3)(np.zeros((1, 18, 9))).shape
    (1, 2, 5, 5)
    """

    output_size: Sizes = option(check=per_axis(2, 1))
    kernel_size: Sizes = option(check=per_axis(2, 1))
    dilation: Sizes = option(default=1, check=per_axis(2, 1))
    padding: Sizes = option(default=0, check=per_axis(2, 0))
    stride: Sizes = option(default=1, check=per_axis(2, 1))
    data_format: str = image_format()


class Upsample(Module):
    """Images of another size; see `functional.interpolate`.

    Args:
        size: int or (OH, OW).   scale_factor: number or a pair, instead.
        mode: as `functional.interpolate`.   align_corners: let the corner pixels' centres meet.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW), or with one spatial axis, or three.
    Raises:
        ArgumentError: not exactly one of size and scale_factor, or another mode.
    Source: Gonzalez & Woods 2018, "Digital image processing", 2.4.

    >>> Upsample(scale_factor=2)(np.zeros((1, 3, 4, 4))).shape
    (1, 3, 8, 8)
    """

    def __init__(
        self, size: Sizes | None = None, scale_factor: Scales | None = None, mode: str = "nearest",
        align_corners: bool | None = None, *, data_format: str = "NCHW",
    ) -> None:  # fmt: skip
        if (size is None) == (scale_factor is None):
            raise ArgumentError(
                f"Upsample: give one of size and scale_factor, got {size!r} and {scale_factor!r}"
            )
        self.size = size
        factors = scale_factor if is_several(scale_factor) else (scale_factor,)
        if size is None:
            checked = tuple(number("Upsample", "scale_factor", f, 0, float_info.max) for f in factors)
            if not 1 <= len(checked) <= 3:
                raise ArgumentError(f"Upsample: scale_factor needs 1 to 3 numbers, got {scale_factor!r}")
            self.scale_factor: Any = checked if len(checked) > 1 else checked[0]
        else:
            count = len(size) if is_several(size) else 1
            sizes("Upsample", "size", size, count, at_least=1)
            self.scale_factor = None
        self.mode = choice("Upsample", "mode", mode, MODES)
        self.data_format = choice("Upsample", "data_format", data_format, FORMATS)
        self.align_corners = (
            None if align_corners is None else flag("Upsample", "align_corners", align_corners)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The images in their new size.

        >>> Upsample(size=(2, 3)).forward(np.zeros((1, 1, 4, 4))).shape
        (1, 1, 2, 3)
        """
        return F.interpolate(
            x, self.size, self.scale_factor, self.mode, self.align_corners, data_format=self.data_format
        )

    def extra_repr(self) -> str:
        """The options that are set.

        >>> Upsample(scale_factor=2)
        Upsample(scale_factor=2.0, mode='nearest')
        """
        size = f"scale_factor={self.scale_factor}" if self.size is None else f"size={self.size}"
        return f"{size}, mode={self.mode!r}{format_note(self)}"


class PixelShuffle(FunctionLayer, function=F.pixel_shuffle):
    """r² channels as r × r pixels; see `functional.pixel_shuffle`.

    Args:
        upscale_factor: r.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (..., C*r², H, W) -> (..., C, H*r, W*r).
    Source: Shi et al. 2016, arXiv:1609.05158.

    >>> PixelShuffle(2)(np.zeros((1, 12, 4, 4))).shape
    (1, 3, 8, 8)
    """

    upscale_factor: int = option(check=at_least(1))
    data_format: str = image_format()


class PixelUnshuffle(FunctionLayer, function=F.pixel_unshuffle):
    """r × r pixels as r² channels; see `functional.pixel_unshuffle`.

    Args:
        downscale_factor: r.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Shapes:
        x (..., C, H, W) -> (..., C*r², H/r, W/r).
    Source: Shi et al. 2016, arXiv:1609.05158.

    >>> PixelUnshuffle(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 12, 4, 4)
    """

    downscale_factor: int = option(check=at_least(1))
    data_format: str = image_format()
