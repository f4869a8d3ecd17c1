"""VGG (Simonyan & Zisserman 2014, arXiv:1409.1556)."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
_FILES = {
    (11, False): "8a719046", (13, False): "19584684", (16, False): "397923af", (19, False): "dcbb9e9d",
    (11, True): "6002323d", (13, True): "abd245e5", (16, True): "6c64b313", (19, True): "c79401a0",
}  # fmt: skip
#: The published weights, by depth and batch norm.
WEIGHTS = {
    (depth, norm): weights_of(
        f"VGG{depth}{'_BN' if norm else ''}", IMAGENET1K_V1=f"vgg{depth}{'_bn' if norm else ''}-{mark}.pth"
    )
    for (depth, norm), mark in _FILES.items()
}
PLANS: dict[int, tuple[int, ...]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}


class VGG(nn.Module):
    """Five groups of 3×3 convolutions, each followed by a pool, and three linear layers."""

    def __init__(
        self, features: Any, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = N.AdaptiveAvgPool2d((7, 7))
        self.classifier = N.Sequential(
            N.Linear(512 * 7 * 7, 4096), N.ReLU(True), N.Dropout(p=dropout), N.Linear(4096, 4096), N.ReLU(True),
            N.Dropout(p=dropout), N.Linear(4096, num_classes),
        )  # fmt: skip
        if init_weights:
            for m in self.modules():
                if isinstance(m, N.Conv2d):
                    N.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                    N.init.constant_(m.bias, 0)
                elif isinstance(m, N.BatchNorm2d):
                    N.init.constant_(m.weight, 1)
                elif isinstance(m, N.Linear):
                    N.init.normal_(m.weight, 0, 0.01)
                    N.init.constant_(m.bias, 0)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def features(depth: int, batch_norm: bool) -> Any:
    """The convolutions of a depth."""
    layers, channels = [], 3
    for group, count in enumerate(PLANS[depth]):
        width = min(64 * 2**group, 512)
        for _ in range(count):
            layers += [N.Conv2d(channels, width, kernel_size=3, padding=1)]
            layers += [N.BatchNorm2d(width), N.ReLU(inplace=True)] if batch_norm else [N.ReLU(inplace=True)]
            channels = width
        layers.append(N.MaxPool2d(kernel_size=2, stride=2))
    return N.Sequential(*layers)


def make_layers(cfg: Any, batch_norm: bool = False) -> Any:
    """Convolutions of a plan: numbers of channels, and 'M' for a pool.

    >>> len(make_layers([4, "M"]))
    3
    """
    layers, channels = [], 3
    for width in cfg:
        if width == "M":
            layers.append(N.MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(N.Conv2d(channels, width, kernel_size=3, padding=1))
        layers += [N.BatchNorm2d(width), N.ReLU(inplace=True)] if batch_norm else [N.ReLU(inplace=True)]
        channels = width
    return N.Sequential(*layers)


def _of(depth: int, batch_norm: bool) -> Any:
    def make(*, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any) -> VGG:
        return filled(
            VGG(features(depth, batch_norm), **options), weights, WEIGHTS[depth, batch_norm], pretrained
        )

    make.__name__ = f"vgg{depth}{'_bn' if batch_norm else ''}"
    make.__doc__ = f"VGG with {depth} layers{', batch norm' if batch_norm else ''} and random weights."
    return make


vgg11, vgg13, vgg16, vgg19 = (_of(depth, False) for depth in PLANS)
vgg11_bn, vgg13_bn, vgg16_bn, vgg19_bn = (_of(depth, True) for depth in PLANS)
