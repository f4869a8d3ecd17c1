"""Compiled sums of rows: at most RUN numbers in float32, side by side in vectors, and those in float64."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

#: Numbers added up in float32.
RUN = 1024
#: Numbers of a piece, where there is one row: so threads share it, and any number gives the same sum.
PIECE = 16 * RUN


@kernel("void(float32[:, ::1], float64[::1], int64, int64)")
def sums_of_rows(x, y, start, stop):
    for r in range(start, stop):
        found = 0.0
        for first in range(0, x.shape[1], RUN):
            part, run = np.float32(0), x[r, first : first + RUN]
            for i in range(run.size):
                part += run[i]
            found += float(part)
        y[r] = found


def row_sums(x: Array) -> Array:
    """See the reference."""
    if not is_served(x):
        return reference.row_sums(x)
    rows, size = x.shape
    if rows == 1 and size >= 2 * PIECE:
        whole = size // PIECE * PIECE
        pieces, rest = plain(x[0, :whole]).reshape(-1, PIECE), plain(x[:, whole:])
        return np.array([_sums(pieces).sum() + _sums(rest).sum()], FLOAT32)
    return _sums(plain(x)).astype(FLOAT32)


def _sums(x: Array) -> Array:
    """In float64."""
    y = np.empty(len(x))
    over(len(x), 4 * x.size, sums_of_rows, x, y)
    return y
