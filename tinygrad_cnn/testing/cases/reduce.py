"""Cases: reductions over axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import (
    FILLED,
    SHAPES,
    Array,
    Case,
    Draw,
    Problem,
    Reference,
    apart,
    axes_of,
    uniform,
)


@st.composite
def reductions(draw: Draw, op: type[Op], shapes: Any = SHAPES, distinct: bool = False) -> Problem:
    """A reduction over some axes."""
    shape = draw(shapes)
    axis, keepdims = axes_of(draw, len(shape)), draw(st.booleans())
    x = apart(draw, shape) if distinct else uniform(draw, shape)
    return Problem(lambda: op(axis, keepdims), [x])  # type: ignore[call-arg]


def reduction(function: Callable[[list[float]], float]) -> Reference:
    """A function of a list of numbers, applied along the op's axes."""

    def reference(op: Any, x: Array) -> Array:
        kept = [n if i not in op.axis else 1 for i, n in enumerate(x.shape)]
        groups: dict[tuple[int, ...], list[float]] = {i: [] for i in np.ndindex(*kept)}
        for i in np.ndindex(x.shape):
            groups[tuple(0 if a in op.axis else n for a, n in enumerate(i))].append(float(x[i]))
        out = np.array([function(group) for group in groups.values()]).reshape(kept)
        return out if op.keepdims else out.squeeze(op.axis)

    return reference


def mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)


CASES: dict[type[Op], Case] = {
    ops.Sum: Case(reductions(ops.Sum), reduction(math.fsum), (0,)),
    ops.Mean: Case(reductions(ops.Mean, FILLED), reduction(mean), (0,)),
    ops.Max: Case(reductions(ops.Max, FILLED, distinct=True), reduction(max)),
}
