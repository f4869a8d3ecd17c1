"""Cases: images of another size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.ops.resample import AxisMap, linear_map, nearest_map
from tinygrad_cnn.testing.cases.problem import SEEDS, Array, Case, Draw, Problem, uniform

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))


def image(draw: Draw, size: tuple[int, ...]) -> Array:
    """Some images of that size."""
    return uniform(draw, (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *size))


@st.composite
def averages(draw: Draw) -> Problem:
    """Any number of bins, more than pixels too."""
    size, output = draw(SIZES), draw(SIZES)
    return Problem(lambda: ops.AdaptiveAvgPool(size, output), [image(draw, size)])


def adaptive_avg_pool(op: Any, x: Array) -> Array:
    """The reference of `AdaptiveAvgPool`: slow, and written apart from it."""
    oh, ow = (along.count for along in op._maps)
    h, w = x.shape[-2:]
    out = np.empty((*x.shape[:-2], oh, ow))
    for *lead, i, j in np.ndindex(out.shape):
        rows = range(math.floor(i * h / oh), math.ceil((i + 1) * h / oh))
        columns = range(math.floor(j * w / ow), math.ceil((j + 1) * w / ow))
        values = [x[(*lead, r, c)] for r in rows for c in columns]
        out[(*lead, i, j)] = math.fsum(values) / len(values)
    return out


@st.composite
def interpolations(draw: Draw) -> Problem:
    """Both modes, up and down."""
    size, output, mode = draw(SIZES), draw(SIZES), draw(st.sampled_from(["nearest", "bilinear"]))
    pairs = [(n, o, n / o) for n, o in zip(size, output, strict=True)]
    if mode == "nearest":
        maps = [nearest_map(*pair) for pair in pairs]
    else:
        corners = draw(st.booleans())
        maps = [linear_map(*pair, corners) for pair in pairs]
    return Problem(lambda: ops.Interpolate(mode, *maps), [image(draw, size)])


@st.composite
def sparse_maps(draw: Draw) -> Problem:
    """Any terms, so that pixels are read several times, or never, and some get none."""
    size, output = draw(SIZES), draw(SIZES)
    maps = []
    for n, o in zip(size, output, strict=True):
        rng, count = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 6))
        sources, targets = rng.integers(0, n, count), rng.integers(0, o, count)
        maps.append(AxisMap(sources, targets, rng.uniform(-1, 1, count), n, o))
    return Problem(lambda: ops.Resample(*maps), [image(draw, size)])


def resample(op: Any, x: Array) -> Array:
    """The sum over all pairs of terms, one of each axis."""
    down, across = op._maps
    out = np.zeros((*x.shape[:-2], down.count, across.count))
    for i, r, v in zip(down.targets, down.sources, down.weights, strict=True):
        for j, c, w in zip(across.targets, across.sources, across.weights, strict=True):
            out[..., i, j] += v * w * x[..., r, c]
    return out


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
