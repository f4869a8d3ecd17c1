"""Cases: convolution and its adjoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Array, Case, Draw, Problem, uniform
from tinygrad_cnn.testing.geometry import conv_grids, reads


@st.composite
def convolutions(draw: Draw, op: type[Op]) -> Problem:
    """Any geometry with one or two spatial axes, groups, and perhaps a bias."""
    grid = draw(conv_grids())
    groups = draw(st.sampled_from([1, 1, 2]))
    n, c, f = draw(st.integers(0, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    x = uniform(draw, (n, c * groups, *grid.image))
    w = uniform(draw, (f * groups, c, *grid.kernel))
    y = uniform(draw, (n, f * groups, *grid.output))
    b = [uniform(draw, (f * groups,))] if draw(st.booleans()) else []
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
    out = np.zeros((len(x), len(w), *op.grid.output))
    for y_at, w_at, x_at in conv_terms(op, len(x), *w.shape[:2]):
        out[y_at] += x[x_at] * w[w_at]
    for bias in b:
        for i in np.ndindex(out.shape):
            out[i] += bias[i[1]]
    return out


def conv_image(op: Any, g: Array, w: Array) -> Array:
    out = np.zeros((len(g), w.shape[1] * op.groups, *op.grid.image))
    for y_at, w_at, x_at in conv_terms(op, len(g), *w.shape[:2]):
        out[x_at] += g[y_at] * w[w_at]
    return out


def conv_kernel(op: Any, x: Array, g: Array) -> Array:
    out = np.zeros((g.shape[1], x.shape[1] // op.groups, *op.grid.kernel))
    for y_at, w_at, x_at in conv_terms(op, len(x), *out.shape[:2]):
        out[w_at] += x[x_at] * g[y_at]
    return out


CASES: dict[type[Op], Case] = {
    ops.Conv: Case(convolutions(ops.Conv), conv),
    ops.ConvImage: Case(convolutions(ops.ConvImage), conv_image, (0, 1)),
    ops.ConvKernel: Case(convolutions(ops.ConvKernel), conv_kernel, (0, 1)),
}
