"""Cases: functions that are flat between steps, and the remainder, drawn away from the steps."""

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


@st.composite
def between_steps(draw: Draw, make: Callable[[], Op], offset: float) -> Problem:
    """Whole numbers plus the offset, give or take 0.3."""
    shape = draw(SHAPES)
    whole = np.random.default_rng(draw(SEEDS)).integers(-3, 4, shape)
    return Problem(make, [whole + offset + uniform(draw, shape, -0.3, 0.3)])


@st.composite
def decimals(draw: Draw) -> Problem:
    """Numbers whose last decimal but one is away from the halves."""
    places = draw(st.integers(-1, 2))
    problem = draw(between_steps(lambda: ops.Round(places), 0.0))
    return Problem(problem.make, [x / 10.0**places for x in problem.operands])


@st.composite
def quotients(draw: Draw, op: type[Op]) -> Problem:
    """Dividends and divisors of both signs whose quotients stay away from whole numbers."""
    shapes: Any = hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=3, max_side=3)
    first, second = draw(shapes).input_shapes
    rng = np.random.default_rng(draw(SEEDS))
    a = rng.integers(-6, 7, first) + rng.uniform(0.3, 0.7, first)
    return Problem(op, [a, rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], second)])


@st.composite
def kinked(draw: Draw, op: type[Op]) -> Problem:
    """Elements that stay away from 0."""
    return Problem(op, [away(draw, draw(SHAPES), (0.0,))])


def nearest(op: Any, x: Array) -> Array:
    """Decimal rounding by the standard library, of numbers that are not halves."""
    return elementwise(lambda v: float(round(v, op.decimals)))(op, x)


def rest(a: float, b: float) -> float:
    """The reference of `FloorDiv` and `Remainder`: slow, and written apart from it."""
    r = math.fmod(a, b)  # with the sign of a
    return r + b if r and (r < 0) != (b < 0) else r


CASES: dict[type[Op], Case] = {
    ops.Sign: Case(kinked(ops.Sign), elementwise(lambda x: math.copysign(1, x))),
    ops.Step: Case(kinked(ops.Step), elementwise(lambda x: float(x > 0))),
    ops.Floor: Case(between_steps(ops.Floor, 0.5), elementwise(math.floor)),
    ops.Ceil: Case(between_steps(ops.Ceil, 0.5), elementwise(math.ceil)),
    ops.Trunc: Case(between_steps(ops.Trunc, 0.5), elementwise(math.trunc)),
    ops.Round: Case(decimals(), nearest),
    ops.FloorDiv: Case(quotients(ops.FloorDiv), elementwise(lambda a, b: (a - rest(a, b)) / b)),
    ops.Fmod: Case(quotients(ops.Fmod), elementwise(math.fmod)),
    ops.Remainder: Case(quotients(ops.Remainder), elementwise(rest)),
}
