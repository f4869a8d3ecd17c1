"""Exponentials and their kin as sums and products, of which the compiler makes vectors.

Each is right to a few units in the last place of float32 on any processor: where the order of sums
matters, it is written as instructions that the compiler may not reorder.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from tinygrad_cnn.kernels.compiled.base.compiling import inlined
from tinygrad_cnn.kernels.compiled.base.vectors import instruction

ZERO, ONE, HALF = np.float32(0), np.float32(1), np.float32(0.5)
#: ln 2 in two parts, so that n * HIGH is exact for the n in question.
LOG2_E, HIGH, LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
#: e^r for |r| <= ln(2)/2, from the highest power down: a fit with an error below 1e-7.
P0, P1, P2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
P3, P4, P5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
LEAST, BIAS, SHIFT = np.float32(-104), np.int32(127), np.int32(23)


@instruction
def less(context, a, b, c):
    """a - b * c, the product rounded first and the difference not reordered with others."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b, c = args
        return builder.fsub(a, builder.fmul(b, c))

    return types.float32(types.float32, types.float32, types.float32), generate


@inlined
def exponential(z):
    """e^z for z <= 0, within 2 units in the last place; NaN stays, and 0 comes below -104.

    e^z = 2^n e^r with n the nearest integer to z / ln 2: a polynomial, and n put into the exponent,
    in two halves, so that results smaller than the smallest normal number come out as well.
    Source: Moshier, "Cephes Mathematical Library" (the polynomial of expf).
    """
    low = LEAST if z < LEAST else z  # NaN passes
    safe = low if low >= LEAST else LEAST  # NaN does not: it has no integer part
    n = np.floor(safe * LOG2_E + HALF)
    r = less(less(low, n, HIGH), n, LOW)
    p = ((((P0 * r + P1) * r + P2) * r + P3) * r + P4) * r + P5
    power = np.int32(n)
    half = power >> np.int32(1)
    first = np.int32((half + BIAS) << SHIFT).view(np.float32)
    second = np.int32((power - half + BIAS) << SHIFT).view(np.float32)
    return ((p * (r * r) + r) + ONE) * first * second
