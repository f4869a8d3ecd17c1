"""Functions along dimensions: sums, extremes with their places, statistics, order, scans."""

from __future__ import annotations

from collections import namedtuple
from math import inf, prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import dtypes, pointwise
from tinygrad_cnn.torch.comparing import value
from tinygrad_cnn.torch.mixing import floats, mixed, tensor_of
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor


def _pair(kind: str, *fields: str) -> Any:
    """A named tuple that prints as PyTorch's."""
    made = namedtuple(kind, fields)  # type: ignore[misc]

    def text(self: Any) -> str:
        parts = ",\n".join(f"{f}={v!r}" for f, v in zip(fields, self, strict=True))
        return f"torch.return_types.{kind}(\n{parts})"

    made.__repr__ = text  # type: ignore[method-assign]
    return made


_Pair = {
    kind: _pair(kind, "values", "indices")
    for kind in (
        "max",
        "min",
        "sort",
        "topk",
        "median",
        "nanmedian",
        "mode",
        "kthvalue",
        "cummax",
        "cummin",
    )
}


def _axes(dim: Any) -> Any:
    if isinstance(dim, (list, tuple)):
        return tuple(dim) or None
    return dim if dim is None else int(dim)


def _cast(input: Any, dtype: Any) -> Any:
    return input if dtype is None else F.astype(input, dtypes.to_numpy(dtype))


@name()
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Sum along dimensions; bools and integers give int64."""
    x = _cast(tensor_of(input), dtype)
    if x._array.dtype.kind in "bui" and dtype is None:
        x = F.astype(x, np.int64)
    return F.sum(x, _axes(dim), keepdim)


@name()
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Mean along dimensions."""
    x = _cast(input, dtype)
    if x._array.dtype.kind != "f":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex "
            f"dtype. Got: {x.dtype}"
        )
    return F.mean(x, _axes(dim), keepdim)


