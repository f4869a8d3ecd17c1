"""EfficientNet (Tan & Le 2019, arXiv:1905.11946): one network, made wider and deeper together."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.mobilenet import multiple_of_8
from tinygrad_cnn.torchvision.models.weights import filled, weights_of
from tinygrad_cnn.torchvision.ops.drops import StochasticDepth
from tinygrad_cnn.torchvision.ops.misc import Conv2dNormActivation, SqueezeExcitation

N: Any = nn
#: By number: width, depth, dropout, and the published weights.
KINDS: dict[str, tuple[float, float, float, tuple[str, ...]]] = {
    "b0": (1.0, 1.0, 0.2, ("b0_rwightman-7f5810bc",)), "b1": (1.0, 1.1, 0.2, ("b1_rwightman-bac287d4", "b1-c27df63c")),
    "b2": (1.1, 1.2, 0.3, ("b2_rwightman-c35c1473",)), "b3": (1.2, 1.4, 0.3, ("b3_rwightman-b3899882",)),
    "b4": (1.4, 1.8, 0.4, ("b4_rwightman-23ab8bcd",)), "b5": (1.6, 2.2, 0.4, ("b5_lukemelas-1a07897c",)),
    "b6": (1.8, 2.6, 0.5, ("b6_lukemelas-24a108a5",)), "b7": (2.0, 3.1, 0.5, ("b7_lukemelas-c5b4e57e",)),
}  # fmt: skip
WEIGHTS = {
    kind: weights_of(
        f"EfficientNet_{kind.upper()}",
        **{f"IMAGENET1K_V{k + 1}": f"efficientnet_{name}.pth" for k, name in enumerate(names)},
    )
    for kind, (*_, names) in KINDS.items()
}
#: Of each stage: widening, kernel, stride, channels in and out, blocks.
STAGES = [
    (1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3), (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1),
]  # fmt: skip


class MBConv(nn.Module):
    """Widened, convolved by channels, weighed, narrowed; dropped at random where there is a shortcut."""

    def __init__(self, row: tuple[int, ...], drop: float, norm: Any) -> None:
        super().__init__()
        widening, kernel, stride, inp, out = row
        self.use_res_connect = stride == 1 and inp == out
        wide = multiple_of_8(inp * widening)
        conv = partial(Conv2dNormActivation, norm_layer=norm)
        layers: list[Any] = [conv(inp, wide, 1, activation_layer=N.SiLU)] if wide != inp else []
        layers.append(conv(wide, wide, kernel, stride, groups=wide, activation_layer=N.SiLU))
        silu: Any = partial(N.SiLU, inplace=True)
        layers.append(SqueezeExcitation(wide, max(1, inp // 4), activation=silu))
        layers.append(conv(wide, out, 1, activation_layer=None))
        self.block, self.stochastic_depth = N.Sequential(*layers), StochasticDepth(drop, "row")
        self.out_channels = out

    def forward(self, input: Any) -> Any:
        """The block's result."""
        result = self.block(input)
        return self.stochastic_depth(result) + input if self.use_res_connect else result


class EfficientNet(nn.Module):
    """A stem, seven stages of `MBConv`, and a linear layer."""

    def __init__(
        self, width: float, depth: float, dropout: float, stochastic_depth_prob: float = 0.2, num_classes: int = 1000,
        norm_layer: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        norm = norm_layer or N.BatchNorm2d
        counts = [math.ceil(count * depth) for *_, count in STAGES]
        layers: list[Any] = [
            Conv2dNormActivation(
                3, multiple_of_8(32 * width), 3, 2, norm_layer=norm, activation_layer=N.SiLU
            )
        ]
        number = 0
        for (widening, kernel, stride, inp, out, _), count in zip(STAGES, counts, strict=True):
            stage, inp, out = [], multiple_of_8(inp * width), multiple_of_8(out * width)
            for k in range(count):
                row = (widening, kernel, stride if k == 0 else 1, inp if k == 0 else out, out)
                stage.append(MBConv(row, stochastic_depth_prob * number / sum(counts), norm))
                number += 1
            layers.append(N.Sequential(*stage))
        wide = 4 * out
        layers.append(Conv2dNormActivation(out, wide, 1, norm_layer=norm, activation_layer=N.SiLU))
        self.features, self.avgpool = N.Sequential(*layers), N.AdaptiveAvgPool2d(1)
        self.classifier = N.Sequential(N.Dropout(p=dropout, inplace=True), N.Linear(wide, num_classes))
        for m in self.modules():
            if isinstance(m, N.Conv2d):
                N.init.kaiming_normal_(m.weight, mode="fan_out")
                if m.bias is not None:
                    N.init.zeros_(m.bias)
            elif isinstance(m, N.Linear):
                bound = 1.0 / math.sqrt(m.out_features)
                N.init.uniform_(m.weight, -bound, bound)
                N.init.zeros_(m.bias)

    def forward(self, x: Any) -> Any:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def _of(kind: str) -> Any:
    width, depth, drop, _ = KINDS[kind]

    def make(
        *, weights: Any = None, progress: bool = True, pretrained: Any = False, dropout: float = drop, **options: Any
    ) -> EfficientNet:  # fmt: skip
        if kind in ("b5", "b6", "b7"):
            options.setdefault("norm_layer", partial(N.BatchNorm2d, eps=0.001, momentum=0.01))
        return filled(EfficientNet(width, depth, dropout, **options), weights, WEIGHTS[kind], pretrained)

    make.__name__, make.__doc__ = (
        f"efficientnet_{kind}",
        f"EfficientNet {kind.upper()} with random weights.",
    )
    return make


efficientnet_b0, efficientnet_b1, efficientnet_b2, efficientnet_b3 = map(_of, ("b0", "b1", "b2", "b3"))
efficientnet_b4, efficientnet_b5, efficientnet_b6, efficientnet_b7 = map(_of, ("b4", "b5", "b6", "b7"))
