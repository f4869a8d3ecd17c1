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
    away,
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


@st.composite
def softpluses(draw: Draw) -> Problem:
    """Some steepness and threshold; elements away from where beta·x meets the threshold."""
    beta = draw(st.sampled_from([1.0, 0.5, 3.0, -1.0]))
    threshold = draw(st.sampled_from([20.0, 1.0, math.inf]))
    return Problem(
        lambda: ops.Softplus(beta, threshold), [away(draw, draw(SHAPES), (threshold / beta,), -3, 3)]
    )


def softplus(op: Any, x: Array) -> Array:
    """The reference of `Softplus`: slow, and written apart from it."""
    return elementwise(
        lambda v: v if v * op.beta > op.threshold else math.log(1 + math.exp(v * op.beta)) / op.beta
    )(op, x)


@st.composite
def gelus(draw: Draw) -> Problem:
    """Both forms."""
    form = draw(st.sampled_from(["none", "tanh"]))
    return Problem(lambda: ops.GELU(form), [uniform(draw, draw(SHAPES), -4, 4)])


def gelu(op: Any, x: Array) -> Array:
    """The reference of `GELU`: slow, and written apart from it."""

    def exact(v: float) -> float:
        return v * 0.5 * (1 + math.erf(v / math.sqrt(2)))

    def approximate(v: float) -> float:
        return v * 0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3)))

    return elementwise(approximate if op.approximate == "tanh" else exact)(op, x)


def mish(x: float) -> float:
    """The reference of `Mish`: slow, and written apart from it."""
    return x * math.tanh(math.log(1 + math.exp(x)))


def softmax(op: Any, x: Array) -> Array:
    """The reference of `Softmax`: slow, and written apart from it."""
    return np.exp(log_softmax(op, x))


def log_softmax(op: Any, x: Array) -> Array:
    """The reference of `LogSoftmax`: slow, and written apart from it."""
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        others = (math.exp(x[(*i[: op.axis], k, *i[op.axis + 1 :])]) for k in range(x.shape[op.axis]))
        out[i] = x[i] - math.log(math.fsum(others))
    return out


CASES: dict[type[Op], Case] = {
    ops.ReLU: Case(kinked(ops.ReLU), elementwise(lambda x: max(x, 0.0))),
    ops.Sigmoid: Case(each(ops.Sigmoid), elementwise(lambda x: 1 / (1 + math.exp(-x)))),
    ops.Tanh: Case(each(ops.Tanh), elementwise(math.tanh)),
    ops.Identity: Case(each(ops.Identity), elementwise(float), (0,)),
    ops.GELU: Case(gelus(), gelu),
    ops.SiLU: Case(each(ops.SiLU), elementwise(lambda x: x / (1 + math.exp(-x)))),
    ops.Mish: Case(each(ops.Mish), elementwise(mish)),
    ops.Softplus: Case(softpluses(), softplus),
    ops.Softsign: Case(kinked(ops.Softsign), elementwise(lambda x: x / (1 + abs(x)))),
    ops.Softmax: Case(along_axis(ops.Softmax), softmax),
    ops.LogSoftmax: Case(along_axis(ops.LogSoftmax), log_softmax),
}
