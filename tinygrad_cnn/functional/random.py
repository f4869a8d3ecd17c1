"""Functions with a random draw, and the generator that they draw from by default."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import Operand, T, choice, flag, floating, number
from tinygrad_cnn.functional.layout import as_given, channels_first
from tinygrad_cnn.rng import Seed, generator

__all__ = ["dropout", "dropout2d"]


def dropout(
    x: Operand[T], p: float = 0.5, training: bool = True, *, mode: str = "inverted", rng: Seed = None
) -> T:
    """Zero each element with probability p in training.

    In mode 'inverted' the others are scaled by 1 / (1 - p), so that the expectation of the result
    is x, and outside training it is x itself. In mode 'classic' the others are left as they are,
    and outside training the result is x * (1 - p), the expectation of the training result.

    Args:
        x: float array or Tensor.   p: probability of zero, in [0, 1].
        training: whether to drop at all.   mode: 'inverted' or 'classic'.
        rng: a NumPy generator or a seed; None draws from the default generator (`manual_seed`).
    Returns:
        Shape and dtype of x.
    Raises:
        ArgumentError: p out of its range, or another mode.   DTypeError: x is not float.
    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    >>> dropout(np.ones(6), 0.5, rng=0)
    array([2., 2., 2., 0., 0., 0.])
    >>> dropout(np.ones(3), 0.25, training=False, mode="classic")
    array([0.75, 0.75, 0.75])
    """
    x = floating("dropout", x)
    return dropped("dropout", x, x.shape, p, training, mode, rng)


def dropout2d(
    x: Operand[T], p: float = 0.5, training: bool = True, *, mode: str = "inverted", rng: Seed = None,
    data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Zero whole channels with probability p in training, each channel of each image on its own draw.

    Args:
        x: (N, C, H, W) float.   p, training, mode, rng: as `dropout`.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has not 4 axes.   ArgumentError: p out of its range, or another mode.
        DTypeError: x is not float.
    Source: Tompson et al. 2015, arXiv:1411.4280.
    >>> dropout2d(np.ones((1, 3, 1, 2)), 0.5, rng=1)[0, :, 0].tolist()
    [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0]]
    """
    x = channels_first("dropout2d", x, data_format)
    y = dropped("dropout2d", x, (*x.shape[:2], 1, 1), p, training, mode, rng)
    return as_given(y, data_format)


def dropped(
    name: str, x: Any, shape: tuple[int, ...], p: float, training: bool, mode: str, rng: Seed
) -> Any:
    """x with a draw of that shape, which broadcasts to x's, deciding what is dropped.

    >>> dropped("dropout", np.ones(3), (3,), 0.0, True, "inverted", 0)
    array([1., 1., 1.])
    """
    p = number(name, "p", p, 0, 1)
    choice(name, "mode", mode, ("inverted", "classic"))
    training = flag(name, "training", training)
    if p == 0 or (not training and mode == "inverted"):
        return x
    if not training:
        return x * (1 - p)
    draw = generator(rng).random(shape, dtype=np.float32)
    return ops.Dropout(draw >= p, p, mode)(x)
