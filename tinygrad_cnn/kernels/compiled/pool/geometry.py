"""The numbers of windows over up to three spatial axes, as compiled kernels take them.

A signal is a volume of one row in one layer, an image a volume of one layer: so each loop is written
once. Kernels take the numbers as one array, which costs a call nothing, and read them by name.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.compiled.base.compiling import inlined
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]
#: Spatial axes that the loops know.
AXES = 3


class Windows(NamedTuple):
    """Geometry of windows: the image, their number, their size, step, padding before and dilation."""

    depth: int
    height: int
    width: int
    layers: int
    down: int
    across: int
    deep: int
    tall: int
    wide: int
    step_d: int
    step_h: int
    step_w: int
    pad_d: int
    pad_h: int
    pad_w: int
    gap_d: int
    gap_h: int
    gap_w: int


@inlined
def windows_of(numbers):
    """The numbers of a `Plan` by name."""
    n = numbers
    return Windows(
        n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8],
        n[9], n[10], n[11], n[12], n[13], n[14], n[15], n[16], n[17],
    )  # fmt: skip


class Plan(NamedTuple):
    """The numbers of a grid that the drivers need.

    Attributes:
        numbers: int64, in the order of `Windows`.
        taps: layer, row and column of each tap for the first window: (taps, 3), int64.
        is_whole: whether there is one window, of the whole image.
        plainly: the size of its windows if they are square, two pixels apart and all on the image; else 0.
    """

    numbers: Array
    taps: Array
    is_whole: bool
    plainly: int


@lru_cache(maxsize=1024)
def plan_of(grid: Grid) -> Plan:
    """The plan, made once per grid."""
    missing, before = AXES - len(grid.image), tuple(first for first, _ in grid.padding)
    parts = (
        (grid.image, 1), (grid.output, 1), (grid.kernel, 1), (grid.stride, 1), (before, 0),
        (grid.dilation, 1),
    )  # fmt: skip
    numbers = np.array([n for part, none in parts for n in (none,) * missing + part], np.int64)
    taps = np.zeros((prod(grid.kernel), AXES), np.int64)
    taps[:, missing:] = np.indices(grid.kernel).reshape(len(before), -1).T * grid.dilation - before
    size = grid.kernel[0]
    ends = (2 * out - 2 + size <= n for out, n in zip(grid.output, grid.image, strict=True))
    plainly = (
        grid.kernel == (size, size)
        and (grid.stride, grid.dilation) == ((2, 2), (1, 1))
        and not any(before)
        and all(ends)
    )
    whole = grid.kernel == grid.image and not any(map(any, grid.padding)) and {*grid.dilation} == {1}
    return Plan(numbers, taps, whole and prod(grid.output) == 1, size if plainly else 0)


@lru_cache(maxsize=256)
def share_of(grid: Grid, count_include_pad: bool) -> Array:
    """1 over the number of pixels that each window counts, (OD, OH, OW)."""
    share: Array = (1 / grid.coverage(count_include_pad)).astype(FLOAT32)
    return share.reshape((1,) * (AXES - share.ndim) + share.shape)
