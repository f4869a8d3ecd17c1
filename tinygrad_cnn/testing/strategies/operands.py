"""Strategies of operands that fit together: products, keys, images with kernels, scores with labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tinygrad_cnn.grid import Grid
from tinygrad_cnn.testing.strategies.grids import conv_grids, pool_grids
from tinygrad_cnn.testing.strategies.tensors_and_arrays import SEEDS, arrays, away_from

Array = NDArray[Any]
Draw = Any


@st.composite
def matmul_operands(draw: Draw) -> tuple[Array, Array]:
    """Two arrays that `@` takes: vectors, matrices, and stacks that broadcast.

    >>> from hypothesis import find
    >>> [x.shape for x in find(matmul_operands(), lambda ab: ab[0].ndim == ab[1].ndim == 2)]
    [(0, 0), (0, 0)]
    """
    n, k, m = (draw(st.integers(0, 4)) for _ in range(3))
    stacks = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    left, right = (*stacks[0], n, k), (*stacks[1], k, m)
    if draw(st.booleans()) and not stacks[0]:
        left = (k,)
    if draw(st.booleans()) and not stacks[1]:
        right = (k,)
    return draw(arrays(left)), draw(arrays(right))


@st.composite
def indices(draw: Draw, shape: tuple[int, ...]) -> Any:
    """Keys that NumPy takes for an array of that shape: slices, None, masks, arrays with repeats.

    >>> from hypothesis import find
    >>> find(indices((3,)), lambda key: isinstance(key, np.ndarray) and key.dtype == bool)
    array([False, False, False])
    """
    styles = ["basic", "mask"] + (["integers", "mixed"] if shape and 0 not in shape else [])
    style = draw(st.sampled_from(styles))
    if style == "mask":
        return draw(hnp.arrays(bool, shape))
    if style == "basic":
        return draw(hnp.basic_indices(shape, allow_ellipsis=True, allow_newaxis=True))
    result = hnp.array_shapes(max_dims=2, max_side=4)
    if style == "integers":
        return draw(hnp.integer_array_indices(shape, result_shape=result))
    first = draw(hnp.integer_array_indices(shape[:1], result_shape=result))
    return (*first, *(draw(st.slices(n)) for n in shape[1:]))


@st.composite
def conv_problems(draw: Draw) -> tuple[Array, Array, dict[str, Any]]:
    """Image, kernels and options that `conv2d` takes: every stride, padding, dilation and groups.

    >>> from hypothesis import find
    >>> from tinygrad_cnn import functional as F
    >>> x, w, options = find(conv_problems(), lambda p: p[2]["stride"] == (2, 2))
    >>> F.conv2d(x, w, **options).ndim
    4
    """
    grid = draw(conv_grids(axes=2, even=True))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    n, c, f = draw(st.integers(0, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x = draw(arrays((n, c * groups, *grid.image)))
    w = draw(arrays((f * groups, c, *grid.kernel)))
    return x, w, {**options_of(grid), "dilation": grid.dilation, "groups": groups}


@st.composite
def pool_problems(draw: Draw) -> tuple[Array, dict[str, Any]]:
    """Image without ties, and options that `max_pool2d` takes.

    >>> from hypothesis import find
    >>> from tinygrad_cnn import functional as F
    >>> x, options = find(pool_problems(), lambda p: p[1]["ceil_mode"])
    >>> F.max_pool2d(x, **options).ndim
    4
    """
    grid = draw(pool_grids(axes=2))
    n, c = draw(st.integers(0, 2)), draw(st.integers(1, 3))
    x = draw(away_from((), (n, c, *grid.image)))
    options = {"kernel_size": grid.kernel, "dilation": grid.dilation, "ceil_mode": grid.ceil_mode}
    return x, {**options, **options_of(grid)}


def options_of(grid: Grid) -> dict[str, Any]:
    """Stride and padding of a grid whose padding is even, as functions take them.

    >>> options_of(Grid((4,), (3,), (1,), ((1, 1),), (1,)))
    {'stride': (1,), 'padding': (1,)}
    """
    return {"stride": grid.stride, "padding": tuple(before for before, _ in grid.padding)}


@st.composite
def classification_problems(draw: Draw, max_classes: int = 5) -> tuple[Array, Array]:
    """Scores (N, K, ...) and labels (N, ...) that `cross_entropy` takes.

    >>> from hypothesis import find
    >>> x, labels = find(classification_problems(), lambda p: p[0].shape == (1, 2))
    >>> x, labels.shape
    (array([[0., 0.]]), (1,))
    """
    space = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3))
    n, k = draw(st.integers(0, 4)), draw(st.integers(1, max_classes))
    labels = np.random.default_rng(draw(SEEDS)).integers(0, k, (n, *space))
    return draw(arrays((n, k, *space))), labels
