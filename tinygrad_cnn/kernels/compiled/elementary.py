"""Compiled elementary functions: e^x, ln x, and erf, e^x - 1 and ln(1 + x), which NumPy computes one number
at a time."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from tinygrad_cnn.kernels.compiled.activation import ONCE, once
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import (
    HALF,
    LOG2_E,
    ONE,
    ZERO,
    exponential,
    exponential_less_one,
    exponential_times_power,
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
ROOT_HALF, DIGITS, NONE = np.int32(0x3F3504F3), np.int32(23), np.int32(0)
LOG10_2, LOG10_E = np.float32(math.log10(2)), np.float32(1 / math.log(10))
#: Powers of 2 that are 0, and infinite.
FEWEST, MOST = np.float32(-160), np.float32(140)
#: The least number with all its digits, and what gives smaller ones theirs.
NORMAL, MANY = np.float32(2**-126), np.float32(2**23)
INFINITY, NAN, TOP = np.float32(np.inf), np.float32(np.nan), np.float32(104)


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
        found = exponential_less_one(TOP if x[i] > TOP else x[i])
        y[i] = x[i] if x[i] == ZERO else found  # -0 too


@kernel(ONCE)
def exp_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = exponential(TOP if x[i] > TOP else x[i])


@kernel(ONCE)
def exp2_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        low = FEWEST if x[i] < FEWEST else (MOST if x[i] > MOST else x[i])  # NaN passes
        n = np.floor(low + HALF if low >= FEWEST else FEWEST)
        y[i] = exponential_times_power((low - n) * LN_2, np.int32(n))


@inlined
def parts_of(x):
    """k and ln(1 + r) of a positive x = 2^k (1 + r) with sqrt(1/2) <= 1 + r < sqrt(2)."""
    small = x < NORMAL
    bits = np.float32(x * MANY if small else x).view(np.int32)
    power = (bits - ROOT_HALF) >> DIGITS
    r = np.int32(bits - (power << DIGITS)).view(np.float32) - ONE
    return np.float32(power - (DIGITS if small else NONE)), logarithm(r)


@inlined
def or_limit(found, x):
    """A logarithm of x; -inf at 0, NaN below; NaN stays."""
    found = found if x < INFINITY else x
    return found if x > ZERO else (-INFINITY if x == ZERO else (NAN if x < ZERO else x))


@inlined
def logarithm_of(x):
    """ln x; -inf at 0, NaN below; NaN stays."""
    power, part = parts_of(x)
    return or_limit(power * LN_2 + part, x)


@kernel(ONCE)
def log2_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        power, part = parts_of(x[i])
        y[i] = or_limit(power + part * LOG2_E, x[i])


@kernel(ONCE)
def log10_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        power, part = parts_of(x[i])
        y[i] = or_limit(power * LOG10_2 + part * LOG10_E, x[i])


@kernel(ONCE)
def log_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = logarithm_of(x[i])


@inlined
def logarithm_of_one_more(x):
    """ln(1 + x); -inf at -1, NaN below; NaN stays."""
    near = (x > BELOW) & (x < ABOVE)
    bits = np.float32(ONE + x).view(np.int32)
    power = (bits - ROOT_HALF) >> DIGITS  # 1 + x = 2^power (1 + r), sqrt(1/2) <= 1 + r < sqrt(2)
    r = x if near else np.int32(bits - (power << DIGITS)).view(np.float32) - ONE
    found = logarithm(r)
    found = found if near else found + np.float32(power) * LN_2
    found = found if x < INFINITY else x  # NaN stays
    return found if x > -ONE else (-INFINITY if x == -ONE else (NAN if x < -ONE else x))


@kernel(ONCE)
def log1p_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = x[i] if x[i] == ZERO else logarithm_of_one_more(x[i])


exp, exp2 = once("exp", exp_range, 20), once("exp2", exp2_range, 20)
log, log2, log10 = once("log", log_range, 24), once("log2", log2_range, 24), once("log10", log10_range, 24)
erf = once("erf", erf_range, 32)
expm1 = once("expm1", expm1_range, 24)
log1p = once("log1p", log1p_range, 24)
