"""Images of another size: adaptive and global pooling, unpooling, interpolation, pixel shuffling."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, inf
from typing import Any, Literal, overload

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    Sizes,
    T,
    TensorLike,
    choice,
    flag,
    integer,
    like,
    number,
    sizes,
    torch_names,
    values,
)
from tinygrad_cnn.functional.layout import as_given, channels_first
from tinygrad_cnn.ops.resample import AxisMap, linear_map, nearest_map

__all__ = [
    "adaptive_avg_pool2d", "adaptive_max_pool2d", "global_avg_pool2d", "global_max_pool2d", "interpolate",
    "max_unpool2d", "pixel_shuffle", "pixel_unshuffle",
]  # fmt: skip


def adaptive_avg_pool2d(x: Operand[T], output_size: Sizes, *, data_format: str = "NCHW") -> T:
    """Mean of each of OH × OW bins that cover the image, whatever its size.

    Bin i of an axis of n pixels holds those from floor(i*n/OH) up to, without, ceil((i+1)*n/OH).

    Args:
        x: (N, C, H, W) float.
        output_size: int, or (OH, OW) of which None keeps the image's size.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C, OH, OW), dtype of x.
    Raises:
        ShapeError: x has not 4 axes, or has no pixels.   ArgumentError: a size below 1.
        DTypeError: x is not float.
    Source: He et al. 2014, arXiv:1406.4729 (spatial pyramid pooling).
    >>> adaptive_avg_pool2d(np.arange(5.0).reshape(1, 1, 1, 5), (1, 3))
    array([[[[0.5, 2. , 3.5]]]])
    """
    x, output = _adaptive("adaptive_avg_pool2d", x, output_size, data_format)
    return as_given(ops.AdaptiveAvgPool(x.shape[2:], output)(x), data_format)


@overload
def adaptive_max_pool2d(
    x: Operand[T], output_size: Sizes, return_indices: Literal[False] = False, *, data_format: str = "NCHW"
) -> T: ...
@overload
def adaptive_max_pool2d(
    x: Operand[T], output_size: Sizes, *, return_indices: Literal[True], data_format: str = "NCHW"
) -> tuple[T, T]: ...
def adaptive_max_pool2d(
    x: Any, output_size: Sizes, return_indices: bool = False, *, data_format: str = "NCHW"
) -> Any:
    """Largest element of each of OH × OW bins that cover the image; bins as `adaptive_avg_pool2d`.

    A tie's whole gradient goes to the first maximum in row-major order; NaN always wins.

    Args:
        x: (N, C, H, W) float.   output_size: int, or (OH, OW) of which None keeps the image's size.
        return_indices: return also where each maximum lies.   data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C, OH, OW), dtype of x. With return_indices also an int64 array of that shape, without
        gradient: row * W + column of each maximum.
    Raises:
        ShapeError: x has not 4 axes, or has no pixels.   ArgumentError: a size below 1.
        DTypeError: x is not float.
    Source: He et al. 2014, arXiv:1406.4729 (spatial pyramid pooling).
    >>> adaptive_max_pool2d(np.arange(5.0).reshape(1, 1, 1, 5), (1, 3))
    array([[[[1., 3., 4.]]]])
    """
    x, output = _adaptive("adaptive_max_pool2d", x, output_size, data_format)
    y, (flat, _) = ops.AdaptiveMaxPool(output).with_residual(x)
    y = as_given(y, data_format)
    return (y, like(x, as_given(flat, data_format))) if return_indices else y


@torch_names
def global_avg_pool2d(x: Operand[T], keepdims: bool = False, *, data_format: str = "NCHW") -> T:
    """Mean of each channel of each image: y[n,c] = sum_{i,j} x[n,c,i,j] / (H * W).

    Args:
        x: (N, C, H, W) float.   keepdims: keep the spatial axes, with size 1.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C), or with keepdims (N, C, 1, 1); dtype of x.
    Raises:
        ShapeError: x has not 4 axes, or has no pixels.   DTypeError: x is not float.
    Source: Lin, Chen & Yan 2013, arXiv:1312.4400 (network in network).
    >>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[1.5, 5.5]])
    """
    x, _ = _adaptive("global_avg_pool2d", x, 1, data_format)
    y = ops.Mean((2, 3), flag("global_avg_pool2d", "keepdims", keepdims))(x)
    return as_given(y, data_format) if keepdims else y


@torch_names
def global_max_pool2d(x: Operand[T], keepdims: bool = False, *, data_format: str = "NCHW") -> T:
    """Largest element of each channel of each image; the first one gets the gradient.

    Args:
        x: (N, C, H, W) float.   keepdims: keep the spatial axes, with size 1.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C), or with keepdims (N, C, 1, 1); dtype of x.
    Raises:
        ShapeError: x has not 4 axes, or has no pixels.   DTypeError: x is not float.
    Source: Oquab et al. 2015, "Is object localization for free?".
    >>> global_max_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[3., 7.]])
    """
    x, output = _adaptive("global_max_pool2d", x, 1, data_format)
    y = ops.AdaptiveMaxPool(output)(x)
    return as_given(y, data_format) if keepdims else y.reshape(y.shape[:2])


def max_unpool2d(
    x: Operand[T], indices: TensorLike, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    output_size: Sequence[int] | None = None, *, data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Each maximum back at the place that `max_pool2d` took it from, zeros elsewhere.

    Where windows overlapped and an index repeats, the last element in row-major order stays, and it
    alone gets the gradient (PyTorch hands the gradient to all of them).

    Args:
        x: (N, C, OH, OW) float.   indices: row * W + column per element, from return_indices.
        kernel_size, stride, padding: those of the pooling.
        output_size: (H, W), or a shape that ends so (for 'NHWC': (N, H, W, C)); None for the
            smallest image that pools to OH × OW.
        data_format: 'NCHW' or 'NHWC', of x, indices and y.
    Returns:
        (N, C, H, W), dtype of x; without output_size, H = (OH-1)*SH - 2*PH + KH.
    Raises:
        ShapeError: x has not 4 axes, or indices another shape.   DTypeError: indices are not integers.
        ArgumentError: an index outside the image, or an option out of its range.
    Source: Zeiler & Fergus 2014, arXiv:1311.2901.
    >>> max_unpool2d(np.array([[[[7.0]]]]), np.array([[[[2]]]]), 2)
    array([[[[0., 0.],
             [7., 0.]]]])
    """
    name, x = "max_unpool2d", channels_first("max_unpool2d", x, data_format)
    flat = values(indices)
    if flat.dtype.kind not in "iu":
        raise DTypeError(f"{name}: indices must be integers, got dtype {flat.dtype}")
    if data_format == "NHWC" and flat.ndim == 4:
        flat = flat.transpose((0, 3, 1, 2))
    if flat.shape != x.shape:
        raise ShapeError(f"{name}: indices have shape {flat.shape}, x has {x.shape} (channels first)")
    kernel = sizes(name, "kernel_size", kernel_size, 2, at_least=1)
    steps = sizes(name, "stride", kernel if stride is None else stride, 2, at_least=1)
    pads = sizes(name, "padding", padding, 2, at_least=0)
    if output_size is None:
        options = zip(x.shape[2:], kernel, steps, pads, strict=True)
        image = tuple((n - 1) * s - 2 * p + k for n, k, s, p in options)
    else:
        given = tuple(output_size)
        spatial = given[1:3] if len(given) == 4 and data_format == "NHWC" else given[-2:]
        image = sizes(name, "output_size", spatial, 2, at_least=1)
    if flat.size and not 0 <= flat.min() <= flat.max() < image[0] * image[1]:
        raise ArgumentError(
            f"{name}: indices run from {flat.min()} to {flat.max()}, an image of {image} has "
            f"0 to {image[0] * image[1] - 1}; give the image's size as output_size"
        )
    op = ops.MaxUnpool(flat.astype(np.int64), (image[0], image[1]))
    return as_given(op(x), data_format)


