"""Functions of two numbers: NumPy computes most of them one pair at a time, compiled kernels several."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

Array = NDArray[Any]


def arctan2(a: Array, b: Array) -> Array:
    """The angle in [-π, π] of the point with ordinate a and abscissa b."""
    return devices.as_array(np.arctan2(a, b))


def hypot(a: Array, b: Array) -> Array:
    """The root of a² + b², without overflow in between."""
    return devices.as_array(np.hypot(a, b))


def logaddexp(a: Array, b: Array) -> Array:
    """ln(e^a + e^b), also where e^a or e^b overflows."""
    return devices.as_array(np.logaddexp(a, b))


def remainder(a: Array, b: Array) -> Array:
    """What is left of a, with the sign of b: a - b * floor(a / b)."""
    return devices.as_array(np.remainder(a, b))


def fmod(a: Array, b: Array) -> Array:
    """What is left of a, with its sign: a - b * trunc(a / b)."""
    return devices.as_array(np.fmod(a, b))


def floor_divide(a: Array, b: Array) -> Array:
    """The largest whole number that is not above a / b."""
    return devices.as_array(np.floor_divide(a, b))
