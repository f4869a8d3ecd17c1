"""Activations as layers."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
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
