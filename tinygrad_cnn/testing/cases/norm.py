"""Cases: normalisation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.grid import Grid
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
    """The reference of `BatchNorm`: slow, and written apart from it."""
    out = np.empty(x.shape)
    for c in range(x.shape[1]):
        values = [float(v) for v in x[:, c].flat]
        middle = math.fsum(values) / len(values)
        deviation = math.sqrt(math.fsum((v - middle) ** 2 for v in values) / len(values) + op.eps)
        out[:, c] = w[c] * (x[:, c] - middle) / deviation + b[c]
    return out


def fixed_norm(op: Any, x: Array, w: Array, b: Array) -> Array:
    """The reference of `FixedNorm`: slow, and written apart from it."""
    out = np.empty(x.shape)
    for c in range(x.shape[1]):
        deviation = math.sqrt(op._var[c] + op.eps)
        out[:, c] = w[c] * (x[:, c] - op._mean[c]) / deviation + b[c]
    return out


@st.composite
def grouped(draw: Draw, op: type[Op]) -> Problem:
    """Groups of channels with at least two values each, spread apart."""
    groups = draw(st.integers(1, 3))
    each = 1 if op is ops.InstanceNorm else draw(st.integers(1, 2))
    space = (2, *draw(hnp.array_shapes(min_dims=0, max_dims=1, max_side=3)))
    c = groups * each
    x = spread_apart(draw, (draw(st.integers(0, 3)), c, *space))
    return Problem(lambda: op(groups, 1e-5), [x, uniform(draw, (c,)), uniform(draw, (c,))])  # type: ignore[call-arg]


@st.composite
def layers(draw: Draw, op: type[Op]) -> Problem:
    """Any number of axes, of which the last are normalised over."""
    shape = (
        *draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)),
        draw(st.integers(2, 4)),
    )
    axes = draw(st.integers(1, len(shape)).filter(lambda k: 0 not in shape[-k:]))
    last = shape[-axes:]
    operands = [spread_apart(draw, shape), uniform(draw, last), uniform(draw, last)]
    if op is ops.RMSNorm:
        return Problem(lambda: ops.RMSNorm(axes, 1e-5), operands[:2])
    return Problem(lambda: ops.LayerNorm(axes, 1e-5), operands)


def spread_apart(draw: Draw, shape: tuple[int, ...]) -> Array:
    """Numbers with a good deal of variance along the last axis."""
    return uniform(draw, shape) + 3 * np.arange(shape[-1])


@st.composite
def responses(draw: Draw) -> Problem:
    """Windows up to wider than the channels; a divisor well above 0."""
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=4, max_side=3))
    size = draw(st.integers(1, 5))
    channels = Grid(shape[1:2], (size,), (1,), ((size // 2, (size - 1) // 2),), (1,))
    beta = draw(st.sampled_from([0.75, 1.0]))
    return Problem(lambda: ops.LocalResponseNorm(channels, 0.5, beta, 1.5), [uniform(draw, shape)])


def standard(values: Array, eps: float) -> Array:
    """Values less their mean, over their deviation."""
    middle = math.fsum(values.flat) / values.size
    centred = values - middle
    return centred / math.sqrt(math.fsum((centred**2).flat) / values.size + eps)


def group_norm(op: Any, x: Array, w: Array, b: Array) -> Array:
    """The reference of `GroupNorm` and `InstanceNorm`: slow, and written apart from it."""
    out, each = np.empty(x.shape), x.shape[1] // op.groups
    for n, group in np.ndindex(len(x), op.groups):
        channels = slice(group * each, (group + 1) * each)
        out[n, channels] = standard(x[n, channels], op.eps)
    for c in range(x.shape[1]):
        out[:, c] = out[:, c] * w[c] + b[c]
    return out


def layer_norm(op: Any, x: Array, w: Array, b: Array) -> Array:
    """The reference of `LayerNorm`: slow, and written apart from it."""
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape[: x.ndim - op.axes]):
        out[i] = standard(x[i], op.eps) * w + b
    return out


def rms_norm(op: Any, x: Array, w: Array) -> Array:
    """The reference of `RMSNorm`: slow, and written apart from it."""
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape[: x.ndim - op.axes]):
        squares = math.fsum(float(v) ** 2 for v in x[i].flat)
        out[i] = x[i] / math.sqrt(squares / x[i].size + op.eps) * w
    return out


def local_response_norm(op: Any, x: Array) -> Array:
    """The reference of `LocalResponseNorm`: slow, and written apart from it."""
    out = np.empty(x.shape)
    for n, c, *rest in np.ndindex(x.shape):
        first, last = max(0, c - op.size // 2), min(x.shape[1], c + (op.size - 1) // 2 + 1)
        squares = math.fsum(x[(n, d, *rest)] ** 2 for d in range(first, last))
        out[(n, c, *rest)] = x[(n, c, *rest)] / (op.k + op.alpha * squares / op.size) ** op.beta
    return out


CASES: dict[type[Op], Case] = {
    ops.BatchNorm: Case(normalisations(ops.BatchNorm), batch_norm),
    ops.FixedNorm: Case(normalisations(ops.FixedNorm), fixed_norm),
    ops.GroupNorm: Case(grouped(ops.GroupNorm), group_norm),
    ops.InstanceNorm: Case(grouped(ops.InstanceNorm), group_norm),
    ops.LayerNorm: Case(layers(ops.LayerNorm), layer_norm),
    ops.LocalResponseNorm: Case(responses(), local_response_norm),
    ops.RMSNorm: Case(layers(ops.RMSNorm), rms_norm),
}
