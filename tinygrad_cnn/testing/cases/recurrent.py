"""Cases: gates of recurrent cells, and recurrent layers over sequences."""

from __future__ import annotations

import math
from collections.abc import Callable
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


@st.composite
def sequences(draw: Draw, gates: int, states: int, make: Callable[[bool], Op]) -> Problem:
    """Sequences of at least one step, first states, weights, and both biases or neither."""
    steps, count = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    inputs, size, biased = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.booleans())
    shapes = [(steps, count, inputs), *[(count, size)] * states]
    shapes += [(gates * size, inputs), (gates * size, size), *[(gates * size,)] * (2 * biased)]
    return Problem(lambda: make(biased), [uniform(draw, shape, -1, 1) for shape in shapes])


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


def sums_of(x: Array, h: Array, weights: tuple[Array, ...]) -> tuple[Array, Array]:
    """The sums of inputs and of states of one step."""
    padded: tuple[Any, ...] = (*weights, 0.0, 0.0)
    w_ih, w_hh, b_ih, b_hh = padded[:4]
    return np.einsum("ni,oi->no", x, w_ih) + b_ih, np.einsum("ni,oi->no", h, w_hh) + b_hh


def lstm_layer_reference(op: Any, x: Array, h: Array, c: Array, *weights: Array) -> Array:
    """The reference of `LSTM`: step by step by that of `LSTMGates`."""
    size, outputs = h.shape[1], []
    for step in x:
        both = lstm_reference(op, np.add(*sums_of(step, h, weights)), c)
        h, c = both[:, :size], both[:, size:]
        outputs.append(h)
    return np.stack([*outputs, c])


def gru_layer_reference(op: Any, x: Array, h: Array, *weights: Array) -> Array:
    """The reference of `GRU`: step by step by that of `GRUGates`."""
    outputs = [h := gru_reference(op, *sums_of(step, h, weights), h) for step in x]
    return np.stack(outputs)


def rnn_layer_reference(op: Any, x: Array, h: Array, *weights: Array) -> Array:
    """The reference of `RNN`: step by step."""
    outputs = [h := np.tanh(sum(sums_of(step, h, weights))) for step in x]
    return np.stack(outputs)


CASES: dict[type[Op], Case] = {
    ops.LSTMGates: Case(lstm(), lstm_reference),
    ops.GRUGates: Case(gru(), gru_reference),
    ops.LSTM: Case(sequences(4, 2, ops.LSTM), lstm_layer_reference),
    ops.GRU: Case(sequences(3, 1, ops.GRU), gru_layer_reference),
    ops.RNN: Case(sequences(1, 1, lambda biased: ops.RNN(False)), rnn_layer_reference),
}
