"""Activations in pieces, with kinks between them: the relatives of relu."""

from __future__ import annotations

from math import inf
from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import Operand, T, floating, number

__all__ = ["celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "prelu", "relu6", "selu"]


def relu6(x: Operand[T]) -> T:
    """Rectifier with a ceiling: min(max(x, 0), 6). The derivative is 1 inside, 0 outside and at
    both bounds.

    Args:
        x: float array or Tensor. NaN stays NaN, with derivative 0.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10".
    >>> relu6([-1.0, 3.0, 8.0])
    array([0., 3., 6.], dtype=float32)
    """
    return ops.ReLU6()(floating("relu6", x))


def hardtanh(x: Operand[T], min_val: float = -1.0, max_val: float = 1.0) -> T:
    """x kept between two bounds. The derivative is 1 inside, 0 outside and at both bounds.

    It differs from `clip` in its derivative at the bounds.

    Args:
        x: float array or Tensor. NaN stays NaN, with derivative 0.
        min_val, max_val: the bounds, min_val < max_val.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ArgumentError: min_val is not below max_val.
    Source: Collobert 2004, "Large scale machine learning".
    >>> hardtanh([-2.0, 0.5, 2.0])
    array([-1. ,  0.5,  1. ], dtype=float32)
    """
    low = number("hardtanh", "min_val", min_val, -inf, inf)
    high = number("hardtanh", "max_val", max_val, -inf, inf)
    if low >= high:
        raise ArgumentError(f"hardtanh: min_val must be below max_val, got {low:g} and {high:g}")
    return ops.Hardtanh(low, high)(floating("hardtanh", x))


def hardsigmoid(x: Operand[T]) -> T:
    """A sigmoid of straight pieces: min(max(x + 3, 0), 6) / 6. The derivative is 1/6 inside (-3, 3),
    0 outside and at both bounds.

    Args:
        x: float array or Tensor. NaN stays NaN, with derivative 0.
    Returns:
        Shape and dtype of x, values in [0, 1].
    Raises:
        DTypeError: x is not float.
    Source: Howard et al. 2019, arXiv:1905.02244.
    >>> hardsigmoid([-4.0, 0.0, 4.0])
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return ops.Hardsigmoid()(floating("hardsigmoid", x))


def hardswish(x: Operand[T]) -> T:
    """x times the hard sigmoid of x: x·min(max(x + 3, 0), 6) / 6.

    The derivative is 0 up to and at -3, x/3 + 1/2 between, and 1 from 3 on.

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Howard et al. 2019, arXiv:1905.02244.
    >>> hardswish([-4.0, 0.0, 1.5, 4.0])
    array([-0.   ,  0.   ,  1.125,  4.   ], dtype=float32)
    """
    return ops.Hardswish()(floating("hardswish", x))


def leaky_relu(x: Operand[T], negative_slope: float = 0.01) -> T:
    """Rectifier that leaks: x where x > 0, else negative_slope·x.

    The derivative is 1 where x > 0, else negative_slope, also at 0.

    Args:
        x: float array or Tensor.   negative_slope: any finite number, usually small.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ArgumentError: the slope is not finite.
    Source: Maas, Hannun & Ng 2013, "Rectifier nonlinearities improve neural network acoustic models".
    >>> leaky_relu([-1.0, 2.0], 0.1)
    array([-0.1,  2. ], dtype=float32)
    """
    slope = _finite("leaky_relu", "negative_slope", negative_slope)
    return ops.LeakyReLU(slope)(floating("leaky_relu", x))


def prelu(x: Operand[T], weight: Operand[T]) -> T:
    """Rectifier with a learnt slope: x where x > 0, else weight·x; differentiable in both.

    The derivative in x is 1 where x > 0, else the weight, also at 0.

    Args:
        x: float array or Tensor.
        weight: one slope, shape (1,) or (), or one per channel, shape (C,) for x (N, C, ...).
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x or weight is not float.   ShapeError: as many slopes as fit no channels.
    Source: He, Zhang, Ren & Sun 2015, arXiv:1502.01852.
    >>> prelu([-1.0, 2.0], [0.25])
    array([-0.25,  2.  ], dtype=float32)
    """
    x, w = floating("prelu", x), floating("prelu", weight, "weight")
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.ndim > 1 or w.size not in (1, channels):
        raise ShapeError(
            f"prelu: weight has shape {w.shape}, x {x.shape} expects (1,)"
            + (f" or ({channels},)" if x.ndim > 1 else "")
        )
    return ops.PReLU()(x, w)


def elu(x: Operand[T], alpha: float = 1.0) -> T:
    """Exponential linear unit: x where x > 0, else alpha·(e^x - 1).

    The derivative is 1 where x > 0, else alpha·e^x, so alpha at 0.

    Args:
        x: float array or Tensor.   alpha: minus the limit on the left; finite.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ArgumentError: alpha is not finite.
    Source: Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289.
    >>> elu([-1.0, 2.0]).round(4)
    array([-0.6321,  2.    ], dtype=float32)
    """
    return ops.ELU(_finite("elu", "alpha", alpha))(floating("elu", x))


def selu(x: Operand[T]) -> T:
    """Scaled ELU: s·x where x > 0, else s·a·(e^x - 1), with s = 1.05070... and a = 1.67326...

    Deep stacks of it keep mean 0 and variance 1. The derivative is s where x > 0, else s·a·e^x, so
    s·a at 0.

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515.
    >>> selu([-1.0, 2.0]).round(4)
    array([-1.1113,  2.1014], dtype=float32)
    """
    return ops.SELU()(floating("selu", x))


def celu(x: Operand[T], alpha: float = 1.0) -> T:
    """ELU with a continuous derivative: x where x > 0, else alpha·(e^(x / alpha) - 1).

    The derivative is 1 where x > 0, else e^(x / alpha), so 1 at 0.

    Args:
        x: float array or Tensor.   alpha: minus the limit on the left; above 0.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ArgumentError: alpha is not above 0, or infinite.
    Source: Barron 2017, arXiv:1704.07483.
    >>> celu([-1.0, 2.0], 2.0).round(4)
    array([-0.7869,  2.    ], dtype=float32)
    """
    alpha = _finite("celu", "alpha", alpha)
    if alpha <= 0:
        raise ArgumentError(f"celu: alpha must be above 0, got {alpha:g}")
    return ops.CELU(alpha)(floating("celu", x))


def _finite(function: str, name: str, value: Any) -> float:
    result = number(function, name, value, -inf, inf)
    if result in (-inf, inf):
        raise ArgumentError(f"{function}: {name} must be finite, got {value!r}")
    return result
