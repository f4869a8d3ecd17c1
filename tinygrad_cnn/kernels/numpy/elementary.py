"""Elementary functions that NumPy computes one number at a time, and compiled kernels several."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

Array = NDArray[Any]


def expm1(x: Array) -> Array:
    """e^x - 1, exact also where x is tiny."""
    return devices.as_array(np.expm1(x))


def log1p(x: Array) -> Array:
    """ln(1 + x), exact also where x is tiny; -inf at -1, NaN below."""
    return devices.as_array(np.log1p(x))
