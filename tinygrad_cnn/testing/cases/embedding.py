"""Cases: rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SEEDS, SHAPES, Array, Case, Draw, Problem, uniform


@st.composite
def tables(draw: Draw) -> Problem:
    """Indices of any shape, with repeats."""
    w = uniform(draw, draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=4)))
    indices = np.random.default_rng(draw(SEEDS)).integers(0, len(w), draw(SHAPES))
    return Problem(lambda: ops.Embedding(indices), [w])


def embedding(op: Any, w: Array) -> Array:
    """The reference of `Embedding`: slow, and written apart from it."""
    out = np.empty((*op._indices.shape, w.shape[1]))
    for i in np.ndindex(op._indices.shape):
        out[i] = w[int(op._indices[i])]
    return out


CASES: dict[type[Op], Case] = {ops.Embedding: Case(tables(), embedding, (0,))}
