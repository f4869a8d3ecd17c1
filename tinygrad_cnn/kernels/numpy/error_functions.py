"""The error function, for arrays: the standard library's takes one number at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.kernels.numpy.pointwise import choose

Array = NDArray[Any]

# Coefficients of Cody 1969, highest power first: erf(x) = x·A(x²)/B(x²) for |x| up to 1/2, and
# erfc(x) = e^(-x²)·C(x)/D(x) above. Cody gives a third pair from 4 on, for the relative precision
# of erfc; erf is 1 - erfc, and erfc is below 2e-8 there, so that the second pair does.
_A = (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2,
      3.77485237685302021e2, 3.20937758913846947e3)  # fmt: skip
_B = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
_C = (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
      2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
      1.23033935479799725e3)  # fmt: skip
_D = (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
      3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
      1.23033935480374942e3)  # fmt: skip

#: erf is 1 to the last bit of float64 from here on.
_LAST = 6.0

#: Elements at a time: the dozens of passes over them stay in the processor's cache.
_BLOCK = 32768


def erf(x: Array) -> Array:
    """erf of each element, to a few units in the last place of float64 and of float32.

    Args:
        x: float array.
    Returns:
        Shape and dtype of x, in [-1, 1]; NaN stays NaN.
    Source: Cody 1969, "Rational Chebyshev approximations for the error function", Math. Comp. 23.
    >>> erf(np.array([0.0, 0.5, -np.inf])).round(4)
    array([ 0.    ,  0.5205, -1.    ])
    """
    dtype = np.result_type(x, np.float32)  # half precision is too coarse for the sums inside
    if type(x) in devices.ON_DEVICES:
        return _anywhere(x.astype(dtype, copy=False)).astype(x.dtype, copy=False)
    flat = np.asarray(x, dtype).reshape(-1)
    out = np.empty_like(flat)
    for start in range(0, flat.size, _BLOCK):
        part = flat[start : start + _BLOCK]
        out[start : start + _BLOCK] = _block(part)
    return out.reshape(np.shape(x)).astype(x.dtype, copy=False)


def _block(x: Array) -> Any:
    size = np.minimum(np.abs(x), _LAST)
    beyond = size > 0.5
    count = np.count_nonzero(beyond)
    if count == 0:
        return _centre(x)
    if count == x.size:
        return np.copysign(1 - complement(size), x)
    out = np.empty_like(x)  # each formula for its own elements alone
    far, near = np.flatnonzero(beyond), np.flatnonzero(~beyond)
    out[far] = np.copysign(1 - complement(size[far]), x[far])
    out[near] = _centre(x[near])
    return out


def _anywhere(x: Array) -> Any:
    """As `_block`, without asking a device which branches are needed: it would wait for the answer."""
    size = np.minimum(np.abs(x), _LAST)
    tail = np.copysign(1 - complement(np.maximum(size, 0.5)), x)
    return choose(size > 0.5, tail, _centre(np.clip(x, -0.5, 0.5)))


def complement(x: Array) -> Any:
    """erfc(x) = 1 - erf(x) of numbers from 1/2 to 4 with all its digits; above with fewer.

    >>> complement(np.array([1.0])).round(4)
    array([0.1573])
    """
    return np.exp(-x * x) * (_polynomial(_C, x) / _polynomial(_D, x))


def _centre(x: Array) -> Array:
    square = x * x
    return x * (_polynomial(_A, square) / _polynomial(_B, square))


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """sum_k coefficients[-1 - k] · x^k, by Horner's rule."""
    total = x * coefficients[0]
    for c in coefficients[1:-1]:
        total += c
        total *= x
    total += coefficients[-1]
    return total
