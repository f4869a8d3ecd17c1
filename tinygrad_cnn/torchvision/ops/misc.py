"""Layers that models are put together from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_cnn.torch import creating, nn

N: Any = nn


class FrozenBatchNorm2d(nn.Module):
    """Batch norm with statistics, scale and shift that stay as they are.

    >>> FrozenBatchNorm2d(3)
    FrozenBatchNorm2d(3, eps=1e-05)
    """

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        t: Any = creating
        self.register_buffer("weight", t.ones(num_features))
        self.register_buffer("bias", t.zeros(num_features))
        self.register_buffer("running_mean", t.zeros(num_features))
        self.register_buffer("running_var", t.ones(num_features))

    def forward(self, x: Any) -> Any:
        """(x - mean) / deviation * weight + bias, by channels."""
        me: Any = self
        scale = (me.weight * (me.running_var + me.eps).rsqrt()).reshape(1, -1, 1, 1)
        bias = me.bias.reshape(1, -1, 1, 1) - me.running_mean.reshape(1, -1, 1, 1) * scale
        return x * scale + bias

    def __repr__(self) -> str:
        me: Any = self
        return f"{type(self).__name__}({me.weight.shape[0]}, eps={me.eps})"


class ConvNormActivation(nn.Sequential):  # type: ignore[misc]
    """Convolution, norm and activation, those that are there."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any = 3, stride: Any = 1, padding: Any = None,
        groups: int = 1, norm_layer: Any = nn.BatchNorm2d, activation_layer: Any = nn.ReLU, dilation: Any = 1,
        inplace: bool | None = True, bias: bool | None = None, conv_layer: Any = nn.Conv2d,
    ) -> None:  # fmt: skip
        if padding is None:
            if isinstance(kernel_size, int) and isinstance(dilation, int):
                padding = (kernel_size - 1) // 2 * dilation
            else:
                n = len(kernel_size) if not isinstance(kernel_size, int) else len(dilation)
                sizes = [kernel_size] * n if isinstance(kernel_size, int) else kernel_size
                steps = [dilation] * n if isinstance(dilation, int) else dilation
                padding = tuple((k - 1) // 2 * d for k, d in zip(sizes, steps, strict=True))
        layers = [
            conv_layer(
                in_channels, out_channels, kernel_size, stride, padding, dilation=dilation, groups=groups,
                bias=norm_layer is None if bias is None else bias,
            )
        ]  # fmt: skip
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**({} if inplace is None else {"inplace": inplace})))
        super().__init__(*layers)
        self.out_channels = out_channels


class Conv2dNormActivation(ConvNormActivation):
    """Of images.

    >>> len(Conv2dNormActivation(3, 8))
    3
    """


class Conv3dNormActivation(ConvNormActivation):
    """Of volumes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"norm_layer": N.BatchNorm3d, "conv_layer": N.Conv3d, **options})


class SqueezeExcitation(nn.Module):
    """Channels weighed by what they hold on average (arXiv:1709.01507)."""

    def __init__(
        self, input_channels: int, squeeze_channels: int, activation: Callable[..., Any] = nn.ReLU,
        scale_activation: Callable[..., Any] = nn.Sigmoid,
    ) -> None:  # fmt: skip
        super().__init__()
        self.avgpool = N.AdaptiveAvgPool2d(1)
        self.fc1 = N.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = N.Conv2d(squeeze_channels, input_channels, 1)
        self.activation, self.scale_activation = activation(), scale_activation()

    def forward(self, input: Any) -> Any:
        """The weighed channels."""
        me: Any = self
        scale = me.fc2(me.activation(me.fc1(me.avgpool(input))))
        return me.scale_activation(scale) * input


class MLP(nn.Sequential):  # type: ignore[misc]
    """Linear layers with norm, activation and dropout; the last one without norm and activation."""

    def __init__(
        self, in_channels: int, hidden_channels: list[int], norm_layer: Any = None, activation_layer: Any = nn.ReLU,
        inplace: bool | None = None, bias: bool = True, dropout: float = 0.0,
    ) -> None:  # fmt: skip
        options = {} if inplace is None else {"inplace": inplace}
        layers: list[Any] = []
        for width in hidden_channels[:-1]:
            layers.append(N.Linear(in_channels, width, bias=bias))
            if norm_layer is not None:
                layers.append(norm_layer(width))
            layers += [activation_layer(**options), N.Dropout(dropout, **options)]
            in_channels = width
        layers += [N.Linear(in_channels, hidden_channels[-1], bias=bias), N.Dropout(dropout, **options)]
        super().__init__(*layers)


class Permute(nn.Module):
    """Dimensions in another order."""

    def __init__(self, dims: list[int]) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Any) -> Any:
        """The tensor with its dimensions reordered."""
        return x.permute(self.dims)
