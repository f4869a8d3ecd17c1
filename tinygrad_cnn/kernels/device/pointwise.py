"""Choosing by masks on a device. A mask may lie in the host's memory, and is moved when it is used."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

Array = NDArray[Any]

__all__ = ["choose", "dropout", "gate"]


def gate(x: Array, mask: Any) -> Array:
    """x where the mask is true, exactly 0 elsewhere, also where x is inf or NaN. They broadcast."""
    return np.where(devices.beside(mask, x), x, x.dtype.type(0))


def choose(mask: Any, a: Any, b: Any) -> Array:
    """`np.where(mask, a, b)`, of which at least one lies on the device; numbers widen no array."""
    like = next(v for v in (a, b, mask) if type(v) in devices.ON_DEVICES)
    return np.where(devices.beside(mask, like), a, b)


def dropout(x: Array, mask: Array, scale: float) -> Array:
    """x * mask * scale: the mask is boolean, of x's shape or one that broadcasts to it."""
    kept: Array = x * devices.beside(mask, x)
    return kept if scale == 1 else kept * scale
