"""LeNet-5 as it was published in 1998."""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import choice, integer, number, operand
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.activation import ScaledTanh
from tinygrad_cnn.nn.layers.connection_table import ConnectionConv2d
from tinygrad_cnn.nn.layers.conv import Conv2d
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.layers.radial_basis import RBF
from tinygrad_cnn.nn.layers.rearrange import Flatten
from tinygrad_cnn.nn.layers.sub_sampling import SubSampling2d
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

#: Which maps of S2 each of the 16 maps of C3 sees: three in a row, four in a row, two pairs, all.
_SEEN = (
    "012", "123", "234", "345", "450", "501",
    "0123", "1234", "2345", "3450", "4501", "5012",
    "0134", "1245", "0235", "012345",
)  # fmt: skip

#: The digits as the RBF output wants them: 7 pixels wide, 12 high, drawn for this package.
_GLYPHS = (
    "....... .#####. ##...## ##...## ##...## ##...## ##...## ##...## ##...## .#####. ....... .......",
    "....... ...##.. ..###.. .####.. ...##.. ...##.. ...##.. ...##.. ...##.. .###### ....... .......",
    "....... .#####. ##...## .....## .....## ....##. ...##.. ..##... .##.... ####### ....... .......",
    "....... ####### .....## ....##. ...##.. ..####. .....## .....## ##...## .#####. ....... .......",
    "....... ....### ...#### ..##.## .##..## ##...## ####### .....## .....## .....## ....... .......",
    "....... ####### ##..... ##..... ######. .....## .....## .....## ##...## .#####. ....... .......",
    "....... ..####. .##.... ##..... ######. ##...## ##...## ##...## ##...## .#####. ....... .......",
    "....... ####### .....## .....## ....##. ....##. ...##.. ...##.. ..##... ..##... ....... .......",
    "....... .#####. ##...## ##...## ##...## .#####. ##...## ##...## ##...## .#####. ....... .......",
    "....... .#####. ##...## ##...## ##...## .###### .....## .....## ....##. .####.. ....... .......",
)


def lenet5_table() -> NDArray[np.bool_]:
    """The connection table of C3, (16, 6): which maps of S2 each of its maps sees; 60 ones.

    Source: LeCun, Bottou, Bengio & Haffner 1998, table I.

    >>> lenet5_table().sum(axis=1).tolist()
    [3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 6]
    """
    table = np.zeros((16, 6), bool)
    for row, seen in zip(table, _SEEN, strict=True):
        row[[int(k) for k in seen]] = True
    return table


def digit_codes() -> NDArray[np.float32]:
    """A drawing of each digit, 12 rows of 7 pixels of ±1 (ink +1), as a row of 84: (10, 84).

    Source: after the figure of the fixed output codes in LeCun, Bottou, Bengio & Haffner 1998,
        section II B; the drawings are this package's own.

    >>> digit_codes().shape
    (10, 84)
    """
    ink = [[pixel == "#" for pixel in glyph.replace(" ", "")] for glyph in _GLYPHS]
    return np.where(np.array(ink), 1.0, -1.0).astype(np.float32)


