"""ResNet (He, Zhang, Ren & Sun 2015, arXiv:1512.03385); the stride is on the 3×3 convolution."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
_FILES = {18: ("f37072fd",), 34: ("b627a593",), 50: ("0676ba61", "11ad3fa6"), 101: ("63fe2227", "cd907fc2"),
          152: ("394f9c45", "f82ba261")}  # fmt: skip
#: The published weights, by depth.
WEIGHTS = {
    depth: weights_of(
        f"ResNet{depth}",
        **{f"IMAGENET1K_V{k + 1}": f"resnet{depth}-{mark}.pth" for k, mark in enumerate(marks)},
    )
    for depth, marks in _FILES.items()
}


def conv3x3(in_planes: int, out_planes: int, stride: int = 1) -> Any:
    """A 3×3 convolution with padding and without bias."""
    return N.Conv2d(in_planes, out_planes, kernel_size=3, stride=stride, padding=1, bias=False)


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> Any:
    """A 1×1 convolution without bias."""
    return N.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: Any = None) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inplanes, planes, stride), N.BatchNorm2d(planes)
        self.relu = N.ReLU(inplace=True)
        self.conv2, self.bn2 = conv3x3(planes, planes), N.BatchNorm2d(planes)
        self.downsample, self.stride = downsample, stride

    def forward(self, x: Any) -> Any:
        """The block's result."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """A narrow 3×3 convolution between two of 1×1, and a shortcut."""

    expansion = 4

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: Any = None) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv1x1(inplanes, planes), N.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv3x3(planes, planes, stride), N.BatchNorm2d(planes)
        self.conv3, self.bn3 = conv1x1(planes, planes * 4), N.BatchNorm2d(planes * 4)
        self.relu = N.ReLU(inplace=True)
        self.downsample, self.stride = downsample, stride

    def forward(self, x: Any) -> Any:
        """The block's result."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet(nn.Module):
    """A stem, four stages of blocks, and a linear layer."""

    def __init__(
        self, block: Any, layers: Any, num_classes: int = 1000, zero_init_residual: bool = False
    ) -> None:
        super().__init__()
        self.inplanes = 64
        self.conv1 = N.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1, self.relu = N.BatchNorm2d(64), N.ReLU(inplace=True)
        self.maxpool = N.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._stage(block, 64, layers[0], 1)
        self.layer2 = self._stage(block, 128, layers[1], 2)
        self.layer3 = self._stage(block, 256, layers[2], 2)
        self.layer4 = self._stage(block, 512, layers[3], 2)
        self.avgpool, self.fc = N.AdaptiveAvgPool2d((1, 1)), N.Linear(512 * block.expansion, num_classes)
        for m in self.modules():
            if isinstance(m, N.Conv2d):
                N.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
        if zero_init_residual:
            for m in self.modules():
                if isinstance(m, (BasicBlock, Bottleneck)):
                    N.init.constant_((m.bn3 if isinstance(m, Bottleneck) else m.bn2).weight, 0)

    def _stage(self, block: Any, planes: int, count: int, stride: int) -> Any:
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = N.Sequential(
                conv1x1(self.inplanes, planes * block.expansion, stride),
                N.BatchNorm2d(planes * block.expansion),
            )
        layers = [block(self.inplanes, planes, stride, downsample)]
        self.inplanes = planes * block.expansion
        return N.Sequential(*layers, *(block(self.inplanes, planes) for _ in range(1, count)))

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def _of(depth: int, block: Any, layers: list[int]) -> Any:
    def make(
        *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
    ) -> ResNet:
        return filled(ResNet(block, layers, **options), weights, WEIGHTS[depth], pretrained)

    make.__name__, make.__doc__ = f"resnet{depth}", f"ResNet with {depth} layers and random weights."
    return make


resnet18, resnet34 = _of(18, BasicBlock, [2, 2, 2, 2]), _of(34, BasicBlock, [3, 4, 6, 3])
resnet50, resnet101 = _of(50, Bottleneck, [3, 4, 6, 3]), _of(101, Bottleneck, [3, 4, 23, 3])
resnet152 = _of(152, Bottleneck, [3, 8, 36, 3])
