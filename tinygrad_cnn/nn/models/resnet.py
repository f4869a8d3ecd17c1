"""Residual networks: blocks that learn what to add to their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import choice, integer
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.activation import Identity, ReLU
from tinygrad_cnn.nn.layers.channel_norm import BatchNorm2d
from tinygrad_cnn.nn.layers.conv import Conv2d
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.layers.pool import AdaptiveAvgPool2d, MaxPool2d
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor


def _conv(inputs: int, outputs: int, kernel: int, stride: int, rng: Seed, dtype: Any) -> Conv2d:
    """A convolution without bias, which the batch norm after it has, that keeps the size but for stride."""
    return Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False, rng=rng, dtype=dtype)


class ResidualBlock(Module):
    """Shared by the residual blocks: relu(branch(x) + shortcut(x)).

    The shortcut is x itself, or a 1×1 convolution with batch norm, `downsample`, where the number of
    channels or the size changes. A subclass gives `expansion`, channels out per width, and `branch`.

    >>> BasicBlock.expansion, Bottleneck.expansion
    (1, 4)
    """

    expansion: ClassVar[int]
    downsample: Module | None

    def _shortcut(self, inputs: int, width: int, stride: int, rng: Seed, dtype: Any) -> None:
        outputs = width * self.expansion
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = Sequential(
                _conv(inputs, outputs, 1, stride, rng, dtype), BatchNorm2d(outputs, dtype=dtype)
            )

    def branch(self, x: Any) -> Any:
        """Compute what the block adds to its input; written by each subclass.

        >>> ResidualBlock().branch(None)
        Traceback (most recent call last):
        NotImplementedError: ResidualBlock.branch is not written
        """
        raise NotImplementedError(f"{type(self).__name__}.branch is not written")

    def forward(self, x: Tensor) -> Tensor:
        """relu(branch(x) + shortcut(x)).

        >>> BasicBlock(4, 4, rng=0).forward(np.ones((1, 4, 6, 6), "float32")).shape
        (1, 4, 6, 6)
        """
        y = self.branch(x)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class BasicBlock(ResidualBlock):
    """Two 3×3 convolutions with batch norm, added to the input.

    Args:
        inputs: channels of x.   width: channels of y.   stride: of the first convolution.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, inputs, H, W) -> (N, width, ⌈H/stride⌉, ⌈W/stride⌉).
    Source: He, Zhang, Ren & Sun 2015, arXiv:1512.03385, figure 5, left.

    >>> BasicBlock(4, 8, stride=2, rng=0)(np.ones((1, 4, 6, 6), "float32")).shape
    (1, 8, 3, 3)
    """

    expansion = 1

    def __init__(
        self, inputs: int, width: int, stride: int = 1, *, rng: Seed = None, dtype: DTypeLike = np.float32
    ) -> None:
        draws = generator(rng)
        self.conv1 = _conv(inputs, width, 3, stride, draws, dtype)
        self.bn1 = BatchNorm2d(width, dtype=dtype)
        self.conv2 = _conv(width, width, 3, 1, draws, dtype)
        self.bn2 = BatchNorm2d(width, dtype=dtype)
        self._shortcut(inputs, width, stride, draws, dtype)

    def branch(self, x: Any) -> Any:
        """The two convolutions.

        >>> BasicBlock(4, 8, rng=0).branch(np.ones((1, 4, 6, 6), "float32")).shape
        (1, 8, 6, 6)
        """
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))


class Bottleneck(ResidualBlock):
    """1×1, 3×3 and 1×1 convolutions with batch norm, added to the input; 4·width channels out.

    Args:
        inputs: channels of x.   width: channels of the 3×3 convolution.   stride: of that one.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, inputs, H, W) -> (N, 4·width, ⌈H/stride⌉, ⌈W/stride⌉).
    Source: He, Zhang, Ren & Sun 2015, arXiv:1512.03385, figure 5, right; the stride at the 3×3
        convolution, as in torchvision.

    >>> Bottleneck(4, 2, stride=2, rng=0)(np.ones((1, 4, 6, 6), "float32")).shape
    (1, 8, 3, 3)
    """

    expansion = 4

    def __init__(
        self, inputs: int, width: int, stride: int = 1, *, rng: Seed = None, dtype: DTypeLike = np.float32
    ) -> None:
        draws = generator(rng)
        self.conv1 = _conv(inputs, width, 1, 1, draws, dtype)
        self.bn1 = BatchNorm2d(width, dtype=dtype)
        self.conv2 = _conv(width, width, 3, stride, draws, dtype)
        self.bn2 = BatchNorm2d(width, dtype=dtype)
        self.conv3 = _conv(width, 4 * width, 1, 1, draws, dtype)
        self.bn3 = BatchNorm2d(4 * width, dtype=dtype)
        self._shortcut(inputs, width, stride, draws, dtype)

    def branch(self, x: Any) -> Any:
        """The three convolutions.

        >>> Bottleneck(4, 2, rng=0).branch(np.ones((1, 4, 6, 6), "float32")).shape
        (1, 8, 6, 6)
        """
        y = F.relu(self.bn1(self.conv1(x)))
        return self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))


class ResNet(Module):
    """A stem, stages of residual blocks, the mean over the image, and a linear layer.

    Each stage after the first halves the image. Convolutions start by He's rule over fan_out, batch
    norms at 1 and 0. Names are torchvision's: `conv1`, `layer1.0.conv1`, `fc`.

    Args:
        block: `BasicBlock` or `Bottleneck`.   blocks: how many per stage, up to nine stages.
        widths: of each stage.   in_channels, classes: of image and result.
        stem: 'large', a 7×7 convolution of stride 2 and a 3×3 max-pool of stride 2; or 'small', a
            3×3 convolution.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, in_channels, H, W) -> (N, classes).
    Raises:
        ArgumentError: another stem, or not as many widths as stages.
    Source: He, Zhang, Ren & Sun 2015, arXiv:1512.03385.

    >>> model = ResNet(BasicBlock, (1, 1), (4, 8), stem="small", classes=3, rng=0)
    >>> model(np.ones((2, 3, 8, 8), "float32")).shape
    (2, 3)
    """

    def __init__(
        self, block: type[BasicBlock] | type[Bottleneck], blocks: Sequence[int], widths: Sequence[int], *,
        in_channels: int = 3, classes: int = 1000, stem: str = "large", rng: Seed = None,
        dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        if len(blocks) != len(widths) or not 1 <= len(blocks) <= 9:
            raise ArgumentError(f"ResNet: blocks {blocks} and widths {widths} must be as many, 1 to 9")
        large = choice("ResNet", "stem", stem, ("large", "small")) == "large"
        draws = generator(rng)
        channels = widths[0]
        self.conv1 = _conv(in_channels, channels, 7 if large else 3, 2 if large else 1, draws, dtype)
        self.bn1 = BatchNorm2d(channels, dtype=dtype)
        self.relu = ReLU()
        self.maxpool = MaxPool2d(3, 2, 1) if large else Identity()
        self._stages = []
        for stage, (count, width) in enumerate(zip(blocks, widths, strict=True)):
            made = []
            for position in range(integer("ResNet", "blocks", count, 1)):
                stride = 2 if stage and not position else 1
                made.append(block(channels, width, stride, rng=draws, dtype=dtype))
                channels = width * block.expansion
            self._stages.append(f"layer{stage + 1}")
            setattr(self, self._stages[-1], Sequential(*made))
        self.avgpool = AdaptiveAvgPool2d(1)
        self.fc = Linear(channels, classes, rng=draws, dtype=dtype)
        for layer in self.modules():
            if isinstance(layer, Conv2d):
                init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", rng=draws)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (N, classes).

        >>> small_resnet(3, 8, classes=2, rng=0).forward(np.ones((1, 3, 8, 8), "float32")).shape
        (1, 2)
        """
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in self._stages:
            x = getattr(self, stage)(x)
        return self.fc(F.flatten(self.avgpool(x), 1))