def lenet5(
    *, padding: int = 0, output: str = "rbf", down: str = "average", start: str = "fan_in",
    classes: int = 10, rng: Seed = None, dtype: DTypeLike = np.float32,
) -> Sequential:  # fmt: skip
    """LeNet-5 of 1998: connection table in C3, trainable sub-sampling, scaled tanh; 60,000 weights.

    | layer | maps | parameters |
    |---|---|---|
    | c1 5×5 | 6 of 28×28 | 156 |
    | s2 2×2 | 6 of 14×14 | 12 |
    | c3 5×5, by table | 16 of 10×10 | 1,516 |
    | s4 2×2 | 16 of 5×5 | 32 |
    | c5 5×5 | 120 of 1×1 | 48,120 |
    | f6 | 84 | 10,164 |

    Every layer up to F6 is squashed by 1.7159·tanh(2x/3).

    Args:
        padding: zeros around the image in C1: 0 for 32×32, 2 for 28×28.
        output: 'rbf', minus the squared distances from ten fixed drawings of the digits, nothing to
            learn, for `lenet5_loss`; or 'dense', a linear layer of 84·classes + classes parameters more.
        down: of the sub-sampling, 'average' or 'max'.
        start: of weights, uniform: 'fan_in' in ±√(3/n), n the inputs of the unit, biases at 0, which
            keeps the spread of the signal; or '1998' in ±2.4/n, biases too, as published, which
            shrinks it in every layer: output 'dense' then stands still through the first epoch.
        classes: 10 unless output is 'dense'.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, 1, 32, 32) -> (N, classes), scores: the largest wins.
    Raises:
        ArgumentError: another output, down or start; 'rbf' with other than 10 classes.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", section II B; '1998': appendix A; 'fan_in': LeCun, Bottou, Orr & Müller 1998,
        "Efficient BackProp", section 4.6.

    >>> model = lenet5(rng=0)
    >>> sum(p.size for p in model.parameters()), model(np.zeros((1, 1, 32, 32), "float32")).shape
    (60000, (1, 10))
    """
    draws = generator(rng)
    choice("lenet5", "output", output, ("rbf", "dense"))
    choice("lenet5", "start", start, ("fan_in", "1998"))
    if output == "rbf" and classes != 10:
        raise ArgumentError(f"lenet5: output 'rbf' has the ten digits, got {classes} classes; 'dense' fits")
    options: dict[str, Any] = {"rng": draws, "dtype": dtype}
    last: Module = (
        RBF(digit_codes(), dtype=dtype) if output == "rbf" else Linear(84, classes, rng=draws, dtype=dtype)
    )
    model = Sequential(
        OrderedDict(
            c1=Conv2d(1, 6, 5, padding=integer("lenet5", "padding", padding, 0), **options),
            squash1=ScaledTanh(),
            s2=SubSampling2d(6, down=down, activation=ScaledTanh(), dtype=dtype),
            c3=ConnectionConv2d(lenet5_table(), 5, **options),
            squash3=ScaledTanh(),
            s4=SubSampling2d(16, down=down, activation=ScaledTanh(), dtype=dtype),
            c5=Conv2d(16, 120, 5, **options),
            squash5=ScaledTanh(),
            flatten=Flatten(),
            f6=Linear(120, 84, **options),
            squash6=ScaledTanh(),
            output=last,
        )
    )
    _start(model, start, draws)
    return model


def lenet5_loss(scores: Any, labels: Any, rubbish: float = 0.1) -> Any:
    """The criterion of 1998 for RBF scores: come near the label's point, and stay away from others.

        mean of d[label] + log(exp(-rubbish) + sum_k exp(-d[k])), d = -scores

    It is cross-entropy with one more class at a fixed distance, for what is not a digit. Plain
    cross-entropy asks for a difference of distances alone, which drives F6 into saturation.

    Args:
        scores: (N, K), minus the squared distances.   labels: (N,) integers below K.
        rubbish: distance of the class for rubbish, above 0.
    Returns:
        A 0-d result, the mean over the batch.
    Raises:
        ShapeError: scores have not two axes, or labels do not fit.
        ArgumentError: a label out of its range, or rubbish below 0.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", equation 9.

    >>> round(float(lenet5_loss(np.array([[-1.0, -2.0]]), np.array([0]))), 4)
    1.3422
    """
    far = number("lenet5_loss", "rubbish", rubbish, 0, inf)
    shape = np.shape(scores)
    if len(shape) != 2:
        raise ShapeError(f"lenet5_loss: scores need (N, K), got {shape}")
    found = np.asarray(labels.numpy() if isinstance(labels, Tensor) else labels)
    if found.size and found.dtype.kind in "iu" and found.max() >= shape[1]:
        raise ArgumentError(f"lenet5_loss: labels must lie below {shape[1]}, got {found.max()}")
    last = np.full((shape[0], 1), -far, operand("lenet5_loss", scores).dtype)
    return F.cross_entropy(F.concatenate([scores, last], axis=1), found)


def _start(model: Sequential, start: str, draws: np.random.Generator) -> None:
    """Weights by the inputs of each unit, which C3 counts map by map."""

    def bound(inputs: Any) -> Any:
        return 2.4 / inputs if start == "1998" else np.sqrt(3 / inputs)

    for layer in model:
        if isinstance(layer, ConnectionConv2d):
            layer.spread(bound(layer.fan_in()), rng=draws)
        elif isinstance(layer, (Conv2d, Linear)):
            limit = float(bound(layer.weight[0].size))
            init.uniform_(layer.weight, -limit, limit, rng=draws)
            if layer.bias is not None:
                init.uniform_(layer.bias, -limit, limit, rng=draws)
    if start == "fan_in":
        for name in ("c1", "c3", "c5", "f6"):
            init.zeros_(getattr(model, name).bias)
