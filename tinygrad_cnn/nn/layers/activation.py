"""Activations as layers: relu, the smooth ones and softmax; the others are in `rectifier`."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import choice, number
from tinygrad_cnn.nn.module import Module


class ReLU(Module):
    """max(x, 0); see `functional.relu`.

    >>> ReLU()([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """max(x, 0).

        >>> ReLU().forward([-1.0])
        array([0.], dtype=float32)
        """
        return F.relu(x)


class Sigmoid(Module):
    """1 / (1 + e^-x); see `functional.sigmoid`.

    >>> Sigmoid()([0.0])
    array([0.5], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """1 / (1 + e^-x).

        >>> Sigmoid().forward([0.0])
        array([0.5], dtype=float32)
        """
        return F.sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent; see `functional.tanh`.

    >>> Tanh()([0.0])
    array([0.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """tanh(x).

        >>> Tanh().forward([0.0])
        array([0.], dtype=float32)
        """
        return F.tanh(x)


class Identity(Module):
    """x as it is, whatever the arguments: a place for a layer to be.

    >>> Identity(54, unused=True)([1.0, 2.0])
    array([1., 2.], dtype=float32)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        """x.

        >>> Identity().forward([1.0])
        array([1.], dtype=float32)
        """
        return F.identity(x)


class GELU(Module):
    """x times the normal distribution function of x; see `functional.gelu`.

    Args:
        approximate: 'none', or 'tanh' for the approximation by tanh.
    Raises:
        ArgumentError: another word.

    >>> GELU()([0.0, 1.0]).round(4)
    array([0.    , 0.8413], dtype=float32)
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = choice("GELU", "approximate", approximate, ("none", "tanh"))

    def forward(self, x: Any) -> Any:
        """x·Φ(x).

        >>> GELU("tanh").forward([1.0]).round(4)
        array([0.8412], dtype=float32)
        """
        return F.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        """The form.

        >>> GELU()
        GELU(approximate='none')
        """
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x·sigmoid(x); see `functional.silu`.

    >>> SiLU()([0.0])
    array([0.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """x·sigmoid(x).

        >>> SiLU().forward([0.0])
        array([0.], dtype=float32)
        """
        return F.silu(x)


class Mish(Module):
    """x·tanh(ln(1 + e^x)); see `functional.mish`.

    >>> Mish()([0.0])
    array([0.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """x·tanh(ln(1 + e^x)).

        >>> Mish().forward([0.0])
        array([0.], dtype=float32)
        """
        return F.mish(x)


class Softplus(Module):
    """ln(1 + e^(beta·x)) / beta; see `functional.softplus`.

    Args:
        beta: steepness.   threshold: of beta·x, above which the result is x itself.

    >>> Softplus()([0.0, 30.0]).round(4)
    array([ 0.6931, 30.    ], dtype=float32)
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = number("Softplus", "beta", beta, -inf, inf)
        self.threshold = number("Softplus", "threshold", threshold, -inf, inf)

    def forward(self, x: Any) -> Any:
        """ln(1 + e^(beta·x)) / beta.

        >>> Softplus().forward([0.0]).round(4)
        array([0.6931], dtype=float32)
        """
        return F.softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The options.

        >>> Softplus()
        Softplus(beta=1.0, threshold=20.0)
        """
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Module):
    """x / (1 + |x|); see `functional.softsign`.

    >>> Softsign()([1.0])
    array([0.5], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        """x / (1 + |x|).

        >>> Softsign().forward([1.0])
        array([0.5], dtype=float32)
        """
        return F.softsign(x)


class Softmax(Module):
    """The softmax along an axis; see `functional.softmax`.

    Args:
        dim: the axis of the classes. None, as in PyTorch: axis 0 of x with 0, 1 or 3 axes, else 1.

    >>> Softmax(dim=1)([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        """The softmax of x.

        >>> Softmax().forward([0.0, 0.0])
        array([0.5, 0.5], dtype=float32)
        """
        return F.softmax(x, _classes(x) if self.dim is None else self.dim)

    def extra_repr(self) -> str:
        """The axis.

        >>> Softmax(1)
        Softmax(dim=1)
        """
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of the softmax along an axis; see `functional.log_softmax`.

    Args:
        dim: the axis of the classes. None, as in PyTorch: axis 0 of x with 0, 1 or 3 axes, else 1.

    >>> LogSoftmax(dim=1)([[0.0, 0.0]]).round(4)
    array([[-0.6931, -0.6931]], dtype=float32)
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        """The logarithm of the softmax of x.

        >>> LogSoftmax().forward([0.0, 0.0]).round(4)
        array([-0.6931, -0.6931], dtype=float32)
        """
        return F.log_softmax(x, _classes(x) if self.dim is None else self.dim)

    def extra_repr(self) -> str:
        """The axis.

        >>> LogSoftmax(1)
        LogSoftmax(dim=1)
        """
        return f"dim={self.dim}"


def _classes(x: Any) -> int:
    return 0 if np.ndim(x) in (0, 1, 3) else 1
