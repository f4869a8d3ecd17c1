"""Layers that are the native ones, and activations that can work in place."""

from __future__ import annotations

import inspect
import re
from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.nn import functional
from tinygrad_cnn.torch.nn.making import made

#: Layers that are the native ones, with nothing of their own to draw.
PLAIN = (
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "LPPool1d", "LPPool3d", "MaxUnpool1d", "MaxUnpool3d", "RMSNorm", "Softmax2d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "BatchNorm1d", "BatchNorm2d",
    "BatchNorm3d", "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "Flatten", "Fold", "GELU", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d",
    "InstanceNorm3d", "LayerNorm", "LocalResponseNorm", "LPPool2d", "LogSoftmax", "MaxPool1d", "MaxPool2d",
    "MaxPool3d", "MaxUnpool2d", "PReLU", "PixelShuffle", "PixelUnshuffle", "ReflectionPad1d", "ReflectionPad2d",
    "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "Sigmoid", "Softmax", "Softplus",
    "Softsign", "Tanh", "Unflatten", "Unfold", "Upsample", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
)  # fmt: skip
#: Activations that take `inplace`.
IN_PLACE = (
    "CELU", "ELU", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "Mish", "ReLU", "ReLU6", "SELU", "SiLU",
)  # fmt: skip


def _in_place(name: str) -> Any:
    native: Any = getattr(native_nn, name)
    function = getattr(functional, {"LeakyReLU": "leaky_relu", "SiLU": "silu"}.get(name, name.lower()))
    count = len(inspect.signature(native).parameters)

    def __init__(self: Any, *args: Any, inplace: bool = False) -> None:
        if len(args) == count + 1:
            *args, inplace = args  # type: ignore[assignment]
        native.__init__(self, *args)
        self.inplace = bool(inplace)

    def __init_kwargs__(self: Any, *args: Any, inplace: bool = False, **kwargs: Any) -> None:
        __init__(self, *(*args, *kwargs.values()), inplace=inplace)

    def forward(self: Any, x: Any) -> Any:
        if not self.inplace:
            return native.forward(self, x)
        return function(
            x,
            *(v for k, v in vars(self).items() if k in ("alpha", "negative_slope", "min_val", "max_val")),
            inplace=True,
        )

    def extra_repr(self: Any) -> str:
        parts = [native.extra_repr(self), "inplace=True" if self.inplace else ""]
        return ", ".join(p for p in parts if p)

    return made(name, __init__=__init_kwargs__, forward=forward, extra_repr=extra_repr)


CLASSES: dict[str, Any] = {name: made(name) for name in PLAIN}


def _single(name: str) -> None:
    """Let a layer also take one image without a batch."""
    native, axes = getattr(native_nn, name), int(name[-2])

    def forward(self: Any, x: Any, *rest: Any) -> Any:
        if x._array.ndim != axes + 1:
            return native.forward(self, x, *rest)
        out = native.forward(self, x[None], *(r[None] for r in rest))
        return tuple(o[0] for o in out) if isinstance(out, tuple) else out[0]

    CLASSES[name].forward = forward


for _name in PLAIN:
    if "pool" in _name.lower() or "Pad" in _name or "InstanceNorm" in _name:
        _single(_name)


def _normed(name: str, before: str, after: str) -> None:
    """PyTorch shows whether a normalisation has a bias."""
    native: Any = getattr(native_nn, name)

    def extra_repr(self: Any) -> str:
        return re.sub(
            before, lambda found: found[0] + after.format(self.bias is not None), native.extra_repr(self)
        )

    CLASSES[name].extra_repr = extra_repr


for _name in (
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "GroupNorm",
):
    _normed(_name, r"\baffine=\w+", ", bias={}")
_normed("LayerNorm", "elementwise_affine=True", ", bias={}")
CLASSES.update({name: _in_place(name) for name in IN_PLACE})
