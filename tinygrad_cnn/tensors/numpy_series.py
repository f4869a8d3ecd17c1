"""NumPy's functions along lines: numbers between two ends, running sums, angles, parts.

By NumPy's names only, `np.linspace(t, u, 5)`. They take and return what NumPy's do, and are recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import floating, on_host, one_axis, operand, values


# --------------------------------------------------------------------------- between two ends
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, *, device: None = None,
) -> Any:  # fmt: skip
    """`np.linspace`: numbers at equal distances between two ends, with derivatives in both."""
    if num < 0:
        raise ArgumentError(f"np.linspace: num must be at least 0, got {num}")
    start, stop = F.broadcast_arrays(floating("linspace", start), floating("linspace", stop))
    steps = num - 1 if endpoint else num
    shares = np.arange(num) / max(steps, 1)
    line = np.asarray(shares, start.dtype).reshape(-1, *(1,) * start.ndim)
    found = F.moveaxis(start * (1 - line) + stop * line, 0, axis)
    found = found if dtype is None else F.astype(found, dtype)
    return (found, (stop - start) / (steps or np.nan)) if retstep else found


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None,
    axis: int = 0,
) -> Any:  # fmt: skip
    """`np.logspace`: powers of a base, whose exponents `np.linspace` gives."""
    found = F.pow(base, linspace(start, stop, num, endpoint, axis=axis))
    return found if dtype is None else F.astype(found, dtype)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """`np.geomspace`: numbers between two ends, each the same multiple of the one before it."""
    start, stop = floating("geomspace", start), floating("geomspace", stop)
    sign = np.sign(values(start)).astype(start.dtype)
    if (sign * np.sign(values(stop)) <= 0).any():
        raise ArgumentError("np.geomspace: both ends must be above 0, or both below")
    line = linspace(F.log(start * sign), F.log(stop * sign), num, endpoint, axis=axis)
    found = F.exp(line) * (np.expand_dims(sign, axis) if sign.ndim else sign)
    return found if dtype is None else F.astype(found, dtype)


# --------------------------------------------------------------------------- one after the other
def running(name: str, scan: Callable[..., Any], first: float) -> Callable[..., Any]:
    """`np.cumulative_sum` or `np.cumulative_prod`."""

    def function(
        x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None,
        include_initial: bool = False,
    ) -> Any:  # fmt: skip
        x = operand(name, x)
        if out is not None or (axis is None and x.ndim > 1):
            raise DTypeError(f"np.{name}: out= is not supported for Tensors, and x {x.shape} needs an axis")
        along = one_axis(name, 0 if axis is None else axis, x.ndim)
        found = scan(x if dtype is None else F.astype(x, dtype), along)
        if not include_initial:
            return found
        shape = tuple(1 if k == along else n for k, n in enumerate(found.shape))
        return F.concatenate([np.full(shape, first, found.dtype), found], along)

    return function


def unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * np.pi) -> Any:
    """`np.unwrap`: angles without their jumps of a period; the jumps are constants."""
    p = floating("unwrap", p)
    given = on_host(p)
    return p + (np.unwrap(given, discont, axis, period=period) - given).astype(p.dtype)


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """`np.trim_zeros`: a line without the zeros at its ends."""
    filt = operand("trim_zeros", filt)
    if filt.ndim != 1:
        raise ShapeError(f"np.trim_zeros: got shape {filt.shape}, one axis fits")
    there = np.flatnonzero(on_host(filt))
    if not there.size:
        return filt[:0]
    first = there[0] if "f" in trim.lower() else 0
    last = there[-1] + 1 if "b" in trim.lower() else filt.shape[0]
    return filt[int(first) : int(last)]


# --------------------------------------------------------------------------- parts of numbers
def modf(x: Any) -> tuple[Any, Any]:
    """`np.modf`: what stands behind the point, and what before."""
    x = floating("modf", x)
    whole = F.trunc(x)
    return x - whole, whole


def frexp(x: Any) -> tuple[Any, Any]:
    """`np.frexp`: x as a number from ½ to 1 times a power of 2, whose exponent is a constant."""
    x = floating("frexp", x)
    exponent = np.frexp(values(x))[1]
    return x * np.ldexp(np.ones((), x.dtype), -exponent), exponent


#: Those that are ufuncs, by NumPy's name.
PAIRS_OF_PARTS: dict[str, Callable[..., Any]] = {"frexp": frexp, "modf": modf}
#: The others, by NumPy's name.
SERIES: dict[str, Callable[..., Any]] = {
    "cumulative_prod": running("cumulative_prod", F.cumprod, 1),
    "cumulative_sum": running("cumulative_sum", F.cumsum, 0),
    "geomspace": geomspace,
    "linspace": linspace,
    "logspace": logspace,
    "trim_zeros": trim_zeros,
    "unwrap": unwrap,
}
