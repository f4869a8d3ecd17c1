"""The gradient by measuring, as an array: what lectures call `numerical_gradient`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.tensors.tensor_class import Tensor


def numerical_gradient(
    function: Callable[[Any], Any], x: Any, h: float | None = None
) -> NDArray[np.floating[Any]]:
    """The slope of a function in each element of x, one after the other: (f(x + h) - f(x - h)) / 2h.

    x itself is moved, and put back: a function may read it elsewhere, such as a net whose weights it is.

    Args:
        function: takes x and gives a number (a 0-d array, a Tensor of one element).
        x: float array, written to and put back, or a Tensor, such as a Parameter.
        h: half the distance of the two points; None for 1e-4, or 1e-2 in float32.
    Returns:
        An array of x's shape, float64.
    Raises:
        DTypeError: x is not a float array.
    Source: central differences, as in Nocedal & Wright 2006, "Numerical Optimization", 8.1.

    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([3.0, 4.0])).round(6)
    array([6., 8.])
    """
    if not isinstance(x, (np.ndarray, Tensor)) or x.dtype.kind != "f":
        raise DTypeError(f"numerical_gradient: a float array or Tensor fits, got {type(x).__name__}")
    step = h or (1e-4 if x.dtype == np.float64 else 1e-2)
    array = x._writable() if isinstance(x, Tensor) else x
    slopes = np.zeros(array.shape)

    def value() -> float:
        return float(function(x))

    with no_grad():
        for place in np.ndindex(array.shape):
            old = array[place]
            try:
                array[place] = old + step
                above, high = value(), float(array[place])
                array[place] = old - step
                below, low = value(), float(array[place])
            finally:
                array[place] = old
            slopes[place] = (above - below) / (high - low)
    return slopes
