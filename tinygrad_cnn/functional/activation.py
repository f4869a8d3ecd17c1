"""Activations: the non-linear functions between layers, and softmax."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import floating, one_axis, operand, torch_names


def relu(x: Any) -> Any:
    """Rectifier of each element: max(x, 0). The derivative is 1 where x > 0, else 0, also at 0.

    Args:
        x: array or Tensor. NaN stays NaN.
    Returns:
        Shape and dtype of x.
    Source: Nair & Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    >>> relu([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """
    return ops.ReLU()(operand("relu", x))


def sigmoid(x: Any) -> Any:
    """Logistic function of each element: 1 / (1 + e^-x), in (0, 1), with derivative y(1 - y).

    Args:
        x: float array or Tensor of any size; large values neither overflow nor warn.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 3.10.
    >>> sigmoid([0.0, 1000.0])
    array([0.5, 1. ], dtype=float32)
    """
    return ops.Sigmoid()(floating("sigmoid", x))


def tanh(x: Any) -> Any:
    """Hyperbolic tangent of each element, in (-1, 1), with derivative 1 - y².

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp".
    >>> tanh([0.0, 0.5]).round(4)
    array([0.    , 0.4621], dtype=float32)
    """
    return ops.Tanh()(floating("tanh", x))


@torch_names
def softmax(x: Any, axis: int = -1) -> Any:
    """Softmax along an axis: y_i = e^(x_i) / sum_j e^(x_j), positive and summing to 1.

    Args:
        x: float array or Tensor; shifted by its maximum first, so that no size overflows.
        axis: the axis of the classes.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ShapeError: no such axis.
    Source: Bridle 1990, "Probabilistic interpretation of feedforward classification networks".
    >>> softmax([0.0, 0.0, 10000.0])
    array([0., 0., 1.], dtype=float32)
    """
    x = floating("softmax", x)
    return ops.Softmax(one_axis("softmax", axis, x.ndim))(x)


@torch_names
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Logarithm of the softmax along an axis: x_i - log sum_j e^(x_j), without overflow.

    Args:
        x: float array or Tensor.   axis: the axis of the classes.
    Returns:
        Shape and dtype of x, values at most 0.
    Raises:
        DTypeError: x is not float.   ShapeError: no such axis.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 6.2.2.3.
    >>> log_softmax([0.0, 0.0]).round(4)
    array([-0.6931, -0.6931], dtype=float32)
    """
    x = floating("log_softmax", x)
    return ops.LogSoftmax(one_axis("log_softmax", axis, x.ndim))(x)