def small_resnet(
    blocks: int = 3, width: int = 16, *, in_channels: int = 3, classes: int = 10,
    rng: Seed = None, dtype: DTypeLike = np.float32,
) -> ResNet:  # fmt: skip
    """The ResNet for 32×32 images: 3 stages of `blocks` basic blocks; 272,474 parameters.

    With 3 blocks a stage it is ResNet-20, with 5 ResNet-32; shortcuts between stages are 1×1
    convolutions (the paper's option B).

    Args:
        blocks: per stage.   width: of the first stage; doubled twice.
        in_channels, classes: of image and result.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, in_channels, H, W) -> (N, classes).
    Source: He, Zhang, Ren & Sun 2015, arXiv:1512.03385, section 4.2.

    >>> sum(p.size for p in small_resnet(rng=0).parameters())
    272474
    """
    return ResNet(
        BasicBlock, (blocks,) * 3, (width, 2 * width, 4 * width), in_channels=in_channels,
        classes=classes, stem="small", rng=rng, dtype=dtype,
    )  # fmt: skip


def resnet18(
    *, in_channels: int = 3, classes: int = 1000, rng: Seed = None, dtype: DTypeLike = np.float32
) -> ResNet:
    """ResNet-18: 11,689,512 parameters for 1,000 classes.

    Args:
        in_channels, classes: of image and result.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, in_channels, H, W) -> (N, classes).
    Source: He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1.

    >>> model = resnet18(classes=2, rng=0).eval()
    >>> model(np.ones((1, 3, 32, 32), "float32")).shape
    (1, 2)
    """
    return ResNet(
        BasicBlock, (2, 2, 2, 2), (64, 128, 256, 512), in_channels=in_channels, classes=classes,
        rng=rng, dtype=dtype,
    )  # fmt: skip
