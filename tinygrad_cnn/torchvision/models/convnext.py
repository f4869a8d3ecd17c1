"""ConvNeXt (Liu et al. 2022, arXiv:2201.03545): a convolutional network with a transformer's habits."""

from __future__ import annotations

from functools import partial
from typing import Any

from tinygrad_cnn import torch
from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of
from tinygrad_cnn.torchvision.ops.drops import StochasticDepth
from tinygrad_cnn.torchvision.ops.misc import Conv2dNormActivation, Permute

N: Any = nn
T: Any = torch
#: By size: channels of the stages, blocks of the third one, how often blocks are dropped, the weights' mark.
KINDS: dict[str, tuple[tuple[int, ...], int, float, str]] = {
    "tiny": ((96, 192, 384, 768), 9, 0.1, "983f1562"), "small": ((96, 192, 384, 768), 27, 0.4, "0c510722"),
    "base": ((128, 256, 512, 1024), 27, 0.5, "6075fbad"), "large": ((192, 384, 768, 1536), 27, 0.5, "ea097f82"),
}  # fmt: skip
WEIGHTS = {
    size: weights_of(f"ConvNeXt_{size.capitalize()}", IMAGENET1K_V1=f"convnext_{size}-{mark}.pth")
    for size, (*_, mark) in KINDS.items()
}


class LayerNorm2d(nn.LayerNorm):  # type: ignore[misc]
    """Layer norm over the channels of images."""

    def forward(self, x: Any) -> Any:
        """The images, normalised pixel by pixel."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


_Norm: Any = partial(LayerNorm2d, eps=1e-6)


class CNBlock(nn.Module):
    """A 7×7 convolution by channels and two linear layers, scaled, dropped at random, beside a shortcut."""

    def __init__(self, channels: int, layer_scale: float, drop: float) -> None:
        super().__init__()
        self.block = N.Sequential(
            N.Conv2d(channels, channels, kernel_size=7, padding=3, groups=channels, bias=True), Permute([0, 2, 3, 1]),
            N.LayerNorm(channels, eps=1e-6), N.Linear(channels, 4 * channels, bias=True), N.GELU(),
            N.Linear(4 * channels, channels, bias=True), Permute([0, 3, 1, 2]),
        )  # fmt: skip
        self.layer_scale = N.Parameter(T.ones(channels, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(drop, "row")

    def forward(self, input: Any) -> Any:
        """The block's result."""
        return self.stochastic_depth(self.layer_scale * self.block(input)) + input


class ConvNeXt(nn.Module):
    """A stem, four stages, and a linear layer."""

    def __init__(
        self, channels: tuple[int, ...], third: int, stochastic_depth_prob: float, layer_scale: float = 1e-6,
        num_classes: int = 1000,
    ) -> None:  # fmt: skip
        super().__init__()
        counts, number = (3, 3, third, 3), 0
        layers: list[Any] = [
            Conv2dNormActivation(
                3, channels[0], 4, 4, padding=0, norm_layer=_Norm, activation_layer=None, bias=True
            )
        ]
        for k, (width, count) in enumerate(zip(channels, counts, strict=True)):
            stage = []
            for _ in range(count):
                stage.append(
                    CNBlock(width, layer_scale, stochastic_depth_prob * number / (sum(counts) - 1.0))
                )
                number += 1
            layers.append(N.Sequential(*stage))
            if k < 3:
                layers.append(
                    N.Sequential(_Norm(width), N.Conv2d(width, channels[k + 1], kernel_size=2, stride=2))
                )
        self.features, self.avgpool = N.Sequential(*layers), N.AdaptiveAvgPool2d(1)
        self.classifier = N.Sequential(
            _Norm(channels[-1]), N.Flatten(1), N.Linear(channels[-1], num_classes)
        )
        for m in self.modules():
            if isinstance(m, (N.Conv2d, N.Linear)):
                N.init.trunc_normal_(m.weight, std=0.02)
                if m.bias is not None:
                    N.init.zeros_(m.bias)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)))


def _of(size: str) -> Any:
    channels, third, drop, _ = KINDS[size]

    def make(
        *, weights: Any = None, progress: bool = True, pretrained: Any = False, stochastic_depth_prob: float = drop,
        **options: Any,
    ) -> ConvNeXt:  # fmt: skip
        return filled(
            ConvNeXt(channels, third, stochastic_depth_prob, **options), weights, WEIGHTS[size], pretrained
        )

    make.__name__, make.__doc__ = f"convnext_{size}", f"ConvNeXt, {size}, with random weights."
    return make


convnext_tiny, convnext_small, convnext_base, convnext_large = map(_of, KINDS)
