"""Statistics: differences, weighted means, quantiles, sums without NaN, counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Axis,
    Operand,
    T,
    TensorLike,
    axes,
    choice,
    flag,
    floating,
    integer,
    like,
    on_host,
    one_axis,
    operand,
    values,
    wide,
)
from tinygrad_cnn.functional.elementwise import where
from tinygrad_cnn.functional.reduce import max as max_over
from tinygrad_cnn.functional.reduce import mean
from tinygrad_cnn.functional.reduce import min as min_over
from tinygrad_cnn.functional.reduce import sum as sum_over
from tinygrad_cnn.functional.shape import broadcast_to, concatenate, flatten, moveaxis, reshape
from tinygrad_cnn.functional.sorting import sort
from tinygrad_cnn.functional.storage import within_memory

__all__ = [
    "average", "bincount", "count_nonzero", "diff", "histogram", "median", "nanmax", "nanmean", "nanmin",
    "nansum", "percentile", "ptp", "quantile",
]  # fmt: skip


def diff(
    x: Operand[T], n: int = 1, axis: int = -1, prepend: TensorLike | None = None,
    append: TensorLike | None = None,
) -> T:  # fmt: skip
    """Differences of neighbours along an axis: y[i] = x[i+1] - x[i], n times.

    Args:
        x: array or Tensor.   n: how often.   axis: int.
        prepend, append: elements that x first gets before and after it along the axis, as arrays or as
            one number; they get gradients, too.
    Returns:
        x's shape, shorter by n along the axis; dtype of x.
    Raises:
        ShapeError: no such axis, or further elements of a shape that does not fit.
    Source: NumPy's `diff`.
    >>> diff([1.0, 4.0, 9.0])
    array([3., 5.], dtype=float32)
    """
    y = operand("diff", x)
    axis = one_axis("diff", axis, y.ndim)
    if prepend is not None or append is not None:
        one = tuple(1 if k == axis else length for k, length in enumerate(y.shape))
        parts: list[Any] = [operand("diff", end, [y]) for end in (prepend, y, append) if end is not None]
        y = concatenate([part if part.ndim else broadcast_to(part, one) for part in parts], axis)
    for _ in range(integer("diff", "n", n, 0)):
        before = (slice(None),) * axis
        later: Any = (*before, slice(1, None))
        earlier: Any = (*before, slice(0, -1))
        y = y[later] - y[earlier]
    return y


def ptp(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Range of the elements along axes: the largest less the smallest.

    Args:
        x: array or Tensor.   axis: int, tuple of ints, or None for all.
        keepdims: keep the axes, with length 1.
    Returns:
        x's shape without the axes; dtype of x.
    Raises:
        ShapeError: no such axis, or no element.
    Source: NumPy's `ptp`.
    >>> ptp([1.0, 4.0, 9.0])
    array(8., dtype=float32)
    """
    return ops.Sub()(max_over(x, axis, keepdims), min_over(x, axis, keepdims))


@wide
def average(
    x: Operand[T], axis: Axis = None, weights: TensorLike | None = None, *, keepdims: bool = False
) -> T:
    """Mean along axes, weighted: Σ w·x / Σ w.

    Args:
        x: float array or Tensor.   axis: int, tuple of ints, or None for all.
        weights: of x's shape, or a number for each place of one axis; None for equal ones.
        keepdims: keep the axes, with length 1.
    Returns:
        x's shape without the axes; dtype of x.
    Raises:
        ShapeError: no such axis, or weights of another shape.   DTypeError: x is not float.
    Source: NumPy's `average`.
    >>> average(np.array([1.0, 3.0]), weights=np.array([3.0, 1.0]))
    array(1.5)
    """
    if weights is None:
        return mean(x, axis, keepdims)
    x, w = floating("average", x), operand("average", weights, [x])
    if w.shape != x.shape:
        along = one_axis("average", axis, x.ndim) if isinstance(axis, int) else None
        if along is None or w.shape != x.shape[along : along + 1]:
            raise ShapeError(
                f"average: weights have shape {w.shape}, x has {x.shape}; the same fits, or one number "
                "for each place of an axis that is named"
            )
        w = broadcast_to(reshape(w, (-1, *(1,) * (x.ndim - along - 1))), x.shape)
    return ops.Div()(sum_over(x * w, axis, keepdims), sum_over(w, axis, keepdims))


