"""Cases: pooling and its adjoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Array, Case, Draw, Problem, apart, uniform
from tinygrad_cnn.testing.geometry import pool_grids, reads


@st.composite
def poolings(draw: Draw, op: type[Op]) -> Problem:
    """Any geometry with one or two spatial axes; distinct elements, so that no maximum is tied."""
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
    finder = ops.MaxPool(grid)
    finder.needs = (True,)
    finder.forward(x)
    places = finder._places
    return Problem(lambda: op(grid, places), [x if op is ops.Pick else g])  # type: ignore[call-arg]


def max_pool(op: Any, x: Array) -> Array:
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
    out = np.zeros((*g.shape[:2], *op.grid.image))
    for y_at, x_at in placed(op, g.shape[:2]):
        out[x_at] += g[y_at]
    return out


def pick(op: Any, x: Array) -> Array:
    out = np.zeros((*x.shape[:2], *op.grid.output))
    for y_at, x_at in placed(op, x.shape[:2]):
        out[y_at] = x[x_at]
    return out


def divisors(op: Any) -> Array:
    """How many pixels each window of an average counts."""
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
    out = np.zeros((*x.shape[:2], *op.grid.output))
    for o, _, at in reads(op.grid):
        for i in np.ndindex(*x.shape[:2]):
            out[(*i, *o)] += x[(*i, *at)]
    return out / divisors(op)


def spread(op: Any, g: Array) -> Array:
    out, share = np.zeros((*g.shape[:2], *op.grid.image)), g / divisors(op)
    for o, _, at in reads(op.grid):
        for i in np.ndindex(*g.shape[:2]):
            out[(*i, *at)] += share[(*i, *o)]
    return out


CASES: dict[type[Op], Case] = {
    ops.MaxPool: Case(poolings(ops.MaxPool), max_pool),
    ops.Place: Case(poolings(ops.Place), place, (0,)),
    ops.Pick: Case(poolings(ops.Pick), pick, (0,)),
    ops.AvgPool: Case(poolings(ops.AvgPool), avg_pool, (0,)),
    ops.Spread: Case(poolings(ops.Spread), spread, (0,)),
}
