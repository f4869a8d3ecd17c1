"""Pooling of images over windows."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import choice, floating, sizes
from tinygrad_cnn.ops.window import Grid, grid


def max_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, *, data_format: str = "NCHW",
) -> Any:  # fmt: skip
    """Largest element of each window: y[n,c,i,j] = max_{u,v} x[n, c, i*SH + u*DH - PH, j*SW + v*DW - PW].

    A tie's whole gradient goes to the first maximum in row-major order. Padding never wins, NaN
    always does.

    Args:
        x: (N, C, H, W) float.   kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding: pixels per side, at most half the kernel.   dilation: pixels from tap to tap.
        ceil_mode: round the output size up; a window that would start in the right padding is dropped.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C, OH, OW), dtype of x; OH = (H + 2*PH - DH*(KH-1) - 1) // SH + 1.
    Raises:
        ShapeError: x has not 4 axes, or the window exceeds the padded image.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Ranzato et al. 2007, "Unsupervised learning of invariant feature hierarchies".
    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    x, geometry = _prepare("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode, data_format)
    y = ops.MaxPool(geometry)(x)
    return y.transpose((0, 2, 3, 1)) if data_format == "NHWC" else y


def avg_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, *, data_format: str = "NCHW",
) -> Any:  # fmt: skip
    """Mean of each window: y[n,c,i,j] = sum_{u,v} x[n, c, i*SH + u - PH, j*SW + v - PW] / count.

    Args:
        x: (N, C, H, W) float.   kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding: zeros per side, at most half the kernel.
        ceil_mode: round the output size up; the overhang over the padded image is not counted.
        count_include_pad: count the padding's zeros; False divides by the image's pixels alone.
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
    x, geometry = _prepare("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode, data_format)
    y = ops.AvgPool(geometry, bool(count_include_pad))(x)
    return y.transpose((0, 2, 3, 1)) if data_format == "NHWC" else y


def _prepare(
    name: str, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    data_format: str,
) -> tuple[Any, Grid]:  # fmt: skip
    """x with its channels first, and the checked geometry of the windows over it."""
    x = floating(name, x)
    choice(name, "data_format", data_format, ("NCHW", "NHWC"))
    if x.ndim != 4:
        raise ShapeError(f"{name}: x needs 4 axes ({', '.join(data_format)}), got {x.shape}")
    if data_format == "NHWC":
        x = x.transpose((0, 3, 1, 2))
    kernel = sizes(name, "kernel_size", kernel_size, 2, at_least=1)
    steps = sizes(name, "stride", kernel if stride is None else stride, 2, at_least=1)
    pads = sizes(name, "padding", padding, 2, at_least=0)
    gaps = sizes(name, "dilation", dilation, 2, at_least=1)
    if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
        raise ArgumentError(f"{name}: padding {pads} exceeds half of kernel_size {kernel}")
    sides = tuple((p, p) for p in pads)
    return x, grid(name, x.shape[2:], kernel, steps, sides, gaps, bool(ceil_mode))
