"""Compiled hyperbolic sine and cosine, and all three inverses, within 4 units in the last place."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinygrad_cnn.kernels.compiled.activation import ONCE, once
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import HALF, ONE, ZERO, exponential_times_power
from tinygrad_cnn.kernels.compiled.elementary import LN_2, NAN, TOP, logarithm_of, logarithm_of_one_more

TWO, FOURTH, LESS = np.float32(2), np.float32(0.25), np.int32(-1)
#: Above, 1 is nothing beside x².
WIDE = np.float32(1e4)
#: sinh(x) = x + x³ (...) in x² for |x| < 1; arcsinh and arctanh likewise, for |x| < 1/2.
#: Source: Moshier, "Cephes Mathematical Library" (sinhf, asinhf, atanhf).
S0, S1, S2 = np.float32(2.03721912945e-4), np.float32(8.33028376239e-3), np.float32(1.66667160211e-1)
A0, A1 = np.float32(2.0122003309e-2), np.float32(-4.2699340972e-2)
A2, A3 = np.float32(7.4847586088e-2), np.float32(-1.6666288134e-1)
T0, T1, T2 = np.float32(1.81740078349e-1), np.float32(8.24370301058e-2), np.float32(1.46691431730e-1)
T3, T4 = np.float32(1.99782164500e-1), np.float32(3.33337300303e-1)


@inlined
def half_exponential(size):
    """e^size / 2: finite where the hyperbolic functions are."""
    return exponential_times_power(TOP if size > TOP else size, LESS)


@kernel(ONCE)
def cosh_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        half = half_exponential(abs(x[i]))
        y[i] = half + FOURTH / half


@kernel(ONCE)
def sinh_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        s, half = x[i] * x[i], half_exponential(abs(x[i]))
        near = ((S0 * s + S1) * s + S2) * s * x[i] + x[i]
        far = half - FOURTH / half
        size = abs(x[i])
        y[i] = (far if x[i] > ZERO else -far) if size > ONE else (near if size > ZERO else x[i])


@kernel(ONCE)
def arcsinh_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        s, size = x[i] * x[i], abs(x[i])
        near = (((A0 * s + A1) * s + A2) * s + A3) * s * x[i] + x[i]
        wide = size > WIDE
        far = logarithm_of(size if wide else size + np.sqrt(s + ONE)) + (LN_2 if wide else ZERO)
        y[i] = (far if x[i] > ZERO else -far) if size > HALF else (near if size > ZERO else x[i])


@kernel(ONCE)
def arccosh_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        wide, more = x[i] > WIDE, x[i] - ONE
        part = more + np.sqrt(more * (x[i] + ONE))
        found = logarithm_of_one_more(more if wide else part) + (LN_2 if wide else ZERO)
        y[i] = NAN if x[i] < ONE else found


@kernel(ONCE)
def arctanh_range(x, y, start, stop):
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        s, size = x[i] * x[i], abs(x[i])
        near = ((((T0 * s + T1) * s + T2) * s + T3) * s + T4) * s * x[i] + x[i]
        far = HALF * logarithm_of((ONE + size) / (ONE - size))
        y[i] = (far if x[i] > ZERO else -far) if size > HALF else (near if size > ZERO else x[i])


cosh, sinh = once("cosh", cosh_range, 24), once("sinh", sinh_range, 28)
arcsinh, arccosh = once("arcsinh", arcsinh_range, 32), once("arccosh", arccosh_range, 32)
arctanh = once("arctanh", arctanh_range, 32)
