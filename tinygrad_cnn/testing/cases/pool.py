"""Cases: pooling and its adjoints."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SEEDS, Array, Case, Draw, Problem, apart, uniform
from tinygrad_cnn.testing.strategies.grids import pool_grids, reads


@st.composite
def poolings(draw: Draw, op: type[Op]) -> Problem:
    """Any geometry with one to three spatial axes; distinct elements, so that no maximum is tied."""
    dilated = op not in (ops.AvgPool, ops.Spread)
    grid = draw(pool_grids(dilated))
    n, c = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    x = apart(draw, (n, c, *grid.image))
    g = uniform(draw, (n, c, *grid.output))
    if op is ops.MaxPool:
        return Problem(lambda: ops.MaxPool(grid), [x])
    if not dilated:
        counted = draw(st.booleans())
        return Problem(lambda: op(grid, counted), [x if op is ops.AvgPool else g])  # type: ignore[call-arg]
    _, places = ops.MaxPool(grid, places=True).with_residual(x)
    return Problem(lambda: op(grid, places), [x if op is ops.Pick else g])  # type: ignore[call-arg]


def max_pool(op: Any, x: Array) -> Array:
    """The reference of `MaxPool`: slow, and written apart from it."""
    out = np.full((*x.shape[:2], *op.grid.output), -np.inf)
    for o, _, at in reads(op.grid):
        for n, c in np.ndindex(*x.shape[:2]):
            out[(n, c, *o)] = max(out[(n, c, *o)], x[(n, c, *at)])
    return out


def placed(op: Any, lead: tuple[int, ...]) -> Iterable[tuple[Any, Any]]:
    """(index into the output, into the image) of the tap that each window's place names."""
    taps = {u: t for t, u in enumerate(np.ndindex(*op.grid.kernel))}
    for o, u, at in reads(op.grid):
        for i in np.ndindex(*lead):
            if op._places[(*i, *o)] == taps[u]:
                yield (*i, *o), (*i, *at)


def place(op: Any, g: Array) -> Array:
    """The reference of `Place`: slow, and written apart from it."""
    out = np.zeros((*g.shape[:2], *op.grid.image))
    for y_at, x_at in placed(op, g.shape[:2]):
        out[x_at] += g[y_at]
    return out


def pick(op: Any, x: Array) -> Array:
    """The reference of `Pick`: slow, and written apart from it."""
    out = np.zeros((*x.shape[:2], *op.grid.output))
    for y_at, x_at in placed(op, x.shape[:2]):
        out[y_at] = x[x_at]
    return out


def divisors(op: Any) -> Array:
    """Count the pixels of each window of an average."""
    out = np.zeros(op.grid.output)
    for o in np.ndindex(*op.grid.output):
        count = 1
        for i, s, k, n, (before, after) in zip(
            o, op.grid.stride, op.grid.kernel, op.grid.image, op.grid.padding, strict=True
        ):
            start, stop = i * s - before, i * s - before + k
            low, high = (-before, n + after) if op.count_include_pad else (0, n)
            count *= min(stop, high) - max(start, low)
        out[o] = count
    return out


def avg_pool(op: Any, x: Array) -> Array:
    """The reference of `AvgPool`: slow, and written apart from it."""
    out = np.zeros((*x.shape[:2], *op.grid.output))
    for o, _, at in reads(op.grid):
        for i in np.ndindex(*x.shape[:2]):
            out[(*i, *o)] += x[(*i, *at)]
    return out / divisors(op)


def spread(op: Any, g: Array) -> Array:
    """The reference of `Spread`: slow, and written apart from it."""
    out, share = np.zeros((*g.shape[:2], *op.grid.image)), g / divisors(op)
    for o, _, at in reads(op.grid):
        for i in np.ndindex(*g.shape[:2]):
            out[(*i, *at)] += share[(*i, *o)]
    return out


@st.composite
def power_sums(draw: Draw) -> Problem:
    """Numbers away from 0, all positive unless the power is even."""
    grid = draw(pool_grids(dilated=False))
    grid = dataclasses.replace(grid, padding=tuple((0, 0) for _ in grid.kernel))
    if min(grid.output) < 1:
        grid = dataclasses.replace(grid, image=tuple(map(max, grid.image, grid.kernel)))
    p = draw(st.sampled_from([1.0, 2.0, 2.5, 3.0]))
    x = uniform(draw, (draw(st.integers(0, 2)), 1, *grid.image), 0.2, 2)
    if p == 2:
        x *= np.random.default_rng(draw(SEEDS)).choice([-1, 1], x.shape)
    return Problem(lambda: ops.LpPool(grid, p), [x])


