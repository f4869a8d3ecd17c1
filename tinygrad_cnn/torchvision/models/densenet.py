"""DenseNet (Huang et al. 2017, arXiv:1608.06993): each layer sees what all layers before it gave."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from tinygrad_cnn import torch
from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
T: Any = torch
#: By depth: growth, layers of the blocks, channels of the stem, and the published weights' mark.
KINDS: dict[int, tuple[int, tuple[int, ...], int, str]] = {
    121: (32, (6, 12, 24, 16), 64, "a639ec97"), 161: (48, (6, 12, 36, 24), 96, "8d451a50"),
    169: (32, (6, 12, 32, 32), 64, "b2777c0a"), 201: (32, (6, 12, 48, 32), 64, "c1103571"),
}  # fmt: skip
WEIGHTS = {
    depth: weights_of(f"DenseNet{depth}", IMAGENET1K_V1=f"densenet{depth}-{mark}.pth")
    for depth, (*_, mark) in KINDS.items()
}


class _DenseLayer(nn.Module):
    """Norm, ReLU and 1×1 convolution to a bottleneck, then the same with 3×3 to `growth` channels."""

    def __init__(self, channels: int, growth: int, widening: int, drop: float) -> None:
        super().__init__()
        self.norm1, self.relu1 = N.BatchNorm2d(channels), N.ReLU(inplace=True)
        self.conv1 = N.Conv2d(channels, widening * growth, kernel_size=1, stride=1, bias=False)
        self.norm2, self.relu2 = N.BatchNorm2d(widening * growth), N.ReLU(inplace=True)
        self.conv2 = N.Conv2d(widening * growth, growth, kernel_size=3, stride=1, padding=1, bias=False)
        self.drop_rate = float(drop)

    def forward(self, input: Any) -> Any:
        """The layer's own channels."""
        x = T.cat(input, 1) if isinstance(input, (list, tuple)) else input
        x = self.conv2(self.relu2(self.norm2(self.conv1(self.relu1(self.norm1(x))))))
        return (
            N.functional.dropout(x, p=self.drop_rate, training=self.training) if self.drop_rate > 0 else x
        )


class _DenseBlock(nn.ModuleDict):  # type: ignore[misc]
    """Layers that each see the input and the channels of all layers before."""

    def __init__(self, count: int, channels: int, widening: int, growth: int, drop: float) -> None:
        super().__init__()
        for k in range(count):
            self.add_module(
                f"denselayer{k + 1}", _DenseLayer(channels + k * growth, growth, widening, drop)
            )

    def forward(self, x: Any) -> Any:
        """The input and all channels."""
        found = [x]
        for layer in self.values():
            found.append(layer(found))
        return T.cat(found, 1)


class _Transition(nn.Sequential):  # type: ignore[misc]
    """Half of the channels, on a quarter of the pixels."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.norm, self.relu = N.BatchNorm2d(channels), N.ReLU(inplace=True)
        self.conv = N.Conv2d(channels, out, kernel_size=1, stride=1, bias=False)
        self.pool = N.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    """A stem, four dense blocks with transitions between them, and a linear layer."""

    def __init__(
        self, growth_rate: int = 32, block_config: Any = (6, 12, 24, 16), num_init_features: int = 64, bn_size: int = 4,
        drop_rate: float = 0, num_classes: int = 1000, memory_efficient: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        stem = N.Conv2d(3, num_init_features, kernel_size=7, stride=2, padding=3, bias=False)
        self.features = N.Sequential(
            OrderedDict(
                conv0=stem, norm0=N.BatchNorm2d(num_init_features), relu0=N.ReLU(inplace=True),
                pool0=N.MaxPool2d(kernel_size=3, stride=2, padding=1),
            )
        )  # fmt: skip
        channels = num_init_features
        for k, count in enumerate(block_config, 1):
            block = _DenseBlock(count, channels, bn_size, growth_rate, drop_rate)
            self.features.add_module(f"denseblock{k}", block)
            channels += count * growth_rate
            if k < len(block_config):
                self.features.add_module(f"transition{k}", _Transition(channels, channels // 2))
                channels //= 2
        self.features.add_module("norm5", N.BatchNorm2d(channels))
        self.classifier = N.Linear(channels, num_classes)
        for m in self.modules():
            if isinstance(m, N.Conv2d):
                N.init.kaiming_normal_(m.weight)
            elif isinstance(m, N.Linear):
                N.init.constant_(m.bias, 0)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        x = N.functional.relu(self.features(x), inplace=True)
        return self.classifier(N.functional.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


def _of(depth: int) -> Any:
    growth, blocks, stem, _ = KINDS[depth]

    def make(
        *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
    ) -> DenseNet:
        return filled(DenseNet(growth, blocks, stem, **options), weights, WEIGHTS[depth], pretrained)

    make.__name__, make.__doc__ = f"densenet{depth}", f"DenseNet with {depth} layers and random weights."
    return make


densenet121, densenet161, densenet169, densenet201 = (_of(depth) for depth in KINDS)