#: Elements of so few ranks are found without sorting the places of all.
FEW_RANKS = 8
#: Where a quantile lies among n elements, by method: at n*q + a + q*(1 - a - b) - 1.
PLACES = {
    "linear": (1.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
METHODS = (*PLACES, "lower", "higher", "midpoint", "nearest")


def quantile(
    x: Operand[T], q: TensorLike, axis: int | None = None, keepdims: bool = False, *,
    method: str = "linear",
) -> T:  # fmt: skip
    """The number below which a share q of the elements lies; between two of them on a straight line.

    Args:
        x: float array or Tensor.   q: a share in [0, 1], or several.   axis: int, or None for all.
        keepdims: keep the axis, with length 1.
        method: what counts between two elements: 'linear', 'lower', 'higher', 'midpoint', 'nearest'; or
            a continuous estimate by its name in NumPy, such as 'hazen' or 'weibull'.
    Returns:
        q's shape, then x's without the axis; dtype of x.
    Raises:
        ArgumentError: q outside [0, 1], or another method.   ShapeError: no such axis, or no element.
        DTypeError: x is not float.
    Source: NumPy's `quantile`; Hyndman & Fan 1996, "Sample quantiles in statistical packages".
    >>> quantile([1.0, 2.0, 4.0], 0.75)
    array(3., dtype=float32)
    """
    x = floating("quantile", x)
    shares = on_host(q).astype(np.float64)
    if shares.size and not (shares.min() >= 0 and shares.max() <= 1):
        raise ArgumentError(f"quantile: q must lie in [0, 1], got {q!r}")
    keep = flag("quantile", "keepdims", keepdims)
    if axis is None:
        shape, x, axis = (1,) * x.ndim, flatten(x), 0
    else:
        axis = one_axis("quantile", axis, x.ndim)
        shape = tuple(1 if k == axis else n for k, n in enumerate(x.shape))
    if not x.shape[axis]:
        raise ShapeError("quantile: x has no element along the axis, at least one is needed")
    count = x.shape[axis]
    place = _places(shares.reshape(-1), count, choice("quantile", "method", method, METHODS))
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + (place > low), count - 1)
    ranks = sorted({*low.tolist(), *high.tolist()})
    if len(ranks) <= FEW_RANKS:
        y = ops.OfRank(tuple(ranks), axis)(x)
        first, second = np.searchsorted(ranks, low), np.searchsorted(ranks, high)
    else:
        y, first, second = sort(x, axis), low, high
    y = moveaxis(y, axis, 0)
    share = (place - low).astype(x.dtype).reshape(-1, *(1,) * (y.ndim - 1))
    found = y if len(ranks) == len(first) == 1 else y[first]
    if share.any():
        between = found * (1 - share) + y[second] * share
        found = between if share.all() else where(share == 0, found, between)
    rest = shape if keep else y.shape[1:]
    return reshape(found, (*shares.shape, *rest))


def _places(shares: Any, count: int, method: str) -> Any:
    """Where quantiles lie among sorted elements: whole numbers, or between them."""
    if method in PLACES:
        a, b = PLACES[method]
        return np.clip(count * shares + (a + shares * (1 - a - b)) - 1, 0, count - 1)
    place = (count - 1) * shares
    low, high = np.floor(place), np.ceil(place)
    if method == "midpoint":
        return (low + high) / 2
    return {"lower": low, "higher": high, "nearest": np.round(place)}[method]


def percentile(
    x: Operand[T], q: TensorLike, axis: int | None = None, keepdims: bool = False, *,
    method: str = "linear",
) -> T:  # fmt: skip
    """`quantile` with q in hundredths.

    Args:
        x: float array or Tensor.   q: in [0, 100], or several.   axis: int, or None for all.
        keepdims: keep the axis, with length 1.   method: as `quantile`.
    Returns:
        q's shape, then x's without the axis; dtype of x.
    Raises:
        ArgumentError: q outside [0, 100].   ShapeError: no such axis, or no element.
    Source: NumPy's `percentile`.
    >>> percentile([1.0, 2.0, 4.0], 75)
    array(3., dtype=float32)
    """
    return quantile(x, on_host(q).astype(np.float64) / 100, axis, keepdims, method=method)


def median(x: Operand[T], axis: int | None = None, keepdims: bool = False) -> T:
    """The element in the middle of the sorted ones; of two, their mean. PyTorch takes the lower one.

    Args:
        x: float array or Tensor.   axis: int, or None for all.   keepdims: keep the axis, with length 1.
    Returns:
        x's shape without the axis; dtype of x.
    Raises:
        ShapeError: no such axis, or no element.   DTypeError: x is not float.
    Source: NumPy's `median`.
    >>> median([3.0, 1.0, 2.0])
    array(2., dtype=float32)
    """
    return quantile(x, 0.5, axis, keepdims)


def nansum(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Sum of the elements along axes that are numbers; NaN is passed over, and gets no gradient.

    Args:
        x: float array or Tensor.   axis: int, tuple of ints, or None for all.
        keepdims: keep the axes, with length 1.
    Returns:
        x's shape without the axes, dtype of x; of no number 0.
    Raises:
        ShapeError: no such axis.   DTypeError: x is not float.
    Source: NumPy's `nansum`.
    >>> nansum([1.0, np.nan, 2.0])
    array(3., dtype=float32)
    """
    x = floating("nansum", x)
    return sum_over(_numbers(x, 0.0), axis, keepdims)


def nanmax(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Largest of the elements along axes that are numbers; NaN is passed over, and gets no gradient.

    Args:
        x: float array or Tensor.   axis: int, tuple of ints, or None for all.
        keepdims: keep the axes, with length 1.
    Returns:
        x's shape without the axes, dtype of x; of no number -inf.
    Raises:
        ShapeError: no such axis.   DTypeError: x is not float.
    Source: NumPy's `nanmax`.
    >>> nanmax([1.0, np.nan, 2.0])
    array(2., dtype=float32)
    """
    x = floating("nanmax", x)
    return max_over(_numbers(x, -np.inf), axis, keepdims)


def nanmin(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Smallest of the elements along axes that are numbers; NaN is passed over, and gets no gradient.

    Args:
        x: float array or Tensor.   axis: int, tuple of ints, or None for all.
        keepdims: keep the axes, with length 1.
    Returns:
        x's shape without the axes, dtype of x; of no number inf.
    Raises:
        ShapeError: no such axis.   DTypeError: x is not float.
    Source: NumPy's `nanmin`.
    >>> nanmin([1.0, np.nan, 2.0])
    array(1., dtype=float32)
    """
    x = floating("nanmin", x)
    return min_over(_numbers(x, np.inf), axis, keepdims)


def _numbers(x: Any, fill: float) -> Any:
    """x with `fill` in the place of NaN, or x itself where there is none; a device would be waited for."""
    nan = np.isnan(values(x))
    return x if type(nan) not in devices.ON_DEVICES and not nan.any() else where(nan, fill, x)


@wide
def nanmean(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Mean of the elements along axes that are numbers; NaN is passed over, and gets no gradient.

    Args:
        x: float array or Tensor.   axis: int, tuple of ints, or None for all.
        keepdims: keep the axes, with length 1.
    Returns:
        x's shape without the axes, dtype of x; of no number NaN, with NumPy's warning.
    Raises:
        ShapeError: no such axis.   DTypeError: x is not float.
    Source: NumPy's `nanmean`.
    >>> nanmean([1.0, np.nan, 2.0])
    array(1.5, dtype=float32)
    """
    x = floating("nanmean", x)
    there = ~np.isnan(values(x))
    count = devices.as_array(sum_over(there.astype(x.dtype), axis, keepdims))
    return ops.Div()(nansum(x, axis, keepdims), count)


def count_nonzero(x: Operand[T], axis: Axis = None, keepdims: bool = False) -> T:
    """Count the elements along axes that are not 0; no gradient.

    Args:
        x: array or Tensor.   axis: int, tuple of ints, or None for all.   keepdims: keep the axes.
    Returns:
        Integers, x's shape without the axes.
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `count_nonzero`.
    >>> int(count_nonzero([1.0, 0.0, 2.0]))
    2
    """
    x = operand("count_nonzero", x)
    along, kept = axes("count_nonzero", axis, x.ndim), flag("count_nonzero", "keepdims", keepdims)
    if type(values(x)) in devices.ON_DEVICES:  # whose function has no keepdims
        return like(x, (values(x) != 0).sum(axis=along, keepdims=kept))
    return like(x, np.count_nonzero(values(x), axis=along, keepdims=kept))


def bincount(x: Operand[T], weights: Operand[T] | None = None, minlength: int = 0) -> T:
    """Count how often each integer occurs, or the sum of its weights.

    Args:
        x: (N,) integers of at least 0, a constant.   weights: (N,) floats, which get a gradient, or None.
        minlength: the least length of the result.
    Returns:
        Counts, or sums in the weights' dtype, of the integers from 0 on.
    Raises:
        DTypeError: x is not of integers of at least 0.
    Source: NumPy's `bincount`.
    >>> bincount(np.array([0, 2, 2]))
    array([1, 0, 2])
    """
    places = on_host(x, "bincount")
    if places.dtype.kind not in "iu" or places.ndim != 1 or (places.size and places.min() < 0):
        raise DTypeError(
            f"bincount: x needs one axis of integers of at least 0, got {places.dtype} {places.shape}"
        )
    count = max(int(places.max(initial=-1)) + 1, integer("bincount", "minlength", minlength, 0))
    within_memory("bincount", (count,))
    if weights is None:
        return like(x, np.bincount(places, minlength=count))
    return ops.IndexAdd((places,), (count,))(floating("bincount", weights, "weights"))


def histogram(x: Operand[T], bins: int = 10, range: tuple[float, float] | None = None) -> tuple[T, T]:
    """Count the elements in each of several bins of one width; no gradient.

    Args:
        x: array or Tensor.   bins: how many.   range: where the first begins and the last ends;
        None for the
        smallest and the largest element.
    Returns:
        Counts (bins,) and edges (bins + 1,). The last bin has both its edges.
    Source: NumPy's `histogram`.
    >>> histogram([1.0, 2.0, 2.0], 2)[0]
    array([1, 2])
    """
    x = operand("histogram", x)
    counts, edges = np.histogram(values(x), integer("histogram", "bins", bins, 1), range)
    return like(x, counts), like(x, edges)
