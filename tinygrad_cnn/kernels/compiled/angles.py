"""Compiled sine, cosine and tangent, and their inverses, within 4 units in the last place.

A multiple of pi/2 is taken off in double precision; what is so large that this is not enough goes to the
library of C, one number at a time.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from math import pi
from typing import Any

import numpy as np
from numba import types

from tinygrad_cnn.kernels.compiled.activation import ONCE, once
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import HALF, ONE, ZERO
from tinygrad_cnn.kernels.compiled.base.vectors import instruction

#: 2/pi, and pi/2 in two parts, the first of 29 bits: n times it is exact for n below 2^24.
PER_QUARTER = np.float64(0.6366197723675814)
QUARTER, QUARTER_REST = np.float64(1.570796325802803), np.float64(9.920935796805404e-10)
#: Sizes up to which that many quarters are taken off so.
REACH = np.float32(1e7)
HALF_PI, FOURTH_PI, PI, TWO = np.float32(pi / 2), np.float32(pi / 4), np.float32(pi), np.float32(2)
#: sin(r) = r + r³ (...) and cos(r) = 1 - r²/2 + r⁴ (...) in r², tan(r) = r + r³ (...), |r| <= pi/4; the
#: inverses likewise.   Source: Moshier, "Cephes Mathematical Library" (sinf, tanf, atanf, asinf).
S0, S1, S2 = np.float32(-1.9515295891e-4), np.float32(8.3321608736e-3), np.float32(-1.6666654611e-1)
C0, C1, C2 = (
    np.float32(2.443315711809948e-5),
    np.float32(-1.388731625493765e-3),
    np.float32(4.166664568298827e-2),
)
T0, T1, T2 = np.float32(9.38540185543e-3), np.float32(3.11992232697e-3), np.float32(2.44301354525e-2)
T3, T4, T5 = np.float32(5.34112807005e-2), np.float32(1.33387994085e-1), np.float32(3.33331568548e-1)
A0, A1 = np.float32(8.05374449538e-2), np.float32(-1.38776856032e-1)
A2, A3 = np.float32(1.99777106478e-1), np.float32(-3.33329491539e-1)
I0, I1, I2 = np.float32(4.2163199048e-2), np.float32(2.4181311049e-2), np.float32(4.5470025998e-2)
I3, I4 = np.float32(7.4953002686e-2), np.float32(1.6666752422e-1)
#: tan(pi/8) and tan(3 pi/8): between them arctan is pi/4 more or less, above pi/2 less.
LOW, HIGH = np.float32(0.414213562), np.float32(2.41421356)
FIRST, SECOND = np.int32(1), np.int32(2)


@instruction
def less(context, a, b, c):
    """a - b * c of doubles, not reordered with others; the product may be fused with the difference."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b, c = args
        only = ("contract",)  # as of single ones
        return builder.fsub(a, builder.fmul(b, c, flags=only), flags=only)

    return types.float64(types.float64, types.float64, types.float64), generate


@inlined
def nearest_quarter(x):
    """How many quarters of a turn are nearest to x; 0 where x is too large."""
    return np.floor(np.float64(x if abs(x) <= REACH else ZERO) * PER_QUARTER + 0.5)


@inlined
def beyond(x, n):
    """x less n quarters; NaN stays."""
    return np.float32(less(less(np.float64(x), n, QUARTER), n, QUARTER_REST))


@inlined
def sine_or_cosine(r, turn):
    """The sine of r + turn quarters, |r| <= pi/4."""
    s = r * r
    sine = ((S0 * s + S1) * s + S2) * s * r + r
    cosine = ((C0 * s + C1) * s + C2) * (s * s) - HALF * s + ONE
    found = cosine if turn & FIRST else sine
    return -found if turn & SECOND else found


@kernel(ONCE)
def sin_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    far = False
    for i in range(x.size):
        n = nearest_quarter(x[i])
        y[i] = x[i] if x[i] == ZERO else sine_or_cosine(beyond(x[i], n), np.int32(n))  # -0 too
        far |= abs(x[i]) > REACH
    if far:
        for i in range(x.size):
            if abs(x[i]) > REACH:
                y[i] = np.float32(math.sin(float(x[i])))


@kernel(ONCE)
def cos_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    far = False
    for i in range(x.size):
        n = nearest_quarter(x[i])
        y[i] = sine_or_cosine(beyond(x[i], n), np.int32(n) + FIRST)
        far |= abs(x[i]) > REACH
    if far:
        for i in range(x.size):
            if abs(x[i]) > REACH:
                y[i] = np.float32(math.cos(float(x[i])))


@kernel(ONCE)
def tan_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    far = False
    for i in range(x.size):
        n = nearest_quarter(x[i])
        r = beyond(x[i], n)
        s = r * r
        found = (((((T0 * s + T1) * s + T2) * s + T3) * s + T4) * s + T5) * s * r + r
        found = -ONE / found if np.int32(n) & FIRST else found
        y[i] = x[i] if x[i] == ZERO else found
        far |= abs(x[i]) > REACH
    if far:
        for i in range(x.size):
            if abs(x[i]) > REACH:
                y[i] = np.float32(math.tan(float(x[i])))


@kernel(ONCE)
def arctan_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        size = abs(x[i])
        above, far = size > LOW, size > HIGH
        over = -ONE if far else (size - ONE if above else size)
        under = size if far else (size + ONE if above else ONE)
        r = over / under
        s = r * r
        found = (((A0 * s + A1) * s + A2) * s + A3) * s * r + r
        found += HALF_PI if far else (FOURTH_PI if above else ZERO)
        y[i] = found if x[i] > ZERO else (-found if x[i] < ZERO else x[i])


@inlined
def arcsine(z, s):
    """The angle whose sine is z, for 0 <= z <= 1/2, given z² = s."""
    return ((((I0 * s + I1) * s + I2) * s + I3) * s + I4) * s * z + z


@kernel(ONCE)
def arcsin_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        size = abs(x[i])
        far = size > HALF
        s = HALF * (ONE - size) if far else size * size
        part = arcsine(np.sqrt(s) if far else size, s)
        found = HALF_PI - TWO * part if far else part
        y[i] = found if x[i] > ZERO else (-found if x[i] < ZERO else x[i])


@kernel(ONCE)
def arccos_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        size = abs(x[i])
        far = size > HALF
        s = HALF * (ONE - size) if far else size * size
        part = arcsine(np.sqrt(s) if far else size, s)
        near = HALF_PI - (part if x[i] > ZERO else -part)
        y[i] = (TWO * part if x[i] > ZERO else PI - TWO * part) if far else near


sin, cos = once("sin", sin_range, 24), once("cos", cos_range, 24)
tan, arctan = once("tan", tan_range, 28), once("arctan", arctan_range, 28)
arcsin, arccos = once("arcsin", arcsin_range, 24), once("arccos", arccos_range, 24)
