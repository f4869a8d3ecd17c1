"""Cases: activations in pieces, drawn away from their kinks."""

from __future__ import annotations

import math
from collections.abc import Callable
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
    away,
    elementwise,
    uniform,
)


@st.composite
def kinked(draw: Draw, make: Callable[[], Op], *kinks: float, low: float = -2, high: float = 2) -> Problem:
    """Elements on both sides of the kinks."""
    return Problem(make, [away(draw, draw(SHAPES), kinks, low, high)])


@st.composite
def with_option(draw: Draw, op: Callable[[float], Op], low: float, high: float) -> Problem:
    """Elements away from 0, and an option."""
    option = draw(st.floats(low, high))
    return Problem(lambda: op(option), [away(draw, draw(SHAPES), (0.0,))])


@st.composite
def hardtanhs(draw: Draw) -> Problem:
    """Problems of `Hardtanh`: operands, and options that fit them."""
    low, high = draw(st.sampled_from([(-1.0, 1.0), (0.0, 0.5), (-1.5, -0.5)]))
    return Problem(lambda: ops.Hardtanh(low, high), [away(draw, draw(SHAPES), (low, high))])


@st.composite
def prelus(draw: Draw) -> Problem:
    """One slope, or one per channel."""
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
    slopes: tuple[int, ...] = draw(st.sampled_from([(), (1,), shape[1:2] or (1,)]))
    return Problem(ops.PReLU, [away(draw, shape, (0.0,)), uniform(draw, slopes)])


def prelu(op: Any, x: Array, w: Array) -> Array:
    """The reference of `PReLU`: slow, and written apart from it."""
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        slope = float(w.flat[0] if w.size == 1 else w[i[1]])
        out[i] = x[i] if x[i] > 0 else slope * x[i]
    return out


def of_option(function: Callable[[Any, float], float]) -> Callable[..., Array]:
    """A function of the op's options and one number."""
    return lambda op, x: elementwise(lambda v: function(op, v))(op, x)


def selu(x: float) -> float:
    """The reference of `SELU`: slow, and written apart from it."""
    return 1.05070098735548 * (x if x > 0 else 1.67326324235438 * (math.exp(x) - 1))


CASES: dict[type[Op], Case] = {
    ops.ReLU6: Case(kinked(ops.ReLU6, 0, 6, low=-4, high=10), elementwise(lambda x: min(max(x, 0.0), 6.0))),
    ops.Hardtanh: Case(hardtanhs(), of_option(lambda op, x: min(max(x, op.min_val), op.max_val))),
    ops.Hardsigmoid: Case(
        kinked(ops.Hardsigmoid, -3, 3, low=-5, high=5),
        elementwise(lambda x: 0.0 if x < -3 else 1.0 if x > 3 else x / 6 + 0.5),
    ),
    ops.Hardswish: Case(
        kinked(ops.Hardswish, -3, 3, low=-5, high=5),
        elementwise(lambda x: 0.0 if x < -3 else x if x > 3 else x * (x + 3) / 6),
    ),
    ops.LeakyReLU: Case(
        with_option(ops.LeakyReLU, -1, 1),
        of_option(lambda op, x: max(x, 0) + op.negative_slope * min(x, 0)),
    ),
    ops.Hardshrink: Case(
        kinked(lambda: ops.Hardshrink(0.4), -0.4, 0.4), elementwise(lambda x: x if abs(x) > 0.4 else 0.0)
    ),
    ops.Softshrink: Case(
        kinked(lambda: ops.Softshrink(0.4), -0.4, 0.4),
        elementwise(lambda x: math.copysign(max(abs(x) - 0.4, 0.0), x)),
    ),
    ops.Threshold: Case(
        kinked(lambda: ops.Threshold(0.5, -3.0), 0.5), elementwise(lambda x: x if x > 0.5 else -3.0)
    ),
    ops.PReLU: Case(prelus(), prelu),
    ops.ELU: Case(
        with_option(ops.ELU, -2, 2), of_option(lambda op, x: x if x > 0 else op.alpha * (math.exp(x) - 1))
    ),
    ops.SELU: Case(kinked(ops.SELU, 0), elementwise(selu)),
    ops.CELU: Case(
        with_option(ops.CELU, 0.5, 2),
        of_option(lambda op, x: x if x > 0 else op.alpha * (math.exp(x / op.alpha) - 1)),
    ),
}
