"""The standard's functions along axes: sums and other statistics, sorting, searching, sets."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.array_api.arrays import as_type, data, is_float, wrapped
from tinygrad_cnn.array_api.creation_functions import astype
from tinygrad_cnn.functional.arguments import flag, flags
from tinygrad_cnn.tensors import Tensor

__all__ = [
    "all",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "count_nonzero",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "isin",
    "max",
    "mean",
    "min",
    "nonzero",
    "prod",
    "searchsorted",
    "sort",
    "std",
    "sum",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "var",
    "where",
]

Axis = Any


def sum(x: Tensor, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """`sum` of the array API standard; small integers become int64 or uint64.

    >>> sum(Tensor([1.0, 2.0]))
    Tensor(3.)
    """
    flag("sum", "keepdims", keepdims)
    if is_float(x):
        return F.sum(x if dtype is None else astype(x, dtype), axis, keepdims)
    return wrapped(np.sum(data(x), axis=axis, dtype=as_type(dtype), keepdims=keepdims))


def prod(x: Tensor, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """`prod` of the array API standard; small integers become int64 or uint64.

    >>> prod(Tensor([2.0, 3.0]))
    Tensor(6.)
    """
    flag("prod", "keepdims", keepdims)
    if is_float(x):
        return F.prod(x if dtype is None else astype(x, dtype), axis, keepdims)
    return wrapped(np.prod(data(x), axis=axis, dtype=as_type(dtype), keepdims=keepdims))


def mean(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`mean` of the array API standard.

    >>> mean(Tensor([1.0, 3.0]))
    Tensor(2.)
    """
    return F.mean(x, axis, keepdims)


