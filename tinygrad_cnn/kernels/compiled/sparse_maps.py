"""Compiled sparse maps along an axis: means of bins, interpolation, and their adjoints.

What lies behind the axis is passed over in one run for each term; behind the last axis there is nothing,
and terms are gathered one by one.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

ZERO = np.float32(0)


@kernel("void(float32[:, :, ::1], int64[::1], float32[::1], int64[::1], float32[:, :, ::1], int64, int64)")
def mapped_runs(x, sources, weights, starts, y, start, stop):
    for r in range(start, stop):
        for t in range(y.shape[1]):
            out, first, last = y[r, t], starts[t], starts[t + 1]
            if last - first >= 2:
                a, b, f, g = (
                    x[r, sources[first]],
                    x[r, sources[first + 1]],
                    weights[first],
                    weights[first + 1],
                )
                for i in range(out.size):
                    out[i] = f * a[i] + g * b[i]
            elif last > first:
                a, f = x[r, sources[first]], weights[first]
                for i in range(out.size):
                    out[i] = f * a[i]
            else:
                for i in range(out.size):
                    out[i] = ZERO
            for k in range(first + 2, last):
                a, f = x[r, sources[k]], weights[k]
                for i in range(out.size):
                    out[i] += f * a[i]


@kernel("void(float32[:,::1], int64[::1], float32[::1], int64[::1], int64, float32[:,::1], int64, int64)")
def mapped_lines(x, sources, weights, starts, each, y, start, stop):
    """`each`: how many terms every target has, if that is one number; else 0."""
    for r in range(start, stop):
        row, out = x[r], y[r]
        if each == 1:
            for t in range(out.size):
                out[t] = weights[t] * row[sources[t]]
        elif each == 2:
            for t in range(out.size):
                out[t] = weights[2 * t] * row[sources[2 * t]] + weights[2 * t + 1] * row[sources[2 * t + 1]]
        else:
            for t in range(out.size):
                total = ZERO
                for k in range(starts[t], starts[t + 1]):
                    total += weights[k] * row[sources[k]]
                out[t] = total


def resample(x: Array, axis: int, sources: Array, weights: Array, starts: Array) -> Array:
    """See the reference."""
    if not (is_served(x) and len(sources)):
        return reference.resample(x, axis, sources, weights, starts)
    axis %= x.ndim
    lead, count, behind = x.shape[:axis], len(starts) - 1, x.shape[axis + 1 :]
    y = np.empty((*lead, count, *behind), FLOAT32)
    rows, run = prod(lead), prod(behind)
    terms = sources, weights.astype(FLOAT32), starts
    nbytes = 8 * rows * run * (len(sources) + count)
    if run == 1:
        lines, out = plain(x).reshape(rows, -1), y.reshape(rows, count)
        lengths = np.diff(starts)
        each = int(lengths[0]) if (lengths == lengths[0]).all() else 0
        over(rows, nbytes, mapped_lines, lines, *terms, each, out)
    else:
        over(
            rows, nbytes, mapped_runs, plain(x).reshape(rows, -1, run), *terms, y.reshape(rows, count, run)
        )
    return y
