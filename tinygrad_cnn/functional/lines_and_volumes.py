"""Pooling over signals and volumes: what `pool` and `resample` do on images, along one axis or three."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, Literal, overload

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Kept,
    Operand,
    Pads,
    Sizes,
    T,
    TensorLike,
    flag,
    floating,
    like,
    number,
    values,
)
from tinygrad_cnn.functional.pool import windows_over
from tinygrad_cnn.functional.resample import adaptive_sizes, unpooled

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool3d",
    "lp_pool1d",
    "lp_pool3d",
    "max_unpool1d",
    "max_unpool3d",
]


def adaptive_avg_pool1d(x: Operand[T], output_size: Kept) -> T:
    """Mean of each of OL bins that cover the signal; bins as `adaptive_avg_pool2d`.

    Args:
        x: (N, C, L) float.   output_size: int, or None for L.
    Returns:
        (N, C, OL), dtype of x.
    Raises:
        ShapeError: x has not 3 axes, or no elements.   ArgumentError: a size below 1.
        DTypeError: x not float.
    Source: He et al. 2014, arXiv:1406.4729 (spatial pyramid pooling).
    >>> adaptive_avg_pool1d(np.arange(5.0).reshape(1, 1, 5), 3)
    array([[[0.5, 2. , 3.5]]])
    """
    return _averaged("adaptive_avg_pool1d", 1, x, output_size)


def adaptive_avg_pool3d(x: Operand[T], output_size: Kept) -> T:
    """Mean of each of OD × OH × OW bins that cover the volume; bins as `adaptive_avg_pool2d`.

    Args:
        x: (N, C, D, H, W) float.   output_size: int, or three of which None keeps the volume's size.
    Returns:
        (N, C, OD, OH, OW), dtype of x.
    Raises:
        ShapeError: x has not 5 axes, or no elements.   ArgumentError: a size below 1.
        DTypeError: x not float.
    Source: He et al. 2014, arXiv:1406.4729 (spatial pyramid pooling).
    >>> adaptive_avg_pool3d(np.arange(8.0).reshape(1, 1, 2, 2, 2), 1)
    array([[[[[3.5]]]]])
    """
    return _averaged("adaptive_avg_pool3d", 3, x, output_size)


@overload
def adaptive_max_pool1d(x: Operand[T], output_size: Kept, return_indices: Literal[False] = False) -> T: ...
@overload
def adaptive_max_pool1d(x: Operand[T], output_size: Kept, return_indices: Literal[True]) -> tuple[T, T]: ...
def adaptive_max_pool1d(x: Any, output_size: Kept, return_indices: bool = False) -> Any:
    """Largest element of each of OL bins that cover the signal; see `adaptive_max_pool2d`.

    Args:
        x: (N, C, L) float.   output_size: int, or None for L.
        return_indices: return also where each maximum lies.
    Returns:
        (N, C, OL), dtype of x; with return_indices also the int64 positions of the maxima in L.
    Raises:
        ShapeError: x has not 3 axes, or no elements.   ArgumentError: a size below 1.
        DTypeError: x not float.
    Source: He et al. 2014, arXiv:1406.4729 (spatial pyramid pooling).
    >>> adaptive_max_pool1d(np.arange(5.0).reshape(1, 1, 5), 3)
    array([[[1., 3., 4.]]])
    """
    return _maxima("adaptive_max_pool1d", 1, x, output_size, return_indices)


@overload
def adaptive_max_pool3d(x: Operand[T], output_size: Kept, return_indices: Literal[False] = False) -> T: ...
@overload
def adaptive_max_pool3d(x: Operand[T], output_size: Kept, return_indices: Literal[True]) -> tuple[T, T]: ...
def adaptive_max_pool3d(x: Any, output_size: Kept, return_indices: bool = False) -> Any:
    """Largest element of each of OD × OH × OW bins that cover the volume; see `adaptive_max_pool2d`.

    Args:
        x: (N, C, D, H, W) float.   output_size: int, or three of which None keeps the volume's size.
        return_indices: return also where each maximum lies.
    Returns:
        (N, C, OD, OH, OW), dtype of x; with return_indices also the int64 flat positions in the volume.
    Raises:
        ShapeError: x has not 5 axes, or no elements.   ArgumentError: a size below 1.
        DTypeError: x not float.
    Source: He et al. 2014, arXiv:1406.4729 (spatial pyramid pooling).
    >>> adaptive_max_pool3d(np.arange(8.0).reshape(1, 1, 2, 2, 2), 1)
    array([[[[[7.]]]]])
    """
    return _maxima("adaptive_max_pool3d", 3, x, output_size, return_indices)


def lp_pool1d(
    x: Operand[T],
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> T:
    """Power sum of each window of a signal; see `lp_pool2d`.

    Args:
        x: (N, C, L) float.   norm_type: p, above 0.   kernel_size, stride, ceil_mode: as `avg_pool1d`.
    Returns:
        (N, C, OL), dtype of x.
    Raises:
        ShapeError: x has not 3 axes, or the window exceeds the signal.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Sermanet, Chintala & LeCun 2012, arXiv:1204.3968.
    >>> lp_pool1d(np.array([[[3.0, 4.0]]]), 2, 2)
    array([[[5.]]])
    """
    return _power_sums("lp_pool1d", 1, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    x: Operand[T],
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> T:
    """Power sum of each window of a volume; see `lp_pool2d`.

    Args:
        x: (N, C, D, H, W) float.   norm_type: p, above 0.
        kernel_size, stride, ceil_mode: as `avg_pool3d`.
    Returns:
        (N, C, OD, OH, OW), dtype of x.
    Raises:
        ShapeError: x has not 5 axes, or the window exceeds the volume.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Sermanet, Chintala & LeCun 2012, arXiv:1204.3968.
    >>> lp_pool3d(np.ones((1, 1, 2, 2, 1)), 2, (2, 2, 1))
    array([[[[[2.]]]]])
    """
    return _power_sums("lp_pool3d", 3, x, norm_type, kernel_size, stride, ceil_mode)


def max_unpool1d(
    x: Operand[T],
    indices: TensorLike,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Pads = 0,
    output_size: Sequence[int] | None = None,
) -> T:
    """Each maximum back at the place that `max_pool1d` took it from, zeros elsewhere; see `max_unpool2d`.

    Args:
        x: (N, C, OL) float.   indices: of x's shape, from return_indices.
        kernel_size, stride, padding: those of the pooling.   output_size: (L,), or a shape that ends so.
    Returns:
        (N, C, L), dtype of x.
    Raises:
        ShapeError: x has not 3 axes, or indices another shape.   DTypeError: indices are not integers.
        ArgumentError: an index outside the signal, or an option out of its range.
    Source: Zeiler & Fergus 2014, arXiv:1311.2901.
    >>> max_unpool1d(np.array([[[7.0]]]), np.array([[[1]]]), 2)
    array([[[0., 7.]]])
    """
    x = with_axes("max_unpool1d", 1, x)
    return unpooled("max_unpool1d", x, values(indices), kernel_size, stride, padding, output_size)


def max_unpool3d(
    x: Operand[T],
    indices: TensorLike,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Pads = 0,
    output_size: Sequence[int] | None = None,
) -> T:
    """Each maximum back at the place that `max_pool3d` took it from, zeros elsewhere; see `max_unpool2d`.

    Args:
        x: (N, C, OD, OH, OW) float.   indices: of x's shape, flat, from return_indices.
        kernel_size, stride, padding: those of the pooling.
        output_size: (D, H, W), or a shape that ends so.
    Returns:
        (N, C, D, H, W), dtype of x.
    Raises:
        ShapeError: x has not 5 axes, or indices another shape.   DTypeError: indices are not integers.
        ArgumentError: an index outside the volume, or an option out of its range.
    Source: Zeiler & Fergus 2014, arXiv:1311.2901.
    >>> max_unpool3d(np.full((1, 1, 1, 1, 1), 7.0), np.full((1, 1, 1, 1, 1), 1), (1, 1, 2))
    array([[[[[0., 7.]]]]])
    """
    x = with_axes("max_unpool3d", 3, x)
    return unpooled("max_unpool3d", x, values(indices), kernel_size, stride, padding, output_size)


def with_axes(name: str, count: int, x: Any) -> Any:
    """x as floats, (N, C, ...) with `count` spatial axes.

    >>> with_axes("adaptive_avg_pool1d", 1, np.ones((1, 2, 3))).shape
    (1, 2, 3)
    """
    x = floating(name, x)
    if x.ndim != count + 2:
        raise ShapeError(f"{name}: x needs {count + 2} axes (N, C, ...), got {x.shape}")
    return x


def _averaged(name: str, count: int, x: Any, output_size: Kept) -> Any:
    x = with_axes(name, count, x)
    return ops.AdaptiveAvgPool(x.shape[2:], adaptive_sizes(name, x, output_size, count))(x)


def _maxima(name: str, count: int, x: Any, output_size: Kept, return_indices: bool) -> Any:
    x = with_axes(name, count, x)
    y, (flat, _) = ops.AdaptiveMaxPool(adaptive_sizes(name, x, output_size, count)).with_residual(x)
    return (y, like(x, flat)) if flag(name, "return_indices", return_indices) else y


def _power_sums(
    name: str, count: int, x: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Any:
    p = number(name, "norm_type", norm_type, 0, inf)
    if p == 0:
        raise ArgumentError(f"{name}: norm_type must be above 0, got {norm_type!r}")
    x, geometry = windows_over(name, count, x, kernel_size, stride, 0, 1, ceil_mode)
    return ops.MaxPool(geometry)(ops.Abs()(x)) if p == inf else ops.LpPool(geometry, p)(x)
