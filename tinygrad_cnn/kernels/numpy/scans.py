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


def accumulated(ufunc: Any, x: Any, axis: int) -> Any:
    """`ufunc.accumulate`, which devices lack: there, in as many steps as the length has binary digits.

    Source: Hillis & Steele 1986, "Data parallel algorithms", section 2.
    """
    if type(x) not in devices.ON_DEVICES:
        return ufunc.accumulate(x, axis)
    before, step = (slice(None),) * axis, 1
    while step < x.shape[axis]:
        later = ufunc(x[(*before, slice(step, None))], x[(*before, slice(0, -step))])
        x = np.concatenate([x[(*before, slice(0, step))], later], axis)
        step *= 2
    return x


def running_extremes(x: Array, largest: bool) -> Any:
    """The largest (or smallest) up to each place of the axis in the middle of x (B, n, A), and its place.

    Of equal ones the last counts; NaN stays from where it comes, and the last of several counts, too.

    >>> run, places = running_extremes(np.array([[[1.0], [3.0], [2.0]]]), True)
    >>> run[0, :, 0], places[0, :, 0]
    (array([1., 3., 3.]), array([0, 1, 1]))
    """
    with np.errstate(invalid="ignore"):  # NaN is an answer here
        run = accumulated(np.maximum if largest else np.minimum, x, 1)
    line = devices.arange(0, x.shape[1], like=x).reshape((1, -1, 1))
    found = np.where((x == run) | np.isnan(x), line, 0)
    return run, accumulated(np.maximum, found, 1)


def row_extremes(x: Array, largest: bool) -> Array:
    """The largest (or smallest) of each row, NaN where there is one: x (R, n) -> (R,).

    >>> row_extremes(np.array([[1.0, 2.0], [4.0, 3.0]]), True)
    array([2., 4.])
    """
    return devices.as_array(x.max(axis=1) if largest else x.min(axis=1))
