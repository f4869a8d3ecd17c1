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
    SEEDS,
    SHAPES,
    Array,
    Case,
    Draw,
    Problem,
    Reference,
    apart,
    axes_of,
    uniform,
    with_zeros,
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
    """The reference of `Mean`: slow, and written apart from it."""
    return math.fsum(numbers) / len(numbers)


@st.composite
def products(draw: Draw) -> Problem:
    """Numbers of which some are 0: none, one or several in a group."""
    shape = draw(SHAPES)
    axis, keepdims = axes_of(draw, len(shape)), draw(st.booleans())
    return Problem(lambda: ops.Prod(axis, keepdims), [with_zeros(draw, shape)])


@st.composite
def deviations(draw: Draw, op: Any) -> Problem:
    """Groups with more elements than are taken from their number."""
    shape = draw(FILLED)
    axis, keepdims = axes_of(draw, len(shape)), draw(st.booleans())
    count = math.prod(shape[i] for i in axis)
    ddof = draw(st.sampled_from([0, 1, 0.5] if count > 1 else [0]))
    return Problem(lambda: op(axis, keepdims, ddof), [apart(draw, shape)])


@st.composite
def norms(draw: Draw) -> Problem:
    """Every kind of order; no two sizes are equal and none is near 0."""
    order = draw(st.sampled_from([2, 1, math.inf, -math.inf, 0, 3, 2.5, 0.5, -1]))
    shape = draw(SHAPES if order in (0, 1, 2, 3) else FILLED)
    axis, keepdims = axes_of(draw, len(shape)), draw(st.booleans())
    rng = np.random.default_rng(draw(SEEDS))
    size = rng.permutation(math.prod(shape)).reshape(shape) * 0.1 + 0.3
    return Problem(lambda: ops.Norm(axis, keepdims, order), [size * rng.choice([-1, 1], shape)])


def deviation(root: float) -> Reference:
    """Variance to a power."""

    def reference(op: Any, x: Array) -> Array:
        def of(numbers: list[float]) -> float:
            middle = mean(numbers)
            squares = math.fsum((v - middle) ** 2 for v in numbers)
            return float((squares / (len(numbers) - op.ddof)) ** root)

        return reduction(of)(op, x)

    return reference


def norm(op: Any, x: Array) -> Array:
    """The reference of `Norm`: slow, and written apart from it."""

    def of(numbers: list[float]) -> float:
        sizes = [abs(v) for v in numbers]
        if op.ord == 0:
            return float(sum(v != 0 for v in sizes))
        if math.isinf(op.ord):
            return max(sizes) if op.ord > 0 else min(sizes)
        return float(math.fsum(v**op.ord for v in sizes) ** (1 / op.ord))

    return reduction(of)(op, x)


CASES: dict[type[Op], Case] = {
    ops.Sum: Case(reductions(ops.Sum), reduction(math.fsum), (0,)),
    ops.Mean: Case(reductions(ops.Mean, FILLED), reduction(mean), (0,)),
    ops.Max: Case(reductions(ops.Max, FILLED, distinct=True), reduction(max)),
    ops.Min: Case(reductions(ops.Min, FILLED, distinct=True), reduction(min)),
    ops.Prod: Case(products(), reduction(lambda v: math.prod(v, start=1.0))),
    ops.Var: Case(deviations(ops.Var), deviation(1)),
    ops.Std: Case(deviations(ops.Std), deviation(0.5)),
    ops.LogSumExp: Case(
        reductions(ops.LogSumExp, FILLED), reduction(lambda v: math.log(math.fsum(map(math.exp, v))))
    ),
    ops.Norm: Case(norms(), norm),
}
