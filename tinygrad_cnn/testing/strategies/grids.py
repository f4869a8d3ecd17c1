"""Strategies of geometries: images, kernels, strides, paddings and dilations that fit together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from tinygrad_cnn.grid import Grid

Draw = Any

#: Number of spatial axes.
COUNTS = st.sampled_from([1, 2, 2, 3])


@st.composite
def conv_grids(draw: Draw, axes: int | None = None, even: bool = False) -> Grid:
    """A grid of one to three spatial axes for convolution, all options.

    Args:
        axes: how many; one to three if None.
        even: the same padding on both sides; without, also uneven padding as for 'same'.

    >>> from hypothesis import find
    >>> find(conv_grids(), lambda grid: grid.output == (2,)).stride
    (1,)
    """
    count = axes or draw(COUNTS)
    most = 3 if count < 3 else 2  # volumes stay small, for the slow references
    kernel = tuple(draw(st.integers(1, most)) for _ in range(count))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(count))
    before = tuple(draw(st.integers(0, 2)) for _ in range(count))
    padding = tuple((p, p if even else draw(st.integers(0, 2))) for p in before)
    stride = tuple(draw(st.integers(1, 3)) for _ in range(count))
    image = []
    for k, d, (before, after) in zip(kernel, dilation, padding, strict=True):
        least = max(1, (k - 1) * d + 1 - before - after)
        image.append(draw(st.integers(least, least + most + 1)))
    return Grid(tuple(image), kernel, stride, padding, dilation)


@st.composite
def pool_grids(draw: Draw, dilated: bool = True, axes: int | None = None) -> Grid:
    """A grid of one to three spatial axes for pooling: padding up to half the kernel, ceil_mode.

    Args:
        dilated: whether taps may lie apart.   axes: how many; one to three if None.

    >>> from hypothesis import find
    >>> find(pool_grids(), lambda grid: grid.ceil_mode).image
    (1,)
    """
    count = axes or draw(COUNTS)
    most = 3 if count < 3 else 2  # volumes stay small, for the slow references
    kernel = tuple(draw(st.integers(1, most)) for _ in range(count))
    dilation = tuple(draw(st.integers(1, 2)) if dilated else 1 for _ in range(count))
    padding = tuple((p, p) for p in (draw(st.integers(0, k // 2)) for k in kernel))
    stride = tuple(draw(st.integers(1, 3)) for _ in range(count))
    image = []
    for k, d, (before, after) in zip(kernel, dilation, padding, strict=True):
        least = max(1, (k - 1) * d + 1 - before - after)
        image.append(draw(st.integers(least, least + most + 1)))
    grid = Grid(tuple(image), kernel, stride, padding, dilation, draw(st.booleans()))
    # A window whose taps all lie on the padding, around a small image, has the maximum -inf.
    assume((grid.coverage(count_include_pad=False) > 0).all())
    return grid


def reads(grid: Grid) -> Iterable[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """(output position, tap, image position) of all reads that fall on the image."""
    for o in np.ndindex(*grid.output):
        for u in np.ndindex(*grid.kernel):
            at = tuple(
                position * s + tap * d - before
                for position, s, tap, d, (before, _) in zip(
                    o, grid.stride, u, grid.dilation, grid.padding, strict=True
                )
            )
            if all(0 <= i < n for i, n in zip(at, grid.image, strict=True)):
                yield o, u, at