def lp_pool(op: Any, x: Array) -> Array:
    """The reference of `LpPool`: slow, and written apart from it."""
    sums, seen = np.zeros((*x.shape[:2], *op.grid.output)), np.zeros(op.grid.output)
    for o, _, at in reads(op.grid):
        seen[o] += 1
        for i in np.ndindex(*x.shape[:2]):
            sums[(*i, *o)] += x[(*i, *at)] ** op.p
    return (sums / seen * math.prod(op.grid.kernel)) ** (1 / op.p)


IMAGES = st.sampled_from([(3,), (2, 5), (4, 3), (1, 1), (3, 2, 2)])


@st.composite
def adaptive_maxima(draw: Draw) -> Problem:
    """Distinct elements under any number of bins, more than pixels too, over one to three axes."""
    image = draw(IMAGES)
    output = tuple(draw(st.integers(1, 4)) for _ in image)
    return Problem(lambda: ops.AdaptiveMaxPool(output), [apart(draw, (draw(st.integers(0, 2)), 2, *image))])


def adaptive_max_pool(op: Any, x: Array) -> Array:
    """The reference of `AdaptiveMaxPool`: slow, and written apart from it."""
    image = x.shape[-len(op.output) :]
    out = np.empty((*x.shape[: -len(image)], *op.output))
    for at in np.ndindex(out.shape):
        lead, bins = at[: -len(image)], at[-len(image) :]
        inside = [
            range(math.floor(i * n / o), math.ceil((i + 1) * n / o))
            for i, n, o in zip(bins, image, op.output, strict=True)
        ]
        out[at] = max(x[(*lead, *place)] for place in itertools.product(*inside))
    return out


@st.composite
def fractional_maxima(draw: Draw) -> Problem:
    """Distinct elements under windows that start anywhere, also at one place, over one to three axes."""
    image = draw(IMAGES)
    kernel = tuple(draw(st.integers(1, n)) for n in image)
    output = tuple(draw(st.integers(1, 3)) for _ in image)
    lead, rng = (draw(st.integers(0, 2)), 2), np.random.default_rng(draw(SEEDS))
    starts = tuple(
        rng.integers(0, n - k + 1, (*lead, o)) for n, k, o in zip(image, kernel, output, strict=True)
    )
    return Problem(lambda: ops.FractionalMaxPool(starts, kernel), [apart(draw, (*lead, *image))])


def fractional_max_pool(op: Any, x: Array) -> Array:
    """The reference of `FractionalMaxPool`: slow, and written apart from it."""
    out = np.empty((*x.shape[:2], *(along.shape[2] for along in op._starts)))
    for n, c, *o in np.ndindex(out.shape):
        first = [along[n, c, i] for along, i in zip(op._starts, o, strict=True)]
        window = tuple(slice(i, i + k) for i, k in zip(first, op.kernel, strict=True))
        out[(n, c, *o)] = max(x[(n, c, *window)].ravel().tolist())
    return out


@st.composite
def unpoolings(draw: Draw) -> Problem:
    """Any positions, with repeats, over one to three axes."""
    image = draw(IMAGES)
    small = tuple(draw(st.integers(1, 3)) for _ in image)
    x = uniform(draw, (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *small))
    flat = np.random.default_rng(draw(SEEDS)).integers(0, math.prod(image), x.shape)
    return Problem(lambda: ops.MaxUnpool(flat, image), [x])


def max_unpool(op: Any, x: Array) -> Array:
    """The reference of `MaxUnpool`: slow, and written apart from it."""
    rows = np.zeros((*x.shape[:2], math.prod(op.image)))
    for i in np.ndindex(x.shape):
        rows[(*i[:2], op._flat[i])] = x[i]
    return rows.reshape((*x.shape[:2], *op.image))


CASES: dict[type[Op], Case] = {
    ops.MaxPool: Case(poolings(ops.MaxPool), max_pool),
    ops.Place: Case(poolings(ops.Place), place, (0,)),
    ops.Pick: Case(poolings(ops.Pick), pick, (0,)),
    ops.LpPool: Case(power_sums(), lp_pool),
    ops.AdaptiveMaxPool: Case(adaptive_maxima(), adaptive_max_pool),
    ops.FractionalMaxPool: Case(fractional_maxima(), fractional_max_pool),
    ops.MaxUnpool: Case(unpoolings(), max_unpool, (0,)),
    ops.AvgPool: Case(poolings(ops.AvgPool), avg_pool, (0,)),
    ops.Spread: Case(poolings(ops.Spread), spread, (0,)),
}
