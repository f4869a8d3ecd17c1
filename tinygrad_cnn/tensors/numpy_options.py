"""NumPy's options of functions that this package has with fewer: `np.reshape(t, shape, order="F")`.

By NumPy's names only. They take and return what NumPy's do, and are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import on_host, operand, values


def by_columns(name: str, order: str) -> bool:
    """Whether elements are counted column by column.

    >>> by_columns("ravel", "F")
    True
    """
    if order not in ("C", "F", "A", "K"):
        raise ArgumentError(f"np.{name}: order is 'C' or 'F', got {order!r}")
    return order == "F"


def ravel(a: Any, order: str = "C") -> Any:
    """`np.ravel`: the elements in a row; 'A' and 'K' count as 'C'."""
    a = operand("ravel", a)
    return F.flatten(F.transpose(a) if by_columns("ravel", order) else a, 0)


def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    """`np.reshape`: the elements in another shape, counted row by row or column by column."""
    if not by_columns("reshape", order):
        return F.reshape(a, shape)
    shape = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    return F.transpose(F.reshape(F.transpose(operand("reshape", a)), shape[::-1]))


def concatenate(arrays: Any, /, axis: int | None = 0, out: Any = None, *, dtype: Any = None) -> Any:
    """`np.concatenate`: along an axis, or all elements in a row with None."""
    if out is not None:
        raise DTypeError("np.concatenate: out= is not supported for Tensors; take the result")
    parts = [F.flatten(x, 0) for x in arrays] if axis is None else arrays
    found = F.concatenate(parts, axis=axis or 0)
    return found if dtype is None else F.astype(found, dtype)


def take(a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
    """`np.take`: at some places, of which those outside may be wrapped round or clipped."""
    if out is not None or mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(
            f"np.take: mode is 'raise', 'wrap' or 'clip', and out None; got {mode!r}, {out!r}"
        )
    a, places = operand("take", a), on_host(indices)
    count = a.size if axis is None else a.shape[axis]
    if mode != "raise":
        places = places % count if mode == "wrap" else np.clip(places, 0, count - 1)
    return F.take(a, places, axis)


def where(condition: Any, *choices: Any) -> Any:
    """`np.where`: of each place one of two; without choices, where the condition holds."""
    return F.where(condition, *choices) if choices else np.nonzero(values(condition))


def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, **options: Any) -> Any:
    """`np.average`: a weighted mean; with `returned` also the sums of the weights."""
    a = operand("average", a)
    found = F.average(a, axis, weights, **options)
    if not returned:
        return found
    w = operand("average", np.ones((), a.dtype) if weights is None else weights, [a])
    if w.ndim == 1 and w.shape != a.shape:
        w = F.reshape(w, (-1, *(1,) * (a.ndim - 1 - axis % a.ndim)))
    return found, F.sum(F.broadcast_to(w, a.shape), axis, **options)


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """`np.atleast_1d` and its relatives, of one array or of several."""

    def of_each(*arys: Any) -> Any:
        return function(arys[0]) if len(arys) == 1 else tuple(map(function, arys))

    return of_each


def einsum(*operands: Any, optimize: Any = True, out: Any = None) -> Any:
    """`np.einsum`, in both its forms; the order of the products is always optimised."""
    if out is not None:
        raise DTypeError("np.einsum: out= is not supported for Tensors; take the result")
    if isinstance(operands[0], str):
        return F.einsum(*operands)
    arrays, places = operands[:-1:2] if len(operands) % 2 else operands[::2], operands[1::2]
    text = ",".join(map(_letters, places))
    return F.einsum(text + (f"->{_letters(operands[-1])}" if len(operands) % 2 else ""), *arrays)


def _letters(axes: Any) -> str:
    """The numbers of axes as a string of `einsum`."""
    return "".join("..." if axis is Ellipsis else ascii_letters[axis] for axis in axes)


# --------------------------------------------------------------------------- borders
#: What each element of a border is made of: one of the elements.
BY_PLACES = ("edge", "reflect", "symmetric", "wrap")
#: What each element of a border is made of: all of them along the axis.
OF_ALL: dict[str, Callable[..., Any]] = {
    "maximum": F.max,
    "mean": F.mean,
    "median": F.median,
    "minimum": F.min,
}


def pad(array: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Any:
    """`np.pad`: borders of all of NumPy's kinds but functions and the odd reflections."""
    x, known = operand("pad", array), ("constant", "linear_ramp", "empty", *BY_PLACES, *OF_ALL)
    if mode not in known:
        raise ArgumentError(f"np.pad: mode must be one of {', '.join(known)}, got {mode!r}")
    if options.pop("reflect_type", "even") != "even":
        raise ArgumentError("np.pad: reflect_type 'even' is what is supported for Tensors")
    widths = _sides(x.ndim, pad_width).astype(int)
    edges = options.pop("constant_values" if mode == "constant" else "end_values", 0)
    lengths = options.pop("stat_length", None)
    if options:
        raise ArgumentError(f"np.pad: {', '.join(options)} is not supported for Tensors")
    if mode in ("constant", "empty") and np.ndim(edges) == 0 and not isinstance(edges, dict):
        return F.pad(x, widths.tolist(), "constant", float(edges))
    if mode in BY_PLACES:
        return F.pad(x, widths.tolist(), mode)
    for axis, sides in enumerate(widths.tolist()):
        if mode in OF_ALL:
            some = [None] * 2 if lengths is None else _sides(x.ndim, lengths)[axis].astype(int).tolist()
            parts = [_of_all(x, axis, mode, end, n) for end, n in enumerate(some)]
            x = _bordered(x, axis, sides, [part * np.ones((), part.dtype) for part in parts])
        else:
            ends = _sides(x.ndim, edges)[axis].astype(x.dtype)
            x = _bordered(x, axis, sides, list(ends), ramp=mode == "linear_ramp")
    return x


