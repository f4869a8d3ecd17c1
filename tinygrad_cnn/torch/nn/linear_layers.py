"""Linear, bilinear and convolutional layers, whose parameters are drawn as PyTorch draws them."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.nn import functional, init
from tinygrad_cnn.torch.nn.functional.convolutions import plain as _plain
from tinygrad_cnn.torch.nn.making import made, options_of

CLASSES: dict[str, Any] = {}


def _uniform(self: Any) -> None:
    """PyTorch's start of linear and convolutional layers."""
    init.kaiming_uniform_(self.weight, a=math.sqrt(5))
    if self.bias is not None:
        fan, _ = init._fans(self.weight)
        bound = 1 / math.sqrt(fan) if fan > 0 else 0
        init.uniform_(self.bias, -bound, bound)


CLASSES["Linear"] = made("Linear", reset_parameters=_uniform)


def _transposed(name: str, axes: int) -> Any:
    native: Any = getattr(native_nn, name)

    def __init__(
        self: Any, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None, **native_options: Any,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {name}')
        given = (kernel_size, stride, padding, output_padding)
        options = options_of(native, {"device": device, "dtype": dtype, **native_options})
        native.__init__(
            self, in_channels, out_channels, *map(_plain, given), groups, bias,
            _plain(dilation), **options,
        )  # fmt: skip
        self.reset_parameters()

    def forward(self: Any, input: Any, output_size: Any = None) -> Any:
        x = input[None] if input._array.ndim == axes + 1 else input  # one image without a batch
        if output_size is None:
            out = native.forward(self, x)
        else:
            out = getattr(functional, name.replace("ConvT", "conv_t"))(
                x, self.weight, self.bias, self.stride, self.padding, _extra(self, x, output_size[-axes:]),
                self.groups, self.dilation,
            )  # fmt: skip
        return out if x is input else out[0]

    def extra_repr(self: Any) -> str:
        return _conv_repr(self, self.output_padding)

    return made(name, __init__=__init__, forward=forward, reset_parameters=_uniform, extra_repr=extra_repr)


def _extra(self: Any, x: Any, wanted: Any) -> tuple[int, ...]:
    """The output padding that makes images of a wanted size."""
    found = []
    for k, (n, size) in enumerate(zip(x._array.shape[2:], wanted, strict=True)):
        reach = self.dilation[k] * (self.kernel_size[k] - 1) + 1
        found.append(int(size) - ((n - 1) * self.stride[k] - 2 * self.padding[k] + reach))
    if any(not 0 <= r < s for r, s in zip(found, self.stride, strict=True)):
        raise ValueError(
            f"requested an output size of {tuple(wanted)} for {tuple(x._array.shape[2:])}, which no stride gives"
        )
    return tuple(found)


for _axes in (1, 2, 3):
    CLASSES[f"ConvTranspose{_axes}d"] = _transposed(f"ConvTranspose{_axes}d", _axes)


def _conv(name: str, axes: int) -> Any:
    native: Any = getattr(native_nn, name)

    def __init__(
        self: Any, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
        **native_options: Any,
    ) -> None:  # fmt: skip
        plain = [_plain(v) for v in (kernel_size, stride, padding, dilation)]
        options = options_of(native, {"device": device, "dtype": dtype, **native_options})
        native.__init__(self, in_channels, out_channels, *plain, groups, bias, padding_mode, **options)
        self.reset_parameters()

    def forward(self: Any, input: Any) -> Any:
        if input._array.ndim == axes + 1:  # one image without a batch
            return native.forward(self, input[None])[0]
        return native.forward(self, input)

    return made(name, __init__=__init__, forward=forward, reset_parameters=_uniform, extra_repr=_conv_repr)


def _conv_repr(self: Any, output_padding: Any = None) -> str:
    text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
    padding = self.padding
    if padding != (0,) * len(self.kernel_size):
        text += f", padding={padding}"
    if self.dilation != (1,) * len(self.kernel_size):
        text += f", dilation={self.dilation}"
    if output_padding is not None and any(output_padding):
        text += f", output_padding={output_padding}"
    if self.groups != 1:
        text += f", groups={self.groups}"
    if self.bias is None:
        text += ", bias=False"
    mode = self.padding_mode
    return text + (f", padding_mode={mode}" if mode != "zeros" else "")


for _axes in (1, 2, 3):
    CLASSES[f"Conv{_axes}d"] = _conv(f"Conv{_axes}d", _axes)


def _bilinear_start(self: Any) -> None:
    bound = 1 / math.sqrt(self.in1_features)
    init.uniform_(self.weight, -bound, bound)
    if self.bias is not None:
        init.uniform_(self.bias, -bound, bound)


CLASSES["Bilinear"] = made("Bilinear", reset_parameters=_bilinear_start)
