"""Cases: operations with a random draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SEEDS, SHAPES, Array, Case, Draw, Problem, uniform


@st.composite
def dropouts(draw: Draw) -> Problem:
    """A draw of what to keep."""
    x = uniform(draw, draw(SHAPES))
    p = draw(st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    keep = np.random.default_rng(draw(SEEDS)).random(x.shape) >= p
    return Problem(lambda: ops.Dropout(keep, p), [x])


def dropout(op: Any, x: Array) -> Array:
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        if op._mask[i]:
            out[i] = x[i] / (1 - op.p)
    return out


CASES: dict[type[Op], Case] = {
    ops.Dropout: Case(dropouts(), dropout, (0,)),
}
