"""Windows of signals, with NumPy's names: weights that fall off at both ends.

A spectrum of a piece of a signal is smeared less if the piece is multiplied by one. Each is symmetric, and
float32 where no `dtype` is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn.creation import make_tensor
from tinygrad_cnn.functional.arguments import integer, number
from tinygrad_cnn.tensors import Tensor

__all__ = ["bartlett", "blackman", "hamming", "hanning", "kaiser"]


def bartlett(M: int, dtype: DTypeLike | None = None) -> Tensor:  # noqa: N803  # NumPy's name
    """A triangle: w[n] = 1 - |2n / (M - 1) - 1|.

    Args:
        M: length, at least 0.   dtype: a dtype of real numbers.
    Raises:
        DTypeError: M is no integer.   ArgumentError: M is negative.
    Source: NumPy's `bartlett`.

    >>> bartlett(5)
    Tensor([0. , 0.5, 1. , 0.5, 0. ])
    """
    return _window("bartlett", np.bartlett, M, dtype)


def blackman(M: int, dtype: DTypeLike | None = None) -> Tensor:  # noqa: N803
    """Two cosines: w[n] = 0.42 - 0.5·cos(2πn / (M - 1)) + 0.08·cos(4πn / (M - 1)); arguments as `bartlett`.

    >>> blackman(3).round(3)
    Tensor([-0.,  1., -0.])
    """
    return _window("blackman", np.blackman, M, dtype)


def hamming(M: int, dtype: DTypeLike | None = None) -> Tensor:  # noqa: N803
    """A cosine above 0: w[n] = 0.54 - 0.46·cos(2πn / (M - 1)); arguments as `bartlett`.

    >>> hamming(3)
    Tensor([0.08, 1.  , 0.08])
    """
    return _window("hamming", np.hamming, M, dtype)


def hanning(M: int, dtype: DTypeLike | None = None) -> Tensor:  # noqa: N803
    """A cosine: w[n] = 0.5 - 0.5·cos(2πn / (M - 1)); arguments as `bartlett`.

    >>> hanning(3)
    Tensor([0., 1., 0.])
    """
    return _window("hanning", np.hanning, M, dtype)


def kaiser(M: int, beta: float, dtype: DTypeLike | None = None) -> Tensor:  # noqa: N803
    """Bessel's function over half a circle: w[n] = I_0(beta·sqrt(1 - (2n / (M - 1) - 1)²)) / I_0(beta).

    Args:
        M, dtype: as `bartlett`.   beta: the steepness; 0 is a rectangle, 5 like `hamming`.
    Raises:
        DTypeError: M is no integer, or beta no number.   ArgumentError: M is negative.
    Source: NumPy's `kaiser`; see also `functional.i0`.

    >>> kaiser(3, 0.0)
    Tensor([1., 1., 1.])
    """
    steepness = number("kaiser", "beta", beta)
    return _window("kaiser", lambda n: np.kaiser(n, steepness), M, dtype)


def _window(name: str, values: Callable[[int], Any], length: Any, dtype: DTypeLike | None) -> Tensor:
    """NumPy's window of a length, in a type."""
    count = integer(name, "M", length, 0)
    return make_tensor(name, lambda kind: values(count).astype(kind), dtype, False)
