"""Compiled sums over the paths of labels through the steps of a sequence."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.operands import over, plain
from tinygrad_cnn.kernels.numpy.alignments import NEVER

Array = NDArray[Any]

FLOAT64 = np.dtype(np.float64)
SUMS = (
    "void(float64[:, :, ::1], uint8[:, ::1], float64[:, ::1], int64[::1], float64[:, :, ::1], int64, int64)"
)
#: Differences beyond which an exponential adds nothing to 1.
LEAST = -40.0


@inlined
def added(a, b, c):
    """ln(e^a + e^b + e^c); NaN stays."""
    most = max(max(a, b), c)
    total = 0.0
    for v in (a, b, c):
        if v - most > LEAST:
            total += 1.0 if v == most else math.exp(v - most)
    found = most + math.log(total) if total > 1.0 else most
    return found if (a == a) & (b == b) & (c == c) else math.nan


@kernel(SUMS)
def left_range(emitted, leaps, first, steps, found, start, stop):
    for n in range(start, stop):
        before, leap = first[n], leaps[n]
        for t in range(len(emitted)):
            row, gains = found[t, n], emitted[t, n]
            for s in range(row.size):
                if t >= steps[n]:
                    row[s] = before[s]
                else:
                    beside = before[s - 1] if s > 0 else NEVER
                    two = before[s - 2] if s > 1 and leap[s] else NEVER
                    row[s] = added(before[s], beside, two) + gains[s]
            before = row


@kernel(SUMS)
def right_range(emitted, leaps, first, steps, found, start, stop):
    for n in range(start, stop):
        leap, count = leaps[n], first.shape[1]
        for t in range(len(emitted) - 1, -1, -1):
            row = found[t, n]
            if t == len(emitted) - 1:
                for s in range(count):
                    row[s] = first[n, s]
            elif t + 1 >= steps[n]:
                for s in range(count):
                    row[s] = found[t + 1, n, s]
            else:
                after, gains = found[t + 1, n], emitted[t + 1, n]
                for s in range(count):
                    beside = after[s + 1] + gains[s + 1] if s + 1 < count else NEVER
                    two = after[s + 2] + gains[s + 2] if s + 2 < count and leap[s + 2] else NEVER
                    row[s] = added(after[s] + gains[s], beside, two)


def path_sums(emitted: Array, leaps: Array, first: Array, steps: Array, right: bool) -> Array:
    """See the reference."""
    if emitted.dtype != FLOAT64 or first.dtype != FLOAT64 or steps.dtype != np.int64 or not emitted.size:
        return reference.path_sums(emitted, leaps, first, steps, right)
    found = np.empty(emitted.shape)
    operands = plain(emitted), plain(leaps).view(np.uint8), plain(first), plain(steps), found
    over(emitted.shape[1], 200 * emitted.size, right_range if right else left_range, *operands)
    return found
