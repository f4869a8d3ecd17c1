"""ShuffleNet V2 (Ma et al. 2018, arXiv:1807.11164): half of the channels pass, the others are convolved."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import torch
from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
T: Any = torch
#: By width: channels after the stem, the stages and the last convolution, and the published weights.
KINDS: dict[str, tuple[tuple[int, ...], str]] = {
    "x0_5": ((24, 48, 96, 192, 1024), "shufflenetv2_x0.5-f707e7126e"),
    "x1_0": ((24, 116, 232, 464, 1024), "shufflenetv2_x1-5666bf0f80"),
    "x1_5": ((24, 176, 352, 704, 1024), "shufflenetv2_x1_5-3c479a10"),
    "x2_0": ((24, 244, 488, 976, 2048), "shufflenetv2_x2_0-8be3c8ee"),
}
WEIGHTS = {
    kind: weights_of(f"ShuffleNet_V2_{kind.upper()}", IMAGENET1K_V1=f"{name}.pth")
    for kind, (_, name) in KINDS.items()
}


class InvertedResidual(nn.Module):
    """Two branches, whose channels are then mixed."""

    def __init__(self, inp: int, oup: int, stride: int) -> None:
        super().__init__()
        self.stride, half = stride, oup // 2
        self.branch1 = N.Sequential()
        if stride > 1:
            self.branch1 = N.Sequential(
                N.Conv2d(inp, inp, 3, stride, 1, bias=False, groups=inp), N.BatchNorm2d(inp),
                N.Conv2d(inp, half, kernel_size=1, bias=False), N.BatchNorm2d(half), N.ReLU(inplace=True),
            )  # fmt: skip
        self.branch2 = N.Sequential(
            N.Conv2d(inp if stride > 1 else half, half, kernel_size=1, bias=False), N.BatchNorm2d(half),
            N.ReLU(inplace=True), N.Conv2d(half, half, 3, stride, 1, bias=False, groups=half), N.BatchNorm2d(half),
            N.Conv2d(half, half, kernel_size=1, bias=False), N.BatchNorm2d(half), N.ReLU(inplace=True),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        """The block's result."""
        if self.stride == 1:
            first, second = x.chunk(2, dim=1)
            out = T.cat((first, self.branch2(second)), dim=1)
        else:
            out = T.cat((self.branch1(x), self.branch2(x)), dim=1)
        return N.functional.channel_shuffle(out, 2)


class ShuffleNetV2(nn.Module):
    """A stem, three stages, a last convolution, and a linear layer."""

    def __init__(self, channels: tuple[int, ...], num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = N.Sequential(
            N.Conv2d(3, channels[0], 3, 2, 1, bias=False), N.BatchNorm2d(channels[0]), N.ReLU(inplace=True)
        )
        self.maxpool = N.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for k, count in enumerate((4, 8, 4), 1):
            blocks = [InvertedResidual(channels[k - 1], channels[k], 2)]
            blocks += [InvertedResidual(channels[k], channels[k], 1) for _ in range(count - 1)]
            setattr(self, f"stage{k + 1}", N.Sequential(*blocks))
        self.conv5 = N.Sequential(
            N.Conv2d(channels[3], channels[4], 1, 1, 0, bias=False),
            N.BatchNorm2d(channels[4]),
            N.ReLU(inplace=True),
        )
        self.fc = N.Linear(channels[4], num_classes)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        me: Any = self
        x = me.conv5(me.stage4(me.stage3(me.stage2(me.maxpool(me.conv1(x))))))
        return me.fc(x.mean([2, 3]))


def _of(kind: str) -> Any:
    def make(
        *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
    ) -> ShuffleNetV2:
        return filled(ShuffleNetV2(KINDS[kind][0], **options), weights, WEIGHTS[kind], pretrained)

    make.__name__, make.__doc__ = f"shufflenet_v2_{kind}", f"ShuffleNet V2, {kind}, with random weights."
    return make


shufflenet_v2_x0_5, shufflenet_v2_x1_0, shufflenet_v2_x1_5, shufflenet_v2_x2_0 = map(_of, KINDS)
