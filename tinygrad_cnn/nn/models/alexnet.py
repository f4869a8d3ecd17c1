"""A network after AlexNet, as the document on cats and dogs has it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.activation import ReLU
from tinygrad_cnn.nn.layers.dropout import Dropout
from tinygrad_cnn.nn.layers.pool import MaxPool2d
from tinygrad_cnn.nn.layers.rearrange import Flatten
from tinygrad_cnn.nn.models.plan import Plan, build, conv, dense, norm
from tinygrad_cnn.rng import Seed


def alexnet_like_plan(*, in_channels: int = 3, classes: int = 2, dropout: float = 0.5) -> Plan:
    """The plan of the network after AlexNet; see `alexnet_like`.

    Args:
        in_channels, classes: of image and result.   dropout: probability, in the classifier.
    Returns:
        A plan of `features`, `flatten` and `classifier`.

    >>> from tinygrad_cnn.nn.models import parameter_count
    >>> parameter_count(alexnet_like_plan())
    47702138
    """
    pool, relu = partial(MaxPool2d, 3, 2), partial(ReLU)
    features = [
        conv(in_channels, 6, 11, stride=4), relu, norm(6), pool,
        conv(6, 256, 5, padding=2), relu, norm(256), pool,
        conv(256, 384, 3, padding=1), relu, norm(384),
        conv(384, 384, 3, padding=1), relu, norm(384),
        conv(384, 356, 3), relu, norm(356), pool,
    ]  # fmt: skip
    drop = partial(Dropout, dropout)
    head = [
        dense(356 * 4 * 4, 4096), relu, drop,
        dense(4096, 4096), relu, drop,
        dense(4096, 1000), relu, drop,
        dense(1000, classes),
    ]  # fmt: skip
    return {
        "features": {str(i): layer for i, layer in enumerate(features)},
        "flatten": partial(Flatten),
        "classifier": {str(i): layer for i, layer in enumerate(head)},
    }


def alexnet_like(*, rng: Seed = None, dtype: DTypeLike = np.float32, **options: Any) -> Sequential:
    """Five convolutions with batch norm and four linear layers, for images of 224×224.

    The image shrinks 224 → 54 → 26 → 12 → 10 → 4. It learns 47,702,138 numbers; with its 2,772
    running means and variances these are the 47,704,910 that the document states, because the
    library it uses counts them as parameters that are not trained. In float32 they take 191 MB.

    Args:
        rng: seed or generator of the weights.   dtype: a float type.
        options: as `alexnet_like_plan`.
    Shapes:
        x (N, in_channels, 224, 224) -> (N, classes).
    Source: Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional
        neural networks", with other widths and batch norm instead of local response norm.

    >>> alexnet_like(in_channels=0)
    Traceback (most recent call last):
    tinygrad_cnn.errors.ArgumentError: conv: inputs must be at least 1, got 0
    """
    return build(alexnet_like_plan(**options), rng=rng, dtype=dtype)
