"""Choosing between values by a mask. The mask is a constant; what it chooses from is differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Needs, Traced
from tinygrad_cnn.ops.families import Rearrangement

__all__ = ["Gate", "Where"]


class Gate(Rearrangement):
    """x where the mask is true, exactly 0 elsewhere, also where x is inf or NaN.

    y = x where the mask is true, y = 0 elsewhere
    """

    word = "Masked"
    pointwise = True

    def __init__(self, mask: Any) -> None:
        self._mask = mask.array if isinstance(mask, Traced) else mask

    def forward(self, x: Any) -> Any:
        return kernels.gate(x, self._mask)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Gate(self._mask)(g),)


class Where(Rearrangement):
    """a where the mask is true, b elsewhere; each gets the gradient where it was chosen.

    y = a where the mask is true, y = b elsewhere
    """

    pointwise = True

    def __init__(self, mask: Any) -> None:
        self._mask = mask.array if isinstance(mask, Traced) else mask

    def forward(self, a: Any, b: Any) -> Any:
        return choose(self._mask, a, b)

    def backward(self, g: Any, *, needs: Needs) -> tuple[Any, ...]:
        da = Gate(self._mask)(g) if needs[0] else None
        return da, Gate(np.logical_not(self._mask))(g) if needs[1] else None


def choose(mask: Any, a: Any, b: Any) -> Any:
    """`np.where(mask, a, b)`, for any layout and broadcasting.

    >>> choose(np.array([True, False]), np.array([np.inf, 1.0]), 2.0)
    array([inf,  2.])
    """
    return kernels.choose(mask, a, b)


def no_slope(g: Any) -> Any:
    """The gradient through a function that is flat: zeros like `g`, whatever is in it.

    >>> no_slope(np.array([np.inf, 1.0]))
    array([0., 0.])
    """
    return Gate(np.False_)(g)
