"""ResNet (He, Zhang, Ren & Sun 2015, arXiv:1512.03385); the stride is on the 3×3 convolution."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of

N: Any = nn
_FILES: dict[Any, tuple[str, ...]] = {18: ("f37072fd",), 34: ("b627a593",), 50: ("0676ba61", "11ad3fa6"), 101: ("63fe2227", "cd907fc2"),
          152: ("394f9c45", "f82ba261"), "ext50_32x4d": ("7cdf4587", "1a0047aa"), "ext101_32x8d": ("8ba56ff5", "110c445d"),
          "50_2": ("95faca4d", "9ba9bcbe"), "101_2": ("32ee1156", "d733dc28")}  # fmt: skip


def _called(depth: Any) -> str:
    """The function's name."""
    return (
        f"wide_resnet{depth}"
        if str(depth).endswith("_2")
        else f"{'resn' if 'ext' in str(depth) else 'resnet'}{depth}"
    )


def _class(depth: Any) -> str:
    """The start of the name of the weights' class."""
    return (
        f"Wide_ResNet{depth}"
        if str(depth).endswith("_2")
        else f"ResN{depth.upper().replace('EXT', 'eXt')}"
        if "ext" in str(depth)
        else f"ResNet{depth}"
    )


#: The published weights, by depth.
WEIGHTS = {
    depth: weights_of(
        _class(depth),
        **{f"IMAGENET1K_V{k + 1}": f"{_called(depth)}-{mark}.pth" for k, mark in enumerate(marks)},
    )
    for depth, marks in _FILES.items()
}


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> Any:
    """A 3×3 convolution with padding and without bias."""
    return N.Conv2d(
        in_planes, out_planes, 3, stride, dilation, groups=groups, bias=False, dilation=dilation
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> Any:
    """A 1×1 convolution without bias."""
    return N.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut."""

    expansion = 1

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: Any = None, groups: int = 1, base_width: int = 64,
        dilation: int = 1, norm_layer: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if groups != 1 or base_width != 64 or dilation > 1:
            raise ValueError("BasicBlock only supports groups=1, base_width=64 and dilation=1")
        norm = norm_layer or N.BatchNorm2d
        self.conv1, self.bn1 = conv3x3(inplanes, planes, stride), norm(planes)
        self.relu = N.ReLU(inplace=True)
        self.conv2, self.bn2 = conv3x3(planes, planes), norm(planes)
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

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: Any = None, groups: int = 1, base_width: int = 64,
        dilation: int = 1, norm_layer: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        norm, width = norm_layer or N.BatchNorm2d, planes * base_width // 64 * groups
        self.conv1, self.bn1 = conv1x1(inplanes, width), norm(width)
        self.conv2, self.bn2 = conv3x3(width, width, stride, groups, dilation), norm(width)
        self.conv3, self.bn3 = conv1x1(width, planes * 4), norm(planes * 4)
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
        self, block: Any, layers: Any, num_classes: int = 1000, zero_init_residual: bool = False, groups: int = 1,
        width_per_group: int = 64, replace_stride_with_dilation: Any = None, norm_layer: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.inplanes, self.dilation, self._norm_layer = 64, 1, norm_layer or N.BatchNorm2d
        self.groups, self.base_width = groups, width_per_group
        dilated = replace_stride_with_dilation or [False, False, False]
        self.conv1 = N.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1, self.relu = self._norm_layer(64), N.ReLU(inplace=True)
        self.maxpool = N.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilated[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilated[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilated[2])
        self.avgpool, self.fc = N.AdaptiveAvgPool2d((1, 1)), N.Linear(512 * block.expansion, num_classes)
        for m in self.modules():
            if isinstance(m, N.Conv2d):
                N.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
        if zero_init_residual:
            for m in self.modules():
                if isinstance(m, (BasicBlock, Bottleneck)):
                    N.init.constant_((m.bn3 if isinstance(m, Bottleneck) else m.bn2).weight, 0)

    def _make_layer(
        self, block: Any, planes: int, blocks: int, stride: int = 1, dilate: bool = False
    ) -> Any:
        """A stage: blocks of which the first one halves the image, or sees twice as far."""
        before, downsample = self.dilation, None
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = N.Sequential(
                conv1x1(self.inplanes, planes * block.expansion, stride),
                self._norm_layer(planes * block.expansion),
            )
        rest = {"groups": self.groups, "base_width": self.base_width, "norm_layer": self._norm_layer}
        layers = [block(self.inplanes, planes, stride, downsample, dilation=before, **rest)]
        self.inplanes = planes * block.expansion
        layers += [block(self.inplanes, planes, dilation=self.dilation, **rest) for _ in range(1, blocks)]
        return N.Sequential(*layers)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def _of(depth: Any, block: Any, layers: list[int], **usual: Any) -> Any:
    def make(
        *, weights: Any = None, progress: bool = True, pretrained: Any = False, **options: Any
    ) -> ResNet:
        return filled(ResNet(block, layers, **{**usual, **options}), weights, WEIGHTS[depth], pretrained)

    make.__name__, make.__doc__ = _called(depth), f"ResNet, {depth}, with random weights."
    return make


resnet18, resnet34 = _of(18, BasicBlock, [2, 2, 2, 2]), _of(34, BasicBlock, [3, 4, 6, 3])
resnet50, resnet101 = _of(50, Bottleneck, [3, 4, 6, 3]), _of(101, Bottleneck, [3, 4, 23, 3])
resnet152 = _of(152, Bottleneck, [3, 8, 36, 3])
resnext50_32x4d = _of("ext50_32x4d", Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4)
resnext101_32x8d = _of("ext101_32x8d", Bottleneck, [3, 4, 23, 3], groups=32, width_per_group=8)
wide_resnet50_2 = _of("50_2", Bottleneck, [3, 4, 6, 3], width_per_group=128)
wide_resnet101_2 = _of("101_2", Bottleneck, [3, 4, 23, 3], width_per_group=128)
