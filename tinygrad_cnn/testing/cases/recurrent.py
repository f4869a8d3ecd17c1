"""Cases: gates of recurrent cells."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Array, Case, Draw, Problem, uniform


@st.composite
def lstm(draw: Draw) -> Problem:
    """Sums and cell states of any number of leading axes."""
    lead = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3))
    size = draw(st.integers(0, 3))
    return Problem(ops.LSTMGates, [uniform(draw, (*lead, 4 * size)), uniform(draw, (*lead, size))])


@st.composite
def gru(draw: Draw) -> Problem:
    """Sums of input and state, and states, of any number of leading axes."""
    lead = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3))
    size = draw(st.integers(0, 3))
    sums = [uniform(draw, (*lead, 3 * size)) for _ in range(2)]
    return Problem(ops.GRUGates, [*sums, uniform(draw, (*lead, size))])


def logistic(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1 / (1 + math.exp(-x))


def lstm_reference(op: Any, z: Array, c: Array) -> Array:
    """The reference of `LSTMGates`: one unit at a time."""
    size = c.shape[-1]
    out = np.zeros((*c.shape[:-1], 2 * size))
    for *s, k in np.ndindex(c.shape):
        i, f, u, o = (float(z[(*s, k + j * size)]) for j in range(4))
        new = logistic(f) * float(c[(*s, k)]) + logistic(i) * math.tanh(u)
        out[(*s, k)], out[(*s, size + k)] = logistic(o) * math.tanh(new), new
    return out


def gru_reference(op: Any, x: Array, y: Array, h: Array) -> Array:
    """The reference of `GRUGates`: one unit at a time."""
    size, out = h.shape[-1], np.zeros(h.shape)
    for *s, k in np.ndindex(h.shape):
        places = [(*s, k + j * size) for j in range(3)]
        r, u = (logistic(float(x[place] + y[place])) for place in places[:2])
        n = math.tanh(float(x[places[2]]) + r * float(y[places[2]]))
        out[(*s, k)] = (1 - u) * n + u * float(h[(*s, k)])
    return out


CASES: dict[type[Op], Case] = {
    ops.LSTMGates: Case(lstm(), lstm_reference),
    ops.GRUGates: Case(gru(), gru_reference),
}
