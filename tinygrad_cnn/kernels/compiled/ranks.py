"""Compiled choice of the k largest or smallest of each row, and of the first along an axis."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.operands import is_served, over, plain

Array = NDArray[Any]

#: More of them are sorted sooner: each new one moves those that are smaller.
MOST = 128
SIGN, REST = np.int32(31), np.int32(0x7FFFFFFF)
TOP, NONE = REST, np.int32(0)


@inlined
def rank_of(x):
    """An integer that grows with x: its bits, of negative numbers turned around; NaN has the largest."""
    bits = np.float32(x).view(np.int32)
    turned = bits ^ ((bits >> SIGN) & REST)
    return NONE if x == np.float32(0) else (TOP if x != x else turned)  # -0 is 0


@kernel("void(float32[:, ::1], boolean, int32[:, ::1], int64[:, ::1], int64, int64)")
def top_of_rows(x, largest, ranks, places, start, stop):
    for r in range(start, stop):
        row, best, found = x[r], ranks[r], places[r]
        count, least = 0, np.int32(0)
        for i in range(row.size):
            rank = rank_of(row[i])
            rank = rank if largest else ~rank
            if count == best.size and rank <= least:
                continue
            at = count if count < best.size else count - 1
            while at > 0 and best[at - 1] < rank:
                best[at], found[at] = best[at - 1], found[at - 1]
                at -= 1
            best[at], found[at] = rank, i
            count = min(count + 1, best.size)
            least = best[count - 1]


@kernel("void(float32[:, :, ::1], float32, float32[:, ::1], int64[:, ::1], int64, int64)")
def extremes_along(x, sign, best, places, start, stop):
    for b in range(start, stop):
        held, found = best[b], places[b]
        for i in range(held.size):
            held[i], found[i] = sign * x[b, 0, i], 0
        for k in range(1, x.shape[1]):
            row = x[b, k]
            for i in range(held.size):
                value, most = sign * row[i], held[i]
                better = (not value <= most) and most == most  # the first NaN stays
                held[i] = value if better else most
                found[i] = k if better else found[i]


def extreme_places(x: Array, largest: bool) -> Any:
    """See the reference."""
    batch, _, columns = x.shape
    if columns == 1 or not is_served(x):
        return reference.extreme_places(x, largest)
    best, places = np.empty((batch, columns), np.float32), np.empty((batch, columns), np.int64)
    over(batch, 8 * x.size, extremes_along, plain(x), np.float32(1 if largest else -1), best, places)
    return places


def top_places(x: Array, k: int, largest: bool) -> Any:
    """See the reference."""
    if not is_served(x) or not 0 < k <= MOST or 2 * k > x.shape[1]:
        return reference.top_places(x, k, largest)
    ranks, places = np.empty((len(x), k), np.int32), np.empty((len(x), k), np.int64)
    over(len(x), 24 * x.size, top_of_rows, plain(x), largest, ranks, places)
    return places
