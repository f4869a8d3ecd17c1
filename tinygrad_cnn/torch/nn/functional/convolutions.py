"""Convolutions, their transposes, and windows as columns."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F


def _conv(native: Any, axes: int) -> Any:
    def function(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        single = input._array.ndim == axes + 1
        x = F.expand_dims(input, 0) if single else input
        out = native(
            x,
            weight,
            bias,
            stride=plain(stride),
            padding=plain(padding),
            dilation=plain(dilation),
            groups=groups,
        )
        return F.squeeze(out, 0) if single else out

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


def _conv_transpose(native: Any, axes: int) -> Any:
    def function(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Any:
        single = input._array.ndim == axes + 1
        x = F.expand_dims(input, 0) if single else input
        out = native(
            x, weight, bias, stride=plain(stride), padding=plain(padding), output_padding=plain(output_padding),
            groups=groups, dilation=plain(dilation),
        )  # fmt: skip
        return F.squeeze(out, 0) if single else out

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


def plain(value: Any) -> Any:
    """A size as an int or a tuple; PyTorch takes one-element sequences for all axes."""
    if isinstance(value, (list, tuple)):
        return int(value[0]) if len(value) == 1 else tuple(int(v) for v in value)
    return value


conv1d, conv2d, conv3d = _conv(F.conv1d, 1), _conv(F.conv2d, 2), _conv(F.conv3d, 3)
conv_transpose1d, conv_transpose2d, conv_transpose3d = (
    _conv_transpose(F.conv_transpose1d, 1),
    _conv_transpose(F.conv_transpose2d, 2),
    _conv_transpose(F.conv_transpose3d, 3),
)


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Windows as columns."""
    return F.unfold(input, kernel_size, dilation, padding, stride)


def fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Columns added back as windows."""
    return F.fold(input, output_size, kernel_size, dilation, padding, stride)


def conv_tbc(input: Any, weight: Any, bias: Any, pad: int = 0) -> Any:
    """Convolution of (time, batch, channels) with (width, channels, channels of the result)."""
    out = F.conv1d(F.permute(input, (1, 2, 0)), F.permute(weight, (2, 1, 0)), bias, padding=pad)
    return F.permute(out, (2, 0, 1))
