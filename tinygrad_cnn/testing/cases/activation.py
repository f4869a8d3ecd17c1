"""Cases: activations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import (
    SHAPES,
    Array,
    Case,
    Draw,
    Problem,
    apart,
    each,
    elementwise,
    uniform,
)


@st.composite
def along_axis(draw: Draw, op: type[Op]) -> Problem:
    """An op along one axis that has elements."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    axis = draw(st.integers(0, len(shape) - 1))
    return Problem(lambda: op(axis), [uniform(draw, shape)])  # type: ignore[call-arg]


@st.composite
def kinked(draw: Draw, op: type[Op]) -> Problem:
    """Elements that stay away from 0."""
    return Problem(op, [apart(draw, draw(SHAPES))])


def softmax(op: Any, x: Array) -> Array:
    return np.exp(log_softmax(op, x))


def log_softmax(op: Any, x: Array) -> Array:
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        others = (math.exp(x[(*i[: op.axis], k, *i[op.axis + 1 :])]) for k in range(x.shape[op.axis]))
        out[i] = x[i] - math.log(math.fsum(others))
    return out


CASES: dict[type[Op], Case] = {
    ops.ReLU: Case(kinked(ops.ReLU), elementwise(lambda x: max(x, 0.0))),
    ops.Sigmoid: Case(each(ops.Sigmoid), elementwise(lambda x: 1 / (1 + math.exp(-x)))),
    ops.Tanh: Case(each(ops.Tanh), elementwise(math.tanh)),
    ops.Softmax: Case(along_axis(ops.Softmax), softmax),
    ops.LogSoftmax: Case(along_axis(ops.LogSoftmax), log_softmax),
}
