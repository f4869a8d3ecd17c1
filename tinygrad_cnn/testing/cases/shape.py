"""Cases: rearranging and joining."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SHAPES, Array, Case, Draw, Problem, uniform


@st.composite
def reshapes(draw: Draw) -> Problem:
    """Any order of the factors of the number of elements."""
    shape = draw(SHAPES)
    wanted = tuple(draw(st.permutations([*shape, 1])))
    return Problem(lambda: ops.Reshape(wanted), [uniform(draw, shape)])


@st.composite
def transposes(draw: Draw) -> Problem:
    """Any order of the axes."""
    shape = draw(SHAPES)
    axes = tuple(draw(st.permutations(range(len(shape)))))
    return Problem(lambda: ops.Transpose(axes), [uniform(draw, shape)])


@st.composite
def broadcasts(draw: Draw, op: type[Op]) -> Problem:
    """A shape, and one that it broadcasts to."""
    large = draw(SHAPES)
    small = tuple(draw(st.sampled_from((1, n))) for n in large)[draw(st.integers(0, len(large))) :]
    if op is ops.SumTo:
        return Problem(lambda: ops.SumTo(small), [uniform(draw, large)])
    return Problem(lambda: ops.BroadcastTo(large), [uniform(draw, small)])


@st.composite
def concatenations(draw: Draw) -> Problem:
    """One to three operands that differ along one axis."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3))
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    arrays = [uniform(draw, (*shape[:axis], n, *shape[axis + 1 :])) for n in sizes]
    return Problem(lambda: ops.Concatenate(axis), arrays)


def reshape(op: Any, x: Array) -> Array:
    """The reference of `Reshape`: slow, and written apart from it."""
    return np.array(list(x.flat)).reshape(op.shape)


def transpose(op: Any, x: Array) -> Array:
    """The reference of `Transpose`: slow, and written apart from it."""
    out = np.empty([x.shape[a] for a in op.axes])
    for i in np.ndindex(x.shape):
        out[tuple(i[a] for a in op.axes)] = x[i]
    return out


def broadcast_to(op: Any, x: Array) -> Array:
    """The reference of `BroadcastTo`: slow, and written apart from it."""
    out = np.empty(op.shape)
    for i in np.ndindex(*op.shape):
        out[i] = x[tuple(0 if n == 1 else k for k, n in zip(i[len(i) - x.ndim :], x.shape, strict=True))]
    return out


def sum_to(op: Any, x: Array) -> Array:
    """The reference of `SumTo`: slow, and written apart from it."""
    out = np.zeros(op.shape)
    for i in np.ndindex(x.shape):
        tail = i[len(i) - len(op.shape) :]
        out[tuple(0 if n == 1 else k for k, n in zip(tail, op.shape, strict=True))] += x[i]
    return out


def concatenate(op: Any, *arrays: Array) -> Array:
    """The reference of `Concatenate`: slow, and written apart from it."""
    shape = list(arrays[0].shape)
    shape[op.axis] = sum(x.shape[op.axis] for x in arrays)
    out, start = np.empty(shape), 0
    for x in arrays:
        for i in np.ndindex(x.shape):
            out[(*i[: op.axis], i[op.axis] + start, *i[op.axis + 1 :])] = x[i]
        start += x.shape[op.axis]
    return out


CASES: dict[type[Op], Case] = {
    ops.Reshape: Case(reshapes(), reshape, (0,)),
    ops.Transpose: Case(transposes(), transpose, (0,)),
    ops.BroadcastTo: Case(broadcasts(ops.BroadcastTo), broadcast_to, (0,)),
    ops.SumTo: Case(broadcasts(ops.SumTo), sum_to, (0,)),
    ops.Concatenate: Case(concatenations(), concatenate),
}
