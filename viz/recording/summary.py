"""Summaries of arrays in a few numbers."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn import Tensor, devices

#: Tensors of at most this many elements are kept as they are; of larger ones only statistics.
SMALL = 6


class Summary(NamedTuple):
    """A summary of an array.

    Attributes:
        shape: the array's.
        values: its elements where there are at most `SMALL`, in row-major order; None otherwise.
        least, mean, greatest: over the finite elements; NaN where there is none.
        norm: the L2 norm; NaN or infinite where an element is.
        zeros: share of the elements that are exactly 0, from 0 to 1.
        nans, infs: how many elements are NaN, and infinite.
    """

    shape: tuple[int, ...]
    values: tuple[float, ...] | None
    least: float
    mean: float
    greatest: float
    norm: float
    zeros: float
    nans: int
    infs: int

    @property
    def finite(self) -> bool:
        """Whether no element is NaN or infinite."""
        return not self.nans and not self.infs


def summarise(array: Any) -> Summary:
    """The summary of an array, computed in double precision, without warnings.

    Args:
        array: numbers of any shape, or a Tensor.

    >>> summarise(np.array([3.0, 0.0, -4.0, np.inf]))[2:]
    (-4.0, -0.3333333333333333, 3.0, inf, 0.25, 0, 1)
    """
    array = values_of(array)
    flat = array.reshape(-1)
    values = tuple(map(float, flat)) if flat.size <= SMALL else None
    with np.errstate(all="ignore"):
        norm = float(np.sqrt(np.sum(np.square(flat, dtype=np.float64))))
        good, nans, infs = flat, 0, 0
        if not isfinite(norm):
            nans, infs = int(np.isnan(flat).sum()), int(np.isinf(flat).sum())
            good = flat[np.isfinite(flat)]
        some = good.size > 0
        least, greatest = (float(good.min()), float(good.max())) if some else (nan, nan)
        mean = float(good.mean(dtype=np.float64)) if some else nan
    zeros = 1 - np.count_nonzero(flat) / flat.size if flat.size else 0.0
    return Summary(array.shape, values, least, mean, greatest, norm, float(zeros), nans, infs)


def values_of(value: Any) -> Any:
    """The array in a Tensor, or an array itself; a copy of it where it lies on a device.

    >>> values_of(Tensor([1.0]))
    array([1.], dtype=float32)
    """
    if isinstance(value, Tensor):
        value = value.array
    elif hasattr(value, "numpy"):  # of another library
        value = value.numpy()
    return np.asarray(devices.to_host(value))