@name()
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Sum, NaN counted as 0."""
    return sum(F.where(np.isnan(input._array), 0.0, input), dim, keepdim, dtype=dtype)


@name()
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Mean of what is not NaN."""
    count = sum(Tensor.detached(~np.isnan(input._array)), dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / count


@name("prod")
def prod_(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Product along a dimension."""
    x = _cast(input, dtype)
    return F.prod(
        F.astype(x, np.int64) if x._array.dtype.kind in "bui" and dtype is None else x, _axes(dim), keepdim
    )


def _spread(native: Any) -> Any:
    def function(
        input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None,
        ddof: Any = None,
    ) -> Any:  # fmt: skip
        if isinstance(dim, bool):  # std(False)
            dim, unbiased = None, dim
        given = correction if correction is not None else ddof
        less = given if given is not None else (1 if unbiased is None or unbiased else 0)
        axes = _axes(dim)
        n = _count(input, axes)
        if n - less <= 0:
            return native(input, axes, keepdim, ddof=0) * np.nan
        return native(input, axes, keepdim, ddof=less)

    return function


def _count(input: Any, axes: Any) -> int:
    shape = input._array.shape
    if axes is None:
        return prod(shape)
    return prod(shape[a] for a in (axes if isinstance(axes, tuple) else (axes,)))


std, var = _spread(F.std), _spread(F.var)
std.__name__, std.__doc__ = "std", "Standard deviation along dimensions; unbiased unless told otherwise."
var.__name__, var.__doc__ = "var", "Variance along dimensions; unbiased unless told otherwise."
name("std")(std)
name("var")(var)


@name(method=False)
def var_mean(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """Variance and mean."""
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, dim, keepdim)


@name(method=False)
def std_mean(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """Standard deviation and mean."""
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, dim, keepdim)


# --------------------------------------------------------------------------- extremes
def _extreme(kind: str, native: Any, places: Any, between: Any, numpy_one: Any) -> Any:
    def function(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if isinstance(dim, Tensor):
            return between(input, dim)
        whole = input._array.dtype.kind != "f"
        if dim is None:
            return Tensor.detached(numpy_one(input._array)) if whole else native(input, None, False)
        dim = int(dim)
        if input._array.ndim == 0:
            return _Pair[kind](input, Tensor.detached(np.zeros((), np.int64)))
        found = places(input, dim, True)
        taken = _take(input, found._array, dim)
        if not keepdim:
            taken, found = F.squeeze(taken, dim), F.squeeze(found, dim)
        return _Pair[kind](taken, found)

    return function


def _take(input: Any, places: Any, dim: int) -> Any:
    if input._array.dtype.kind != "f":
        return Tensor.detached(np.take_along_axis(input._array, places, dim))
    return F.take_along_axis(input, places, dim)


max = _extreme("max", F.max, F.argmax, pointwise.maximum, np.max)
min = _extreme("min", F.min, F.argmin, pointwise.minimum, np.min)
max.__doc__ = "The largest element, or (values, indices) along a dimension, or the larger of two tensors."
min.__doc__ = "The smallest element, or (values, indices) along a dimension, or the smaller of two tensors."
name("max")(max)
name("min")(min)


@name()
def amax(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The largest along dimensions; ties share the gradient."""
    return F.max(input, _axes(dim), keepdim)


@name()
def amin(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The smallest along dimensions; ties share the gradient."""
    return F.min(input, _axes(dim), keepdim)


@name()
def aminmax(input: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """Smallest and largest."""
    pair = _pair("aminmax", "min", "max")
    return pair(F.min(input, _axes(dim), keepdim), F.max(input, _axes(dim), keepdim))


@name()
def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The place of the largest."""
    return F.argmax(input, dim, keepdim)


@name()
def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The place of the smallest."""
    return F.argmin(input, dim, keepdim)


def _test(ufunc: Any, called: str) -> Any:
    def function(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return Tensor.detached(ufunc(input._array, axis=_axes(dim), keepdims=keepdim))

    function.__name__, function.__doc__ = called, f"Whether {called} elements are true, along dimensions."
    return function


all = name("all")(_test(np.all, "all"))
any = name("any")(_test(np.any, "any"))


# --------------------------------------------------------------------------- order
@name()
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The elements in order, and where they were."""
    places = _ordered(input, dim, descending)
    return _Pair["sort"](_take(input, places, dim), Tensor.detached(places))


@name()
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The places that sort."""
    return Tensor.detached(_ordered(input, dim, descending))


def _ordered(input: Any, dim: int, descending: bool) -> Any:
    array = input._array
    if not descending:
        return np.argsort(array, dim, kind="stable")
    turned = np.flip(array, dim)
    return np.flip(array.shape[dim] - 1 - np.argsort(turned, dim, kind="stable"), dim)


@name()
def msort(input: Any) -> Any:
    """Sorted along the first dimension."""
    return sort(input, 0).values


@name()
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest elements, and their places."""
    if k > input._array.shape[dim]:
        raise RuntimeError("selected index k out of range")
    if input._array.dtype.kind != "f":
        places = np.take(_ordered(input, dim, largest), range(k), dim)
        return _Pair["topk"](_take(input, places, dim), Tensor.detached(places))
    return _Pair["topk"](*F.topk(input, int(k), dim, largest))


@name()
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element, and its place."""
    size = input._array.shape[dim] if input._array.ndim else 1
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): selected number k out of range: {k}, 1 to {size} fit")
    places = np.take(_ordered(input, dim, False), [k - 1], dim)
    return _squeezed("kthvalue", input, places, dim, keepdim)


@name()
def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element, the lower of two; with a dimension also its place."""
    if dim is None:
        flat = F.flatten(input)
        return _squeezed(
            "median", flat, _ordered(flat, 0, False)[(input._array.size - 1) // 2][None], 0, False
        ).values
    places = np.take(_ordered(input, dim, False), [(input._array.shape[dim] - 1) // 2], dim)
    return _squeezed("median", input, places, dim, keepdim)


@name()
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element, the smallest of several, and the last place where it stands."""
    moved = np.moveaxis(input._array, dim, -1)
    places = np.zeros(moved.shape[:-1], np.int64)
    for at in np.ndindex(*places.shape):
        found, counts = np.unique(moved[at], return_counts=True)
        places[at] = np.flatnonzero(moved[at] == found[counts.argmax()])[-1]
    return _squeezed("mode", input, np.expand_dims(places, dim), dim, keepdim)


def _squeezed(kind: str, input: Any, places: Any, dim: int, keepdim: bool) -> Any:
    taken, found = _take(input, places, dim), Tensor.detached(places)
    if not keepdim:
        taken, found = F.squeeze(taken, dim), F.squeeze(found, dim)
    return _Pair[kind](taken, found)


@name()
def quantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """Quantiles along a dimension, interpolated."""
    x = F.flatten(input) if dim is None else input
    axis = 0 if dim is None else dim
    ordered, n = F.sort(x, axis), x._array.shape[axis]
    wanted = np.atleast_1d(value(q)).astype(np.float64) * (n - 1)
    low = np.floor(wanted).astype(np.int64)
    high = np.minimum(low + 1, n - 1)
    share = (wanted - low).astype(x._array.dtype)
    rows = []
    for a, b, w in zip(low, high, share, strict=True):
        first, second = _row(ordered, a, axis), _row(ordered, b, axis)
        row = {"lower": first, "higher": second if w else first}.get(interpolation)
        row = first + float(w) * (second - first) if row is None else row
        rows.append(row if not keepdim else F.expand_dims(row, axis))
    return rows[0] if np.ndim(value(q)) == 0 else F.stack(rows)


def _row(x: Any, place: int, axis: int) -> Any:
    return F.index(x, (slice(None),) * (axis % x._array.ndim) + (int(place),))


# --------------------------------------------------------------------------- scans
@name(in_place=True)
def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """Sums of the elements so far."""
    x = _cast(input, dtype)
    return F.cumsum(F.astype(x, np.int64) if x._array.dtype.kind in "bui" else x, dim)


@name(in_place=True)
def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """Products of the elements so far."""
    x = _cast(input, dtype)
    return F.cumprod(F.astype(x, np.int64) if x._array.dtype.kind in "bui" else x, dim)


def _running(kind: str, ufunc: Any) -> Any:
    def function(input: Any, dim: int) -> Any:
        found = ufunc.accumulate(input._array, dim)
        new = np.where(
            input._array == found,
            np.moveaxis(np.arange(found.shape[dim]).reshape(-1, *[1] * (found.ndim - 1)), 0, dim),
            0,
        )
        places = np.maximum.accumulate(new, dim)
        return _Pair[kind](_take(input, places, dim), Tensor.detached(places))

    function.__name__, function.__doc__ = kind, "The extreme so far, and its place."
    return function


name("cummax")(_running("cummax", np.maximum))
name("cummin")(_running("cummin", np.minimum))


@name()
def logcumsumexp(input: Any, dim: int) -> Any:
    """log of the sums of e^x so far."""
    top = Tensor.detached(input._array.max(dim, keepdims=True))
    return F.log(F.cumsum(F.exp(input - top), dim)) + top


@name()
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """log of the sum of e^x."""
    return F.logsumexp(floats(input), _axes(dim), keepdim)


@name()
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The p-norm of all elements, or along dimensions."""
    x = _cast(input, dtype)
    order = 2 if p in ("fro", None) else p
    if order == "nuc":
        raise NotImplementedError("norm: p='nuc' is torch.linalg.matrix_norm(x, 'nuc')")
    if order == 0:
        return sum(F.astype(Tensor.detached(x._array != 0), x._array.dtype), dim, keepdim)
    if order in (inf, -inf):
        return (F.max if order > 0 else F.min)(F.abs(x), _axes(dim), keepdim)
    return F.norm(x, float(order), _axes(dim), keepdim)


@name("dist", method=True)
def dist(input: Any, other: Any, p: float = 2) -> Any:
    """The p-norm of the difference."""
    return norm(input - other, p)


@name()
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """Count the elements that are not 0."""
    return Tensor.detached(np.count_nonzero(input._array, axis=_axes(dim)))


@name()
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, n times."""
    return F.diff(input, n, dim, prepend, append)


@name()
def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """Covariances of the rows."""
    return F.cov(input, ddof=correction, fweights=fweights, aweights=aweights)


@name()
def corrcoef(input: Any) -> Any:
    """Correlations of the rows."""
    return F.corrcoef(input)


@name("trapezoid", "trapz", method=False)
def trapezoid(y: Any, x: Any = None, *, dx: float = 1, dim: int = -1) -> Any:
    """The integral by the trapezoidal rule."""
    width: Any = dx if x is None else diff(x, dim=dim if x._array.ndim > 1 else -1)
    axis = (slice(None),) * (dim % y._array.ndim)
    a, b = mixed(F.index(y, (*axis, slice(1, None))), F.index(y, (*axis, slice(None, -1))))
    return F.sum((a + b) * width / 2, dim)
