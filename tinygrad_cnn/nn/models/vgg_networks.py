"""VGG: runs of 3×3 convolutions, each run followed by a pooling that halves the image."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import flag, integer
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.activation import ReLU
from tinygrad_cnn.nn.layers.conv import Conv2d
from tinygrad_cnn.nn.layers.dropout import Dropout
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.layers.pool import AdaptiveAvgPool2d, MaxPool2d
from tinygrad_cnn.nn.layers.rearrange import Flatten
from tinygrad_cnn.nn.models.plan import Plan, build, conv, dense, norm, width
from tinygrad_cnn.rng import Seed, generator

#: Channels of each run, and how many convolutions the runs of each depth have.
CHANNELS = (64, 128, 256, 512, 512)
RUNS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def vgg_plan(
    depth: int = 16, *, in_channels: int = 3, classes: int = 1000, divisor: int = 1, pooled: int = 7,
    hidden: int = 4096, batch_norm: bool = False, dropout: float = 0.5,
) -> Plan:  # fmt: skip
    """The plan of a VGG network, with torchvision's names; see `build` and `parameter_count`.

    Args:
        depth: layers with weights, one of 11, 13, 16, 19.   in_channels, classes: of image and result.
        divisor: of the channels 64 to 512, which it must divide.
        pooled: side of the feature maps that the classifier sees.   hidden: width of its two layers.
        batch_norm: put one after each convolution.   dropout: probability, in the classifier.
    Returns:
        A plan of `features`, `avgpool`, `flatten` and `classifier`.
    Raises:
        ArgumentError: another depth, a divisor that does not divide, or a size below 1.

    >>> list(vgg_plan(16)["classifier"])
    ['0', '1', '2', '3', '4', '5', '6']
    """
    flag("vgg_plan", "batch_norm", batch_norm)
    if depth not in RUNS:
        raise ArgumentError(f"vgg_plan: depth must be one of {', '.join(map(str, RUNS))}, got {depth!r}")
    layers: list[Any] = []
    channels = integer("vgg_plan", "in_channels", in_channels, 1)
    for full, count in zip(CHANNELS, RUNS[depth], strict=True):
        outputs = width("vgg_plan", full, divisor)
        for _ in range(count):
            layers.append(conv(channels, outputs, 3, padding=1))
            layers += [norm(outputs), partial(ReLU)] if batch_norm else [partial(ReLU)]
            channels = outputs
        layers.append(partial(MaxPool2d, 2))
    side = integer("vgg_plan", "pooled", pooled, 1)
    head = [
        dense(channels * side * side, hidden), partial(ReLU), partial(Dropout, dropout),
        dense(hidden, hidden), partial(ReLU), partial(Dropout, dropout),
        dense(hidden, classes),
    ]  # fmt: skip
    return {
        "features": {str(i): layer for i, layer in enumerate(layers)},
        "avgpool": partial(AdaptiveAvgPool2d, side),
        "flatten": partial(Flatten),
        "classifier": {str(i): layer for i, layer in enumerate(head)},
    }


def vgg(depth: int = 16, *, rng: Seed = None, dtype: DTypeLike = np.float32, **options: Any) -> Sequential:
    """A VGG network, with torchvision's names and starting weights.

    Convolutions start normal with variance 2/fan_out, linear layers with standard deviation 0.01,
    biases at 0. VGG-16 for 224×224 images takes 553 MB in float32, and 1.4 GB while it is made.

    Args:
        depth: one of 11, 13, 16, 19.   rng: seed or generator of the weights.   dtype: a float type.
        options: as `vgg_plan`.
    Shapes:
        x (N, in_channels, H, W) -> (N, classes); H and W at least 32.
    Raises:
        ArgumentError: as `vgg_plan`.
    Source: Simonyan & Zisserman 2014, arXiv:1409.1556.

    >>> model = vgg(11, divisor=16, pooled=1, hidden=8, classes=2, rng=0)
    >>> model(np.zeros((1, 3, 32, 32), "float32")).shape
    (1, 2)
    """
    draws = generator(rng)
    model = build(vgg_plan(depth, **options), rng=draws, dtype=dtype)
    for layer in model.modules():
        if isinstance(layer, (Conv2d, Linear)):
            if isinstance(layer, Conv2d):
                init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", rng=draws)
            else:
                init.normal_(layer.weight, 0.0, 0.01, rng=draws)
            if layer.bias is not None:
                init.zeros_(layer.bias)
    return model


def vgg16(*, rng: Seed = None, dtype: DTypeLike = np.float32, **options: Any) -> Sequential:
    """VGG-16, configuration D: 138,357,544 parameters for 224×224 images of 1,000 classes.

    Args:
        rng, dtype, options: as `vgg`.
    Source: Simonyan & Zisserman 2014, arXiv:1409.1556.

    >>> len(vgg16(divisor=64, hidden=1, pooled=1)[0])
    31
    """
    return vgg(16, rng=rng, dtype=dtype, **options)


def vgg19(*, rng: Seed = None, dtype: DTypeLike = np.float32, **options: Any) -> Sequential:
    """VGG-19, configuration E: 143,667,240 parameters for 224×224 images of 1,000 classes.

    Args:
        rng, dtype, options: as `vgg`.
    Source: Simonyan & Zisserman 2014, arXiv:1409.1556.

    >>> len(vgg19(divisor=64, hidden=1, pooled=1)[0])
    37
    """
    return vgg(19, rng=rng, dtype=dtype, **options)


def thin_vgg(
    depth: int = 16, *, in_channels: int = 1, classes: int = 10, batch_norm: bool = True,
    dropout: float = 0.5, rng: Seed = None, dtype: DTypeLike = np.float32,
) -> Sequential:  # fmt: skip
    """A VGG for 32×32 images that trains in minutes: all widths divided by 8.

    Channels 8 to 64, and a classifier 64-512-512-classes on the single pixel that five poolings
    leave. The names are VGG's.

    Args:
        depth: one of 11, 13, 16, 19.   in_channels, classes: of image and result.
        batch_norm: put one after each convolution; without, so deep a net is slow to start.
        dropout: probability, in the classifier.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, in_channels, H, W) -> (N, classes); H and W at least 32.
    Source: Simonyan & Zisserman 2014, arXiv:1409.1556, made narrower.

    >>> thin_vgg(rng=0)(np.zeros((2, 1, 32, 32), "float32")).shape
    (2, 10)
    """
    return vgg(
        depth, in_channels=in_channels, classes=classes, divisor=8, pooled=1, hidden=512,
        batch_norm=batch_norm, dropout=dropout, rng=rng, dtype=dtype,
    )  # fmt: skip
