"""Cases: convolution and its adjoints."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Array, Case, Draw, Problem, uniform
from tinygrad_cnn.testing.strategies.grids import conv_grids, reads


@st.composite
def convolutions(draw: Draw, op: type[Op]) -> Problem:
    """Any geometry with one to three spatial axes, groups, and perhaps a bias."""
    grid = draw(conv_grids())
    groups = draw(st.sampled_from([1, 1, 2]))
    n, c, f = draw(st.integers(0, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    x = uniform(draw, (n, c * groups, *grid.image))
    w = uniform(draw, (f * groups, c, *grid.kernel))
    y = uniform(draw, (n, f * groups, *grid.output))
    b = [uniform(draw, (f * groups,))] if draw(st.booleans()) else []
    if op is ops.ConvTranspose:
        c_bias = [uniform(draw, (c * groups,))] if b else []
        return Problem(lambda: ops.ConvTranspose(grid, groups), [y, w, *c_bias])
    operands = {"Conv": [x, w, *b], "ConvImage": [y, w], "ConvKernel": [x, y]}[op.__name__]
    return Problem(lambda: op(grid, groups), operands)  # type: ignore[call-arg]


def conv_terms(op: Any, n: int, f: int, channels: int) -> Iterable[tuple[Any, Any, Any]]:
    """(index into y, into w, into x) of all products of a convolution."""
    per_group = f // op.groups
    for o, u, at in reads(op.grid):
        for image, kernel, c in np.ndindex(n, f, channels):
            channel = kernel // per_group * channels + c
            yield (image, kernel, *o), (kernel, c, *u), (image, channel, *at)


def conv(op: Any, x: Array, w: Array, *b: Array) -> Array:
    """The reference of `Conv`: slow, and written apart from it."""
    out = np.zeros((len(x), len(w), *op.grid.output))
    for y_at, w_at, x_at in conv_terms(op, len(x), *w.shape[:2]):
        out[y_at] += x[x_at] * w[w_at]
    for bias in b:
        for i in np.ndindex(out.shape):
            out[i] += bias[i[1]]
    return out


@st.composite
def foldings(draw: Draw, op: type[Op]) -> Problem:
    """Any geometry, and an image or its columns."""
    grid = draw(conv_grids())
    n, c = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    columns = (n, c * math.prod(grid.kernel), math.prod(grid.output))
    x = uniform(draw, (n, c, *grid.image) if op is ops.Unfold else columns)
    return Problem(lambda: op(grid), [x])  # type: ignore[call-arg]


def column_terms(op: Any, n: int, channels: int) -> Iterable[tuple[Any, Any]]:
    """(index into the columns, index into the image) of all pixels that windows read."""
    taps, kernel, output = math.prod(op.grid.kernel), op.grid.kernel, op.grid.output
    for o, u, at in reads(op.grid):
        tap, position = np.ravel_multi_index(u, kernel), np.ravel_multi_index(o, output)
        for image, c in np.ndindex(n, channels):
            yield (image, c * taps + tap, position), (image, c, *at)


def unfold(op: Any, x: Array) -> Array:
    """The reference of `Unfold`: slow, and written apart from it."""
    out = np.zeros((len(x), x.shape[1] * math.prod(op.grid.kernel), math.prod(op.grid.output)))
    for column_at, x_at in column_terms(op, *x.shape[:2]):
        out[column_at] = x[x_at]
    return out


def fold(op: Any, columns: Array) -> Array:
    """The reference of `Fold`: slow, and written apart from it."""
    channels = columns.shape[1] // math.prod(op.grid.kernel)
    out = np.zeros((len(columns), channels, *op.grid.image))
    for column_at, x_at in column_terms(op, len(columns), channels):
        out[x_at] += columns[column_at]
    return out


def conv_transpose(op: Any, x: Array, w: Array, *b: Array) -> Array:
    """The reference of `ConvTranspose`: slow, and written apart from it."""
    out = conv_image(op, x, w)
    for bias in b:
        for i in np.ndindex(out.shape):
            out[i] += bias[i[1]]
    return out


def conv_image(op: Any, g: Array, w: Array) -> Array:
    """The reference of `ConvImage`: slow, and written apart from it."""
    out = np.zeros((len(g), w.shape[1] * op.groups, *op.grid.image))
    for y_at, w_at, x_at in conv_terms(op, len(g), *w.shape[:2]):
        out[x_at] += g[y_at] * w[w_at]
    return out


def conv_kernel(op: Any, x: Array, g: Array) -> Array:
    """The reference of `ConvKernel`: slow, and written apart from it."""
    out = np.zeros((g.shape[1], x.shape[1] // op.groups, *op.grid.kernel))
    for y_at, w_at, x_at in conv_terms(op, len(x), *out.shape[:2]):
        out[w_at] += x[x_at] * g[y_at]
    return out


CASES: dict[type[Op], Case] = {
    ops.Conv: Case(convolutions(ops.Conv), conv),
    ops.ConvImage: Case(convolutions(ops.ConvImage), conv_image, (0, 1)),
    ops.ConvTranspose: Case(convolutions(ops.ConvTranspose), conv_transpose),
    ops.Unfold: Case(foldings(ops.Unfold), unfold, (0,)),
    ops.Fold: Case(foldings(ops.Fold), fold, (0,)),
    ops.ConvKernel: Case(convolutions(ops.ConvKernel), conv_kernel, (0, 1)),
}
