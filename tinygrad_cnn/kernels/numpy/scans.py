"""Running sums and products, and the largest of short rows, in plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices

Array = NDArray[Any]


def running(x: Array, product: bool, reverse: bool) -> Array:
    """Sums (or products) of the elements up to each place of the axis in the middle of x (B, n, A).

    From the end when `reverse`. Those of float32 are kept in float64, as each step's rounding stays in all
    later ones.

    >>> running(np.array([[[1.0], [2.0], [3.0]]]), False, True)[0, :, 0]
    array([6., 5., 3.])
    """
    accumulate: Any = np.cumprod if product else np.cumsum
    x = x[:, ::-1] if reverse else x
    if x.dtype == np.float32:
        with np.errstate(over="ignore"):
            found = accumulate(x, 1, np.float64).astype(np.float32)
    else:
        found = accumulate(x, 1)
    return devices.as_array(found[:, ::-1] if reverse else found)


def recurrence(a: Array, b: Array, reverse: bool) -> Array:
    """y_i = a_i y_{i-1} + b_i along the axis in the middle, 0 before the first; or from the end.

    >>> recurrence(np.array([[[9.0], [2.0]]]), np.array([[[1.0], [3.0]]]), False)[0, :, 0]
    array([1., 5.])
    """
    out = devices.empty(b.shape, np.result_type(a, b), like=a)
    places = range(b.shape[1])
    state: Any = None
    for i in reversed(places) if reverse else places:
        state = b[:, i] if state is None else a[:, i] * state + b[:, i]
        out[:, i] = state
    return devices.as_array(out)


def row_extremes(x: Array, largest: bool) -> Array:
    """The largest (or smallest) of each row, NaN where there is one: x (R, n) -> (R,).

    >>> row_extremes(np.array([[1.0, 2.0], [4.0, 3.0]]), True)
    array([2., 4.])
    """
    return devices.as_array(x.max(axis=1) if largest else x.min(axis=1))
