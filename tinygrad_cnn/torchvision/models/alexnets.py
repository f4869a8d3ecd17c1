"""AlexNet in one column (Krizhevsky 2014, arXiv:1404.5997)."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
AlexNet_Weights = weights_of("AlexNet", IMAGENET1K_V1="alexnet-owt-7be5be79.pth")


class AlexNet(nn.Module):
    """Five convolutions and three linear layers."""

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = N.Sequential(
            N.Conv2d(3, 64, kernel_size=11, stride=4, padding=2), N.ReLU(inplace=True), N.MaxPool2d(kernel_size=3, stride=2),
            N.Conv2d(64, 192, kernel_size=5, padding=2), N.ReLU(inplace=True), N.MaxPool2d(kernel_size=3, stride=2),
            N.Conv2d(192, 384, kernel_size=3, padding=1), N.ReLU(inplace=True),
            N.Conv2d(384, 256, kernel_size=3, padding=1), N.ReLU(inplace=True),
            N.Conv2d(256, 256, kernel_size=3, padding=1), N.ReLU(inplace=True), N.MaxPool2d(kernel_size=3, stride=2),
        )  # fmt: skip
        self.avgpool = N.AdaptiveAvgPool2d((6, 6))
        self.classifier = N.Sequential(
            N.Dropout(p=dropout), N.Linear(256 * 6 * 6, 4096), N.ReLU(inplace=True),
            N.Dropout(p=dropout), N.Linear(4096, 4096), N.ReLU(inplace=True), N.Linear(4096, num_classes),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def alexnet(
    *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
) -> AlexNet:
    """AlexNet with random weights."""
    return filled(AlexNet(**options), weights, AlexNet_Weights, pretrained)
