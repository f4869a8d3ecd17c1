"""Functions along dimensions: sums, extremes with their places, statistics, scans."""

from __future__ import annotations

from math import inf, prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import dtypes, pointwise
from tinygrad_cnn.torch.mixing import floats, mixed, tensor_of
from tinygrad_cnn.torch.named_results import VALUES_AND_INDICES, at_places, named_result
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor


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
            return VALUES_AND_INDICES[kind](input, Tensor.detached(np.zeros((), np.int64)))
        return at_places(kind, input, places(input, dim, True)._array, dim, keepdim)

    return function


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


_Ends = named_result("aminmax", "min", "max")


@name()
def aminmax(input: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """Smallest and largest."""
    return _Ends(F.min(input, _axes(dim), keepdim), F.max(input, _axes(dim), keepdim))


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
        return at_places(kind, input, places, dim)

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


@name(in_place=True)
def renorm(input: Any, p: float, dim: int, maxnorm: float) -> Any:
    """Parts along a dimension whose norm is too large, scaled to the largest norm."""
    axes = tuple(axis for axis in range(input._array.ndim) if axis != dim % input._array.ndim)
    size = F.norm(input, float(p), axes, True)
    return input * pointwise.clamp(maxnorm / (size + 1e-7), max=1.0)
