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
    """A draw of what to keep, of x's shape or one that broadcasts to it."""
    x = uniform(draw, draw(SHAPES))
    whole = draw(st.booleans())
    shape = x.shape if whole else (*x.shape[:1], *(1 for _ in x.shape[1:]))
    mode = draw(st.sampled_from(["inverted", "classic"]))
    p = draw(st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    keep = np.random.default_rng(draw(SEEDS)).random(shape) >= p
    return Problem(lambda: ops.Dropout(keep, p, mode), [x])


def dropout(op: Any, x: Array) -> Array:
    """The reference of `Dropout`: slow, and written apart from it."""
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        if op._mask[tuple(map(min, i, (n - 1 for n in op._mask.shape)))]:
            out[i] = x[i] if op.mode == "classic" else x[i] / (1 - op.p)
    return out


CASES: dict[type[Op], Case] = {
    ops.Dropout: Case(dropouts(), dropout, (0,)),
}
