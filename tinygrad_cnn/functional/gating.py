"""Gates, logarithms of gates, and soft choices: glu, logsigmoid, softmin, Gumbel's softmax."""

from __future__ import annotations

from math import inf

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    flag,
    floating,
    like,
    number,
    one_axis,
    torch_names,
    values,
)
from tinygrad_cnn.functional.shape import split
from tinygrad_cnn.rng import Seed, generator

__all__ = ["glu", "gumbel_softmax", "logsigmoid", "softmin"]


@torch_names
def glu(x: Operand[T], axis: int = -1) -> T:
    """The first half of an axis, gated by the sigmoid of the second: a · sigmoid(b).

    Args:
        x: float array or Tensor.   axis: the axis that is halved.
    Returns:
        x's shape with half the axis; dtype of x.
    Raises:
        ShapeError: no such axis, or an odd length.   DTypeError: x is not float.
    Source: Dauphin, Fan, Auli & Grangier 2016, arXiv:1612.08083.
    >>> glu([3.0, 0.0])
    array([1.5], dtype=float32)
    """
    x = floating("glu", x)
    axis = one_axis("glu", axis, x.ndim)
    if x.shape[axis] % 2:
        raise ShapeError(
            f"glu: axis {axis} has {x.shape[axis]} elements, an even number fits (x {x.shape})"
        )
    a, b = split(x, 2, axis)
    return a * ops.Sigmoid()(b)


def logsigmoid(x: Operand[T]) -> T:
    """Logarithm of the sigmoid of each element: -log(1 + e^-x), without overflow.

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x, values at most 0.
    Raises:
        DTypeError: x is not float.
    Source: Bishop 2006, "Pattern Recognition and Machine Learning", 4.3.2.
    >>> logsigmoid([0.0, -1000.0]).round(4)
    array([-6.931e-01, -1.000e+03], dtype=float32)
    """
    return -ops.Softplus(1.0, inf)(-floating("logsigmoid", x))


@torch_names
def softmin(x: Operand[T], axis: int = -1) -> T:
    """Softmax of -x along an axis: large where x is small, positive and summing to 1.

    Args:
        x: float array or Tensor.   axis: the axis of the classes.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ShapeError: no such axis.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 6.2.2.3.
    >>> softmin([0.0, 0.0, 10000.0])
    array([0.5, 0.5, 0. ], dtype=float32)
    """
    x = floating("softmin", x)
    return ops.Softmax(one_axis("softmin", axis, x.ndim))(-x)


@torch_names
def gumbel_softmax(
    x: Operand[T], tau: float = 1.0, hard: bool = False, axis: int = -1, *, rng: Seed = None
) -> T:
    """A soft draw of one class: softmax((x + Gumbel's noise) / tau).

    With `hard` the result is one-hot, at the class that softmax made largest; its gradient is that of
    the soft result.

    Args:
        x: float logarithms of the classes' weights.   tau: the temperature, above 0.
        hard: whether the result is one-hot.   axis: the axis of the classes.
        rng: a NumPy generator or a seed; None draws from the default generator (`manual_seed`).
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ShapeError: no such axis.   ArgumentError: tau is not above 0.
    Source: Jang, Gu & Poole 2016, arXiv:1611.01144.
    >>> gumbel_softmax([0.0, 0.0, 0.0], hard=True, rng=0)
    array([0., 0., 1.], dtype=float32)
    """
    name, x = "gumbel_softmax", floating("gumbel_softmax", x)
    axis, hard = one_axis(name, axis, x.ndim), flag(name, "hard", hard)
    if not number(name, "tau", tau, 0, inf):
        raise ArgumentError(f"{name}: tau must be above 0, got {tau!r}")
    noise = -np.log(np.asarray(generator(rng).exponential(size=x.shape))).astype(x.dtype)
    soft = ops.Softmax(axis)((x + devices.beside(noise, x)) / tau)
    if not hard:
        return soft
    found = values(soft)
    one = devices.zeros(found.shape, found.dtype, like=found)
    np.put_along_axis(one, found.argmax(axis, keepdims=True), 1, axis)
    return soft + like(soft, one - found)
