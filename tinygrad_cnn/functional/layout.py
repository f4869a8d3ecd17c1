"""Where an image's channels lie: ops want them before the spatial axes, users may have them last."""

from __future__ import annotations

from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import Operand, T, choice, floating

#: Where an image's channels may lie.
FORMATS = ("NCHW", "NHWC")


def channels_first(function: str, x: Operand[T], data_format: str, *, axes: int | None = 4) -> T:
    """Images with their channels first, from data_format 'NCHW' or 'NHWC'.

    Args:
        function: named in errors.   x: (N, C, H, W) or (N, H, W, C) float.
        axes: how many axes x has; None for any number from 3 on, the last three of one image.
    Raises:
        ShapeError: another number of axes.   ArgumentError: another format.   DTypeError: not float.

    >>> channels_first("conv2d", np.zeros((8, 28, 28, 3)), "NHWC").shape
    (8, 3, 28, 28)
    """
    x = floating(function, x)
    if isinstance(data_format, str) and data_format == "NCHW" and x.ndim == axes:
        return x
    choice(function, "data_format", data_format, FORMATS)
    if x.ndim != axes if axes is not None else x.ndim < 3:
        wanted = ", ".join(data_format) if axes is not None else f"..., {', '.join(data_format[1:])}"
        count = axes if axes is not None else "at least 3"
        raise ShapeError(f"{function}: x needs {count} axes ({wanted}), got {x.shape}")
    if data_format == "NCHW":
        return x
    *lead, height, width, channels = range(x.ndim)
    return x.transpose((*lead, channels, height, width))


def as_given(y: T, data_format: str) -> T:
    """The result back in the format of the operand; the inverse of `channels_first`.

    >>> as_given(np.zeros((8, 3, 28, 28)), "NHWC").shape
    (8, 28, 28, 3)
    """
    if data_format == "NCHW":
        return y
    *lead, channels, height, width = range(y.ndim)
    return y.transpose((*lead, height, width, channels))
