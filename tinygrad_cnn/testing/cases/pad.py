"""Cases: borders."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import FILLED, SHAPES, Array, Case, Draw, Problem, uniform

MODES = st.sampled_from(["reflect", "replicate", "circular"])


def borders(draw: Draw, shape: tuple[int, ...], most: int) -> tuple[tuple[int, int], ...]:
    """Any border on each axis."""
    return tuple((draw(st.integers(0, most)), draw(st.integers(0, most))) for _ in shape)


@st.composite
def pads(draw: Draw) -> Problem:
    """Any border, also wider than the operand where it shows the operand."""
    if draw(st.booleans()):
        shape = draw(SHAPES)
        widths, value = borders(draw, shape, 2), draw(st.sampled_from([0.0, -1.5]))
        return Problem(lambda: ops.Pad(widths, value), [uniform(draw, shape)])
    shape = draw(FILLED)
    widths, mode = borders(draw, shape, 5), draw(MODES)
    return Problem(lambda: ops.Pad(widths, mode=mode), [uniform(draw, shape)])


@st.composite
def foldings(draw: Draw) -> Problem:
    """Add up what comes back to an operand through its border."""
    shape = draw(FILLED)
    widths, mode = borders(draw, shape, 4), draw(MODES)
    padded = tuple(n + before + after for n, (before, after) in zip(shape, widths, strict=True))
    return Problem(lambda: ops.PadAdd(widths, mode), [uniform(draw, padded)])


def shown(i: int, n: int, mode: str) -> int:
    """The place that stands at place i of an endless line: step by step, without arithmetic."""
    at, step = 0, 1
    for _ in range(abs(i)):
        if mode == "replicate":
            at = 0 if i < 0 else min(at + 1, n - 1)
        elif mode == "circular":
            at = (at + (1 if i > 0 else n - 1)) % n
        elif n > 1:  # walk to and fro; the line is its own mirror image at 0
            step = -1 if at == n - 1 else 1 if at == 0 else step
            at += step
    return at


def inner(op: Any, i: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The place in the operand that place i of the padded array shows."""
    sides = zip(i, op.widths, shape, strict=True)
    return tuple(shown(k - before, n, op.mode) for k, (before, _), n in sides)


def pad(op: Any, x: Array) -> Array:
    """The reference of `Pad`: slow, and written apart from it."""
    shape = [n + sum(w) for n, w in zip(x.shape, op.widths, strict=True)]
    out = np.full(shape, op.value)
    if op.mode == "constant":
        for i in np.ndindex(x.shape):
            out[tuple(k + before for k, (before, _) in zip(i, op.widths, strict=True))] = x[i]
        return out
    for i in np.ndindex(*shape):
        out[i] = x[inner(op, i, x.shape)]
    return out


def pad_add(op: Any, g: Array) -> Array:
    """The reference of `PadAdd`: slow, and written apart from it."""
    out = np.zeros([n - sum(w) for n, w in zip(g.shape, op.widths, strict=True)])
    for i in np.ndindex(g.shape):
        out[inner(op, i, out.shape)] += g[i]
    return out


CASES: dict[type[Op], Case] = {
    ops.Pad: Case(pads(), pad),
    ops.PadAdd: Case(foldings(), pad_add, (0,)),
}
