"""Activations as layers: relu and its relatives, the smooth ones, and softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import integer, number, shape_of
from tinygrad_cnn.functional.checks import above_0, between, one_of, optional
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn.function_layer import FunctionLayer, option
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "SELU",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "Identity",
    "LeakyReLU",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "ReLU",
    "ReLU6",
    "ScaledTanh",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
]  # fmt: skip


class Pointwise(FunctionLayer):
    """Base of activations that look at one element at a time.

    >>> Pointwise.pointwise
    True
    """

    pointwise = True


# --------------------------------------------------------------------------- relu and its relatives
class ReLU(Pointwise, function=F.relu):
    """max(x, 0); see `functional.relu`.

    >>> ReLU()([-1.0, 2.0])
    Tensor([0., 2.])
    """


class ReLU6(Pointwise, function=F.relu6):
    """x kept between 0 and 6; see `functional.relu6`.

    >>> ReLU6()([-1.0, 8.0])
    Tensor([0., 6.])
    """


class LeakyReLU(Pointwise, function=F.leaky_relu):
    """x where positive, else x times a small slope; see `functional.leaky_relu`.

    Args:
        negative_slope: the slope where x is not positive.

    >>> LeakyReLU(0.1)([-1.0, 2.0])
    Tensor([-0.1,  2. ])
    """

    negative_slope: float = 0.01


class PReLU(Module):
    """x where positive, else x times a learnt slope; see `functional.prelu`.

    Args:
        num_parameters: 1 slope for all elements, or one for each channel (axis 1).
        init: where the slopes start.   dtype: a float type.
    Shapes:
        x (N, C, ...) -> the same; weight (num_parameters,).
    Raises:
        ShapeError: x has not num_parameters channels.
    Source: He, Zhang, Ren & Sun 2015, arXiv:1502.01852.

    >>> PReLU()([-1.0, 2.0])
    Tensor([-0.25,  2.  ], op=PReLU)
    """

    pointwise = True

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike = np.float32
    ) -> None:
        self.num_parameters = integer("PReLU", "num_parameters", num_parameters, 1)
        self.init = number("PReLU", "init", init)
        self.weight = Parameter(filled("PReLU", self.num_parameters, dtype, self.init))

    def forward(self, x: Tensor) -> Tensor:
        """x, or x times its channel's slope.

        >>> PReLU(3).forward(np.zeros((2, 3, 4), "float32")).shape
        (2, 3, 4)
        """
        return F.prelu(x, self.weight)

    def extra_repr(self) -> str:
        """The number of slopes.

        >>> PReLU(8)
        PReLU(num_parameters=8)
        """
        return f"num_parameters={self.num_parameters}"


class ELU(Pointwise, function=F.elu):
    """x where positive, else alpha·(e^x - 1); see `functional.elu`.

    Args:
        alpha: minus the limit on the left.

    >>> ELU()([-1.0, 2.0]).round(4)
    Tensor([-0.6321,  2.    ])
    """

    alpha: float = 1.0


class SELU(Pointwise, function=F.selu):
    """Scaled ELU, which keeps mean 0 and variance 1; see `functional.selu`.

    >>> SELU()([0.0])
    Tensor([0.])
    """


class CELU(Pointwise, function=F.celu):
    """x where positive, else alpha·(e^(x / alpha) - 1); see `functional.celu`.

    Args:
        alpha: minus the limit on the left; above 0.

    >>> CELU(2.0)([-1.0, 2.0]).round(4)
    Tensor([-0.7869,  2.    ])
    """

    alpha: float = option(default=1.0, check=above_0)


class Hardtanh(Pointwise, function=F.hardtanh):
    """x kept between two bounds; see `functional.hardtanh`.

    Args:
        min_val, max_val: the bounds.

    >>> Hardtanh()([-2.0, 0.5, 2.0])
    Tensor([-1. ,  0.5,  1. ])
    """

    min_val: float = -1.0
    max_val: float = 1.0


class Hardsigmoid(Pointwise, function=F.hardsigmoid):
    """A sigmoid of three straight pieces; see `functional.hardsigmoid`.

    >>> Hardsigmoid()([-4.0, 0.0, 4.0])
    Tensor([0. , 0.5, 1. ])
    """


class Hardswish(Pointwise, function=F.hardswish):
    """x times the hard sigmoid of x; see `functional.hardswish`.

    >>> Hardswish()([0.0, 4.0])
    Tensor([0., 4.])
    """


# --------------------------------------------------------------------------- smooth ones
class Sigmoid(Pointwise, function=F.sigmoid):
    """1 / (1 + e^-x); see `functional.sigmoid`.

    >>> Sigmoid()([0.0])
    Tensor([0.5])
    """


class Tanh(Pointwise, function=F.tanh):
    """The hyperbolic tangent; see `functional.tanh`.

    >>> Tanh()([0.0])
    Tensor([0.])
    """


class GELU(Pointwise, function=F.gelu):
    """x times the normal distribution function of x; see `functional.gelu`.

    Args:
        approximate: 'none', or 'tanh' for the approximation by tanh.
    Raises:
        ArgumentError: another word.

    >>> GELU()([0.0, 1.0]).round(4)
    Tensor([0.    , 0.8413])
    """

    approximate: str = option(default="none", check=one_of("none", "tanh"))


class SiLU(Pointwise, function=F.silu):
    """x·sigmoid(x); see `functional.silu`.

    >>> SiLU()([0.0])
    Tensor([0.])
    """


class Mish(Pointwise, function=F.mish):
    """x·tanh(ln(1 + e^x)); see `functional.mish`.

    >>> Mish()([0.0])
    Tensor([0.])
    """


class Softplus(Pointwise, function=F.softplus):
    """ln(1 + e^(beta·x)) / beta; see `functional.softplus`.

    Args:
        beta: steepness.   threshold: of beta·x, above which the result is x itself.

    >>> Softplus()([0.0, 30.0]).round(4)
    Tensor([ 0.6931, 30.    ])
    """

    beta: float = 1.0
    threshold: float = 20.0


class Softsign(Pointwise, function=F.softsign):
    """x / (1 + |x|); see `functional.softsign`.

    >>> Softsign()([1.0])
    Tensor([0.5])
    """


class ScaledTanh(Pointwise):
    """amplitude · tanh(slope · x): with 1.7159 and 2/3, f(±1) = ±1, where it bends most.

    Args:
        amplitude, slope: A and S of A·tanh(S·x).
    Raises:
        DTypeError, ArgumentError: not a finite number.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", appendix A.

    >>> ScaledTanh()([1.0]).round(4)
    Tensor([1.])
    """

    amplitude: float = option(default=1.7159, check=between(-1e30, 1e30))
    slope: float = option(default=2 / 3, check=between(-1e30, 1e30))

    def forward(self, x: Tensor) -> Tensor:
        """amplitude · tanh(slope · x).

        >>> ScaledTanh(2.0, 1.0).forward([0.0])
        array([0.], dtype=float32)
        """
        return F.mul(F.tanh(F.mul(x, self.slope)), self.amplitude)


class Identity(Module):
    """x as it is, whatever the arguments: a place for a layer to be.

    >>> Identity(54, unused=True)([1.0, 2.0])
    Tensor([1., 2.])
    """

    pointwise = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        """x.

        >>> Identity().forward([1.0])
        array([1.], dtype=float32)
        """
        return F.identity(x)


# --------------------------------------------------------------------------- along an axis
class Softmax(FunctionLayer):
    """The softmax along an axis; see `functional.softmax`.

    Args:
        dim: the axis of the classes. None, as in PyTorch: axis 0 of x with 0, 1 or 3 axes, else 1.

    >>> Softmax(dim=1)([[0.0, 0.0]])
    Tensor([[0.5, 0.5]])
    """

    dim: int | None = option(default=None, check=optional(integer))

    def forward(self, x: Tensor) -> Tensor:
        """The softmax of x.

        >>> Softmax().forward([0.0, 0.0])
        array([0.5, 0.5], dtype=float32)
        """
        return F.softmax(x, classes_of(x) if self.dim is None else self.dim)


class LogSoftmax(FunctionLayer):
    """The logarithm of the softmax along an axis; see `functional.log_softmax`.

    Args:
        dim: the axis of the classes. None, as in PyTorch: axis 0 of x with 0, 1 or 3 axes, else 1.

    >>> LogSoftmax(dim=1)([[0.0, 0.0]]).round(4)
    Tensor([[-0.6931, -0.6931]])
    """

    dim: int | None = option(default=None, check=optional(integer))

    def forward(self, x: Tensor) -> Tensor:
        """The logarithm of the softmax of x.

        >>> LogSoftmax().forward([0.0, 0.0]).round(4)
        array([-0.6931, -0.6931], dtype=float32)
        """
        return F.log_softmax(x, classes_of(x) if self.dim is None else self.dim)


def classes_of(x: Any) -> int:
    return 0 if len(shape_of(x)) in (0, 1, 3) else 1
