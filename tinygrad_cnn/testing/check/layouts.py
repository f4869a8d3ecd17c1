"""Layouts of arrays in memory: the same values laid out as another array, or in some odd way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError

Array = NDArray[Any]

LAYOUTS = ("contiguous", "transposed", "reversed", "strided")


def laid_out(values: Array, layout: str) -> Array:
    """The same values in memory of another layout.

    Args:
        values: an array.   layout: 'contiguous', 'transposed', 'reversed' or 'strided'.
    Raises:
        ArgumentError: another layout.

    >>> laid_out(np.eye(2), "transposed").flags.f_contiguous
    True
    """
    if layout == "transposed":
        return np.array(values.T, order="C").T
    if layout == "reversed":
        backwards: Any = (*[slice(None, None, -1)] * values.ndim, ...)
        return np.array(values[backwards])[backwards]
    if layout == "strided":
        wide = np.zeros([2 * n for n in values.shape], values.dtype)
        every_other: Any = (*[slice(None, None, 2)] * values.ndim, ...)
        view = wide[every_other]
        view[...] = values
        return view
    if layout != "contiguous":
        raise ArgumentError(f"laid_out: no layout {layout!r}; {', '.join(LAYOUTS)} fit")
    return values


def laid_out_as(values: Array, template: Array) -> Array:
    """The values in memory that is laid out as that of another array of the same shape.

    >>> backwards = np.arange(3.0)[::-1]
    >>> laid_out_as(np.ones(3), backwards).strides
    (-8,)
    """
    if template.flags.c_contiguous or not template.size:
        return values
    item, steps = template.itemsize, template.strides
    shared = any(step == 0 and n > 1 for step, n in zip(steps, template.shape, strict=True))
    if shared or any(step % item for step in steps):  # a broadcast view, a field of a record
        return values
    ends = [(n - 1) * (step // item) for n, step in zip(template.shape, steps, strict=True)]
    first = -sum(end for end in ends if end < 0)
    memory = np.zeros(first + sum(end for end in ends if end > 0) + 1, values.dtype)
    strides = [step // item * values.itemsize for step in steps]
    view: Array = np.lib.stride_tricks.as_strided(memory[first:], values.shape, strides)
    view[...] = values
    return view
