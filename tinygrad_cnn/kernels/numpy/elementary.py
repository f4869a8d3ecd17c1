"""Elementary functions: NumPy computes most of them one number at a time, compiled kernels several."""

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


def exp(x: Array) -> Array:
    """e^x."""
    return devices.as_array(np.exp(x))


def log(x: Array) -> Array:
    """ln x; -inf at 0, NaN below."""
    return devices.as_array(np.log(x))


def sin(x: Array) -> Array:
    """The sine of an angle in radians."""
    return devices.as_array(np.sin(x))


def cos(x: Array) -> Array:
    """The cosine of an angle in radians."""
    return devices.as_array(np.cos(x))


def tan(x: Array) -> Array:
    """The tangent of an angle in radians."""
    return devices.as_array(np.tan(x))


def arcsin(x: Array) -> Array:
    """The angle in [-π/2, π/2] whose sine is x; NaN where there is none."""
    return devices.as_array(np.arcsin(x))


def arccos(x: Array) -> Array:
    """The angle in [0, π] whose cosine is x; NaN where there is none."""
    return devices.as_array(np.arccos(x))


def arctan(x: Array) -> Array:
    """The angle in [-π/2, π/2] whose tangent is x."""
    return devices.as_array(np.arctan(x))


def sinh(x: Array) -> Array:
    """(e^x - e^-x) / 2."""
    return devices.as_array(np.sinh(x))


def cosh(x: Array) -> Array:
    """(e^x + e^-x) / 2."""
    return devices.as_array(np.cosh(x))


def arcsinh(x: Array) -> Array:
    """The number whose hyperbolic sine is x."""
    return devices.as_array(np.arcsinh(x))


def arccosh(x: Array) -> Array:
    """The number of at least 0 whose hyperbolic cosine is x; NaN below 1."""
    return devices.as_array(np.arccosh(x))


def arctanh(x: Array) -> Array:
    """The number whose hyperbolic tangent is x; infinite at -1 and 1, NaN beyond."""
    return devices.as_array(np.arctanh(x))


def exp2(x: Array) -> Array:
    """2^x."""
    return devices.as_array(np.exp2(x))


def log2(x: Array) -> Array:
    """The logarithm to base 2; -inf at 0, NaN below."""
    return devices.as_array(np.log2(x))


def log10(x: Array) -> Array:
    """The logarithm to base 10; -inf at 0, NaN below."""
    return devices.as_array(np.log10(x))
