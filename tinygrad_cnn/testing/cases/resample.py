"""Cases: images of another size."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.ops.resample import (
    AxisMap,
    cubic_map,
    linear_map,
    nearest_exact_map,
    nearest_map,
    smooth_map,
)
from tinygrad_cnn.testing.cases.problem import SEEDS, Array, Case, Draw, Problem, uniform

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))


def image(draw: Draw, size: tuple[int, ...]) -> Array:
    """Some images of that size."""
    return uniform(draw, (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *size))


#: Sizes of an image and of its result, over one to three axes.
PAIRS = st.sampled_from(
    [((5,), (3,)), ((2,), (4,)), ((3, 4), (5, 2)), ((1, 5), (3, 5)), ((2, 3, 1), (3, 2, 2))]
)


@st.composite
def averages(draw: Draw) -> Problem:
    """Any number of bins, more than pixels too."""
    size, output = draw(PAIRS)
    return Problem(lambda: ops.AdaptiveAvgPool(size, output), [image(draw, size)])


def adaptive_avg_pool(op: Any, x: Array) -> Array:
    """The reference of `AdaptiveAvgPool`: slow, and written apart from it."""
    output = [along.count for along in op._maps]
    image = x.shape[-len(output) :]
    out = np.empty((*x.shape[: -len(output)], *output))
    for at in np.ndindex(out.shape):
        lead, bins = at[: -len(output)], at[-len(output) :]
        inside = [
            range(math.floor(i * n / o), math.ceil((i + 1) * n / o))
            for i, n, o in zip(bins, image, output, strict=True)
        ]
        values = [x[(*lead, *place)] for place in itertools.product(*inside)]
        out[at] = math.fsum(values) / len(values)
    return out


@st.composite
def interpolations(draw: Draw) -> Problem:
    """All modes, up and down."""
    size, output = draw(PAIRS)
    mode, corners = draw(st.sampled_from(["nearest", "linear", "cubic", "smooth"])), draw(st.booleans())
    maps = []
    for n, o in zip(size, output, strict=True):
        if mode == "nearest":
            maps.append(nearest_exact_map(n, o, n / o) if corners else nearest_map(n, o, n / o))
        elif mode == "smooth":
            maps.append(smooth_map(n, o, n / o, corners))
        else:
            maps.append((linear_map if mode == "linear" else cubic_map)(n, o, n / o, corners))
    return Problem(lambda: ops.Interpolate(mode, *maps), [image(draw, size)])


@st.composite
def sparse_maps(draw: Draw) -> Problem:
    """Any terms, so that pixels are read several times, or never, and some get none."""
    size, output = draw(PAIRS)
    maps = []
    for n, o in zip(size, output, strict=True):
        rng, count = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 6))
        sources, targets = rng.integers(0, n, count), rng.integers(0, o, count)
        maps.append(AxisMap(sources, targets, rng.uniform(-1, 1, count), n, o))
    return Problem(lambda: ops.Resample(*maps), [image(draw, size)])


def resample(op: Any, x: Array) -> Array:
    """A product with a full matrix along each axis."""
    for axis, along in enumerate(op._maps, start=-len(op._maps)):
        matrix = np.zeros((along.count, along.n))
        for target, source, weight in zip(along.targets, along.sources, along.weights, strict=True):
            matrix[target, source] += weight
        x = np.moveaxis(np.tensordot(matrix, np.moveaxis(x, axis, 0), 1), 0, axis)
    return x


@st.composite
def shuffles(draw: Draw, op: type[Op]) -> Problem:
    """Any factor, with any number of axes before the image's."""
    r, c, (h, w) = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(SIZES)
    lead = draw(st.sampled_from([(), (2,), (0,), (1, 2)]))
    shape = (c * r * r, h, w) if op is ops.PixelShuffle else (c, h * r, w * r)
    return Problem(lambda: op(r), [uniform(draw, (*lead, *shape))])  # type: ignore[call-arg]


def pixel_shuffle(op: Any, x: Array) -> Array:
    """The reference of `PixelShuffle`: slow, and written apart from it."""
    *lead, channels, h, w = x.shape
    r = op.r
    out = np.empty((*lead, channels // r**2, h * r, w * r))
    for *at, c, i, j in np.ndindex(out.shape):
        out[(*at, c, i, j)] = x[(*at, c * r * r + i % r * r + j % r, i // r, j // r)]
    return out


def pixel_unshuffle(op: Any, x: Array) -> Array:
    """The reference of `PixelUnshuffle`: slow, and written apart from it."""
    *lead, channels, h, w = x.shape
    r = op.r
    out = np.empty((*lead, channels * r**2, h // r, w // r))
    for *at, c, i, j in np.ndindex(x.shape):
        out[(*at, c * r * r + i % r * r + j % r, i // r, j // r)] = x[(*at, c, i, j)]
    return out


CASES: dict[type[Op], Case] = {
    ops.AdaptiveAvgPool: Case(averages(), adaptive_avg_pool, (0,)),
    ops.Interpolate: Case(interpolations(), resample, (0,)),
    ops.Resample: Case(sparse_maps(), resample, (0,)),
    ops.PixelShuffle: Case(shuffles(ops.PixelShuffle), pixel_shuffle, (0,)),
    ops.PixelUnshuffle: Case(shuffles(ops.PixelUnshuffle), pixel_unshuffle, (0,)),
}
