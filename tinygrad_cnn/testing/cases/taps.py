"""Cases: images read at a few places each with a weight."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SEEDS, Array, Case, Draw, Problem, uniform


@st.composite
def taps(draw: Draw, op: type[Op]) -> Problem:
    """Places with repeats, some outside; sizes down to zero, but of pixels and taps."""
    batch, channels, points = (draw(st.integers(0, 3)) for _ in range(3))
    count, size = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    places = np.random.default_rng(draw(SEEDS)).integers(-1, size, (batch, count, points))
    x, g = uniform(draw, (batch, channels, size)), uniform(draw, (batch, channels, points))
    w = uniform(draw, (batch, count, points))
    if op is ops.TapSpread:
        return Problem(lambda: ops.TapSpread(places, size), [g, w])
    if op is ops.TapSum:
        return Problem(lambda: ops.TapSum(places), [x, w])
    return Problem(lambda: ops.TapProduct(places), [g, x])


def by_loops(op: Any, first: Array, second: Array) -> Array:
    """The reference of all three: slow, and written apart from them."""
    places, channels = op._places, first.shape[1]
    if isinstance(op, ops.TapProduct):
        y = np.zeros(places.shape)
    else:
        y = np.zeros((*first.shape[:2], op.size if isinstance(op, ops.TapSpread) else places.shape[2]))
    for n, k, p in np.ndindex(places.shape):
        at = places[n, k, p]
        for c in range(channels if at >= 0 else 0):
            if isinstance(op, ops.TapSum):
                y[n, c, p] += first[n, c, at] * second[n, k, p]
            elif isinstance(op, ops.TapSpread):
                y[n, c, at] += first[n, c, p] * second[n, k, p]
            else:
                y[n, k, p] += first[n, c, p] * second[n, c, at]
    return y


CASES: dict[type[Op], Case] = {
    op: Case(taps(op), by_loops, (0, 1)) for op in (ops.TapSum, ops.TapSpread, ops.TapProduct)
}
