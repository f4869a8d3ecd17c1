"""Shared by all recurrent kernels: the product of a step, and the split of the sequences.

Sequences do not know of each other, so each thread takes some of them through all steps, and nobody
waits. The states of ROWS sequences lie side by side, as `tiles` wants its left operand; the weights
stay in the cache from step to step.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, Room
from tinygrad_cnn.kernels.compiled.base.tiles import LANES, ROWS, panel, pick_rows
from tinygrad_cnn.kernels.threads import share

Array = NDArray[Any]

#: Multiply-adds of all steps below which one thread does them.
WORTH_SHARING = 500_000
ZERO = np.float32(0)


@kernel("void(float32[::1], int64, int64, int64, int64, float32[::1])")
def lay(a, first, rows, ld, terms, packed):
    """packed[block, t, m] = a[first + (block*ROWS + m)*ld + t]; rows beyond the last are zeros."""
    for block in range(0, rows, ROWS):
        to, at = block * terms, first + block * ld
        if block + ROWS <= rows:
            for t in range(terms):
                pick_rows(packed, to + t * ROWS, a, at + t, ld)
        else:
            for t in range(terms):
                for m in range(ROWS):
                    packed[to + t * ROWS + m] = a[at + m * ld + t] if block + m < rows else ZERO


@kernel("void(float32[::1], int64, int64, float32[::1], int64, int64[::1], float32[::1], int64)")
def product(packed, rows, terms, w, wide, off, sums, add):
    """sums[m, j] (+)= sum_t packed[t, m] * w[t, j] for all rows, j < wide, a multiple of LANES."""
    blocks = (rows + ROWS - 1) // ROWS
    panel(packed, 0, terms * ROWS, w, 0, off, 0, terms, sums, 0, wide, blocks, wide // LANES, add)


def widened(w: Array) -> Array:
    """A matrix with columns of zeros after its own, up to a multiple of LANES."""
    rows, columns = w.shape
    wide = np.zeros((rows, -(-columns // LANES) * LANES), FLOAT32)
    wide[:, :columns] = w
    return wide


@lru_cache(maxsize=64)
def multiples(step: int, count: int) -> Array:
    """0, step, 2 * step, ...: where rows begin."""
    return np.arange(count) * step


def through(count: int, steps: int, w: Array, call: Callable[[Array, Array, int, int], None]) -> None:
    """Call `call(packed, sums, start, stop)` for parts of `count` sequences, with room for a step.

    `packed` holds len(w) terms, and `sums` (rows, columns of w), for as many rows as the part has, in
    whole blocks.
    """
    terms, wide = w.shape

    def part(number: int, start: int, stop: int) -> None:
        if start < stop:
            rows = (stop - start) * ROWS
            packed, sums = room(number, "packed", rows * terms), room(number, "sums", rows * wide)
            call(packed, sums.reshape(rows, wide), start * ROWS, min(stop * ROWS, count))

    blocks = -(-count // ROWS)
    with Room() as room:
        if count * steps * w.size < WORTH_SHARING:
            part(0, 0, blocks)
        else:
            share(blocks, part)
