"""Cases: distances of all pairs of points."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Array, Case, Draw, Problem, uniform


@st.composite
def clouds(draw: Draw, op: type[Op]) -> Problem:
    """Two sets of points that lie apart, from none to a few, and weights of their pairs."""
    count, points, others, size = (draw(st.integers(0, 3)) for _ in range(4))
    if op is ops.PairDistances:  # a sum of no square has no derivative
        size += 1
    a, b = uniform(draw, (count, points, size)), uniform(draw, (count, others, size), 3, 5)
    if op is ops.PairDistances:
        return Problem(op, [a, b])
    return Problem(op, [uniform(draw, (count, points, others)), a, b])


def distances(op: Any, a: Array, b: Array) -> Array:
    """The reference of `PairDistances`: slow, and written apart from it."""
    y = np.zeros((*a.shape[:2], b.shape[1]))
    for n, i, j in np.ndindex(y.shape):
        y[n, i, j] = np.linalg.norm(a[n, i] - b[n, j])
    return y


def differences(op: Any, w: Array, a: Array, b: Array) -> Array:
    """The reference of `WeightedDifferences`."""
    y = np.zeros(a.shape)
    for n, i, j in np.ndindex(w.shape):
        y[n, i] += w[n, i, j] * (a[n, i] - b[n, j])
    return y


CASES: dict[type[Op], Case] = {
    ops.PairDistances: Case(clouds(ops.PairDistances), distances),
    ops.WeightedDifferences: Case(clouds(ops.WeightedDifferences), differences, (0,)),
}