def interpolate(
    x: Operand[T], size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest", align_corners: bool | None = None, *, data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Images of another size: upsampled, or downsampled without smoothing.

        nearest:   y[i] = x[floor(i * scale)]
        bilinear:  y[i] = (1 - t) * x[l] + t * x[l + 1], l + t = max((i + ½) * scale - ½, 0), along
                   each axis; with align_corners l + t = i * (n - 1) / (o - 1)

    with n and o the sizes of x and y along the axis, and scale = n / o, or 1 / scale_factor.

    Args:
        x: (N, C, H, W) float.   size: int or (OH, OW).   scale_factor: number or a pair, instead.
        mode: 'nearest' or 'bilinear'.   align_corners: let the corner pixels' centres meet.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C, OH, OW), dtype of x; OH = floor(H * scale_factor).
    Raises:
        ShapeError: x has not 4 axes or no pixels, or no pixel would be left.
        ArgumentError: not exactly one of size and scale_factor, another mode, or align_corners
            with 'nearest'.   DTypeError: x is not float.
    Source: Gonzalez & Woods 2018, "Digital image processing", 2.4.
    >>> interpolate(np.array([[[[0.0, 4.0]]]]), scale_factor=(1, 2), mode="bilinear")
    array([[[[0., 1., 3., 4.]]]])
    """
    name, x = "interpolate", channels_first("interpolate", x, data_format)
    choice(name, "mode", mode, ("nearest", "bilinear"))
    if align_corners is not None and mode == "nearest":
        raise ArgumentError(f"{name}: align_corners goes with mode 'bilinear', not with 'nearest'")
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"{name}: give one of size and scale_factor, got {size!r} and {scale_factor!r}")
    _some_pixels(name, x)
    image: tuple[int, ...] = x.shape[2:]
    if size is not None:
        output = sizes(name, "size", size, 2, at_least=1)
        scales = tuple(n / o for n, o in zip(image, output, strict=True))
    else:
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * 2
        if len(factors) != 2:
            raise ArgumentError(f"{name}: scale_factor needs 1 or 2 numbers, got {scale_factor!r}")
        checked = [number(name, "scale_factor", f, 0, inf) for f in factors]
        output = tuple(floor(n * f) for n, f in zip(image, checked, strict=True))
        if min(output) < 1:
            raise ShapeError(f"{name}: an image of {image} times {scale_factor!r} leaves no pixel")
        scales = tuple(1 / f for f in checked)
    maps: list[AxisMap] = []
    for n, o, scale in zip(image, output, scales, strict=True):
        if mode == "nearest":
            maps.append(nearest_map(n, o, scale))
        else:
            maps.append(
                linear_map(
                    n, o, scale, align_corners is not None and flag(name, "align_corners", align_corners)
                )
            )
    return as_given(ops.Interpolate(mode, *maps)(x), data_format)


def pixel_shuffle(x: Operand[T], upscale_factor: int, *, data_format: str = "NCHW") -> T:
    """r² channels as r × r pixels: y[c, i*r+u, j*r+v] = x[c*r² + u*r + v, i, j].

    Args:
        x: (..., C*r², H, W) float.   upscale_factor: r, at least 1.
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (..., C, H*r, W*r), dtype of x.
    Raises:
        ShapeError: fewer than 3 axes, or channels that r² does not divide.
    Source: Shi et al. 2016, arXiv:1609.05158.
    >>> pixel_shuffle(np.arange(4.0).reshape(4, 1, 1), 2)
    array([[[0., 1.],
            [2., 3.]]])
    """
    name, x = "pixel_shuffle", channels_first("pixel_shuffle", x, data_format, axes=None)
    r = integer(name, "upscale_factor", upscale_factor, 1)
    if x.shape[-3] % (r * r):
        raise ShapeError(
            f"{name}: {x.shape[-3]} channels do not split into r² = {r * r} parts (x {x.shape})"
        )
    return as_given(ops.PixelShuffle(r)(x), data_format)


def pixel_unshuffle(x: Operand[T], downscale_factor: int, *, data_format: str = "NCHW") -> T:
    """r × r pixels as r² channels, the inverse of `pixel_shuffle`.

    Args:
        x: (..., C, H, W) float.   downscale_factor: r, at least 1.   data_format: 'NCHW' or 'NHWC'.
    Returns:
        (..., C*r², H/r, W/r), dtype of x.
    Raises:
        ShapeError: fewer than 3 axes, or sizes that r does not divide.
    Source: Shi et al. 2016, arXiv:1609.05158.
    >>> pixel_unshuffle(np.arange(4.0).reshape(1, 2, 2), 2).tolist()
    [[[0.0]], [[1.0]], [[2.0]], [[3.0]]]
    """
    name, x = "pixel_unshuffle", channels_first("pixel_unshuffle", x, data_format, axes=None)
    r = integer(name, "downscale_factor", downscale_factor, 1)
    if x.shape[-2] % r or x.shape[-1] % r:
        raise ShapeError(f"{name}: an image of {x.shape[-2:]} does not split into {r} × {r} pixels")
    return as_given(ops.PixelUnshuffle(r)(x), data_format)


def _adaptive(name: str, x: Operand[T], output_size: Sizes, data_format: str) -> tuple[T, tuple[int, int]]:
    """x with its channels first, and the output size with None filled in."""
    x = channels_first(name, x, data_format)
    _some_pixels(name, x)
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * 2
    if len(wanted) != 2:
        raise ArgumentError(f"{name}: output_size needs 1 or 2 numbers, got {output_size!r}")
    height, width = (n if o is None else o for n, o in zip(x.shape[2:], wanted, strict=True))
    return x, (integer(name, "output_size", height, 1), integer(name, "output_size", width, 1))


def _some_pixels(name: str, x: Any) -> None:
    if 0 in x.shape[2:]:
        raise ShapeError(f"{name}: an image of {x.shape[2:]} has no pixels")
