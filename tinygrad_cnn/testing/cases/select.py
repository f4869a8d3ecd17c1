"""Cases: choices between values."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import (
    SEEDS,
    SHAPES,
    Array,
    Case,
    Draw,
    Problem,
    away,
    elementwise,
    uniform,
)


def shapes(draw: Draw, count: int) -> Any:
    """Shapes that broadcast."""
    drawn: Any = hnp.mutually_broadcastable_shapes(num_shapes=count, min_side=0, max_dims=3, max_side=3)
    return draw(drawn).input_shapes


@st.composite
def choices(draw: Draw) -> Problem:
    """Two operands and a mask, of shapes that broadcast."""
    first, second, third = shapes(draw, 3)
    mask = np.random.default_rng(draw(SEEDS)).random(third) < 0.5
    return Problem(lambda: ops.Where(mask), [uniform(draw, first), uniform(draw, second)])


@st.composite
def gates(draw: Draw) -> Problem:
    """An operand and a mask of its shape."""
    shape = draw(SHAPES)
    mask = np.random.default_rng(draw(SEEDS)).random(shape) < 0.5
    return Problem(lambda: ops.Gate(mask), [uniform(draw, shape)])


@st.composite
def rivals(draw: Draw, op: type[Op]) -> Problem:
    """Two operands that broadcast, of which no element comes closer than 0.1 to one of the other."""
    first, second = shapes(draw, 2)
    rng = np.random.default_rng(draw(SEEDS))
    return Problem(op, [rng.integers(-9, 10, first) * 0.2, rng.integers(-9, 10, second) * 0.2 + 0.1])


@st.composite
def clips(draw: Draw) -> Problem:
    """One bound or two, numbers or arrays, and elements away from both."""
    shape = draw(SHAPES)
    x = away(draw, shape, (-1.0, 1.0))
    low, high = draw(st.sampled_from([(-1.0, 1.0), (None, 1.0), (-1.0, None), (1.0, -1.0)]))
    if draw(st.booleans()):
        low, high = (b if b is None else np.full(shape[-1:], b) for b in (low, high))
    return Problem(lambda: ops.Clip(low, high), [x])


def where(op: Any, a: Array, b: Array) -> Array:
    """The reference of `Where`: slow, and written apart from it."""
    chosen = elementwise(lambda m, x, y: x if m else y)
    return chosen(op, np.asarray(op._mask), a, b)


def gate(op: Any, x: Array) -> Array:
    """The reference of `Gate`: slow, and written apart from it."""
    return elementwise(lambda m, v: v if m else 0.0)(op, np.asarray(op._mask), x)


def clip(op: Any, x: Array) -> Array:
    """The reference of `Clip`: slow, and written apart from it."""
    low = np.asarray(-np.inf if op.low is None else op.low)
    high = np.asarray(np.inf if op.high is None else op.high)
    return elementwise(lambda v, a, b: min(max(v, a), b))(op, x, low, high)


CASES: dict[type[Op], Case] = {
    ops.Where: Case(choices(), where),
    ops.Gate: Case(gates(), gate, (0,)),
    ops.Maximum: Case(rivals(ops.Maximum), elementwise(max)),
    ops.Minimum: Case(rivals(ops.Minimum), elementwise(min)),
    ops.Clip: Case(clips(), clip),
}
