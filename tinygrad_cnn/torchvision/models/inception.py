"""Inception v3 (Szegedy et al. 2016, arXiv:1512.00567)."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tinygrad_cnn import torch
from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.googlenets import BasicConv2d, as_trained
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
T: Any = torch
Inception_V3_Weights = weights_of("Inception_V3", IMAGENET1K_V1="inception_v3_google-0cc3c7bd.pth")
InceptionOutputs = namedtuple("InceptionOutputs", ["logits", "aux_logits"])
C = BasicConv2d


def _pooled(x: Any) -> Any:
    return N.functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1)


class InceptionA(nn.Module):
    """1×1, 5×5, twice 3×3, and a pool."""

    def __init__(self, channels: int, pool_features: int) -> None:
        super().__init__()
        self.branch1x1 = C(channels, 64, kernel_size=1)
        self.branch5x5_1, self.branch5x5_2 = (
            C(channels, 48, kernel_size=1),
            C(48, 64, kernel_size=5, padding=2),
        )
        self.branch3x3dbl_1 = C(channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = C(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = C(96, 96, kernel_size=3, padding=1)
        self.branch_pool = C(channels, pool_features, kernel_size=1)

    def forward(self, x: Any) -> Any:
        """All branches."""
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        five = self.branch5x5_2(self.branch5x5_1(x))
        return T.cat([self.branch1x1(x), five, double, self.branch_pool(_pooled(x))], 1)


class InceptionB(nn.Module):
    """Half as many pixels: 3×3, twice 3×3, and a pool."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3 = C(channels, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = C(channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = C(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = C(96, 96, kernel_size=3, stride=2)

    def forward(self, x: Any) -> Any:
        """All branches."""
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return T.cat([self.branch3x3(x), double, N.functional.max_pool2d(x, kernel_size=3, stride=2)], 1)


class InceptionC(nn.Module):
    """1×1, 7×7 as rows and columns, twice 7×7, and a pool."""

    def __init__(self, channels: int, wide: int) -> None:
        super().__init__()
        row: dict[str, Any] = {"kernel_size": (1, 7), "padding": (0, 3)}
        column: dict[str, Any] = {"kernel_size": (7, 1), "padding": (3, 0)}
        self.branch1x1 = C(channels, 192, kernel_size=1)
        self.branch7x7_1, self.branch7x7_2 = C(channels, wide, kernel_size=1), C(wide, wide, **row)
        self.branch7x7_3 = C(wide, 192, **column)
        self.branch7x7dbl_1, self.branch7x7dbl_2 = C(channels, wide, kernel_size=1), C(wide, wide, **column)
        self.branch7x7dbl_3, self.branch7x7dbl_4 = C(wide, wide, **row), C(wide, wide, **column)
        self.branch7x7dbl_5 = C(wide, 192, **row)
        self.branch_pool = C(channels, 192, kernel_size=1)

    def forward(self, x: Any) -> Any:
        """All branches."""
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return T.cat([self.branch1x1(x), seven, double, self.branch_pool(_pooled(x))], 1)


