"""Noise in training: dropout of channels of signals and volumes, dropout behind SELU, random slopes."""

from __future__ import annotations

from math import inf, sqrt
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import Operand, T, flag, floating, number, values
from tinygrad_cnn.functional.lines_and_volumes import with_axes
from tinygrad_cnn.functional.random import dropped
from tinygrad_cnn.functional.rectifier import leaky_relu
from tinygrad_cnn.rng import Seed, generator

__all__ = ["alpha_dropout", "dropout1d", "dropout3d", "feature_alpha_dropout", "rrelu"]

#: Minus the value that SELU tends to on the left: its scale times its alpha.
SATURATION = 1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


def dropout1d(
    x: Operand[T], p: float = 0.5, training: bool = True, *, mode: str = "inverted", rng: Seed = None
) -> T:
    """Zero whole channels of signals with probability p in training; see `dropout2d`.

    Args:
        x: (N, C, L) float.   p, training, mode, rng: as `dropout`.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has not 3 axes.   ArgumentError: p out of its range, or another mode.
        DTypeError: x is not float.
    Source: Tompson et al. 2015, arXiv:1411.4280.
    >>> dropout1d(np.ones((1, 3, 2)), 0.5, rng=1)[0].tolist()
    [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0]]
    """
    x = with_axes("dropout1d", 1, x)
    return dropped("dropout1d", x, (*x.shape[:2], 1), p, training, mode, rng)


def dropout3d(
    x: Operand[T], p: float = 0.5, training: bool = True, *, mode: str = "inverted", rng: Seed = None
) -> T:
    """Zero whole channels of volumes with probability p in training; see `dropout2d`.

    Args:
        x: (N, C, D, H, W) float.   p, training, mode, rng: as `dropout`.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has not 5 axes.   ArgumentError: p out of its range, or another mode.
        DTypeError: x is not float.
    Source: Tompson et al. 2015, arXiv:1411.4280.
    >>> dropout3d(np.ones((1, 3, 1, 1, 2)), 0.5, rng=1)[0, :, 0, 0].tolist()
    [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0]]
    """
    x = with_axes("dropout3d", 3, x)
    return dropped("dropout3d", x, (*x.shape[:2], 1, 1, 1), p, training, mode, rng)


def alpha_dropout(x: Operand[T], p: float = 0.5, training: bool = True, *, rng: Seed = None) -> T:
    """Dropout that keeps mean 0 and variance 1 behind SELU: dropped elements get SELU's lower limit.

        y = a · (x where kept, else -s) + b,   a = 1 / sqrt((1 - p)(1 + p·s²)),   b = a · p · s

    Args:
        x: float array or Tensor.   p: probability of dropping, in [0, 1].
        training: whether to drop at all.
        rng: a NumPy generator or a seed; None draws from the default generator (`manual_seed`).
    Returns:
        Shape and dtype of x.
    Raises:
        ArgumentError: p out of its range.   DTypeError: x is not float.
    Source: Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515.
    >>> alpha_dropout(np.zeros(4), 0.5, rng=0).round(2).tolist()
    [0.78, 0.78, 0.78, -0.78]
    """
    x = floating("alpha_dropout", x)
    return _alpha_dropped("alpha_dropout", x, x.shape, p, training, rng)


def feature_alpha_dropout(x: Operand[T], p: float = 0.5, training: bool = True, *, rng: Seed = None) -> T:
    """`alpha_dropout` of whole channels.

    Args:
        x: (N, C, ...) float.   p, training, rng: as `alpha_dropout`.
    Returns:
        Shape and dtype of x.
    Raises:
        ArgumentError: p out of its range.   DTypeError: x is not float.
    Source: Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515.
    >>> feature_alpha_dropout(np.zeros((1, 2, 2)), 0.5, rng=1).round(2).tolist()
    [[[-0.78, -0.78], [0.78, 0.78]]]
    """
    x = floating("feature_alpha_dropout", x)
    shape = (*x.shape[:2], *(1 for _ in x.shape[2:]))
    return _alpha_dropped("feature_alpha_dropout", x, shape, p, training, rng)


def rrelu(
    x: Operand[T], lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, *, rng: Seed = None
) -> T:
    """x where positive, else x times a slope: drawn for each element in training, else the mean one.

    Args:
        x: float array or Tensor.   lower, upper: bounds of the slope.   training: whether to draw.
        rng: a NumPy generator or a seed; None draws from the default generator (`manual_seed`).
    Returns:
        Shape and dtype of x.
    Raises:
        ArgumentError: lower exceeds upper.   DTypeError: x is not float.
    Source: Xu, Wang, Chen & Li 2015, arXiv:1505.00853.
    >>> rrelu([-1.0, 2.0], 0.0, 0.5)
    array([-0.25,  2.  ], dtype=float32)
    """
    name, x = "rrelu", floating("rrelu", x)
    low, high = number(name, "lower", lower, -inf, inf), number(name, "upper", upper, -inf, inf)
    if low > high:
        raise ArgumentError(f"{name}: lower {low:g} exceeds upper {high:g}")
    if not flag(name, "training", training):
        return leaky_relu(x, (low + high) / 2)
    slopes = np.asarray(generator(rng).uniform(low, high, size=x.shape), x.dtype)
    return x * np.where(values(x) <= 0, slopes, np.ones((), x.dtype))


def _alpha_dropped(name: str, x: Any, shape: tuple[int, ...], p: float, training: bool, rng: Seed) -> Any:
    p = number(name, "p", p, 0, 1)
    if p == 0 or not flag(name, "training", training):
        return x
    if p == 1:
        return x * 0
    kept = np.broadcast_to(generator(rng).random(shape, dtype=np.float32) >= p, x.shape)
    a = 1 / sqrt((1 - p) * (1 + p * SATURATION**2))
    noise = np.where(kept, a * p * SATURATION, a * (p - 1) * SATURATION).astype(x.dtype)
    return ops.Gate(kept)(x) * a + noise
