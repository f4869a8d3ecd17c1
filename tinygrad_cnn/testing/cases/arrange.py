"""Cases: copies, reversals and rotations; triangles and diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SEEDS, SHAPES, Array, Case, Draw, Problem, axes_of, uniform

LINES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
MATRICES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=4)


@st.composite
def tiles(draw: Draw) -> Problem:
    """Problems of `Tile`: operands, and options that fit them."""
    shape = draw(SHAPES)
    repeats = tuple(draw(st.integers(0, 3)) for _ in shape)
    return Problem(lambda: ops.Tile(repeats), [uniform(draw, shape)])


@st.composite
def repeats(draw: Draw) -> Problem:
    """One number, or one for each element."""
    shape = draw(LINES)
    axis = draw(st.integers(0, len(shape) - 1))
    often: Any = draw(st.integers(0, 3))
    if draw(st.booleans()):
        often = np.random.default_rng(draw(SEEDS)).integers(0, 3, shape[axis])
    return Problem(lambda: ops.Repeat(often, axis), [uniform(draw, shape)])


@st.composite
def flips(draw: Draw) -> Problem:
    """Problems of `Flip`: operands, and options that fit them."""
    shape = draw(SHAPES)
    axis = axes_of(draw, len(shape))
    return Problem(lambda: ops.Flip(axis), [uniform(draw, shape)])


@st.composite
def rolls(draw: Draw) -> Problem:
    """Along some axes, also one twice, or flat."""
    shape = draw(SHAPES)
    axis: Any = None
    if shape and draw(st.booleans()):
        axis = tuple(draw(st.lists(st.integers(0, len(shape) - 1), max_size=3)))
    shift = tuple(draw(st.integers(-5, 5)) for _ in ((0,) if axis is None else axis))
    return Problem(lambda: ops.Roll(shift, axis), [uniform(draw, shape)])


@st.composite
def triangles(draw: Draw, op: Any) -> Problem:
    """Problems of `Tril` and `Triu`: operands, and options that fit them."""
    k = draw(st.integers(-3, 3))
    return Problem(lambda: op(k), [uniform(draw, draw(MATRICES))])


@st.composite
def diagonals(draw: Draw, op: type[Op]) -> Problem:
    """Any diagonal of any two axes, also one outside."""
    shape, offset = draw(MATRICES), draw(st.integers(-4, 4))
    i, j = draw(st.permutations(range(len(shape))))[:2]
    if op is ops.Diagonal:
        return Problem(lambda: ops.Diagonal(offset, i, j), [uniform(draw, shape)])
    taken = np.zeros(shape).diagonal(offset, i, j).shape
    return Problem(lambda: ops.PlaceDiagonal(offset, i, j, shape), [uniform(draw, taken)])


def tile(op: Any, x: Array) -> Array:
    """The reference of `Tile`: slow, and written apart from it."""
    out = np.empty([n * often for n, often in zip(x.shape, op.repeats, strict=True)])
    for i in np.ndindex(out.shape):
        out[i] = x[tuple(k % n for k, n in zip(i, x.shape, strict=True))]
    return out


def repeat(op: Any, x: Array) -> Array:
    """The reference of `Repeat`: slow, and written apart from it."""
    often = [op._repeats] * x.shape[op.axis] if isinstance(op._repeats, int) else op._repeats
    lines = [line for line, n in zip(np.moveaxis(x, op.axis, 0), often, strict=True) for _ in range(n)]
    shape = (*x.shape[: op.axis], len(lines), *x.shape[op.axis + 1 :])
    out = np.empty(shape)
    for i, line in enumerate(lines):
        np.moveaxis(out, op.axis, 0)[i] = line
    return out


def flip(op: Any, x: Array) -> Array:
    """The reference of `Flip`: slow, and written apart from it."""
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        out[
            tuple(n - 1 - k if a in op.axis else k for a, (k, n) in enumerate(zip(i, x.shape, strict=True)))
        ] = x[i]
    return out


def roll(op: Any, x: Array) -> Array:
    """The reference of `Roll`: slow, and written apart from it."""
    if op.axis is None:
        line = list(x.flat)
        start = op.shift[0] % max(len(line), 1)
        return np.array([line[k - start] for k in range(len(line))]).reshape(x.shape)
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        to = list(i)
        for step, axis in zip(op.shift, op.axis, strict=True):
            to[axis] = (to[axis] + step) % x.shape[axis]
        out[tuple(to)] = x[i]
    return out


def triangle(op: Any, x: Array) -> Array:
    """The reference of `Tril` and `Triu`: slow, and written apart from it."""
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        above = i[-1] - i[-2]
        if above <= op.k if isinstance(op, ops.Tril) else above >= op.k:
            out[i] = x[i]
    return out


def diagonal_places(op: Any, shape: tuple[int, ...]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """(place in the whole array, place in what is taken) along the op's diagonal."""
    found = []
    for i in np.ndindex(shape):
        if i[op.axis2] - i[op.axis1] == op.offset:
            rest = tuple(k for a, k in enumerate(i) if a not in (op.axis1, op.axis2))
            found.append((i, (*rest, min(i[op.axis1], i[op.axis2]))))
    return found


def diagonal(op: Any, x: Array) -> Array:
    """The reference of `Diagonal`: slow, and written apart from it."""
    out = np.empty(np.diagonal(x, op.offset, op.axis1, op.axis2).shape)
    for i, to in diagonal_places(op, x.shape):
        out[to] = x[i]
    return out


def place_diagonal(op: Any, g: Array) -> Array:
    """The reference of `PlaceDiagonal`: slow, and written apart from it."""
    out = np.zeros(op.shape)
    for i, source in diagonal_places(op, op.shape):
        out[i] = g[source]
    return out


CASES: dict[type[Op], Case] = {
    ops.Tile: Case(tiles(), tile, (0,)),
    ops.Repeat: Case(repeats(), repeat, (0,)),
    ops.Flip: Case(flips(), flip, (0,)),
    ops.Roll: Case(rolls(), roll, (0,)),
    ops.Tril: Case(triangles(ops.Tril), triangle, (0,)),
    ops.Triu: Case(triangles(ops.Triu), triangle, (0,)),
    ops.Diagonal: Case(diagonals(ops.Diagonal), diagonal, (0,)),
    ops.PlaceDiagonal: Case(diagonals(ops.PlaceDiagonal), place_diagonal, (0,)),
}