class InceptionD(nn.Module):
    """Half as many pixels: 3×3, 7×7 with 3×3, and a pool."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3_1, self.branch3x3_2 = (
            C(channels, 192, kernel_size=1),
            C(192, 320, kernel_size=3, stride=2),
        )
        self.branch7x7x3_1 = C(channels, 192, kernel_size=1)
        self.branch7x7x3_2 = C(192, 192, kernel_size=(1, 7), padding=(0, 3))
        self.branch7x7x3_3 = C(192, 192, kernel_size=(7, 1), padding=(3, 0))
        self.branch7x7x3_4 = C(192, 192, kernel_size=3, stride=2)

    def forward(self, x: Any) -> Any:
        """All branches."""
        seven = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        pool = N.functional.max_pool2d(x, kernel_size=3, stride=2)
        return T.cat([self.branch3x3_2(self.branch3x3_1(x)), seven, pool], 1)


class InceptionE(nn.Module):
    """Branches that end in a row and a column side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        row: dict[str, Any] = {"kernel_size": (1, 3), "padding": (0, 1)}
        column: dict[str, Any] = {"kernel_size": (3, 1), "padding": (1, 0)}
        self.branch1x1, self.branch3x3_1 = C(channels, 320, kernel_size=1), C(channels, 384, kernel_size=1)
        self.branch3x3_2a, self.branch3x3_2b = C(384, 384, **row), C(384, 384, **column)
        self.branch3x3dbl_1 = C(channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = C(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = C(384, 384, **row), C(384, 384, **column)
        self.branch_pool = C(channels, 192, kernel_size=1)

    def forward(self, x: Any) -> Any:
        """All branches."""
        three, double = self.branch3x3_1(x), self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        parts = [self.branch1x1(x), self.branch3x3_2a(three), self.branch3x3_2b(three)]
        parts += [self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double), self.branch_pool(_pooled(x))]
        return T.cat(parts, 1)


class InceptionAux(nn.Module):
    """A second classifier that helps the lower layers to learn."""

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        self.conv0, self.conv1 = C(channels, 128, kernel_size=1), C(128, 768, kernel_size=5)
        self.conv1.stddev = 0.01
        self.fc = N.Linear(768, num_classes)
        self.fc.stddev = 0.001

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        x = self.conv1(self.conv0(N.functional.avg_pool2d(x, kernel_size=5, stride=3)))
        return self.fc(N.functional.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


class Inception3(nn.Module):
    """A stem, eleven blocks, a linear layer, and a second classifier in training; for images of 299×299."""

    def __init__(
        self, num_classes: int = 1000, aux_logits: bool = True, transform_input: bool = False, init_weights: bool = True,
        dropout: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__()
        self.aux_logits, self.transform_input = aux_logits, transform_input
        self.Conv2d_1a_3x3, self.Conv2d_2a_3x3 = C(3, 32, kernel_size=3, stride=2), C(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = C(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = N.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1, self.Conv2d_4a_3x3 = C(64, 80, kernel_size=1), C(80, 192, kernel_size=3)
        self.maxpool2 = N.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = (
            InceptionA(192, 32),
            InceptionA(256, 64),
            InceptionA(288, 64),
        )
        self.Mixed_6a = InceptionB(288)
        self.Mixed_6b, self.Mixed_6c = InceptionC(768, 128), InceptionC(768, 160)
        self.Mixed_6d, self.Mixed_6e = InceptionC(768, 160), InceptionC(768, 192)
        self.AuxLogits = InceptionAux(768, num_classes) if aux_logits else None
        self.Mixed_7a, self.Mixed_7b, self.Mixed_7c = InceptionD(768), InceptionE(1280), InceptionE(2048)
        self.avgpool, self.dropout = N.AdaptiveAvgPool2d((1, 1)), N.Dropout(p=dropout)
        self.fc = N.Linear(2048, num_classes)
        if init_weights:
            for m in self.modules():
                if isinstance(m, (N.Conv2d, N.Linear)):
                    std = float(getattr(m, "stddev", 0.1))
                    N.init.trunc_normal_(m.weight, mean=0.0, std=std, a=-2, b=2)

    def forward(self, x: Any) -> Any:
        """Scores of the classes; in training also those of the second classifier."""
        if self.transform_input:
            x = as_trained(x)
        x = self.maxpool1(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
        x = self.maxpool2(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        x = self.Mixed_6a(self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(x))))
        aux = self.AuxLogits(x) if self.AuxLogits is not None and self.training else None
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        x = self.fc(self.dropout(self.avgpool(x)).flatten(1))
        return InceptionOutputs(x, aux) if self.training and self.aux_logits else x


def inception_v3(
    *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
) -> Inception3:
    """Inception v3 with random weights."""
    if weights is not None or pretrained:
        options.setdefault("transform_input", True)
    return filled(Inception3(**options), weights, Inception_V3_Weights, pretrained)
