"""Cases: trigonometric and hyperbolic functions."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Case, Draw, Problem, each, elementwise, uniform


@st.composite
def points(draw: Draw) -> Problem:
    """Points of all four quadrants, away from the origin and from where the angle jumps."""
    shapes: Any = hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=3, max_side=3)
    first, second = draw(shapes).input_shapes
    up = draw(st.sampled_from([-1, 1]))
    return Problem(ops.Arctan2, [up * uniform(draw, first, 0.5, 2), uniform(draw, second)])


CASES: dict[type[Op], Case] = {
    ops.Sin: Case(each(ops.Sin, -7, 7), elementwise(math.sin)),
    ops.Cos: Case(each(ops.Cos, -7, 7), elementwise(math.cos)),
    ops.Tan: Case(each(ops.Tan, -1, 1), elementwise(math.tan)),
    ops.Arcsin: Case(each(ops.Arcsin, -0.8, 0.8), elementwise(math.asin)),
    ops.Arccos: Case(each(ops.Arccos, -0.8, 0.8), elementwise(math.acos)),
    ops.Arctan: Case(each(ops.Arctan, -5, 5), elementwise(math.atan)),
    ops.Arctan2: Case(points(), elementwise(math.atan2)),
    ops.Sinh: Case(each(ops.Sinh), elementwise(math.sinh)),
    ops.Cosh: Case(each(ops.Cosh), elementwise(math.cosh)),
    ops.Arcsinh: Case(each(ops.Arcsinh, -5, 5), elementwise(math.asinh)),
    ops.Arccosh: Case(each(ops.Arccosh, 1.3, 5), elementwise(math.acosh)),
    ops.Arctanh: Case(each(ops.Arctanh, -0.8, 0.8), elementwise(math.atanh)),
}
