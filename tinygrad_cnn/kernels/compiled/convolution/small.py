"""Convolutions of so few multiply-adds that to prepare tiles for them takes longer than plain loops do."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, plain

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

#: Multiply-adds.
FEW = 20_000
ZERO = np.float32(0)


@inlined
def columns_on(at, step, count, width):
    """The first of `count` places, `step` apart, whose tap lies on the row, and the one after the last."""
    return max(-(at // step), 0), min(count, (width - 1 - at) // step + 1)


@kernel(
    "void(float32[:, :, :, ::1], float32[:, :, :, ::1], float32[::1], int64[::1], float32[:, :, :, ::1])"
)
def conv_loops(x, w, b, steps, y):
    """`steps`: stride, padding before and dilation, each of rows and columns."""
    sh, sw, ph, pw, dh, dw = steps[0], steps[1], steps[2], steps[3], steps[4], steps[5]
    for n in range(len(x)):
        for f in range(len(w)):
            for i in range(y.shape[2]):
                row = y[n, f, i]
                for j in range(row.size):
                    row[j] = b[f]
            for c in range(w.shape[1]):
                for u in range(w.shape[2]):
                    for v in range(w.shape[3]):
                        at, factor = v * dw - pw, w[f, c, u, v]
                        first, last = columns_on(at, sw, y.shape[3], x.shape[3])
                        for i in range(y.shape[2]):
                            line = i * sh - ph + u * dh
                            if 0 <= line < x.shape[2]:
                                for j in range(first, last):
                                    y[n, f, i, j] += factor * x[n, c, line, at + j * sw]


@kernel("void(float32[:, :, :, ::1], float32[:, :, :, ::1], int64[::1], float32[:, :, :, ::1])")
def image_loops(g, w, steps, dx):
    sh, sw, ph, pw, dh, dw = steps[0], steps[1], steps[2], steps[3], steps[4], steps[5]
    for n in range(len(g)):
        for c in range(dx.shape[1]):
            for i in range(dx.shape[2]):
                row = dx[n, c, i]
                for j in range(row.size):
                    row[j] = ZERO
            for f in range(len(w)):
                for u in range(w.shape[2]):
                    for v in range(w.shape[3]):
                        at, factor = v * dw - pw, w[f, c, u, v]
                        first, last = columns_on(at, sw, g.shape[3], dx.shape[3])
                        for i in range(g.shape[2]):
                            line = i * sh - ph + u * dh
                            if 0 <= line < dx.shape[2]:
                                for j in range(first, last):
                                    dx[n, c, line, at + j * sw] += factor * g[n, f, i, j]


@kernel("void(float32[:, :, :, ::1], float32[:, :, :, ::1], int64[::1], float32[:, :, :, ::1])")
def kernel_loops(x, g, steps, dk):
    sh, sw, ph, pw, dh, dw = steps[0], steps[1], steps[2], steps[3], steps[4], steps[5]
    for f in range(dk.shape[0]):
        for c in range(dk.shape[1]):
            for u in range(dk.shape[2]):
                for v in range(dk.shape[3]):
                    at, total = v * dw - pw, ZERO
                    first, last = columns_on(at, sw, g.shape[3], x.shape[3])
                    for n in range(len(x)):
                        for i in range(g.shape[2]):
                            line = i * sh - ph + u * dh
                            if 0 <= line < x.shape[2]:
                                for j in range(first, last):
                                    total += g[n, f, i, j] * x[n, c, line, at + j * sw]
                    dk[f, c, u, v] = total


@lru_cache(maxsize=256)
def _steps(grid: Grid) -> Array:
    before = tuple(first for first, _ in grid.padding)
    return np.array((*grid.stride, *before, *grid.dilation), np.int64)


def suits(n: int, c: int, k: int, grid: Grid) -> bool:
    """Whether there are so few multiply-adds."""
    return n * c * k * prod(grid.output) * prod(grid.kernel) <= FEW


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """See the reference."""
    y = np.empty((len(x), len(w), *grid.output), FLOAT32)
    bias = np.zeros(len(w), FLOAT32) if b is None else plain(b)
    conv_loops(plain(x), plain(w), bias, _steps(grid), y)
    return y


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """See the reference."""
    dx = np.empty((len(g), w.shape[1], *grid.image), FLOAT32)
    image_loops(plain(g), plain(w), _steps(grid), dx)
    return dx


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """See the reference."""
    dw = np.empty((g.shape[1], x.shape[1], *grid.kernel), FLOAT32)
    kernel_loops(plain(x), plain(g), _steps(grid), dw)
    return dw
