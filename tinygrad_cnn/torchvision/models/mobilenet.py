"""MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381)."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
MobileNet_V2_Weights = weights_of(
    "MobileNet_V2", IMAGENET1K_V1="mobilenet_v2-b0353104.pth", IMAGENET1K_V2="mobilenet_v2-7ebf99e0.pth"
)
#: Expansion, channels, blocks and stride of each stage.
STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


def multiple_of_8(value: float) -> int:
    """The nearest multiple of 8 that is not more than a tenth below."""
    found = max(8, int(value + 4) // 8 * 8)
    return found + 8 if found < 0.9 * value else found


def conv_norm(inp: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> Any:
    """Convolution, batch norm and ReLU6."""
    conv = N.Conv2d(inp, out, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
    return N.Sequential(conv, N.BatchNorm2d(out), N.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    """Widened, convolved by channels, narrowed; with a shortcut where shapes agree."""

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int) -> None:
        super().__init__()
        hidden = round(inp * expand_ratio)
        self.use_res_connect = stride == 1 and inp == oup
        layers = [conv_norm(inp, hidden, 1)] if expand_ratio != 1 else []
        self.conv = N.Sequential(
            *layers,
            conv_norm(hidden, hidden, 3, stride, hidden),
            N.Conv2d(hidden, oup, 1, 1, 0, bias=False),
            N.BatchNorm2d(oup),
        )

    def forward(self, x: Any) -> Any:
        """The block's result."""
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """Inverted residual blocks."""

    def __init__(self, num_classes: int = 1000, width_mult: float = 1.0, dropout: float = 0.2) -> None:
        super().__init__()
        channels = multiple_of_8(32 * width_mult)
        self.last_channel = multiple_of_8(1280 * max(1.0, width_mult))
        layers: list[Any] = [conv_norm(3, channels, 3, 2)]
        for expansion, wide, count, stride in STAGES:
            out = multiple_of_8(wide * width_mult)
            for k in range(count):
                layers.append(InvertedResidual(channels, out, stride if k == 0 else 1, expansion))
                channels = out
        self.features = N.Sequential(*layers, conv_norm(channels, self.last_channel, 1))
        self.classifier = N.Sequential(N.Dropout(p=dropout), N.Linear(self.last_channel, num_classes))
        for m in self.modules():
            if isinstance(m, N.Conv2d):
                N.init.kaiming_normal_(m.weight, mode="fan_out")
            elif isinstance(m, N.Linear):
                N.init.normal_(m.weight, 0, 0.01)
                N.init.zeros_(m.bias)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        x = self.features(x)
        return self.classifier(N.functional.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


def mobilenet_v2(
    *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
) -> MobileNetV2:
    """MobileNetV2 with random weights."""
    return filled(MobileNetV2(**options), weights, MobileNet_V2_Weights, pretrained)
