"""NumPy's reductions with all their options, `np.sum(t, where=m)`, and ufuncs' methods, `np.add.reduce`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import broadcastable, on_host, operand

Fold = Callable[..., Any]


def _given(name: str, a: Any, dtype: Any, out: Any) -> Any:
    """The operand, in the type that is asked for.

    Raises:
        DTypeError: an array for the result.
    """
    if out is not None:
        raise DTypeError(f"np.{name}: out= is not supported for Tensors; take the result")
    a = operand(name, a)
    return a if dtype is None else F.astype(a, dtype)


def folded(name: str, fold: Fold, neutral: float | None, join: Fold) -> Fold:
    """A reduction that starts at `initial` and passes over what `where` leaves out.

    Args:
        name: NumPy's.   fold: the native function.   neutral: what changes no result, or None.
        join: of the result and `initial`.
    """

    def reduction(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False,
        initial: Any = None, where: Any = True,
    ) -> Any:  # fmt: skip
        a = _given(name, a, dtype, out)
        if where is not True:
            rest = initial if neutral is None else neutral
            if rest is None:
                raise ArgumentError(f"np.{name}: where needs initial, the result of no element")
            a = F.where(where, a, rest)
        found = fold(a, axis, keepdims)
        return found if initial is None else join(found, initial)

    return reduction


def without_dtype(reduction: Fold) -> Fold:
    """The reduction with the order of arguments of `np.max`, which has no dtype."""

    def ordered(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, **options: Any) -> Any:
        return reduction(a, axis, None, out, keepdims, **options)

    return ordered


def _counted(a: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    """How many elements each mean is of."""
    there = np.broadcast_to(on_host(where), broadcastable("mean", a, where))
    return np.sum(there, axis=axis, keepdims=keepdims)


def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *,
    where: Any = True,
) -> Any:  # fmt: skip
    """`np.mean`: of the elements for which `where` holds."""
    a = _given("mean", a, dtype, out)
    if where is True:
        return F.mean(a, axis, keepdims)
    total, count = F.sum(F.where(where, a, 0), axis, keepdims), _counted(a, axis, keepdims, where)
    return total / np.asarray(count, total.dtype if total.dtype.kind == "f" else np.float64)


def spread(name: str, plain: Fold, root: Fold) -> Fold:
    """`np.var` or `np.std`: of the elements for which `where` holds, about a mean that may be given."""

    def reduction(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
        keepdims: bool = False, *, where: Any = True, mean: Any = None, correction: float | None = None,
    ) -> Any:  # fmt: skip
        a, ddof = _given(name, a, dtype, out), ddof if correction is None else correction
        if where is True and mean is None:
            return plain(a, axis, keepdims, ddof=ddof)
        middle = _mean(a, axis, keepdims=True, where=where) if mean is None else mean
        away = F.where(where, F.square(a - middle), 0.0)
        count = _counted(a, axis, keepdims, where) - ddof
        return root(F.sum(away, axis, keepdims) / np.asarray(count, away.dtype))

    return reduction


_mean = mean
_sum = folded("sum", F.sum, 0, F.add)
_prod = folded("prod", F.prod, 1, F.mul)
_max = folded("max", F.max, None, F.maximum)
_min = folded("min", F.min, None, F.minimum)

#: By NumPy's name.
REDUCTIONS: dict[str, Fold] = {
    "amax": without_dtype(_max),
    "amin": without_dtype(_min),
    "max": without_dtype(_max),
    "mean": mean,
    "min": without_dtype(_min),
    "prod": _prod,
    "std": spread("std", F.std, F.sqrt),
    "sum": _sum,
    "var": spread("var", F.var, F.identity),
}


# --------------------------------------------------------------------------- methods of ufuncs
def _plain_fold(name: str, fold: Fold) -> Fold:
    """A reduction of this package that knows no further options."""

    def reduction(a: Any, axis: Any, dtype: Any, out: Any, keepdims: bool) -> Any:
        return fold(_given(name, a, dtype, out), axis, keepdims)

    return reduction


#: What the method `reduce` of a ufunc is.
REDUCE: dict[str, Fold] = {
    "add": _sum,
    "fmax": _plain_fold("fmax.reduce", F.nanmax),
    "fmin": _plain_fold("fmin.reduce", F.nanmin),
    "logaddexp": _plain_fold("logaddexp.reduce", F.logsumexp),
    "logical_and": _plain_fold("logical_and.reduce", F.all),
    "logical_or": _plain_fold("logical_or.reduce", F.any),
    "maximum": _max,
    "minimum": _min,
    "multiply": _prod,
}
#: What the method `accumulate` of a ufunc is.
ACCUMULATE: dict[str, Fold] = {
    "add": F.cumsum,
    "logaddexp": F.logcumsumexp,
    "maximum": F.cummax,
    "minimum": F.cummin,
    "multiply": F.cumprod,
}


def reduce(
    name: str, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
    **options: Any,
) -> Any:  # fmt: skip
    """`ufunc.reduce`, along the first axis unless another is named."""
    return REDUCE[name](array, axis, dtype, out, keepdims, **options)


def accumulate(name: str, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """`ufunc.accumulate`, along the first axis unless another is named."""
    return ACCUMULATE[name](_given(f"{name}.accumulate", array, dtype, out), axis)


def outer(ufunc: np.ufunc, a: Any, b: Any) -> Any:
    """`ufunc.outer`: of each element of a with each of b."""
    a, b = operand(f"{ufunc.__name__}.outer", a), operand(f"{ufunc.__name__}.outer", b)
    return ufunc(F.reshape(a, (*a.shape, *(1,) * b.ndim)), b)
