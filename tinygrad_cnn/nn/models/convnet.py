"""Small networks for MNIST: the tutorial's ConvNet, and the book's SimpleConvNet and DeepConvNet."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import flag, integer
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.activation import ReLU
from tinygrad_cnn.nn.layers.conv import Conv2d
from tinygrad_cnn.nn.layers.dropout import Dropout
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.layers.pool import MaxPool2d
from tinygrad_cnn.nn.layers.rearrange import Flatten
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor


class ConvNet(Module):
    """Two 3×3 convolutions and a linear layer, for 28×28 images: 9,098 parameters.

    28²×1 → 28²×8 → 14²×8 → 14²×16 → 7²×16 → 10. Weights start from N(0, 0.01), biases at 0.

    Args:
        classes: how many.   in_channels: of the image.
        probabilities: whether `forward` returns (scores, their softmax) instead of the scores.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, in_channels, 28, 28) -> (N, classes), twice if `probabilities`.
    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", in the
        small form of PyTorch tutorials.

    >>> model = ConvNet(probabilities=True, rng=0)
    >>> scores, shares = model(np.zeros((2, 1, 28, 28), "float32"))
    >>> scores.shape, shares.sum(axis=1).numpy().round(4)
    ((2, 10), array([1., 1.], dtype=float32))
    """

    def __init__(
        self, classes: int = 10, in_channels: int = 1, *, probabilities: bool = False,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        self.probabilities = flag("ConvNet", "probabilities", probabilities)
        draws = generator(rng)
        self.conv_1 = Conv2d(in_channels, 8, 3, padding=1, rng=draws, dtype=dtype)
        self.pool_1 = MaxPool2d(2)
        self.conv_2 = Conv2d(8, 16, 3, padding=1, rng=draws, dtype=dtype)
        self.pool_2 = MaxPool2d(2)
        self.linear_1 = Linear(16 * 7 * 7, classes, rng=draws, dtype=dtype)
        start_normal(self, 0.01, rng=draws)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Scores (N, classes); with `probabilities`, also their softmax.

        >>> ConvNet(rng=0).forward(np.zeros((2, 1, 28, 28), "float32")).shape
        (2, 10)
        """
        x = self.pool_1(F.relu(self.conv_1(x)))
        x = self.pool_2(F.relu(self.conv_2(x)))
        scores = self.linear_1(F.flatten(x, 1))
        return (scores, F.softmax(scores, axis=1)) if self.probabilities else scores


def simple_convnet(
    *, in_channels: int = 1, classes: int = 10, rng: Seed = None, dtype: DTypeLike = np.float32
) -> Sequential:
    """Conv 30 of 5×5, ReLU, max-pool 2, linear 100, ReLU, linear: 433,890 parameters.

    Weights start from N(0, 0.01), biases at 0.

    Args:
        in_channels, classes: of image and result.   rng: seed or generator of the weights.
        dtype: a float type.
    Shapes:
        x (N, in_channels, 28, 28) -> (N, classes).
    Source: Saitoh 2016, "Deep Learning from Scratch", chapter 7: SimpleConvNet.

    >>> simple_convnet(rng=0)(np.zeros((2, 1, 28, 28), "float32")).shape
    (2, 10)
    """
    draws = generator(rng)
    model = Sequential(
        Conv2d(in_channels, 30, 5, rng=draws, dtype=dtype),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(30 * 12 * 12, 100, rng=draws, dtype=dtype),
        ReLU(),
        Linear(100, classes, rng=draws, dtype=dtype),
    )
    start_normal(model, 0.01, rng=draws)
    return model


def deep_convnet(
    *, in_channels: int = 1, classes: int = 10, hidden: int = 50, dropout: float = 0.5,
    rng: Seed = None, dtype: DTypeLike = np.float32,
) -> Sequential:  # fmt: skip
    """Six 3×3 convolutions of 16-16-32-32-64-64 maps, and two linear layers: 123,552 parameters.

    A pooling after every second convolution, dropout after both linear layers, as in the book. The
    fourth convolution pads by 2, so that 14×14 becomes 16×16 and the last map 4×4. Weights start by
    He's rule, biases at 0.

    Args:
        in_channels, classes: of image and result.   hidden: width of the first linear layer.
        dropout: probability.   rng: seed or generator of the weights, and of dropout's draws if
            given; None shares the default generator.   dtype: a float type.
    Shapes:
        x (N, in_channels, 28, 28) -> (N, classes).
    Source: Saitoh 2016, "Deep Learning from Scratch", chapter 8: DeepConvNet.

    >>> deep_convnet(rng=0).eval()(np.zeros((2, 1, 28, 28), "float32")).shape
    (2, 10)
    """
    draws = generator(rng)
    own = None if rng is None else draws
    layers: list[Module] = []
    channels = integer("deep_convnet", "in_channels", in_channels, 1)
    for position, (outputs, padding) in enumerate(((16, 1), (16, 1), (32, 1), (32, 2), (64, 1), (64, 1))):
        layers += [Conv2d(channels, outputs, 3, padding=padding, rng=draws, dtype=dtype), ReLU()]
        if position % 2:
            layers.append(MaxPool2d(2))
        channels = outputs
    layers += [
        Flatten(),
        Linear(64 * 4 * 4, hidden, rng=draws, dtype=dtype),
        ReLU(),
        Dropout(dropout, rng=own),
        Linear(hidden, classes, rng=draws, dtype=dtype),
        Dropout(dropout, rng=own),
    ]
    model = Sequential(*layers)
    for layer in model:
        if isinstance(layer, (Conv2d, Linear)):
            init.kaiming_normal_(layer.weight, nonlinearity="relu", rng=draws)
            if layer.bias is not None:
                init.zeros_(layer.bias)
    return model


def start_normal(model: Module, std: float, *, rng: Seed = None) -> None:
    """Weights of convolutions and linear layers from N(0, std), their biases at 0.

    A layer without a bias is fine: whether there is one is asked before it is set.

    Args:
        model: a Module.   std: standard deviation.   rng: seed or generator.

    >>> layer = Linear(2, 2, bias=False); start_normal(layer, 0.0); layer.weight.numpy().any()
    np.False_
    """
    draws = generator(rng)
    for layer in model.modules():
        if isinstance(layer, (Conv2d, Linear)):
            init.normal_(layer.weight, 0.0, std, rng=draws)
            if layer.bias is not None:
                init.zeros_(layer.bias)
