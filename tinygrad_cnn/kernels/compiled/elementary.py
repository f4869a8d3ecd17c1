"""Compiled elementary functions that NumPy computes one number at a time: erf, e^x - 1 and ln(1 + x)."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinygrad_cnn.kernels.compiled.activation import ONCE, once
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.functions import (
    ONE,
    ZERO,
    exponential,
    exponential_less_one,
    logarithm,
    normal_share,
)

#: erf(z) = z (...) in z² for z < 1.   Source: Moshier, "Cephes Mathematical Library" (erff).
E0, E1 = np.float32(7.853861353153693e-5), np.float32(-8.010193625184903e-4)
E2, E3 = np.float32(5.188327685732524e-3), np.float32(-2.685381193529856e-2)
E4, E5 = np.float32(1.128358514861418e-1), np.float32(-3.761262582423300e-1)
E6 = np.float32(1.128379165726710)
ROOT_TWO, TWO = np.float32(1.41421356), np.float32(2)
#: ln 2, where 1 + x is so near to 1 that a polynomial in x itself serves, and the bits of sqrt(1/2).
LN_2, BELOW, ABOVE = np.float32(0.69314718), np.float32(-0.29289322), np.float32(0.41421356)
ROOT_HALF, DIGITS = np.int32(0x3F3504F3), np.int32(23)
INFINITY, NAN, TOP = np.float32(np.inf), np.float32(np.nan), np.float32(104)
LARGE, E = np.float32(80), np.float32(2.71828183)


@kernel(ONCE)
def erf_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        s, size = x[i] * x[i], abs(x[i])
        near = ((((((E0 * s + E1) * s + E2) * s + E3) * s + E4) * s + E5) * s + E6) * x[i]
        far = TWO * normal_share(ROOT_TWO * size, exponential(-s)) - ONE
        y[i] = near if size < ONE else (far if x[i] > ZERO else -far)


@kernel(ONCE)
def expm1_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        large = x[i] > LARGE  # there e · (e^(x-1) - 1): 2^128, a part of the largest, is no float32
        z = TOP if x[i] > TOP else x[i]
        y[i] = exponential_less_one(z - (ONE if large else ZERO)) * (E if large else ONE)


@kernel(ONCE)
def log1p_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        near = (x[i] > BELOW) & (x[i] < ABOVE)
        bits = np.float32(ONE + x[i]).view(np.int32)
        power = (bits - ROOT_HALF) >> DIGITS  # 1 + x = 2^power (1 + r), sqrt(1/2) <= 1 + r < sqrt(2)
        r = x[i] if near else np.int32(bits - (power << DIGITS)).view(np.float32) - ONE
        found = logarithm(r)
        found = found if near else found + np.float32(power) * LN_2
        found = found if x[i] < INFINITY else x[i]  # NaN stays
        y[i] = found if x[i] > -ONE else (-INFINITY if x[i] == -ONE else (NAN if x[i] < -ONE else x[i]))


erf = once("erf", erf_range, 32)
expm1 = once("expm1", expm1_range, 24)
log1p = once("log1p", log1p_range, 24)
