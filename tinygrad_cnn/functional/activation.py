"""Activations: the non-linear functions between layers, and softmax; more kinks in `rectifier`."""

from __future__ import annotations

from math import inf

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    choice,
    floating,
    number,
    one_axis,
    operand,
    torch_names,
)

__all__ = [
    "gelu", "identity", "log_softmax", "mish", "relu", "sigmoid", "silu", "softmax", "softplus", "softsign",
    "step", "tanh",
]  # fmt: skip


def step(x: Operand[T]) -> T:
    """Unit step of each element: 1 where x > 0, else 0, also at 0: the derivative of relu.

    Its own derivative is 0 everywhere.

    Args:
        x: float array or Tensor. NaN stays NaN.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: McCulloch & Pitts 1943, "A logical calculus of the ideas immanent in nervous activity".
    >>> step([-1.0, 0.0, 2.0])
    array([0., 0., 1.], dtype=float32)
    """
    return ops.Step()(floating("step", x))


def identity(x: Operand[T]) -> T:
    """x as it is, with derivative 1; a node of its own in the graph, over the same memory.

    Args:
        x: array or Tensor.
    Returns:
        Shape and dtype of x.
    Source: NumPy's `positive`.
    >>> identity([-1.0, 2.0])
    array([-1.,  2.], dtype=float32)
    """
    return ops.Identity()(operand("identity", x))


def relu(x: Operand[T]) -> T:
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


def sigmoid(x: Operand[T]) -> T:
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


def tanh(x: Operand[T]) -> T:
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


def gelu(x: Operand[T], approximate: str = "none") -> T:
    """Gaussian error linear unit: x·Φ(x), Φ the standard normal distribution function.

        'none': y = x/2 · (1 + erf(x / √2)), with derivative Φ(x) + x·φ(x), φ the normal density
        'tanh': y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³))), within 0.0005 of the above

    Args:
        x: float array or Tensor.   approximate: 'none' or 'tanh'.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.   ArgumentError: another word for approximate.
    Source: Hendrycks & Gimpel 2016, arXiv:1606.08415.
    >>> gelu([-1.0, 0.0, 1.0]).round(4)
    array([-0.1587,  0.    ,  0.8413], dtype=float32)
    """
    approximate = choice("gelu", "approximate", approximate, ("none", "tanh"))
    return ops.GELU(approximate)(floating("gelu", x))


def silu(x: Operand[T]) -> T:
    """Sigmoid linear unit, or swish: x·sigmoid(x).

    With s = sigmoid(x) the derivative is s·(1 + x·(1 - s)).

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Elfwing, Uchibe & Doya 2017, arXiv:1702.03118.
    >>> silu([-1.0, 0.0, 1.0]).round(4)
    array([-0.2689,  0.    ,  0.7311], dtype=float32)
    """
    return ops.SiLU()(floating("silu", x))


def mish(x: Operand[T]) -> T:
    """Mish of each element: x·tanh(ln(1 + e^x)), without overflow.

    With t = tanh(ln(1 + e^x)) the derivative is t + x·sigmoid(x)·(1 - t²).

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Misra 2019, arXiv:1908.08681.
    >>> mish([-1.0, 0.0, 1.0]).round(4)
    array([-0.3034,  0.    ,  0.8651], dtype=float32)
    """
    return ops.Mish()(floating("mish", x))


def softplus(x: Operand[T], beta: float = 1.0, threshold: float = 20.0) -> T:
    """A smooth relu: ln(1 + e^(beta·x)) / beta, with derivative sigmoid(beta·x).

    Where beta·x exceeds the threshold it is x itself, with derivative 1.

    Args:
        x: float array or Tensor; nothing overflows.   beta: steepness, not 0.
        threshold: of beta·x; inf for none.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float, or an option no number.   ArgumentError: beta is 0 or infinite.
    Source: Dugas, Bengio, Bélisle, Nadeau & Garcia 2000, "Incorporating second-order functional
        knowledge for better option pricing".
    >>> softplus([-1.0, 0.0, 30.0]).round(4)
    array([ 0.3133,  0.6931, 30.    ], dtype=float32)
    """
    beta = number("softplus", "beta", beta, -inf, inf)
    if not 0 < abs(beta) < inf:
        raise ArgumentError(f"softplus: beta must be finite and not 0, got {beta:g}")
    threshold = number("softplus", "threshold", threshold, -inf, inf)
    return ops.Softplus(beta, threshold)(floating("softplus", x))


def softsign(x: Operand[T]) -> T:
    """Soft sign of each element: x / (1 + |x|), in (-1, 1), with derivative 1 / (1 + |x|)².

    Args:
        x: float array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        DTypeError: x is not float.
    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward networks".
    >>> softsign([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75], dtype=float32)
    """
    return ops.Softsign()(floating("softsign", x))


@torch_names
def softmax(x: Operand[T], axis: int = -1) -> T:
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
def log_softmax(x: Operand[T], axis: int = -1) -> T:
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
