"""GoogLeNet (Szegedy et al. 2015, arXiv:1409.4842), with batch norm."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tinygrad_cnn import torch
from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
T: Any = torch
GoogLeNet_Weights = weights_of("GoogLeNet", IMAGENET1K_V1="googlenet-1378be20.pth")
GoogLeNetOutputs = namedtuple("GoogLeNetOutputs", ["logits", "aux_logits2", "aux_logits1"])
#: Channels in, of the 1×1 branch, of the 3×3 branch before and in it, of the 5×5 branch, of the pool's.
BLOCKS: dict[str, tuple[int, ...]] = {
    "3a": (192, 64, 96, 128, 16, 32, 32), "3b": (256, 128, 128, 192, 32, 96, 64), "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64), "4c": (512, 128, 128, 256, 24, 64, 64), "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128), "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}  # fmt: skip


class BasicConv2d(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, **options: Any) -> None:
        super().__init__()
        self.conv = N.Conv2d(in_channels, out_channels, bias=False, **options)
        self.bn = N.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Any) -> Any:
        """The layer's result."""
        return N.functional.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    """Four branches side by side, joined by their channels."""

    def __init__(
        self, inp: int, one: int, before3: int, three: int, before5: int, five: int, pool: int
    ) -> None:
        super().__init__()
        self.branch1 = BasicConv2d(inp, one, kernel_size=1)
        self.branch2 = N.Sequential(
            BasicConv2d(inp, before3, kernel_size=1), BasicConv2d(before3, three, kernel_size=3, padding=1)
        )
        self.branch3 = N.Sequential(  # published as 5×5, and trained with 3×3
            BasicConv2d(inp, before5, kernel_size=1), BasicConv2d(before5, five, kernel_size=3, padding=1)
        )
        self.branch4 = N.Sequential(
            N.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
            BasicConv2d(inp, pool, kernel_size=1),
        )

    def forward(self, x: Any) -> Any:
        """All branches."""
        return T.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class InceptionAux(nn.Module):
    """A second classifier that helps the lower layers to learn."""

    def __init__(self, channels: int, num_classes: int, dropout: float = 0.7) -> None:
        super().__init__()
        self.conv = BasicConv2d(channels, 128, kernel_size=1)
        self.fc1, self.fc2 = N.Linear(2048, 1024), N.Linear(1024, num_classes)
        self.dropout = N.Dropout(p=dropout)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        x = self.conv(N.functional.adaptive_avg_pool2d(x, (4, 4))).flatten(1)
        return self.fc2(self.dropout(N.functional.relu(self.fc1(x), inplace=True)))


class GoogLeNet(nn.Module):
    """A stem, nine blocks, a linear layer, and two more classifiers in training."""

    def __init__(
        self, num_classes: int = 1000, aux_logits: bool = True, transform_input: bool = False, init_weights: bool = True,
        dropout: float = 0.2, dropout_aux: float = 0.7,
    ) -> None:  # fmt: skip
        super().__init__()
        self.aux_logits, self.transform_input = aux_logits, transform_input
        self.conv1 = BasicConv2d(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = N.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2, self.conv3 = (
            BasicConv2d(64, 64, kernel_size=1),
            BasicConv2d(64, 192, kernel_size=3, padding=1),
        )
        self.maxpool2 = N.MaxPool2d(3, stride=2, ceil_mode=True)
        for place, row in BLOCKS.items():
            setattr(self, f"inception{place}", Inception(*row))
            if place == "3b":
                self.maxpool3 = N.MaxPool2d(3, stride=2, ceil_mode=True)
            elif place == "4e":
                self.maxpool4 = N.MaxPool2d(2, stride=2, ceil_mode=True)
        self.aux1 = InceptionAux(512, num_classes, dropout_aux) if aux_logits else None
        self.aux2 = InceptionAux(528, num_classes, dropout_aux) if aux_logits else None
        self.avgpool, self.dropout = N.AdaptiveAvgPool2d((1, 1)), N.Dropout(p=dropout)
        self.fc = N.Linear(1024, num_classes)
        if init_weights:
            for m in self.modules():
                if isinstance(m, (N.Conv2d, N.Linear)):
                    N.init.trunc_normal_(m.weight, mean=0.0, std=0.01, a=-2, b=2)

    def forward(self, x: Any) -> Any:
        """Scores of the classes; in training also those of the other classifiers."""
        if self.transform_input:
            x = as_trained(x)
        x = self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))))
        aux: dict[str, Any] = {}
        for place in BLOCKS:
            x = getattr(self, f"inception{place}")(x)
            if place == "3b":
                x = self.maxpool3(x)
            elif place == "4e":
                x = self.maxpool4(x)
            branch = {"4a": self.aux1, "4d": self.aux2}.get(place)
            if branch is not None and self.training:
                aux[place] = branch(x)
        x = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        return GoogLeNetOutputs(x, aux["4d"], aux["4a"]) if self.training and self.aux_logits else x


def as_trained(x: Any) -> Any:
    """Images normalised as torchvision's, as those that the weights were trained on."""
    means, deviations = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    parts = [
        x[:, k : k + 1] * (s / 0.5) + (m - 0.5) / 0.5
        for k, (m, s) in enumerate(zip(means, deviations, strict=True))
    ]
    return T.cat(parts, 1)


def googlenet(
    *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
) -> GoogLeNet:
    """GoogLeNet with random weights."""
    if weights is not None or pretrained:
        options.setdefault("transform_input", True)
    return filled(GoogLeNet(**options), weights, GoogLeNet_Weights, pretrained)
