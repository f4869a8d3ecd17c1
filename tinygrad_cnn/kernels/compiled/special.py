"""Compiled inverse of the error function, ln |Γ(x)| and its first two derivatives.

The gamma functions are computed in double precision: by the asymptotic series from `STEPS` on, by eight
steps of Γ(x + 1) = x·Γ(x) below, by reflection below 1/2. The eight factors z, ..., z + 7 go in pairs:
(z + k)(z + 7 - k) is q, q + 6, q + 10, q + 12 with q = z (z + 7), and the sum of each pair is 2z + 7.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import factorial, log, pi

import numpy as np

from tinygrad_cnn.kernels.compiled.activation import ONCE, once
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import ONE, ZERO, logarithm
from tinygrad_cnn.kernels.compiled.elementary import DIGITS as SINGLE_DIGITS
from tinygrad_cnn.kernels.compiled.elementary import INFINITY, NAN
from tinygrad_cnn.kernels.compiled.elementary import LN_2 as SINGLE_LN_2
from tinygrad_cnn.kernels.compiled.elementary import ROOT_HALF as SINGLE_ROOT_HALF

#: erfinv(x) = x (...) in w = -ln(1 - x²): in w - 5/2 below 5, in sqrt(w) less its middle above. Fits of our
#: own, with errors below 6e-9 and 6e-8.
EDGE, MIDDLE, FAR_MIDDLE = np.float32(5), np.float32(2.5), np.float32(3.118034)
#: Squares below which ln(1 - x²) is a polynomial in x² itself.
NEAR = np.float32(0.29)
N0, N1, N2 = np.float32(-8.791513056e-09), np.float32(2.323290785e-08), np.float32(4.661769532e-07)
N3, N4, N5 = np.float32(-3.462707989e-06), np.float32(-4.963376541e-06), np.float32(0.0002183444517)
N6, N7, N8 = np.float32(-0.00125274183), np.float32(-0.004177386798), np.float32(0.2466402861)
N9 = np.float32(1.501409359)
F0, F1, F2 = np.float32(-0.00020494402), np.float32(-8.92307977e-05), np.float32(0.0013620699)
F3, F4, F5 = np.float32(-0.00270512585), np.float32(0.00385301514), np.float32(-0.00538025347)
F6, F7, F8 = np.float32(0.00716363485), np.float32(1.00361816), np.float32(2.9513285)

#: What is added to numbers below it; the bits of sqrt(1/2), and where the exponent begins.
STEPS, HALF, LN_2, PI = 8.0, 0.5, log(2), pi
ROOT_HALF, DIGITS = np.int64(0x3FE6A09E667F3BCD), np.int64(52)
HALF_LN_2PI = log(2 * pi) / 2
#: Coefficients of sin and cos in x², and of x itself.
S1, S2, S3, S4, S5, S6, S7, S8, S9, S10 = ((-1) ** k / factorial(2 * k + 1) for k in range(1, 11))
C1, C2, C3, C4, C5, C6, C7, C8, C9, C10 = ((-1) ** k / factorial(2 * k) for k in range(1, 11))
TWO = np.float32(2)


@kernel(ONCE)
def erfinv_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        size = abs(x[i])
        inside = size if size < ONE else ZERO
        square = inside * inside
        near = square < NEAR
        bits = np.float32((ONE - inside) * (ONE + inside)).view(np.int32)
        power = (bits - SINGLE_ROOT_HALF) >> SINGLE_DIGITS  # 1 - x² = 2^power (1 + r)
        r = -square if near else np.int32(bits - (power << SINGLE_DIGITS)).view(np.float32) - ONE
        w = -(logarithm(r) + (ZERO if near else np.float32(power) * SINGLE_LN_2))
        t = w - MIDDLE
        p = (
            (((((((N0 * t + N1) * t + N2) * t + N3) * t + N4) * t + N5) * t + N6) * t + N7) * t + N8
        ) * t + N9
        s = np.sqrt(w) - FAR_MIDDLE
        f = (((((((F0 * s + F1) * s + F2) * s + F3) * s + F4) * s + F5) * s + F6) * s + F7) * s + F8
        found = x[i] * (p if w < EDGE else f)
        y[i] = found if size < ONE else (x[i] * INFINITY if size == ONE else NAN)


@inlined
def double_logarithm(x):
    """ln x of a positive normal number: x = 2^k m, ln m = 2 artanh((m - 1) / (m + 1))."""
    bits = np.float64(x).view(np.int64)
    power = (bits - ROOT_HALF) >> DIGITS
    m = np.int64(bits - (power << DIGITS)).view(np.float64)
    f = (m - 1.0) / (m + 1.0)
    s = f * f
    p = ((((s / 19 + 1 / 17) * s + 1 / 15) * s + 1 / 13) * s + 1 / 11) * s + 1 / 9
    return np.float64(power) * LN_2 + (((((p * s + 1 / 7) * s + 1 / 5) * s + 1 / 3) * s) * f + f) * 2.0


@inlined
def sine(r):
    """sin r for |r| <= pi/2."""
    t = r * r
    p = ((((S10 * t + S9) * t + S8) * t + S7) * t + S6) * t + S5
    return (((((p * t + S4) * t + S3) * t + S2) * t + S1) * t) * r + r


@inlined
def cosine(r):
    """cos r for |r| <= pi/2."""
    t = r * r
    p = ((((C10 * t + C9) * t + C8) * t + C7) * t + C6) * t + C5
    return ((((p * t + C4) * t + C3) * t + C2) * t + C1) * t + 1.0


@kernel(ONCE)
def lgamma_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        v = np.float64(x[i])
        low = v < HALF
        z = 1.0 - v if low else v
        q, near = z * (z + 7.0), z < STEPS
        factors = (q * (q + 6.0)) * ((q + 10.0) * (q + 12.0)) if near else 1.0
        turn = abs(sine((v - np.floor(v + HALF)) * PI))
        pole = low and turn == 0.0
        factors = factors * PI / (1.0 if pole else turn) if low else factors
        z = z + STEPS if near else z
        r = 1.0 / z
        s = r * r
        rest = (
            (((s * (-691 / 360360) + 1 / 1188) * s - 1 / 1680) * s + 1 / 1260) * s - 1 / 360
        ) * s + 1 / 12
        series = (z - HALF) * (double_logarithm(z)) - z + (HALF_LN_2PI + rest * r)
        found = series - double_logarithm(factors)
        found = np.float32(-found if low else found)
        found = ZERO if (x[i] == ONE) | (x[i] == TWO) else found  # exactly
        y[i] = INFINITY if pole or abs(x[i]) == INFINITY else (found if x[i] == x[i] else x[i])


@kernel(ONCE)
def digamma_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        v = np.float64(x[i])
        low = v < HALF
        z = 1.0 - v if low else v
        q, near = z * (z + 7.0), z < STEPS
        a, b = q * (q + 6.0), (q + 10.0) * (q + 12.0)
        steps = (2.0 * z + 7.0) * ((2.0 * q + 6.0) * b + (2.0 * q + 22.0) * a) / (a * b) if near else 0.0
        z = z + STEPS if near else z
        r = 1.0 / z
        s = r * r
        rest = ((((s / 12 - 691 / 32760) * s + 1 / 132) * s - 1 / 240) * s + 1 / 252) * s - 1 / 120
        found = double_logarithm(z) - HALF * r - (rest * s + 1 / 12) * s - steps
        turn = (v - np.floor(v + HALF)) * PI
        pole = low and turn == 0.0
        found = found - PI * cosine(turn) / (1.0 if pole else sine(turn)) if low else found
        found = np.float32(found) if abs(x[i]) < INFINITY else (x[i] if x[i] > ZERO else NAN)
        y[i] = (-INFINITY if x[i] == ZERO else NAN) if pole else found


@inlined
def pair_of_squares(total, c):
    """1/u² + 1/v² from u + v, squared, and c = uv."""
    return (total - 2.0 * c) / (c * c)


@kernel(ONCE)
def trigamma_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        v = np.float64(x[i])
        low = v < HALF
        z = 1.0 - v if low else v
        q, near, m = z * (z + 7.0), z < STEPS, 2.0 * z + 7.0
        first = pair_of_squares(m * m, q) + pair_of_squares(m * m, q + 6.0)
        steps = first + pair_of_squares(m * m, q + 10.0) + pair_of_squares(m * m, q + 12.0)
        z = z + STEPS if near else z
        r = 1.0 / z
        s = r * r
        rest = (((s * (5 / 66) - 1 / 30) * s + 1 / 42) * s - 1 / 30) * s + 1 / 6
        found = (rest * r + HALF) * s + r + (steps if near else 0.0)
        turn = sine((v - np.floor(v + HALF)) * PI)
        pole = low and turn == 0.0
        found = (PI / (1.0 if pole else turn)) ** 2 - found if low else found
        y[i] = INFINITY if pole else np.float32(found)


erfinv = once("erfinv", erfinv_range, 60)
lgamma, digamma = once("lgamma", lgamma_range, 100), once("digamma", digamma_range, 100)
trigamma = once("trigamma", trigamma_range, 100)
