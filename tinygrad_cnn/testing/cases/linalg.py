"""Cases: matrix products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Array, Case, Draw, Problem, uniform


@st.composite
def matrices(draw: Draw) -> Problem:
    """Stacks of matrices that fit and broadcast."""
    n, k, m = (draw(st.integers(0, 3)) for _ in range(3))
    stacks = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=2)).input_shapes
    return Problem(ops.MatMul, [uniform(draw, (*stacks[0], n, k)), uniform(draw, (*stacks[1], k, m))])


@st.composite
def affine(draw: Draw) -> Problem:
    """Samples with any number of leading axes, weights, and perhaps a bias."""
    lead = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3))
    i, o = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    bias = [uniform(draw, (o,))] if draw(st.booleans()) else []
    return Problem(ops.Linear, [uniform(draw, (*lead, i)), uniform(draw, (o, i)), *bias])


def matmul(op: Any, a: Array, b: Array) -> Array:
    """The reference of `MatMul`: slow, and written apart from it."""
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = np.broadcast_to(a, stack + a.shape[-2:]), np.broadcast_to(b, stack + b.shape[-2:])
    out = np.zeros((*stack, a.shape[-2], b.shape[-1]))
    for *s, i, j in np.ndindex(out.shape):
        out[(*s, i, j)] = math.fsum(a[(*s, i, k)] * b[(*s, k, j)] for k in range(a.shape[-1]))
    return out


def linear(op: Any, x: Array, w: Array, *b: Array) -> Array:
    """The reference of `Linear`: slow, and written apart from it."""
    out = np.zeros((*x.shape[:-1], len(w)))
    for *s, o in np.ndindex(out.shape):
        products = (x[(*s, i)] * w[o, i] for i in range(w.shape[1]))
        out[(*s, o)] = math.fsum([*products, *(bias[o] for bias in b)])
    return out


@st.composite
def einsums(draw: Draw) -> Problem:
    """One to three operands over some of four labels, and any of those in the result."""
    sizes = {label: draw(st.integers(0, 3)) for label in "abcd"}
    groups = [
        draw(st.permutations(sorted(draw(st.sets(st.sampled_from("abcd"), max_size=3)))))
        for _ in range(draw(st.integers(1, 3)))
    ]
    used = sorted({label for group in groups for label in group})
    kept = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
    subscripts = ",".join("".join(group) for group in groups) + "->" + "".join(kept)
    arrays = [uniform(draw, tuple(sizes[label] for label in group)) for group in groups]
    return Problem(lambda: ops.Einsum(subscripts), arrays)


def einsum(op: Any, *arrays: Array) -> Array:
    """The reference of `Einsum`: slow, and written apart from it."""
    inputs, result = op.subscripts.split("->")
    groups = inputs.split(",")
    sizes = {
        label: n
        for group, x in zip(groups, arrays, strict=True)
        for label, n in zip(group, x.shape, strict=True)
    }
    out = np.zeros([sizes[label] for label in result])
    for i in np.ndindex(*sizes.values()):
        at = dict(zip(sizes, i, strict=True))
        factors = (x[tuple(at[label] for label in group)] for group, x in zip(groups, arrays, strict=True))
        out[tuple(at[label] for label in result)] += math.prod(factors)
    return out


CASES: dict[type[Op], Case] = {
    ops.Einsum: Case(einsums(), einsum, (0,)),
    ops.MatMul: Case(matrices(), matmul, (0, 1)),
    ops.Linear: Case(affine(), linear),
}