def var(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """`var` of the array API standard.

    >>> var(Tensor([1.0, 3.0]))
    Tensor(1.)
    """
    return F.var(x, axis, keepdims, ddof=correction)


def std(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """`std` of the array API standard.

    >>> std(Tensor([1.0, 3.0]))
    Tensor(1.)
    """
    return F.std(x, axis, keepdims, ddof=correction)


def max(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`max` of the array API standard.

    >>> max(Tensor([1.0, 3.0]))
    Tensor(3.)
    """
    flag("max", "keepdims", keepdims)
    if is_float(x):
        return F.max(x, axis, keepdims)
    return wrapped(np.max(data(x), axis=axis, keepdims=keepdims))


def min(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`min` of the array API standard.

    >>> min(Tensor([1.0, 3.0]))
    Tensor(1.)
    """
    flag("min", "keepdims", keepdims)
    if is_float(x):
        return F.min(x, axis, keepdims)
    return wrapped(np.min(data(x), axis=axis, keepdims=keepdims))


def all(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`all` of the array API standard.

    >>> all(Tensor([1.0, 0.0]))
    Tensor(False)
    """
    flag("all", "keepdims", keepdims)
    return wrapped(np.all(data(x), axis=axis, keepdims=keepdims))


def any(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`any` of the array API standard.

    >>> any(Tensor([1.0, 0.0]))
    Tensor(True)
    """
    flag("any", "keepdims", keepdims)
    return wrapped(np.any(data(x), axis=axis, keepdims=keepdims))


def count_nonzero(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`count_nonzero` of the array API standard.

    >>> count_nonzero(Tensor([1.0, 0.0]))
    Tensor(1)
    """
    flag("count_nonzero", "keepdims", keepdims)
    return wrapped(np.count_nonzero(data(x), axis=axis, keepdims=keepdims))


def cumulative_sum(
    x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """`cumulative_sum` of the array API standard.

    >>> cumulative_sum(Tensor([1.0, 2.0]), include_initial=True)
    Tensor([0., 1., 3.])
    """
    flag("cumulative_sum", "include_initial", include_initial)
    return _cumulative(x, axis, dtype, include_initial, F.cumsum, np.cumsum, 0)


def cumulative_prod(
    x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """`cumulative_prod` of the array API standard.

    >>> cumulative_prod(Tensor([2.0, 3.0]))
    Tensor([2., 6.])
    """
    flag("cumulative_prod", "include_initial", include_initial)
    return _cumulative(x, axis, dtype, include_initial, F.cumprod, np.cumprod, 1)


def _cumulative(
    x: Tensor, axis: int | None, dtype: Any, initial: bool, native: Any, plain: Any, start: int
) -> Tensor:
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"cumulative: axis is needed for an array of {x.ndim} axes")
        axis = 0
    if is_float(x):
        y = native(x if dtype is None else astype(x, dtype), axis)
    else:
        y = wrapped(plain(data(x), axis=axis, dtype=as_type(dtype)))
    if not initial:
        return y
    shape = [1 if a == axis % x.ndim else n for a, n in enumerate(x.shape)]
    first = wrapped(np.full(shape, start, y.dtype))
    if is_float(y):
        return F.concatenate([first, y], axis)
    return wrapped(np.concatenate([data(first), data(y)], axis))


def diff(
    x: Tensor, /, *, axis: int = -1, n: int = 1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """`diff` of the array API standard.

    >>> diff(Tensor([1.0, 4.0]))
    Tensor([3.])
    """
    ends = {k: data(v) for k, v in (("prepend", prepend), ("append", append)) if v is not None}
    if is_float(x) and not ends:
        return F.diff(x, n, axis)
    return wrapped(np.diff(data(x), n, axis, **ends))


# --------------------------------------------------------------------------- sorting and searching
def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """`sort` of the array API standard.

    >>> sort(Tensor([2.0, 1.0]))
    Tensor([1., 2.])
    """
    flags("sort", descending=descending, stable=stable)
    if is_float(x):
        return F.sort(x, axis, descending)
    order = np.sort(data(x), axis=axis, kind="stable")
    return wrapped(np.flip(order, axis) if descending else order)


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """`argsort` of the array API standard.

    >>> argsort(Tensor([2.0, 1.0]))
    Tensor([1, 0])
    """
    flags("argsort", descending=descending, stable=stable)
    array = data(x)
    if not descending:
        return wrapped(np.argsort(array, axis=axis, kind="stable"))
    turned = np.flip(np.argsort(np.flip(array, axis), axis=axis, kind="stable"), axis)
    return wrapped(array.shape[axis] - 1 - turned)  # equal elements stay in order


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """`argmax` of the array API standard.

    >>> argmax(Tensor([2.0, 3.0]))
    Tensor(1)
    """
    flag("argmax", "keepdims", keepdims)
    return wrapped(np.argmax(data(x), axis=axis, keepdims=keepdims))


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """`argmin` of the array API standard.

    >>> argmin(Tensor([2.0, 3.0]))
    Tensor(0)
    """
    flag("argmin", "keepdims", keepdims)
    return wrapped(np.argmin(data(x), axis=axis, keepdims=keepdims))


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """`nonzero` of the array API standard.

    >>> nonzero(Tensor([0.0, 3.0]))
    (Tensor([1]),)
    """
    if not x.ndim:
        raise ValueError("nonzero: a 0-d array has no places")
    return tuple(map(wrapped, np.nonzero(data(x))))


def searchsorted(x1: Tensor, x2: Any, /, *, side: str = "left", sorter: Tensor | None = None) -> Tensor:
    """`searchsorted` of the array API standard.

    >>> searchsorted(Tensor([1.0, 3.0]), Tensor([2.0]))
    Tensor([1])
    """
    order = None if sorter is None else data(sorter)
    return wrapped(np.searchsorted(data(x1), data(x2), side, order))  # type: ignore[call-overload]


def where(condition: Tensor, x1: Any, x2: Any, /) -> Tensor:
    """`where` of the array API standard; recorded where a choice is float.

    >>> where(Tensor([1.0]) > 0, Tensor([2.0]), 0.0)
    Tensor([2.])
    """
    if is_float(x1) or is_float(x2):
        return F.where(condition, x1, x2)
    return wrapped(np.where(data(condition), data(x1), data(x2)))


def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> Tensor:
    """`isin` of the array API standard: whether each element of x1 is in x2; no gradient.

    >>> isin(Tensor([1.0, 3.0]), Tensor([2.0, 3.0]), invert=True)
    Tensor([ True, False])
    """
    return wrapped(np.isin(data(x1), data(x2), invert=flag("isin", "invert", invert)))


# --------------------------------------------------------------------------- sets
class UniqueAll(NamedTuple):
    """The result of `unique_all`."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """The result of `unique_counts`."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """The result of `unique_inverse`."""

    values: Tensor
    inverse_indices: Tensor


def unique_all(x: Tensor, /) -> UniqueAll:
    """`unique_all` of the array API standard; each NaN is a value of its own.

    >>> unique_all(Tensor([2.0, 2.0])).counts
    Tensor([2])
    """
    values, indices, inverse, counts = np.unique(
        data(x), return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    return UniqueAll(wrapped(values), wrapped(indices), wrapped(inverse.reshape(x.shape)), wrapped(counts))


def unique_counts(x: Tensor, /) -> UniqueCounts:
    """`unique_counts` of the array API standard.

    >>> unique_counts(Tensor([2.0, 2.0])).values
    Tensor([2.])
    """
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Tensor, /) -> UniqueInverse:
    """`unique_inverse` of the array API standard.

    >>> unique_inverse(Tensor([2.0, 2.0])).inverse_indices
    Tensor([0, 0])
    """
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Tensor, /) -> Tensor:
    """`unique_values` of the array API standard.

    >>> unique_values(Tensor([2.0, 2.0]))
    Tensor([2.])
    """
    return unique_all(x).values
