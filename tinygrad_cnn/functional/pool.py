"""Pooling over windows: the largest, the smallest, the mean, the p-norm."""

from __future__ import annotations

from math import inf
from typing import Any, Literal, overload

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    Pads,
    Sizes,
    T,
    flag,
    floating,
    integer,
    like,
    number,
    sizes,
)
from tinygrad_cnn.functional.conv import cropped, sides_of
from tinygrad_cnn.functional.layout import as_given, channels_first
from tinygrad_cnn.functional.remembered import Remembered
from tinygrad_cnn.grid import Grid, grid
from tinygrad_cnn.hints import say

_grids = Remembered()
__all__ = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool2d", "max_pool1d", "max_pool2d", "max_pool3d",
    "min_pool2d",
]  # fmt: skip


@overload
def max_pool1d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: Literal[False] = False,
) -> T: ...  # fmt: skip
@overload
def max_pool1d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, *, return_indices: Literal[True]
) -> tuple[T, T]: ...  # fmt: skip
def max_pool1d(
    x: Any, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Largest element of each window: y[n,c,i] = max_u x[n, c, i*S + u*D - P]; see `max_pool2d`.

    Args:
        x: (N, C, L) float.   The others: as `max_pool2d`, one number each.
    Returns:
        (N, C, OL), dtype of x; with return_indices also the int64 positions of the maxima in L.
    Raises:
        ShapeError: x has not 3 axes, or the window exceeds the padded signal.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Ranzato et al. 2007, "Unsupervised learning of invariant feature hierarchies".
    >>> max_pool1d(np.array([[[1.0, 5.0, 2.0, 0.0]]]), 2)
    array([[[5., 2.]]])
    """
    x, geometry = windows_over("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode)
    return _largest(x, geometry, return_indices)


@overload
def max_pool2d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: Literal[False] = False, *, data_format: str = "NCHW",
) -> T: ...  # fmt: skip
@overload
def max_pool2d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, *, return_indices: Literal[True], data_format: str = "NCHW",
) -> tuple[T, T]: ...  # fmt: skip
def max_pool2d(
    x: Any, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: bool = False, *, data_format: str = "NCHW",
) -> Any:  # fmt: skip
    """Largest element of each window: y[n,c,i,j] = max_{u,v} x[n, c, i*SH + u*DH - PH, j*SW + v*DW - PW].

    A tie's whole gradient goes to the first maximum in row-major order. Pads never wins, NaN
    always does.

    Args:
        x: (N, C, H, W) float.   kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding: pixels per side, at most half the kernel, int or (PH, PW), or pairs ((top, bottom),
            (left, right)) in which a negative number cuts pixels off (flat positions are then those in
            what is left).   dilation: pixels from tap to tap.
        ceil_mode: round the output size up; a window that would start in the right padding is dropped.
        return_indices: return also where each maximum lies, for `max_unpool2d`.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C, OH, OW), dtype of x; OH = (H + 2*PH - DH*(KH-1) - 1) // SH + 1. With return_indices
        also an int64 array of that shape, without gradient: row * W + column of each maximum.
    Raises:
        ShapeError: x has not 4 axes, or the window exceeds the padded image.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Ranzato et al. 2007, "Unsupervised learning of invariant feature hierarchies".
    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    x = channels_first("max_pool2d", x, data_format)
    x, geometry = windows_over("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode)
    found = _largest(x, geometry, return_indices)
    if return_indices:
        return tuple(as_given(y, data_format) for y in found)
    return as_given(found, data_format)


@overload
def max_pool3d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: Literal[False] = False,
) -> T: ...  # fmt: skip
@overload
def max_pool3d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, *, return_indices: Literal[True]
) -> tuple[T, T]: ...  # fmt: skip
def max_pool3d(
    x: Any, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Largest element of each window of a volume; see `max_pool2d`.

    Args:
        x: (N, C, D, H, W) float.   The others: as `max_pool2d`, with three numbers per tuple.
    Returns:
        (N, C, OD, OH, OW), dtype of x; with return_indices also the int64 flat positions of the
        maxima in their volume.
    Raises:
        ShapeError: x has not 5 axes, or the window exceeds the padded volume.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Ji et al. 2013, "3D convolutional neural networks for human action recognition".
    >>> max_pool3d(np.arange(8.0).reshape(1, 1, 2, 2, 2), 2)
    array([[[[[7.]]]]])
    """
    x, geometry = windows_over("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode)
    return _largest(x, geometry, return_indices)


def min_pool2d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, *, data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Smallest element of each window: -max_pool2d(-x), with its rules for ties, padding and NaN.

    Args:
        x: (N, C, H, W) float.   The others: as `max_pool2d`.
    Returns:
        (N, C, OH, OW), dtype of x.
    Raises:
        ShapeError: x has not 4 axes, or the window exceeds the padded image.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Serra 1982, "Image analysis and mathematical morphology" (erosion by a flat element).
    >>> min_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 0.,  2.],
           [ 8., 10.]])
    """
    x = channels_first("min_pool2d", x, data_format)
    found, geometry = windows_over("min_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode)
    return as_given(-ops.MaxPool(geometry)(-found), data_format)


def avg_pool1d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> T:  # fmt: skip
    """Mean of each window: y[n,c,i] = sum_u x[n, c, i*S + u - P] / count; see `avg_pool2d`.

    Args:
        x: (N, C, L) float.   The others: as `avg_pool2d`, one number each.
    Returns:
        (N, C, OL), dtype of x; OL = (L + 2*P - K) // S + 1.
    Raises:
        ShapeError: x has not 3 axes, or the window exceeds the padded signal.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: LeCun et al. 1989, "Backpropagation applied to handwritten zip code recognition".
    >>> avg_pool1d(np.array([[[1.0, 5.0, 2.0, 0.0]]]), 2)
    array([[[3., 1.]]])
    """
    x, geometry = windows_over("avg_pool1d", 1, x, kernel_size, stride, padding, 1, ceil_mode)
    return _mean("avg_pool1d", x, geometry, count_include_pad, None)


def avg_pool2d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None, *,
    data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Mean of each window: y[n,c,i,j] = sum_{u,v} x[n, c, i*SH + u - PH, j*SW + v - PW] / count.

    Args:
        x: (N, C, H, W) float.   kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding: zeros per side, at most half the kernel.
        ceil_mode: round the output size up; the overhang over the padded image is not counted.
        count_include_pad: count the padding's zeros; False divides by the image's pixels alone.
        divisor_override: what to divide the sums by instead.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C, OH, OW), dtype of x; OH = (H + 2*PH - KH) // SH + 1.
    Raises:
        ShapeError: x has not 4 axes, or the window exceeds the padded image.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: LeCun et al. 1989, "Backpropagation applied to handwritten zip code recognition".
    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    name, x = "avg_pool2d", channels_first("avg_pool2d", x, data_format)
    x, geometry = windows_over(name, 2, x, kernel_size, stride, padding, 1, ceil_mode)
    return as_given(_mean(name, x, geometry, count_include_pad, divisor_override), data_format)


def avg_pool3d(
    x: Operand[T], kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> T:  # fmt: skip
    """Mean of each window of a volume; see `avg_pool2d`.

    Args:
        x: (N, C, D, H, W) float.   The others: as `avg_pool2d`, with three numbers per tuple.
    Returns:
        (N, C, OD, OH, OW), dtype of x.
    Raises:
        ShapeError: x has not 5 axes, or the window exceeds the padded volume.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Ji et al. 2013, "3D convolutional neural networks for human action recognition".
    >>> avg_pool3d(np.arange(8.0).reshape(1, 1, 2, 2, 2), 2)
    array([[[[[3.5]]]]])
    """
    x, geometry = windows_over("avg_pool3d", 3, x, kernel_size, stride, padding, 1, ceil_mode)
    return _mean("avg_pool3d", x, geometry, count_include_pad, divisor_override)


def lp_pool2d(
    x: Operand[T], norm_type: float, kernel_size: Sizes, stride: Sizes | None = None,
    ceil_mode: bool = False, *, data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Power sum of each window: y[n,c,i,j] = (sum_{u,v} x[n, c, i*SH + u, j*SW + v]^p)^(1/p).

    No absolute value is taken: with p = 1 it is the sum, and where a sum is negative and has no
    real root, the result is NaN; p = inf is max_pool2d(|x|). A sum of 0 gets gradient 0. A window
    that overhangs the image in ceil_mode is scaled up by its missing pixels, as in PyTorch.

    Args:
        x: (N, C, H, W) float.   norm_type: p, above 0.   kernel_size, stride, ceil_mode,
        data_format: as `avg_pool2d`.
    Returns:
        (N, C, OH, OW), dtype of x; OH = (H - KH) // SH + 1.
    Raises:
        ShapeError: x has not 4 axes, or the window exceeds the image.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Sermanet, Chintala & LeCun 2012, arXiv:1204.3968.
    >>> lp_pool2d(np.array([[[[3.0, 4.0]]]]), 2, (1, 2))
    array([[[[5.]]]])
    """
    name, x = "lp_pool2d", channels_first("lp_pool2d", x, data_format)
    p = number(name, "norm_type", norm_type, 0, inf)
    if p == 0:
        raise ArgumentError(f"{name}: norm_type must be above 0, got {norm_type!r}")
    x, geometry = windows_over(name, 2, x, kernel_size, stride, 0, 1, ceil_mode)
    if p == inf:
        return as_given(ops.MaxPool(geometry)(ops.Abs()(x)), data_format)
    return as_given(ops.LpPool(geometry, p)(x), data_format)


def windows_over(
    name: str, count: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool,
) -> tuple[Any, Grid]:  # fmt: skip
    """x as floats, channels first, and the checked geometry of windows over its last `count` axes.

    >>> windows_over("max_pool1d", 1, np.ones((1, 1, 5)), 2, None, 0, 1, False)[1].output
    (2,)
    """
    x = floating(name, x)
    if x.ndim != count + 2:
        axes = ", ".join(("N", "C", *(("L",) if count == 1 else "DHW"[3 - count :])))
        raise ShapeError(f"{name}: x needs {count + 2} axes ({axes}), got {x.shape}")
    if count == 2 and x.shape[3] in (1, 3) and x.shape[1] == x.shape[2] > 8:  # 28 × 28 × 1, say
        say(
            "channels last",
            f"{name}: x {x.shape} seems to have its channels last; windows slide over the last two axes: "
            "x.transpose(0, 3, 1, 2), or data_format='NHWC', fits",
        )
    options = (kernel_size, stride, padding, dilation, ceil_mode)
    if (known := _grids.get((name, x.shape), options)) is not None:
        return x, known
    shape = x.shape
    kernel = sizes(name, "kernel_size", kernel_size, count, at_least=1)
    steps = sizes(name, "stride", kernel if stride is None else stride, count, at_least=1)
    gaps = sizes(name, "dilation", dilation, count, at_least=1)
    x, sides = cropped(name, x, sides_of(name, padding, count))
    if any(2 * max(side) > k for side, k in zip(sides, kernel, strict=True)):
        pads = tuple(max(side) for side in sides)
        raise ArgumentError(f"{name}: padding {pads} exceeds half of kernel_size {kernel}")
    made = grid(name, x.shape[2:], kernel, steps, sides, gaps, flag(name, "ceil_mode", ceil_mode))
    if x.shape == shape:  # nothing was cut off
        _grids.keep((name, shape), options, made)
    return x, made


def _largest(x: Any, geometry: Grid, return_indices: bool) -> Any:
    if not flag("max_pool", "return_indices", return_indices):
        return ops.MaxPool(geometry)(x)
    y, places = ops.MaxPool(geometry, places=True).with_residual(x)
    return y, like(x, geometry.flat(places))


def _mean(name: str, x: Any, geometry: Grid, count_include_pad: bool, divisor: int | None) -> Any:
    y = ops.AvgPool(geometry, flag(name, "count_include_pad", count_include_pad))(x)
    if divisor is None:
        return y
    counted = geometry.coverage(flag(name, "count_include_pad", count_include_pad))
    return y * (counted / integer(name, "divisor_override", divisor, 1)).astype(x.dtype)
