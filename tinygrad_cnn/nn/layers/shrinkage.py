"""Activations as layers: those that shrink, replace or gate elements; the rest is in `activation`."""

from __future__ import annotations

from math import inf

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.functional.checks import between, optional
from tinygrad_cnn.nn.function_layer import FunctionLayer, option
from tinygrad_cnn.nn.layers.activation import Pointwise, classes_of
from tinygrad_cnn.rng import Seed, own_generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "GLU",
    "Hardshrink",
    "LogSigmoid",
    "RReLU",
    "Softmax2d",
    "Softmin",
    "Softshrink",
    "Tanhshrink",
    "Threshold",
]


class Hardshrink(Pointwise, function=F.hardshrink):
    """x where |x| > lambd, else 0; see `functional.hardshrink`.

    Args:
        lambd: the width of the gap on either side, at least 0.

    >>> Hardshrink()([0.25, 2.0])
    Tensor([0., 2.])
    """

    lambd: float = option(default=0.5, check=between(0, inf))


class Softshrink(Pointwise, function=F.softshrink):
    """x moved towards 0 by lambd; see `functional.softshrink`.

    Args:
        lambd: by how much, at least 0.

    >>> Softshrink()([0.25, 2.0])
    Tensor([0. , 1.5])
    """

    lambd: float = option(default=0.5, check=between(0, inf))


class Tanhshrink(Pointwise, function=F.tanhshrink):
    """x - tanh x; see `functional.tanhshrink`.

    >>> Tanhshrink()([0.0])
    Tensor([0.])
    """


class Threshold(Pointwise, function=F.threshold):
    """x where it is above a threshold, else a value; see `functional.threshold`.

    Args:
        threshold: the bound.   value: what stands below it.

    >>> Threshold(1.0, -1.0)([0.5, 2.0])
    Tensor([-1.,  2.])
    """

    threshold: float
    value: float


class LogSigmoid(Pointwise, function=F.logsigmoid):
    """The logarithm of the sigmoid; see `functional.logsigmoid`.

    >>> LogSigmoid()([0.0]).round(4)
    Tensor([-0.6931])
    """


class GLU(FunctionLayer):
    """The first half of an axis, gated by the sigmoid of the second; see `functional.glu`.

    Args:
        dim: the axis that is halved.

    >>> GLU()([3.0, 0.0])
    Tensor([1.5])
    """

    dim: int = -1

    def forward(self, x: Tensor) -> Tensor:
        """The gated half of x.

        >>> GLU(0).forward([3.0, 0.0])
        array([1.5], dtype=float32)
        """
        return F.glu(x, self.dim)


class Softmin(FunctionLayer):
    """The softmax of -x along an axis; see `functional.softmin`.

    Args:
        dim: the axis of the classes. None, as in PyTorch: axis 0 of x with 0, 1 or 3 axes, else 1.

    >>> Softmin(dim=1)([[0.0, 0.0]])
    Tensor([[0.5, 0.5]])
    """

    dim: int | None = option(default=None, check=optional(integer))

    def forward(self, x: Tensor) -> Tensor:
        """The softmax of -x.

        >>> Softmin().forward([0.0, 0.0])
        array([0.5, 0.5], dtype=float32)
        """
        return F.softmin(x, classes_of(x) if self.dim is None else self.dim)


class Softmax2d(FunctionLayer):
    """The softmax over the channels of each pixel: x (N, C, H, W) or (C, H, W).

    >>> import numpy as np
    >>> Softmax2d()(np.zeros((1, 2, 1, 1))).ravel()
    Tensor([0.5, 0.5], dtype=float64)
    """

    def forward(self, x: Tensor) -> Tensor:
        """The softmax of x along its third axis from the end.

        >>> import numpy as np
        >>> Softmax2d().forward(np.zeros((2, 1, 1))).ravel()
        array([0.5, 0.5])
        """
        return F.softmax(x, -3)


class RReLU(FunctionLayer):
    """x where positive, else x times a slope that is drawn in training; see `functional.rrelu`.

    Args:
        lower, upper: bounds of the slope.   rng: seed or generator of the layer's own draws.
    Raises:
        ArgumentError: lower exceeds upper.
    Source: Xu, Wang, Chen & Li 2015, arXiv:1505.00853.

    >>> RReLU(0.0, 0.5).eval()([-1.0, 2.0])
    Tensor([-0.25,  2.  ])
    """

    pointwise = True
    lower: float = 1 / 8
    upper: float = 1 / 3
    rng: Seed = option(default=None, check=own_generator, kw_only=True)

    def check(self) -> None:
        """Refuse bounds in the wrong order.

        >>> RReLU(0.1, 0.2).check()
        """
        F.rrelu([0.0], self.lower, self.upper)

    def forward(self, x: Tensor) -> Tensor:
        """x with its slopes.

        >>> RReLU(0.5, 0.5).forward([-1.0])
        array([-0.5], dtype=float32)
        """
        return F.rrelu(x, self.lower, self.upper, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        """The bounds.

        >>> RReLU(0.1, 0.3)
        RReLU(lower=0.1, upper=0.3)
        """
        return f"lower={self.lower}, upper={self.upper}"
