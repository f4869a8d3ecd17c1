"""Exponentials and their kin as sums and products, of which the compiler makes vectors.

Each is right to a few units in the last place of float32 on any processor: where the order of sums
matters, it is written as instructions that the compiler may not reorder.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from tinygrad_cnn.kernels.compiled.base.compiling import inlined
from tinygrad_cnn.kernels.compiled.base.vectors import FLOAT, instruction

ZERO, ONE, HALF = np.float32(0), np.float32(1), np.float32(0.5)
#: ln 2 in two parts, so that n * HIGH is exact for the n in question.
LOG2_E, HIGH, LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
#: e^r for |r| <= ln(2)/2, from the highest power down: a fit with an error below 1e-7.
P0, P1, P2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
P3, P4, P5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
LEAST, BIAS, SHIFT, NONE = np.float32(-104), np.int32(127), np.int32(23), np.int32(0)


@instruction
def less(context, a, b, c):
    """a - b * c, not reordered with others; the product may be fused with the difference."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b, c = args
        only = ("contract",)  # Numba gives what has no flags those of the kernel: `reassoc` is one
        return builder.fsub(a, builder.fmul(b, c, flags=only), flags=only)

    return types.float32(types.float32, types.float32, types.float32), generate


@instruction
def times(context, a, b):
    """a * b, not reordered with others: of three factors two may overflow that the third makes small."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(*args, flags=("contract",))

    return types.float32(types.float32, types.float32), generate


@instruction
def plus(context, a, b):
    """a + b, not reordered with others: so parts of any size give the same sums."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(*args, flags=("contract",))

    return types.float32(types.float32, types.float32), generate


