"""Cases, and strategies of their operands.

A problem is an op with float64 operands, away from kinks and ties, over all ranks, sizes down to
zero, broadcasting and geometries. Elements come from a drawn seed, not from one draw each, so an
example costs little and shrinks in its shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tinygrad_cnn.graph import Op

Array = NDArray[Any]
Draw = Any
Reference = Callable[..., Any]


@dataclass
class Problem:
    """An op, made anew by each call of `make`, and operands for it."""

    make: Callable[[], Op]
    operands: list[Array]

    def __repr__(self) -> str:
        op = self.make()
        options = ", ".join(f"{k}={v!r}" for k, v in op.options().items())
        return f"{op.name}({options}) on {[x.shape for x in self.operands]}"


@dataclass(frozen=True)
class Case:
    """The problems and the reference of an op.

    Attributes:
        problems: strategy of `Problem`s.
        reference: the op's result by a slow and obvious computation: (op, *operands) -> array.
        linear_in: operands in each of which the op is linear; the adjoint identity is checked there.
    """

    problems: st.SearchStrategy[Problem]
    reference: Callable[..., Any]
    linear_in: tuple[int, ...] = ()


# --------------------------------------------------------------------------- operands
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
FILLED = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)
SEEDS = st.integers(0, 2**16)


def uniform(draw: Draw, shape: tuple[int, ...], low: float = -2, high: float = 2) -> Array:
    """Numbers between two bounds, from a drawn seed."""
    return np.random.default_rng(draw(SEEDS)).uniform(low, high, shape)


def apart(draw: Draw, shape: tuple[int, ...]) -> Array:
    """Numbers of which no two are closer than 0.1, nor any closer than 0.05 to 0."""
    count = int(np.prod(shape))
    order = np.random.default_rng(draw(SEEDS)).permutation(count)
    return ((order - count // 2) * 0.1 + 0.05).reshape(shape)


def away(
    draw: Draw, shape: tuple[int, ...], kinks: tuple[float, ...], low: float = -2, high: float = 2
) -> Array:
    """Numbers between two bounds, none closer than 0.05 to a kink; kinks lie further apart."""
    x = uniform(draw, shape, low, high)
    for kink in kinks:
        x = np.where(np.abs(x - kink) < 0.05, kink + np.where(x < kink, -0.1, 0.1), x)
    return x


def with_zeros(draw: Draw, shape: tuple[int, ...]) -> Array:
    """Numbers of which about every fourth is 0."""
    rng = np.random.default_rng(draw(SEEDS))
    return np.where(rng.random(shape) < 0.25, 0, rng.uniform(-2, 2, shape))


def each(make: Callable[[], Op], low: float = -2, high: float = 2) -> st.SearchStrategy[Problem]:
    """One operand of any shape."""
    return st.composite(lambda draw: Problem(make, [uniform(draw, draw(SHAPES), low, high)]))()


def pairs(make: Callable[[], Op], *bounds: tuple[float, float]) -> st.SearchStrategy[Problem]:
    """Operands whose shapes broadcast, each between its bounds."""

    @st.composite
    def problems(draw: Draw) -> Problem:
        # Square results, in which a transposed gradient fits and is wrong, are rare by chance.
        base = draw(st.sampled_from([(), (), (2, 2), (3, 3)]))
        shapes = draw(
            hnp.mutually_broadcastable_shapes(
                num_shapes=len(bounds), base_shape=base, min_side=0, max_dims=3, max_side=3
            )
        ).input_shapes
        return Problem(make, [uniform(draw, s, *b) for s, b in zip(shapes, bounds, strict=True)])

    return problems()


def axes_of(draw: Draw, ndim: int) -> tuple[int, ...]:
    """Some of the axes, in order."""
    return tuple(sorted(draw(st.sets(st.sampled_from(range(ndim))) if ndim else st.just(set()))))


# --------------------------------------------------------------------------- references
def elementwise(function: Callable[..., float]) -> Reference:
    """A function of numbers, applied element by element to operands that broadcast."""

    def reference(op: Any, *operands: Array) -> Array:
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        full = [np.broadcast_to(x, shape) for x in operands]
        out = np.empty(shape)
        for i in np.ndindex(shape):
            out[i] = function(*(float(x[i]) for x in full))
        return out

    return reference
