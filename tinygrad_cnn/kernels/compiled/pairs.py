"""Compiled functions of two numbers: angles, lengths, rests of a division, and sums of exponentials.

What is left by a division is found in double precision: of a quotient below 2^29 its whole part times the
divisor is exact there, and so is the rest. Larger quotients, and what is no number, go to the library of C,
one pair at a time.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.angles import A0, A1, A2, A3, FOURTH_PI, HALF_PI, LOW, PI
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import LN_2, ONE, ZERO, exponential, logarithm_of_one_and
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

PAIR = "void(float32[::1], float32[::1], float32[::1], int64, int64)"
#: Sizes of quotients whose whole part times a divisor is exact in double precision.
MOST = 2.0**29
INFINITY, NAN, TINY, MANY = np.float32(np.inf), np.float32(np.nan), np.float32(2**-100), np.float32(2**60)
NONE = np.int32(0)


@kernel(PAIR)
def arctan2_range(a, b, y, start, stop):
    a, b, y = a[start:stop], b[start:stop], y[start:stop]
    for i in range(y.size):
        up, along = abs(a[i]), abs(b[i])
        steep, back = up > along, np.float32(b[i]).view(np.int32) < NONE  # -0 is behind, too
        small, large = (along, up) if steep else (up, along)
        few = large < TINY  # their quotient is as good where both are larger
        small, large = (small * MANY, large * MANY) if few else (small, large)
        share = small / large if large < INFINITY else (ONE if small == INFINITY else ZERO)
        share = share if large > ZERO else ZERO
        above = share > LOW
        r = (share - ONE) / (share + ONE) if above else share
        s = r * r
        found = (((A0 * s + A1) * s + A2) * s + A3) * s * r + r + (FOURTH_PI if above else ZERO)
        found = HALF_PI - found if steep else found
        found = PI - found if back else found
        found = -found if np.float32(a[i]).view(np.int32) < NONE else found
        y[i] = found if (a[i] == a[i]) & (b[i] == b[i]) else NAN


@kernel(PAIR)
def hypot_range(a, b, y, start, stop):
    a, b, y = a[start:stop], b[start:stop], y[start:stop]
    for i in range(y.size):
        u, v = np.float64(a[i]), np.float64(b[i])
        found = np.float32(np.sqrt(u * u + v * v))
        y[i] = INFINITY if (abs(a[i]) == INFINITY) | (abs(b[i]) == INFINITY) else found  # beside NaN too


@kernel(PAIR)
def logaddexp_range(a, b, y, start, stop):
    a, b, y = a[start:stop], b[start:stop], y[start:stop]
    for i in range(y.size):
        more = a[i] if a[i] > b[i] else b[i]
        apart = -abs(a[i] - b[i])
        found = more + logarithm_of_one_and(exponential(apart))
        found = more + LN_2 if a[i] == b[i] else found  # of the same infinity too
        y[i] = found if (a[i] == a[i]) & (b[i] == b[i]) else NAN


@inlined
def divided(a, b):
    """The quotient in double precision, and whether what is left can be found there."""
    quotient = np.float64(a) / np.float64(b)
    return quotient, (abs(quotient) < MOST) & (abs(b) < INFINITY)


@inlined
def rest_and_whole(quotient, a, b):
    """What is left of a, with the sign of b or 0, and the whole part, which may have been rounded up."""
    whole = np.floor(quotient)
    rest = np.float64(a) - whole * np.float64(b)
    wrong = rest > 0.0 if b < ZERO else rest < 0.0
    return (rest + np.float64(b) if wrong else rest), (whole - 1.0 if wrong else whole)


@kernel(PAIR)
def remainder_range(a, b, y, start, stop):
    a, b, y = a[start:stop], b[start:stop], y[start:stop]
    far = False
    for i in range(y.size):
        quotient, near = divided(a[i], b[i])
        rest = rest_and_whole(quotient if near else 0.0, a[i], b[i])[0]
        y[i] = np.float32(rest) if rest != 0.0 else math.copysign(ZERO, b[i])
        far |= not near
    if far:
        for i in range(y.size):
            if not divided(a[i], b[i])[1]:
                rest = np.float32(np.fmod(a[i], b[i]))
                other = (rest < ZERO) != (b[i] < ZERO)
                y[i] = (rest + b[i] if other else rest) if rest != ZERO else math.copysign(ZERO, b[i])


@kernel(PAIR)
def fmod_range(a, b, y, start, stop):
    a, b, y = a[start:stop], b[start:stop], y[start:stop]
    far = False
    for i in range(y.size):
        up, along = abs(a[i]), abs(b[i])
        quotient, near = divided(up, along)
        y[i] = math.copysign(np.float32(rest_and_whole(quotient if near else 0.0, up, along)[0]), a[i])
        far |= not near
    if far:
        for i in range(y.size):
            if not divided(a[i], b[i])[1]:
                y[i] = np.float32(np.fmod(a[i], b[i]))


@kernel(PAIR)
def floor_divide_range(a, b, y, start, stop):
    a, b, y = a[start:stop], b[start:stop], y[start:stop]
    for i in range(y.size):
        quotient, near = divided(a[i], b[i])
        whole = rest_and_whole(quotient if near else 0.0, a[i], b[i])[1] if near else np.floor(quotient)
        endless = (abs(b[i]) == INFINITY) & (abs(a[i]) < INFINITY)
        whole = -1.0 if endless & (a[i] != ZERO) & ((a[i] < ZERO) != (b[i] < ZERO)) else whole
        found = np.float32(whole) if whole != 0.0 else math.copysign(ZERO, np.float32(quotient))
        y[i] = NAN if (abs(a[i]) == INFINITY) & (b[i] != ZERO) else found


def paired(name: str, ranged: Any, worth: int) -> Any:
    """A function of two arrays; `worth` says how many bytes take as long as one element."""
    otherwise = getattr(reference, name)

    def function(a: Array, b: Array) -> Array:
        if not (is_served(a) and is_served(b)):
            return np.asarray(otherwise(a, b))
        if a.shape != b.shape:
            shape = np.broadcast_shapes(a.shape, b.shape)
            a, b = np.broadcast_to(a, shape), np.broadcast_to(b, shape)
        y = np.empty(a.shape, FLOAT32)
        over(y.size, worth * y.size, ranged, plain(a).reshape(-1), plain(b).reshape(-1), y.reshape(-1))
        return y

    function.__name__, function.__doc__ = name, otherwise.__doc__
    return function


arctan2, hypot = paired("arctan2", arctan2_range, 40), paired("hypot", hypot_range, 24)
logaddexp = paired("logaddexp", logaddexp_range, 48)
remainder, fmod = paired("remainder", remainder_range, 24), paired("fmod", fmod_range, 24)
floor_divide = paired("floor_divide", floor_divide_range, 24)
