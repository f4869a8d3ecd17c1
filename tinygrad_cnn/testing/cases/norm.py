"""Cases: normalisation."""

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
def normalisations(draw: Draw, op: type[Op]) -> Problem:
    """A few samples of a few channels, with up to two spatial axes."""
    space = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3))
    n, c = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    x, w, b = uniform(draw, (n, c, *space)), uniform(draw, (c,)), uniform(draw, (c,))
    if op is ops.BatchNorm:
        # A channel with hardly any variance has a derivative that no difference can follow.
        x += 2 * np.arange(n).reshape(n, *(1 for _ in x.shape[1:]))
        return Problem(lambda: ops.BatchNorm(1e-5), [x, w, b])
    mean, var = uniform(draw, (c,)), uniform(draw, (c,), 0.5, 2)
    # In the operand's own type, as `functional.batch_norm` hands them over.
    return Problem(lambda: ops.FixedNorm(mean, var, 1e-5), [x, w, b])


def batch_norm(op: Any, x: Array, w: Array, b: Array) -> Array:
    out = np.empty(x.shape)
    for c in range(x.shape[1]):
        values = [float(v) for v in x[:, c].flat]
        middle = math.fsum(values) / len(values)
        deviation = math.sqrt(math.fsum((v - middle) ** 2 for v in values) / len(values) + op.eps)
        out[:, c] = w[c] * (x[:, c] - middle) / deviation + b[c]
    return out


def fixed_norm(op: Any, x: Array, w: Array, b: Array) -> Array:
    out = np.empty(x.shape)
    for c in range(x.shape[1]):
        deviation = math.sqrt(op._var[c] + op.eps)
        out[:, c] = w[c] * (x[:, c] - op._mean[c]) / deviation + b[c]
    return out


CASES: dict[type[Op], Case] = {
    ops.BatchNorm: Case(normalisations(ops.BatchNorm), batch_norm),
    ops.FixedNorm: Case(normalisations(ops.FixedNorm), fixed_norm),
}
