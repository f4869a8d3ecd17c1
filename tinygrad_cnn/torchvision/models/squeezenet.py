"""SqueezeNet (Iandola et al. 2016, arXiv:1602.07360)."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch import nn
from tinygrad_cnn.torch.splitting import cat
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
SqueezeNet1_0_Weights = weights_of("SqueezeNet1_0", IMAGENET1K_V1="squeezenet1_0-b66bff10.pth")
SqueezeNet1_1_Weights = weights_of("SqueezeNet1_1", IMAGENET1K_V1="squeezenet1_1-b8a52dc0.pth")


class Fire(nn.Module):
    """Few 1×1 convolutions, then 1×1 and 3×3 ones side by side."""

    def __init__(self, inplanes: int, squeeze: int, expand1x1: int, expand3x3: int) -> None:
        super().__init__()
        self.squeeze, self.squeeze_activation = (
            N.Conv2d(inplanes, squeeze, kernel_size=1),
            N.ReLU(inplace=True),
        )
        self.expand1x1, self.expand1x1_activation = (
            N.Conv2d(squeeze, expand1x1, kernel_size=1),
            N.ReLU(inplace=True),
        )
        self.expand3x3 = N.Conv2d(squeeze, expand3x3, kernel_size=3, padding=1)
        self.expand3x3_activation = N.ReLU(inplace=True)

    def forward(self, x: Any) -> Any:
        """Both results, one behind the other."""
        x = self.squeeze_activation(self.squeeze(x))
        return cat(
            [self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1
        )


class SqueezeNet(nn.Module):
    """Fire modules and pools."""

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        old = version == "1_0"

        def pool() -> Any:
            return N.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        first = (
            N.Conv2d(3, 96, kernel_size=7, stride=2) if old else N.Conv2d(3, 64, kernel_size=3, stride=2)
        )
        widths = [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]
        pools, channels = ({2, 6} if old else {1, 3}), 96 if old else 64
        layers: list[Any] = [first, N.ReLU(inplace=True), pool()]
        for k, (narrow, wide) in enumerate(widths):
            layers.append(Fire(channels, narrow, wide, wide))
            channels = 2 * wide
            if k in pools:
                layers.append(pool())
        self.features = N.Sequential(*layers)
        last = N.Conv2d(512, num_classes, kernel_size=1)
        self.classifier = N.Sequential(
            N.Dropout(p=dropout), last, N.ReLU(inplace=True), N.AdaptiveAvgPool2d((1, 1))
        )
        for m in self.modules():
            if isinstance(m, N.Conv2d):
                if m is last:
                    N.init.normal_(m.weight, mean=0.0, std=0.01)
                else:
                    N.init.kaiming_uniform_(m.weight)
                N.init.constant_(m.bias, 0)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        return self.classifier(self.features(x)).flatten(1)


def squeezenet1_0(
    *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
) -> SqueezeNet:
    """SqueezeNet 1.0 with random weights."""
    return filled(SqueezeNet("1_0", **options), weights, SqueezeNet1_0_Weights, pretrained)


def squeezenet1_1(
    *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
) -> SqueezeNet:
    """SqueezeNet 1.1 with random weights."""
    return filled(SqueezeNet("1_1", **options), weights, SqueezeNet1_1_Weights, pretrained)
