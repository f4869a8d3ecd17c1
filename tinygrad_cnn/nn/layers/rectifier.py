"""Activations in pieces, as layers: the relatives of relu."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import integer, number
from tinygrad_cnn.nn.module import Module, Parameter


class ReLU6(Module):
    """x kept between 0 and 6; see `functional.relu6`.

    >>> ReLU6()([-1.0, 8.0])
    array([0., 6.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """x kept between 0 and 6.

        >>> ReLU6().forward([-1.0, 8.0])
        array([0., 6.], dtype=float32)
        """
        return F.relu6(x)


class LeakyReLU(Module):
    """x where positive, else x times a small slope; see `functional.leaky_relu`.

    Args:
        negative_slope: the slope where x is not positive.

    >>> LeakyReLU(0.1)([-1.0, 2.0])
    array([-0.1,  2. ], dtype=float32)
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope, -inf, inf)

    def forward(self, x: Any) -> Any:
        """x, or x times the slope.

        >>> LeakyReLU().forward([-1.0])
        array([-0.01], dtype=float32)
        """
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        """The options.

        >>> LeakyReLU()
        LeakyReLU(negative_slope=0.01)
        """
        return f"negative_slope={self.negative_slope}"


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

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float32) -> None:
        self.num_parameters = integer("PReLU", "num_parameters", num_parameters, 1)
        self.init = number("PReLU", "init", init, -inf, inf)
        self.weight = Parameter(np.full(self.num_parameters, self.init, dtype))

    def forward(self, x: Any) -> Any:
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


class ELU(Module):
    """x where positive, else alpha·(e^x - 1); see `functional.elu`.

    Args:
        alpha: minus the limit on the left.

    >>> ELU()([-1.0, 2.0]).round(4)
    array([-0.6321,  2.    ], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("ELU", "alpha", alpha, -inf, inf)

    def forward(self, x: Any) -> Any:
        """x, or alpha·(e^x - 1).

        >>> ELU().forward([2.0])
        array([2.], dtype=float32)
        """
        return F.elu(x, self.alpha)

    def extra_repr(self) -> str:
        """The options.

        >>> ELU()
        ELU(alpha=1.0)
        """
        return f"alpha={self.alpha}"


class SELU(Module):
    """Scaled ELU, which keeps mean 0 and variance 1; see `functional.selu`.

    >>> SELU()([0.0])
    array([0.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """Scaled ELU, which keeps mean 0 and variance 1.

        >>> SELU().forward([0.0])
        array([0.], dtype=float32)
        """
        return F.selu(x)


class CELU(Module):
    """x where positive, else alpha·(e^(x / alpha) - 1); see `functional.celu`.

    Args:
        alpha: minus the limit on the left; above 0.

    >>> CELU(2.0)([-1.0, 2.0]).round(4)
    array([-0.7869,  2.    ], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("CELU", "alpha", alpha, -inf, inf)

    def forward(self, x: Any) -> Any:
        """x, or alpha·(e^(x / alpha) - 1).

        >>> CELU().forward([2.0])
        array([2.], dtype=float32)
        """
        return F.celu(x, self.alpha)

    def extra_repr(self) -> str:
        """The options.

        >>> CELU()
        CELU(alpha=1.0)
        """
        return f"alpha={self.alpha}"


class Hardtanh(Module):
    """x kept between two bounds; see `functional.hardtanh`.

    Args:
        min_val, max_val: the bounds.

    >>> Hardtanh()([-2.0, 0.5, 2.0])
    array([-1. ,  0.5,  1. ], dtype=float32)
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        self.min_val = number("Hardtanh", "min_val", min_val, -inf, inf)
        self.max_val = number("Hardtanh", "max_val", max_val, -inf, inf)

    def forward(self, x: Any) -> Any:
        """x kept between the bounds.

        >>> Hardtanh().forward([2.0])
        array([1.], dtype=float32)
        """
        return F.hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        """The options.

        >>> Hardtanh()
        Hardtanh(min_val=-1.0, max_val=1.0)
        """
        return f"min_val={self.min_val}, max_val={self.max_val}"


class Hardsigmoid(Module):
    """A sigmoid of three straight pieces; see `functional.hardsigmoid`.

    >>> Hardsigmoid()([-4.0, 0.0, 4.0])
    array([0. , 0.5, 1. ], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """A sigmoid of three straight pieces.

        >>> Hardsigmoid().forward([-4.0, 0.0, 4.0])
        array([0. , 0.5, 1. ], dtype=float32)
        """
        return F.hardsigmoid(x)


class Hardswish(Module):
    """x times the hard sigmoid of x; see `functional.hardswish`.

    >>> Hardswish()([0.0, 4.0])
    array([0., 4.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """x times the hard sigmoid of x.

        >>> Hardswish().forward([0.0, 4.0])
        array([0., 4.], dtype=float32)
        """
        return F.hardswish(x)