@instruction
def larger(context, a, b):
    """The larger of two numbers; NaN if one of them is.

    `y[i] = a[i] if a[i] > y[i] else y[i]` would do as well, but of that LLVM makes a store under a mask,
    which takes ten times as long on some processors. So it does of `y[i] = larger(y[i], a[i])`: what is
    written to comes second.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(FLOAT, [FLOAT, FLOAT])
        maximum = cgutils.get_or_insert_function(builder.module, kind, "llvm.maximum.f32")
        return builder.call(maximum, args, fastmath=("nsz",))

    return types.float32(types.float32, types.float32), generate


@inlined
def centred(value, middle, rest):
    """value - middle - rest, one after the other: the two parts added up would be one number again."""
    return less(less(value, middle, ONE), rest, ONE)


@inlined
def exponential(z):
    """e^z for z <= 104, within 2 units in the last place; NaN stays; 0 comes below -104."""
    return exponential_times_power(z, NONE)


@inlined
def exponential_times_power(z, extra):
    """e^z 2^extra, as `exponential`; of a small power, so that what is no larger than a float32 is one.

    e^z = 2^n e^r with n the nearest integer to z / ln 2: a polynomial, and n put into the exponent,
    in two halves, so that results smaller than the smallest normal number come out as well.
    Source: Moshier, "Cephes Mathematical Library" (the polynomial of expf).
    """
    low = LEAST if z < LEAST else z  # NaN passes
    safe = low if low >= LEAST else LEAST  # NaN does not: it has no integer part
    n = np.floor(safe * LOG2_E + HALF)
    r = less(less(low, n, HIGH), n, LOW)
    p = ((((P0 * r + P1) * r + P2) * r + P3) * r + P4) * r + P5
    power = np.int32(n) + extra
    half = power >> np.int32(1)
    first = np.int32((half + BIAS) << SHIFT).view(np.float32)
    second = np.int32((power - half + BIAS) << SHIFT).view(np.float32)
    return times(times((p * (r * r) + r) + ONE, first), second)


@inlined
def exponential_less_one(z):
    """e^z - 1 for z <= 104; within a few units in the last place; NaN stays."""
    low = LEAST if z < LEAST else z
    near = abs(low) < NEAR
    r = low if near else ZERO  # the polynomial itself, where e^z rounds to 1
    p = ((((P0 * r + P1) * r + P2) * r + P3) * r + P4) * r + P5
    return p * (r * r) + r if near else exponential(low) - ONE


@inlined
def logistic(x):
    """1 / (1 + e^-x), within a few units in the last place; NaN stays."""
    t = exponential(-abs(x))
    return (ONE if x >= ZERO else t) / (ONE + t)


#: ln(1 + t) = t - t²/2 + t³ (...), sqrt(1/2) <= 1 + t <= sqrt(2).   Source: Moshier, "Cephes" (logf).
L0, L1, L2 = np.float32(7.0376836292e-2), np.float32(-1.1514610310e-1), np.float32(1.1676998740e-1)
L3, L4, L5 = np.float32(-1.2420140846e-1), np.float32(1.4249322787e-1), np.float32(-1.6668057665e-1)
L6, L7, L8 = np.float32(2.0000714765e-1), np.float32(-2.4999993993e-1), np.float32(3.3333331174e-1)
LN_2, ROOT_LESS_ONE = np.float32(0.69314718), np.float32(0.41421356)


@inlined
def logarithm(r):
    """ln(1 + r) for sqrt(1/2) <= 1 + r <= sqrt(2), within a few units in the last place; NaN stays."""
    s = r * r
    p = (((((((L0 * r + L1) * r + L2) * r + L3) * r + L4) * r + L5) * r + L6) * r + L7) * r + L8
    return r + (s * r * p - HALF * s)


@inlined
def logarithm_of_one_and(t):
    """ln(1 + t) for 0 <= t <= 1, within a few units in the last place; NaN stays."""
    far = t > ROOT_LESS_ONE
    found = logarithm((t - ONE) * HALF if far else t)  # 1 + t = 2 (1 + r)
    return found + LN_2 if far else found


NEAR = np.float32(0.3465735)
#: tanh(x) = x + x^3 (...) for |x| < SMALL.   Source: Moshier, "Cephes" (tanhf).
SMALL = np.float32(0.625)
T0, T1, T2 = np.float32(-5.70498872745e-3), np.float32(2.06390887954e-2), np.float32(-5.37397155531e-2)
T3, T4 = np.float32(1.33314422036e-1), np.float32(-3.33332819422e-1)


@inlined
def hyperbolic_tangent(x):
    """tanh(x) within 3 units in the last place; NaN stays."""
    size = abs(x)
    t = exponential(np.float32(-2) * size)
    far = (ONE - t) / (ONE + t)
    s = x * x
    near = (((((T0 * s + T1) * s + T2) * s + T3) * s + T4) * s) * x + x
    return near if size < SMALL else (far if x >= ZERO else (-far if x < ZERO else x))


#: The normal distribution's share beyond x >= 0 is e^(-x²/2) t (...) in t = 1 / (1 + x SPREAD): without
#: e^(-x²/2), what is left of it changes slowly. A fit, whose error is below 7e-8 of it for x up to 14;
#: further out e^(-x²/2) is 0.
SPREAD = np.float32(0.28284271)
N0, N1, N2 = np.float32(0.020533384), np.float32(-0.069702715), np.float32(0.041040223)
N3, N4, N5 = np.float32(0.045084253), np.float32(0.039108541), np.float32(0.097028263)
N6, N7, N8 = np.float32(0.10085793), np.float32(0.11323374), np.float32(0.11281639)


@inlined
def normal_share(x, decay):
    """The share of the normal distribution below x, (1 + erf(x / sqrt 2)) / 2, given e^(-x²/2); NaN stays.

    Below 0 it is found by itself and not as a difference from 1, so that small shares are right too.
    """
    t = ONE / (ONE + SPREAD * abs(x))
    p = (((((((N0 * t + N1) * t + N2) * t + N3) * t + N4) * t + N5) * t + N6) * t + N7) * t + N8
    tail = p * t * decay
    return ONE - tail if x >= ZERO else tail
