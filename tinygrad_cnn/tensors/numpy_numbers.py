"""NumPy's functions of numbers that this package has under no name of its own: `np.trapezoid(t)`.

They take and return what NumPy's do, and are recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import floating, on_host, one_axis, operand, values


# --------------------------------------------------------------------------- of each element
def cbrt(x: Any) -> Any:
    """`np.cbrt`: the cube root, also of numbers below 0."""
    x = floating("cbrt", x)
    return F.copysign(F.abs(x) ** (1 / 3), x)


def heaviside(x1: Any, x2: Any) -> Any:
    """`np.heaviside`: 0 below 0, 1 above, and x2 at 0, where x2 has a derivative."""
    x1 = operand("heaviside", x1)
    return F.where(values(x1) == 0, x2, np.heaviside(values(x1), np.zeros((), x1.dtype)))


def float_power(x1: Any, x2: Any) -> Any:
    """`np.float_power`: a power in float64."""
    return F.pow(F.astype(operand("float_power", x1), np.float64), x2)


def ldexp(x1: Any, x2: Any) -> Any:
    """`np.ldexp`: x1 times 2 to the power of the integer x2."""
    x1 = floating("ldexp", x1)
    return x1 * np.ldexp(np.ones((), x1.dtype), on_host(x2))


def divmod_(x1: Any, x2: Any) -> tuple[Any, Any]:
    """`np.divmod`: the whole quotient, and what remains."""
    return F.floor_divide(x1, x2), F.remainder(x1, x2)


def matvec(x1: Any, x2: Any) -> Any:
    """`np.matvec`: products of matrices and vectors, each of a stack."""
    return F.squeeze(F.matmul(x1, F.expand_dims(x2, -1)), -1)


def vecmat(x1: Any, x2: Any) -> Any:
    """`np.vecmat`: products of vectors and matrices, each of a stack."""
    return F.squeeze(F.matmul(F.expand_dims(x1, -2), x2), -2)


# --------------------------------------------------------------------------- sums without NaN
def _without_nan(name: str, a: Any, instead: float) -> tuple[Any, Any]:
    """The array with another number for each NaN, and where there is none."""
    a = floating(name, a)
    there = ~np.isnan(values(a))
    return F.where(there, a, np.asarray(instead, a.dtype)), there


def nanprod(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """`np.nanprod`: the product of what is a number."""
    return F.prod(_without_nan("nanprod", a, 1.0)[0], axis, keepdims)


def nancumsum(a: Any, axis: int | None = None) -> Any:
    """`np.nancumsum`: running sums of what is a number."""
    return F.cumsum(_without_nan("nancumsum", a, 0.0)[0], axis)


def nancumprod(a: Any, axis: int | None = None) -> Any:
    """`np.nancumprod`: running products of what is a number."""
    return F.cumprod(_without_nan("nancumprod", a, 1.0)[0], axis)


def nanvar(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    """`np.nanvar`: the variance of what is a number."""
    away, there = _without_nan("nanvar", floating("nanvar", a) - F.nanmean(a, axis, True), 0.0)
    count = np.sum(there, axis=axis, keepdims=keepdims).astype(away.dtype)
    return F.sum(F.square(away), axis, keepdims) / (count - ddof)


def nanstd(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    """`np.nanstd`: the standard deviation of what is a number."""
    return F.sqrt(nanvar(a, axis, ddof=ddof, keepdims=keepdims))


def nanquantile(a: Any, q: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """`np.nanquantile`: quantiles of what is a number; see `functional.quantile`."""
    a, shares = floating("nanquantile", a), on_host(q).astype(np.float64)
    if shares.size and not (shares.min() >= 0 and shares.max() <= 1):
        raise ArgumentError(f"np.nanquantile: q must lie in [0, 1], got {q!r}")
    along = None if axis is None else one_axis("nanquantile", axis, a.ndim)
    shape = tuple(1 if along in (None, k) else n for k, n in enumerate(a.shape))
    rows = F.reshape(a, (-1, 1)) if along is None else F.moveaxis(a, along, 0)
    rows = F.sort(rows, 0)  # NaN is last
    place = shares.reshape(-1, *(1,) * (rows.ndim - 1)) * ((~np.isnan(values(rows))).sum(0) - 1)
    low = np.maximum(np.floor(place), 0).astype(np.int64)
    share = (place - low).astype(rows.dtype)
    least = F.take_along_axis(rows, low, 0)
    most = F.take_along_axis(rows, np.minimum(low + 1, rows.shape[0] - 1), 0)
    found = F.where(share <= 0, least, least * (1 - share) + most * share)
    return F.reshape(
        found, (*shares.shape, *(shape if keepdims else rows.shape[1:] if along is not None else ()))
    )


def nanpercentile(a: Any, q: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """`np.nanpercentile`: `np.nanquantile` with q in hundredths."""
    return nanquantile(a, on_host(q).astype(np.float64) / 100, axis, keepdims=keepdims)


def nanmedian(a: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """`np.nanmedian`: the element in the middle of what is a number."""
    return nanquantile(a, 0.5, axis, keepdims=keepdims)


# --------------------------------------------------------------------------- along a line
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """`np.ediff1d`: differences of neighbours in a row, between further numbers."""
    ends = [None if end is None else F.flatten(operand("ediff1d", end), 0) for end in (to_begin, to_end)]
    parts = [ends[0], F.diff(F.flatten(ary, 0)), ends[1]]
    return F.concatenate([part for part in parts if part is not None])


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """`np.trapezoid`: the area under straight lines through points."""
    y = floating("trapezoid", y)
    axis = one_axis("trapezoid", axis, y.ndim)
    before = (slice(None),) * axis
    middles = (y[(*before, slice(1, None))] + y[(*before, slice(None, -1))]) / 2
    if x is None:
        return F.sum(middles * dx, axis)
    widths = F.diff(x, axis=-1 if np.ndim(values(x)) == 1 else axis)
    if widths.ndim == 1:
        widths = F.reshape(widths, (-1, *(1,) * (y.ndim - axis - 1)))
    return F.sum(middles * widths, axis)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: None = None) -> Any:
    """`np.interp`: straight lines between points; derivatives in x and in the points' values fp."""
    if period is not None:
        raise ArgumentError("np.interp: period is not supported for Tensors")
    x, fp, at = floating("interp", x), floating("interp", fp), on_host(xp)
    if at.ndim != 1 or at.shape != fp.shape or not at.size:
        raise ShapeError(f"np.interp: xp {at.shape} and fp {fp.shape} do not fit")
    given = on_host(x)
    low = np.clip(np.searchsorted(at, given, side="right") - 1, 0, max(at.size - 2, 0))
    high = np.minimum(low + 1, at.size - 1)
    width = np.where(high > low, at[high] - at[low], 1.0)
    y = fp[low] + (x - at[low]) * ((fp[high] - fp[low]) / width)
    y = F.where(given < at[0], fp[0] if left is None else left, y)
    return F.where(given > at[-1], fp[-1] if right is None else right, F.where(given == at[-1], fp[-1], y))


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """`np.gradient`: slopes along axes by differences of neighbours, of the second order inside."""
    if edge_order not in (1, 2):
        raise ArgumentError(f"np.gradient: edge_order is 1 or 2, got {edge_order!r}")
    f = floating("gradient", f)
    given = range(f.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = [one_axis("gradient", a, f.ndim) for a in given]
    steps = list(varargs) or [1.0]
    steps = steps * len(axes) if len(steps) == 1 else steps
    if len(steps) != len(axes):
        raise ShapeError(f"np.gradient: {len(steps)} distances for {len(axes)} axes")
    found = tuple(_slopes(f, along, step, edge_order) for along, step in zip(axes, steps, strict=True))
    return found[0] if len(found) == 1 else found


def _slopes(f: Any, axis: int, step: Any, order: int) -> Any:
    """The slope at each place of an axis: inside by both neighbours, at the ends by one or two."""
    count, step = f.shape[axis], on_host(step)
    if count < order + 1:
        raise ShapeError(f"np.gradient: axis {axis} has {count} elements, at least {order + 1} fit")
    widths = np.diff(step) if step.ndim else np.full(count - 1, step)
    if widths.shape != (count - 1,):
        raise ShapeError(f"np.gradient: {step.shape} places for an axis of {count} elements")
    widths = widths.astype(f.dtype).reshape(-1, *(1,) * (f.ndim - axis - 1))
    quotients = F.diff(f, axis=axis) / widths
    before = (slice(None),) * axis
    first, last = quotients[(*before, slice(0, 1))], quotients[(*before, slice(-1, None))]
    earlier, later = quotients[(*before, slice(None, -1))], quotients[(*before, slice(1, None))]
    inside = (earlier * widths[1:] + later * widths[:-1]) / (widths[1:] + widths[:-1])
    if order == 2:  # the slope of the parabola through three points
        bends = (later - earlier) / (widths[1:] + widths[:-1])
        first = first - bends[(*before, slice(0, 1))] * widths[:1]
        last = last + bends[(*before, slice(-1, None))] * widths[-1:]
    return F.concatenate([first, inside, last], axis)


#: Those that are ufuncs, by NumPy's name.
OF_EACH: dict[str, Callable[..., Any]] = {
    "cbrt": cbrt,
    "divmod": divmod_,
    "float_power": float_power,
    "heaviside": heaviside,
    "ldexp": ldexp,
    "matvec": matvec,
    "vecmat": vecmat,
}
#: The others, by NumPy's name.
NUMBERS: dict[str, Callable[..., Any]] = {
    "ediff1d": ediff1d,
    "gradient": gradient,
    "interp": interp,
    "nancumprod": nancumprod,
    "nancumsum": nancumsum,
    "nanmedian": nanmedian,
    "nanpercentile": nanpercentile,
    "nanprod": nanprod,
    "nanquantile": nanquantile,
    "nanstd": nanstd,
    "nanvar": nanvar,
    "trapezoid": trapezoid,
}
