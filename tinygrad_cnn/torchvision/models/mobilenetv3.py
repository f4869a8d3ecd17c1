"""MobileNetV3 (Howard et al. 2019, arXiv:1905.02244): inverted residuals with channels weighed."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.mobilenet import multiple_of_8
from tinygrad_cnn.torchvision.models.weights import filled, weights_of
from tinygrad_cnn.torchvision.ops.misc import Conv2dNormActivation, SqueezeExcitation

N: Any = nn
MobileNet_V3_Large_Weights = weights_of(
    "MobileNet_V3_Large", IMAGENET1K_V1="mobilenet_v3_large-8738ca79.pth",
    IMAGENET1K_V2="mobilenet_v3_large-5c1a4163.pth",
)  # fmt: skip
MobileNet_V3_Small_Weights = weights_of(
    "MobileNet_V3_Small", IMAGENET1K_V1="mobilenet_v3_small-047dcff4.pth"
)
#: Of each block: channels in, kernel, wide channels, channels out, weighed, Hardswish, stride.
LARGE = [
    (16, 3, 16, 16, False, False, 1), (16, 3, 64, 24, False, False, 2), (24, 3, 72, 24, False, False, 1),
    (24, 5, 72, 40, True, False, 2), (40, 5, 120, 40, True, False, 1), (40, 5, 120, 40, True, False, 1),
    (40, 3, 240, 80, False, True, 2), (80, 3, 200, 80, False, True, 1), (80, 3, 184, 80, False, True, 1),
    (80, 3, 184, 80, False, True, 1), (80, 3, 480, 112, True, True, 1), (112, 3, 672, 112, True, True, 1),
    (112, 5, 672, 160, True, True, 2), (160, 5, 960, 160, True, True, 1), (160, 5, 960, 160, True, True, 1),
]  # fmt: skip
SMALL = [
    (16, 3, 16, 16, True, False, 2), (16, 3, 72, 24, False, False, 2), (24, 3, 88, 24, False, False, 1),
    (24, 5, 96, 40, True, True, 2), (40, 5, 240, 40, True, True, 1), (40, 5, 240, 40, True, True, 1),
    (40, 5, 120, 48, True, True, 1), (48, 5, 144, 48, True, True, 1), (48, 5, 288, 96, True, True, 2),
    (96, 5, 576, 96, True, True, 1), (96, 5, 576, 96, True, True, 1),
]  # fmt: skip


def _norm(channels: int) -> Any:
    return N.BatchNorm2d(channels, eps=0.001, momentum=0.01)


class InvertedResidual(nn.Module):
    """Widened, convolved by channels, weighed, narrowed; with a shortcut where shapes agree."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        super().__init__()
        inp, kernel, wide, out, weighed, swish, stride = row
        act = N.Hardswish if swish else N.ReLU
        self.use_res_connect = stride == 1 and inp == out
        layers = []
        if wide != inp:
            layers.append(Conv2dNormActivation(inp, wide, 1, norm_layer=_norm, activation_layer=act))
        layers.append(
            Conv2dNormActivation(
                wide, wide, kernel, stride, groups=wide, norm_layer=_norm, activation_layer=act
            )
        )
        if weighed:
            squeezed = multiple_of_8(wide // 4)
            layers.append(SqueezeExcitation(wide, squeezed, scale_activation=N.Hardsigmoid))  # type: ignore[arg-type]
        layers.append(Conv2dNormActivation(wide, out, 1, norm_layer=_norm, activation_layer=None))
        self.block = N.Sequential(*layers)
        self.out_channels = out

    def forward(self, input: Any) -> Any:
        """The block's result."""
        result = self.block(input)
        return result + input if self.use_res_connect else result


class MobileNetV3(nn.Module):
    """A stem, blocks, and two linear layers."""

    def __init__(self, rows: Any, last_channel: int, num_classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        wide = 6 * rows[-1][3]
        self.features = N.Sequential(
            Conv2dNormActivation(3, 16, 3, 2, norm_layer=_norm, activation_layer=N.Hardswish),
            *(InvertedResidual(row) for row in rows),
            Conv2dNormActivation(rows[-1][3], wide, 1, norm_layer=_norm, activation_layer=N.Hardswish),
        )
        self.avgpool = N.AdaptiveAvgPool2d(1)
        self.classifier = N.Sequential(
            N.Linear(wide, last_channel), N.Hardswish(inplace=True), N.Dropout(p=dropout, inplace=True),
            N.Linear(last_channel, num_classes),
        )  # fmt: skip
        for m in self.modules():
            if isinstance(m, N.Conv2d):
                N.init.kaiming_normal_(m.weight, mode="fan_out")
                if m.bias is not None:
                    N.init.zeros_(m.bias)
            elif isinstance(m, N.Linear):
                N.init.normal_(m.weight, 0, 0.01)
                N.init.zeros_(m.bias)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def mobilenet_v3_large(
    *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
) -> MobileNetV3:
    """MobileNetV3, the large one, with random weights."""
    return filled(MobileNetV3(LARGE, 1280, **options), weights, MobileNet_V3_Large_Weights, pretrained)


def mobilenet_v3_small(
    *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
) -> MobileNetV3:
    """MobileNetV3, the small one, with random weights."""
    return filled(MobileNetV3(SMALL, 1024, **options), weights, MobileNet_V3_Small_Weights, pretrained)
