"""Cases: running sums and products, and sorting."""

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
    Array,
    Case,
    Draw,
    Problem,
    Reference,
    apart,
    uniform,
    with_zeros,
)

LINES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
Draws = Callable[[Draw, tuple[int, ...]], Array]


@st.composite
def along_axis(draw: Draw, op: Any, numbers: Draws = uniform, count: int = 1) -> Problem:
    """Operands of one shape, an axis, and one direction of two."""
    shape, backwards = draw(LINES), draw(st.booleans())
    axis = draw(st.integers(0, len(shape) - 1))
    return Problem(lambda: op(axis, backwards), [numbers(draw, shape) for _ in range(count)])


@st.composite
def choices(draw: Draw) -> Problem:
    """The largest or smallest k, from none to all."""
    shape, largest = draw(LINES), draw(st.booleans())
    axis = draw(st.integers(0, len(shape) - 1))
    k = draw(st.integers(0, shape[axis]))
    return Problem(lambda: ops.TopK(k, axis, largest), [apart(draw, shape)])


@st.composite
def ranked(draw: Draw) -> Problem:
    """Elements of which no two are equal, and some of their ranks, with repeats."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    axis = draw(st.integers(0, len(shape) - 1))
    ranks = tuple(draw(st.lists(st.integers(0, shape[axis] - 1), max_size=3, unique=True)))
    return Problem(lambda: ops.OfRank(ranks, axis), [apart(draw, shape)])


@st.composite
def extremes(draw: Draw) -> Problem:
    """Elements of which no two are equal, and the largest or the smallest of them."""
    shape, largest = draw(LINES), draw(st.booleans())
    axis = draw(st.integers(0, len(shape) - 1))
    return Problem(lambda: ops.CumExtreme(axis, largest), [apart(draw, shape)])


@st.composite
def exponents(draw: Draw) -> Problem:
    """An axis, and elements of any size."""
    shape = draw(LINES)
    axis = draw(st.integers(0, len(shape) - 1))
    return Problem(lambda: ops.LogCumSumExp(axis), [uniform(draw, shape)])


def lines(function: Callable[..., list[float]]) -> Reference:
    """A function of lists of numbers, applied to each line along the op's axis."""

    def reference(op: Any, *arrays: Array) -> Array:
        moved = [np.moveaxis(x, op.axis, -1) for x in arrays]
        rows = [
            function(op, *(list(map(float, x[i])) for x in moved)) for i in np.ndindex(moved[0].shape[:-1])
        ]
        length = len(function(op, *([0.0] * x.shape[-1] for x in moved)))
        return np.moveaxis(np.array(rows, float).reshape((*moved[0].shape[:-1], length)), -1, op.axis)

    return reference


def running(step: Callable[..., float], start: float) -> Reference:
    """Follow a state along a line, from either end."""

    def reference(op: Any, *numbers: list[float]) -> list[float]:
        state, out = start, []
        for items in zip(*(v[::-1] if op.reverse else v for v in numbers), strict=True):
            state = step(state, *items)
            out.append(state)
        return out[::-1] if op.reverse else out

    return lines(reference)


def top(op: Any, numbers: list[float]) -> list[float]:
    """The reference of `TopK`: slow, and written apart from it."""
    return sorted(numbers, reverse=op.largest)[: op.k]


CASES: dict[type[Op], Case] = {
    ops.CumSum: Case(along_axis(ops.CumSum), running(lambda s, v: s + v, 0.0), (0,)),
    ops.CumProd: Case(along_axis(ops.CumProd, with_zeros), running(lambda s, v: s * v, 1.0)),
    ops.Recurrence: Case(
        along_axis(ops.Recurrence, count=2), running(lambda s, a, b: a * s + b, 0.0), (1,)
    ),
    ops.CumExtreme: Case(
        extremes(),
        lines(lambda op, x: [(max if op.largest else min)(x[: k + 1]) for k in range(len(x))]),
    ),
    ops.LogCumSumExp: Case(
        exponents(),
        lines(lambda op, x: [math.log(math.fsum(map(math.exp, x[: k + 1]))) for k in range(len(x))]),
    ),
    ops.Sort: Case(
        along_axis(ops.Sort, apart), lines(lambda op, numbers: sorted(numbers, reverse=op.descending))
    ),
    ops.TopK: Case(choices(), lines(top)),
    ops.OfRank: Case(ranked(), lines(lambda op, numbers: [sorted(numbers)[k] for k in op.ranks])),
}
