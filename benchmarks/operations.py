"""Single operations to be timed, in the shapes that they have in the networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Operation:
    """A call of `functional.<function>(*operands, **options)`.

    Attributes:
        function: its name, the same in both engines.
        shapes: one per operand: drawn normal, float32; None hands over None.
        options: keyword arguments.
        wants: how many of the operands, counted from the last, want a gradient; None for all. The
            first layer of a network needs none for its input.
        classes: above 0, integer labels below it follow as a last operand.
    """

    function: str
    shapes: tuple[Shape | None, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    wants: int | None = None
    classes: int = 0


def _conv(
    batch: int,
    channels: int,
    size: int,
    filters: int,
    kernel: int,
    padding: int,
    stride: int = 1,
    first: bool = False,
) -> Operation:
    """A convolution of square images; the `first` of a network has no use for a gradient of x."""
    shapes = ((batch, channels, size, size), (filters, channels, kernel, kernel), (filters,))
    return Operation("conv2d", shapes, {"stride": stride, "padding": padding}, 2 if first else None)


def _norm(*shape: int) -> Operation:
    channels = (shape[1],)
    return Operation("batch_norm", (shape, None, None, channels, channels), {"training": True})


def _linear(batch: int, inputs: int, outputs: int) -> Operation:
    return Operation("linear", ((batch, inputs), (outputs, inputs), (outputs,)))


_HALF = {"kernel_size": 2, "stride": 2}

OPERATIONS = {
    "conv seed 1>8 k3 @28": _conv(128, 1, 28, 8, 3, 1, first=True),
    "conv seed 8>16 k3 @14": _conv(128, 8, 14, 16, 3, 1),
    "conv simple 1>30 k5 @28": _conv(100, 1, 28, 30, 5, 0, first=True),
    "conv lenet 1>6 k5 @28": _conv(64, 1, 28, 6, 5, 2, first=True),
    "conv lenet 6>16 k5 @14": _conv(64, 6, 14, 16, 5, 0),
    "conv deep 1>16 k3 @28": _conv(100, 1, 28, 16, 3, 1, first=True),
    "conv deep 16>16 k3 @28": _conv(100, 16, 28, 16, 3, 1),
    "conv deep 16>32 k3 @14": _conv(100, 16, 14, 32, 3, 1),
    "conv deep 32>32 k3 @14": _conv(100, 32, 14, 32, 3, 2),
    "conv deep 32>64 k3 @8": _conv(100, 32, 8, 64, 3, 1),
    "conv deep 64>64 k3 @8": _conv(100, 64, 8, 64, 3, 1),
    "conv vgg 3>64 k3 @32": _conv(32, 3, 32, 64, 3, 1, first=True),
    "conv vgg 64>128 k3 @16": _conv(32, 64, 16, 128, 3, 1),
    "conv vgg 128>256 k3 @8": _conv(32, 128, 8, 256, 3, 1),
    "conv vgg 256>256 k3 @8": _conv(32, 256, 8, 256, 3, 1),
    "conv vgg 256>512 k3 @4": _conv(32, 256, 4, 512, 3, 1),
    "conv vgg 512>512 k3 @4": _conv(32, 512, 4, 512, 3, 1),
    "conv vgg 512>512 k3 @2": _conv(32, 512, 2, 512, 3, 1),
    "conv alex 3>6 k11 s4 @224": _conv(8, 3, 224, 6, 11, 0, stride=4, first=True),
    "conv alex 6>256 k5 @26": _conv(8, 6, 26, 256, 5, 2),
    "conv alex 256>384 k3 @12": _conv(8, 256, 12, 384, 3, 1),
    "conv alex 384>384 k3 @12": _conv(8, 384, 12, 384, 3, 1),
    "conv alex 384>356 k3 @12": _conv(8, 384, 12, 356, 3, 0),
    "max pool 2 seed": Operation("max_pool2d", ((128, 8, 28, 28),), _HALF),
    "max pool 2 simple": Operation("max_pool2d", ((100, 30, 24, 24),), _HALF),
    "max pool 2 deep": Operation("max_pool2d", ((100, 16, 28, 28),), _HALF),
    "max pool 3/2 alex": Operation("max_pool2d", ((8, 256, 26, 26),), {"kernel_size": 3, "stride": 2}),
    "avg pool 2 lenet": Operation("avg_pool2d", ((64, 6, 28, 28),), _HALF),
    "batch norm vgg": _norm(32, 64, 32, 32),
    "batch norm alex": _norm(8, 256, 26, 26),
    "linear mlp 784>50": _linear(100, 784, 50),
    "linear simple 4320>100": _linear(100, 4320, 100),
    "linear alex 5696>4096": _linear(8, 5696, 4096),
    "relu deep": Operation("relu", ((100, 16, 28, 28),)),
    "sigmoid lenet": Operation("sigmoid", ((64, 6, 28, 28),)),
    "dropout deep": Operation("dropout", ((100, 16, 28, 28),), {"p": 0.5, "training": True}),
    "cross-entropy 128x10": Operation("cross_entropy", ((128, 10),), classes=10),
}
#: What a quick run times: one small shape of each kind.
QUICK = (
    "conv seed 8>16 k3 @14",
    "max pool 2 seed",
    "avg pool 2 lenet",
    "linear mlp 784>50",
    "cross-entropy 128x10",
)
