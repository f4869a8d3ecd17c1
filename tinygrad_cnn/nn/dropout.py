"""Dropout layers."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import number
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed, generator


class Dropout(Module):
    """Zero elements at random in training, and scale the rest; see `functional.dropout`.

    Args:
        p: probability of zero, in [0, 1].
        rng: seed or generator of the layer's own draws; None shares the default generator.
    Raises:
        ArgumentError: p out of its range.
    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".

    >>> import numpy as np
    >>> Dropout(0.5, rng=0)(np.ones(4))
    array([2., 2., 2., 0.])
    """

    def __init__(self, p: float = 0.5, *, rng: Seed = None) -> None:
        self.p = number("Dropout", "p", p, 0, 1)
        self.rng = None if rng is None else generator(rng)

    def forward(self, x: Any) -> Any:
        """x with elements dropped in training, x itself otherwise.

        >>> import numpy as np
        >>> Dropout().eval().forward(np.ones(3))
        array([1., 1., 1.])
        """
        return F.dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        """The probability.

        >>> Dropout(0.2)
        Dropout(p=0.2)
        """
        return f"p={self.p}"
