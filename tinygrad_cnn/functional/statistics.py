"""Statistics: differences, quantiles, covariances, sums without NaN, counts."""

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
from tinygrad_cnn.functional.arrange import diagonal
from tinygrad_cnn.functional.elementwise import where
from tinygrad_cnn.functional.linalg import matmul
from tinygrad_cnn.functional.reduce import max as max_over
from tinygrad_cnn.functional.reduce import mean
from tinygrad_cnn.functional.reduce import min as min_over
from tinygrad_cnn.functional.reduce import sum as sum_over
from tinygrad_cnn.functional.shape import flatten, moveaxis, reshape, transpose
from tinygrad_cnn.functional.sorting import sort

__all__ = [
    "average", "bincount", "corrcoef", "count_nonzero", "cov", "diff", "histogram", "median", "nanmax",
    "nanmean", "nanmin", "nansum", "percentile", "ptp", "quantile",
]  # fmt: skip


def diff(x: Operand[T], n: int = 1, axis: int = -1) -> T:
    """Differences of neighbours along an axis: y[i] = x[i+1] - x[i], n times.

    Args:
        x: array or Tensor.   n: how often.   axis: int.
    Returns:
        x's shape, shorter by n along the axis; dtype of x.
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `diff`.
    >>> diff([1.0, 4.0, 9.0])
    array([3., 5.], dtype=float32)
    """
    y = operand("diff", x)
    axis = one_axis("diff", axis, y.ndim)
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
def average(x: Operand[T], axis: Axis = None, weights: TensorLike | None = None) -> T:
    """Mean along axes, weighted: Σ w·x / Σ w.

    Args:
        x: float array or Tensor.   axis: int, tuple of ints, or None for all.
        weights: of x's shape; None for equal ones.
    Returns:
        x's shape without the axes; dtype of x.
    Raises:
        ShapeError: no such axis, or weights of another shape.   DTypeError: x is not float.
    Source: NumPy's `average`.
    >>> average(np.array([1.0, 3.0]), weights=np.array([3.0, 1.0]))
    array(1.5)
    """
    if weights is None:
        return mean(x, axis)
    x, weights = floating("average", x), operand("average", weights)
    if weights.shape != x.shape:
        raise ShapeError(f"average: weights have shape {weights.shape}, x has {x.shape}; the same fits")
    return ops.Div()(sum_over(x * weights, axis), sum_over(weights, axis))


def quantile(x: Operand[T], q: TensorLike, axis: int | None = None, keepdims: bool = False) -> T:
    """The number below which a share q of the elements lies; between two of them on a straight line.

    Args:
        x: float array or Tensor.   q: a share in [0, 1], or several.   axis: int, or None for all.
        keepdims: keep the axis, with length 1.
    Returns:
        q's shape, then x's without the axis; dtype of x.
    Raises:
        ArgumentError: q outside [0, 1].   ShapeError: no such axis, or no element.   DTypeError: x
        is not float.
    Source: NumPy's `quantile`.
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
    y = moveaxis(sort(x, axis), axis, 0)
    place = shares.reshape(-1) * (len(y) - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(y) - 1)
    share = (place - low).astype(x.dtype).reshape(-1, *(1,) * (y.ndim - 1))
    found = where(share == 0, y[low], y[low] * (1 - share) + y[high] * share)
    rest = shape if keep else y.shape[1:]
    return reshape(found, (*shares.shape, *rest))


def percentile(x: Operand[T], q: TensorLike, axis: int | None = None, keepdims: bool = False) -> T:
    """`quantile` with q in hundredths.

    Args:
        x: float array or Tensor.   q: in [0, 100], or several.   axis: int, or None for all.
        keepdims: keep the axis, with length 1.
    Returns:
        q's shape, then x's without the axis; dtype of x.
    Raises:
        ArgumentError: q outside [0, 100].   ShapeError: no such axis, or no element.
    Source: NumPy's `percentile`.
    >>> percentile([1.0, 2.0, 4.0], 75)
    array(3., dtype=float32)
    """
    return quantile(x, on_host(q).astype(np.float64) / 100, axis, keepdims)


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


@wide
def cov(x: Operand[T], rowvar: bool = True, ddof: int = 1) -> T:
    """Covariances of variables: C[i,j] = Σ (x_i - mean)(x_j - mean) / (N - ddof).

    Args:
        x: (K, N) float, a variable a row; (N,) for one.   rowvar: False for a variable a column.
        ddof: taken from the number of observations.
    Returns:
        (K, K), or 0-d for one; dtype of x.
    Raises:
        ShapeError: more than 2 axes.   DTypeError: x is not float.
    Source: NumPy's `cov`.
    >>> cov(np.array([[1.0, 3.0], [2.0, 4.0]]))
    array([[2., 2.],
           [2., 2.]])
    """
    x = floating("cov", x)
    if x.ndim > 2:
        raise ShapeError(f"cov: x has shape {x.shape}, 1 or 2 axes fit")
    single = x.ndim < 2
    x = reshape(x, (1, -1)) if single else x if flag("cov", "rowvar", rowvar) else transpose(x)
    centred = x - mean(x, 1, keepdims=True)
    found = matmul(centred, transpose(centred)) / (x.shape[1] - integer("cov", "ddof", ddof))
    return ops.Index((0, 0))(found) if single else found


@wide
def corrcoef(x: Operand[T], rowvar: bool = True) -> T:
    """Correlations of variables: C[i,j] / sqrt(C[i,i]·C[j,j]), C the covariances.

    Args:
        x: (K, N) float, a variable a row; (N,) for one.   rowvar: False for a variable a column.
    Returns:
        (K, K), or 0-d for one; dtype of x.
    Raises:
        ShapeError: more than 2 axes.   DTypeError: x is not float.
    Source: NumPy's `corrcoef`.
    >>> corrcoef(np.array([[1.0, 3.0], [2.0, 4.0]])).round(4)
    array([[1., 1.],
           [1., 1.]])
    """
    c = cov(x, rowvar)
    if not c.ndim:
        return ops.Div()(c, c)
    root = ops.Sqrt()(diagonal(c))
    return c / reshape(root, (-1, 1)) / root


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
    return sum_over(where(np.isnan(values(x)), 0.0, x), axis, keepdims)


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
    return max_over(where(np.isnan(values(x)), -np.inf, x), axis, keepdims)


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
    return min_over(where(np.isnan(values(x)), np.inf, x), axis, keepdims)


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
    found = np.count_nonzero(
        values(x),
        axis=axes("count_nonzero", axis, x.ndim),
        keepdims=flag("count_nonzero", "keepdims", keepdims),
    )
    return like(x, found)


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
    places = on_host(x)
    if places.dtype.kind not in "iu" or places.ndim != 1 or (places.size and places.min() < 0):
        raise DTypeError(
            f"bincount: x needs one axis of integers of at least 0, got {places.dtype} {places.shape}"
        )
    count = max(int(places.max(initial=-1)) + 1, integer("bincount", "minlength", minlength, 0))
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
