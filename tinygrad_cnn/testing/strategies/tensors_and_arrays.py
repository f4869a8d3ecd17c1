"""Strategies of Tensors and arrays, in any shape, type and memory layout; see `array_elements`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.check.layouts import LAYOUTS as LAYOUTS
from tinygrad_cnn.testing.check.layouts import laid_out as laid_out
from tinygrad_cnn.testing.strategies.array_elements import Elements

Array = NDArray[Any]
Draw = Any

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def arrays(
    draw: Draw, shape: Any = SHAPES, dtype: Any = np.float64, low: float = -10.0, high: float = 10.0,
    layout: Any = "contiguous",
) -> Array:  # fmt: skip
    """Arrays of floats in [low, high].

    Args:
        shape: a shape, or a strategy of shapes.   dtype: a float type, or a strategy of them.
        low, high: bounds of the elements.
        layout: 'contiguous', 'transposed', 'reversed', 'strided', or 'any' for one of them.

    >>> from hypothesis import find
    >>> find(arrays((2,)), lambda x: True)
    array([0., 0.])
    """
    size = draw(shape) if isinstance(shape, st.SearchStrategy) else tuple(shape)
    kind = np.dtype(draw(dtype) if isinstance(dtype, st.SearchStrategy) else dtype)
    values = draw(Elements(int(np.prod(size)), kind, low, high)).reshape(size)
    return laid_out(values, draw(st.sampled_from(LAYOUTS)) if layout == "any" else layout)


@st.composite
def tensors(
    draw: Draw, shape: Any = SHAPES, dtype: Any = np.float64, low: float = -10.0, high: float = 10.0,
    layout: Any = "contiguous", requires_grad: Any = True,
) -> Tensor:  # fmt: skip
    """Tensors of floats in [low, high]; arguments as `arrays`.

    Args:
        requires_grad: whether they do, or a strategy of bools.

    >>> from hypothesis import find
    >>> find(tensors((1,)), lambda t: True)
    Tensor([0.], dtype=float64, requires_grad=True)
    """
    values = draw(arrays(shape, dtype, low, high, layout))
    wanted = draw(requires_grad) if isinstance(requires_grad, st.SearchStrategy) else requires_grad
    tensor = Tensor.detached(values)  # as it lies in memory: a copy would be contiguous
    return tensor.requires_grad_() if wanted else tensor


def any_tensors(shape: tuple[int, ...]) -> st.SearchStrategy[Tensor]:
    """float64 Tensors of a shape, some of which require grad: `st.from_type(Tensor)` draws these.

    >>> from hypothesis import find
    >>> find(any_tensors((1,)), lambda t: not t.requires_grad)
    Tensor([0.], dtype=float64)
    """
    return tensors(shape, requires_grad=st.booleans())


@st.composite
def away_from(
    draw: Draw, points: Sequence[float] = (0.0,), shape: Any = SHAPES, *, gap: float = 0.1,
    ties: bool = False, low: float = -10.0, high: float = 10.0,
) -> Array:  # fmt: skip
    """Arrays of floats at least `gap` from some points, where a function has kinks.

    Args:
        points: the places to avoid.   shape: a shape, or a strategy of shapes.
        gap: least distance from each point, and without ties from each other element.
        ties: whether elements may be closer to each other than `gap`; False for maxima.
        low, high: bounds, as far as the gaps leave room.

    >>> from hypothesis import find
    >>> bool((abs(find(away_from([0.0], (3,)), lambda x: True)) >= 0.1).all())
    True
    """
    size = draw(shape) if isinstance(shape, st.SearchStrategy) else tuple(shape)
    count, number = int(np.prod(size)), draw(SEEDS)
    rng = np.random.default_rng(number)
    values: Array
    if ties:
        values = rng.uniform(low, high, count)
    else:
        spread = max(high - low, 2 * gap * count)
        values = low + ((rng.permutation(count) if number else np.arange(count)) + 0.5) * (
            spread / max(count, 1)
        )
    for point in sorted(points):
        near = abs(values - point) < gap
        # Everything above a point moves up, so that elements that were apart stay apart.
        if ties:
            values = np.where(near, point + np.where(values < point, -gap, gap), values)
        else:
            values = np.where(values >= point - gap, values + 2 * gap, values)
    return values.reshape(size)


def broadcastable(count: int, max_dims: int = 3, max_side: int = 4) -> st.SearchStrategy[list[Array]]:
    """Arrays whose shapes broadcast with each other, some of size 0 or without axes.

    >>> from hypothesis import find
    >>> [x.shape for x in find(broadcastable(2), lambda xs: xs[0].shape != xs[1].shape)]
    [(0,), ()]
    """
    shapes = hnp.mutually_broadcastable_shapes(
        num_shapes=count, min_side=0, max_dims=max_dims, max_side=max_side
    )
    return shapes.flatmap(lambda s: st.tuples(*(arrays(shape) for shape in s.input_shapes))).map(list)
