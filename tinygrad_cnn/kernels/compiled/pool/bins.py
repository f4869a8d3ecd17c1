"""Compiled adaptive max-pooling: the largest of each bin, over up to three spatial axes."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain
from tinygrad_cnn.kernels.compiled.pool.geometry import AXES
from tinygrad_cnn.kernels.compiled.pool.loops import beats

Array = NDArray[Any]


@inlined
def bin_of(i, size, count):
    """Where bin i of `count` over `size` pixels starts and ends."""
    return i * size // count, -(-(i + 1) * size // count)


@kernel("void(float32[:,:,:,::1], float32[:,:,:,::1], int64[:,:,:,::1], int64, int64)")
def largest_in_bins(x, y, places, start, stop):
    depth, height, width = x.shape[1], x.shape[2], x.shape[3]
    for r in range(start, stop):
        for o in range(y.shape[1]):
            near, far = bin_of(o, depth, y.shape[1])
            for i in range(y.shape[2]):
                top, bottom = bin_of(i, height, y.shape[2])
                for j in range(y.shape[3]):
                    left, right = bin_of(j, width, y.shape[3])
                    m, place = x[r, near, top, left], (near * height + top) * width + left
                    for t in range(near, far):
                        for u in range(top, bottom):
                            line = x[r, t, u, left:right]
                            for v in range(line.size):
                                if beats(line[v], m):
                                    m, place = line[v], (t * height + u) * width + left + v
                    y[r, o, i, j] = m
                    places[r, o, i, j] = place


def adaptive_max_pool(x: Array, output: tuple[int, ...]) -> tuple[Array, Array]:
    """See the reference."""
    count = len(output)
    if not (is_served(x) and count <= AXES):
        return reference.adaptive_max_pool(x, output)
    lead, missing = x.shape[:-count], (1,) * (AXES - count)
    y, places = np.empty((*lead, *output), FLOAT32), np.empty((*lead, *output), np.int64)
    rows = prod(lead)
    volumes = plain(x).reshape(rows, *missing, *x.shape[-count:])
    out, numbers = (a.reshape(rows, *missing, *output) for a in (y, places))
    over(rows, 8 * x.size, largest_in_bins, volumes, out, numbers)
    return y, places
