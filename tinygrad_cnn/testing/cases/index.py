"""Cases: taking elements by a key, and adding them back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SEEDS, SHAPES, Array, Case, Draw, Problem, uniform


@st.composite
def keys(draw: Draw, shape: tuple[int, ...]) -> Any:
    """A basic key, a mask, or arrays of integers with repeats."""
    style = draw(st.sampled_from(["basic", "mask", "integers", "mixed"]))
    if style == "mask":
        return np.random.default_rng(draw(SEEDS)).random(shape) < 0.5
    if style == "basic" or 0 in shape or not shape:
        return draw(hnp.basic_indices(shape, allow_ellipsis=True, allow_newaxis=True))
    if style == "integers":
        return draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4)))
    first = draw(hnp.integer_array_indices(shape[:1], result_shape=st.just((3,))))
    return (*first, *(draw(st.slices(n)) for n in shape[1:]))


@st.composite
def indexings(draw: Draw, op: type[Op]) -> Problem:
    """A shape, and a key into it."""
    shape = draw(SHAPES)
    key = draw(keys(shape))
    if op is ops.Index:
        return Problem(lambda: ops.Index(key), [uniform(draw, shape)])
    return Problem(lambda: ops.IndexAdd(key, shape), [uniform(draw, np.zeros(shape)[key].shape)])


@st.composite
def takings(draw: Draw, op: type[Op]) -> Problem:
    """Places along an axis, with repeats or without."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
    axis, unique = draw(st.integers(0, len(shape) - 1)), draw(st.booleans())
    size, rng = shape[axis], np.random.default_rng(draw(SEEDS))
    count = draw(st.integers(0, size if unique else 5 if size else 0))
    taken = (*shape[:axis], count, *shape[axis + 1 :])
    places = rng.permuted(
        np.broadcast_to(np.arange(size), (*taken[:axis], *taken[axis + 1 :], size)), axis=-1
    )
    if not unique and size:
        places = rng.integers(0, size, (*places.shape[:-1], count))
    places = np.moveaxis(places[..., :count], -1, axis)
    if op is ops.TakeAlongAxis:
        return Problem(lambda: ops.TakeAlongAxis(places, axis, unique), [uniform(draw, shape)])
    return Problem(lambda: ops.AddAlongAxis(places, axis, size, unique), [uniform(draw, taken)])


@st.composite
def puttings(draw: Draw) -> Problem:
    """Places along an axis, with repeats, and what is put there."""
    taking = draw(takings(ops.TakeAlongAxis))
    op = taking.make()
    places, axis = op._places, op.axis
    return Problem(lambda: ops.PutAlongAxis(places, axis), [*taking.operands, uniform(draw, places.shape)])


def put_along_axis(op: Any, x: Array, v: Array) -> Array:
    """The reference of `PutAlongAxis`: slow, and written apart from it."""
    out = np.array(x)
    for i in np.ndindex(v.shape):
        out[taken_from(op, i)] = v[i]
    return out


def taken_from(op: Any, i: tuple[int, ...]) -> tuple[int, ...]:
    """The position in the whole array of position i in what is taken."""
    return (*i[: op.axis], int(op._places[i]), *i[op.axis + 1 :])


def take_along_axis(op: Any, x: Array) -> Array:
    """The reference of `TakeAlongAxis`: slow, and written apart from it."""
    out = np.empty(op._places.shape)
    for i in np.ndindex(out.shape):
        out[i] = x[taken_from(op, i)]
    return out


def add_along_axis(op: Any, g: Array) -> Array:
    """The reference of `AddAlongAxis`: slow, and written apart from it."""
    out = np.zeros((*g.shape[: op.axis], op.size, *g.shape[op.axis + 1 :]))
    for i in np.ndindex(g.shape):
        out[taken_from(op, i)] += g[i]
    return out


def places_of(op: Any, shape: tuple[int, ...]) -> Array:
    """The flat positions that the op's key takes from an array of that shape."""
    return np.asarray(np.arange(math.prod(shape)).reshape(shape)[op._key])


def index(op: Any, x: Array) -> Array:
    """The reference of `Index`: slow, and written apart from it."""
    places, elements = places_of(op, x.shape), list(x.flat)
    return np.array([elements[p] for p in places.flat], dtype=float).reshape(places.shape)


def index_add(op: Any, g: Array) -> Array:
    """The reference of `IndexAdd`: slow, and written apart from it."""
    out = np.zeros(math.prod(op.shape))
    for p, value in zip(places_of(op, op.shape).flat, g.flat, strict=True):
        out[p] += value
    return out.reshape(op.shape)


CASES: dict[type[Op], Case] = {
    ops.TakeAlongAxis: Case(takings(ops.TakeAlongAxis), take_along_axis, (0,)),
    ops.AddAlongAxis: Case(takings(ops.AddAlongAxis), add_along_axis, (0,)),
    ops.PutAlongAxis: Case(puttings(), put_along_axis),
    ops.Index: Case(indexings(ops.Index), index, (0,)),
    ops.IndexAdd: Case(indexings(ops.IndexAdd), index_add, (0,)),
}
