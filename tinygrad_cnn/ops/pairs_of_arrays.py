"""Kernels of two operands, of which one may be a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import kernels

FLOAT32 = np.dtype(np.float32)


def of_two(name: str, a: Any, b: Any) -> Any:
    """The kernel of this name of two arrays, a number among them in the other's type.

    Beside other arrays than the host's of float32, NumPy's function has the number as it is.

    >>> of_two("remainder", np.array([5, 3]), 2)
    array([1, 1])
    """
    if isinstance(b, (int, float)):
        if type(a) is not np.ndarray or a.dtype != FLOAT32:
            return getattr(np, name)(a, b)
        b = np.array(b, FLOAT32)
    elif isinstance(a, (int, float)):
        if type(b) is not np.ndarray or b.dtype != FLOAT32:
            return getattr(np, name)(a, b)
        a = np.array(a, FLOAT32)
    return getattr(kernels, name)(a, b)