def _sides(ndim: int, given: Any) -> Any:
    """A number, a pair or a pair for each axis, as pairs."""
    if isinstance(given, dict):
        found = np.zeros((ndim, 2))
        for axis, pair in given.items():
            found[axis] = pair
        return found
    return np.broadcast_to(np.asarray(given), (ndim, 2))


def _of_all(x: Any, axis: int, mode: str, end: int, count: int | None) -> Any:
    """The largest, smallest, middle or mean element of a line, or of those near an end of it."""
    near = slice(None) if count is None else slice(-count, None) if end else slice(count)
    return OF_ALL[mode](x[(*(slice(None),) * axis, near)], axis, keepdims=True)


def _bordered(x: Any, axis: int, sides: list[int], ends: list[Any], ramp: bool = False) -> Any:
    """x between borders along an axis, of a number each, or rising to it."""
    shape, before = list(x.shape), (slice(None),) * axis
    parts = [x]
    for end, (width, value) in enumerate(zip(sides, ends, strict=True)):
        shape[axis] = width
        part = F.broadcast_to(value, tuple(shape))
        if ramp and width:
            share = np.arange(1, width + 1, dtype=x.dtype)[:: 1 if end else -1] / width
            share = share.reshape(-1, *(1,) * (x.ndim - axis - 1)).astype(x.dtype)
            edge = x[(*before, slice(-1, None) if end else slice(1))]
            part = edge * (1 - share) + value * share
        parts = [*parts, part] if end else [part, *parts]
    return F.concatenate(parts, axis)


#: By NumPy's name.
OPTIONS: dict[str, Callable[..., Any]] = {
    "atleast_1d": each(F.atleast_1d),
    "atleast_2d": each(F.atleast_2d),
    "atleast_3d": each(F.atleast_3d),
    "average": average,
    "concatenate": concatenate,
    "einsum": einsum,
    "pad": pad,
    "ravel": ravel,
    "reshape": reshape,
    "take": take,
    "where": where,
}
