"""Images of another size: adaptive and global pooling, unpooling, pixels and channels shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Literal, overload

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError, shown
from tinygrad_cnn.functional.arguments import (
    Kept,
    Operand,
    Pads,
    Sizes,
    T,
    TensorLike,
    flag,
    integer,
    is_several,
    like,
    operand,
    sizes,
    torch_names,
    values,
)
from tinygrad_cnn.functional.conv import sides_of
from tinygrad_cnn.functional.layout import as_given, channels_first
from tinygrad_cnn.functional.storage import within_memory

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "channel_shuffle",
    "global_avg_pool2d",
    "global_max_pool2d",
    "max_unpool2d",
    "pixel_shuffle",
    "pixel_unshuffle",
]


def adaptive_avg_pool2d(x: Operand[T], output_size: Kept, *, data_format: str = "NCHW") -> T:
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
    x: Operand[T], output_size: Kept, return_indices: Literal[False] = False, *, data_format: str = "NCHW"
) -> T: ...
@overload
def adaptive_max_pool2d(
    x: Operand[T], output_size: Kept, *, return_indices: Literal[True], data_format: str = "NCHW"
) -> tuple[T, T]: ...
def adaptive_max_pool2d(
    x: Any, output_size: Kept, return_indices: bool = False, *, data_format: str = "NCHW"
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
    both = flag("adaptive_max_pool2d", "return_indices", return_indices)
    return (y, like(x, as_given(flat, data_format))) if both else y


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
    kept = flag("global_max_pool2d", "keepdims", keepdims)
    return as_given(y, data_format) if kept else y.reshape(y.shape[:2])


def max_unpool2d(
    x: Operand[T], indices: TensorLike, kernel_size: Sizes, stride: Sizes | None = None, padding: Pads = 0,
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
        OutOfRangeError: an index outside the image.   ArgumentError: an option out of its range.
    Source: Zeiler & Fergus 2014, arXiv:1311.2901.
    >>> max_unpool2d(np.array([[[[7.0]]]]), np.array([[[[2]]]]), 2)
    array([[[[0., 0.],
             [7., 0.]]]])
    """
    x, flat = channels_first("max_unpool2d", x, data_format), values(indices)
    if data_format == "NHWC":
        flat = flat.transpose((0, 3, 1, 2)) if flat.ndim == 4 else flat
        output_size = output_size[1:3] if output_size is not None and len(output_size) == 4 else output_size
    return as_given(
        unpooled("max_unpool2d", x, flat, kernel_size, stride, padding, output_size), data_format
    )


def unpooled(
    name: str, x: Any, flat: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Any:
    """x, channels first, with its elements at flat places of images over all axes but the first two.

    >>> unpooled("max_unpool1d", np.array([[[7.0]]]), np.array([[[1]]]), 2, None, 0, None)
    array([[[0., 7.]]])
    """
    count = x.ndim - 2
    if flat.dtype.kind not in "iu":
        raise DTypeError(f"{name}: indices must be integers, got dtype {flat.dtype}")
    if flat.shape != x.shape:
        raise ShapeError(f"{name}: indices have shape {flat.shape}, x has {x.shape} (channels first)")
    kernel = sizes(name, "kernel_size", kernel_size, count, at_least=1)
    steps = sizes(name, "stride", kernel if stride is None else stride, count, at_least=1)
    sides = sides_of(name, padding, count)
    if output_size is None:
        options = zip(x.shape[2:], kernel, steps, sides, strict=True)
        image = tuple((n - 1) * s - sum(side) + k for n, k, s, side in options)
    else:
        image = sizes(name, "output_size", tuple(output_size)[-count:], count, at_least=1)
    if flat.size and not 0 <= flat.min() <= flat.max() < prod(image):
        raise OutOfRangeError(
            f"{name}: indices run from {flat.min()} to {flat.max()}, an image of {image} has "
            f"0 to {prod(image) - 1}; give the image's size as output_size"
        )
    return ops.MaxUnpool(flat.astype(np.int64), image)(x)


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


def channel_shuffle(x: Operand[T], groups: int) -> T:
    """Channels of several groups interleaved: the first of each group, then the second of each, ...

    Args:
        x: (N, C, ...).   groups: a divisor of C.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: fewer than 2 axes, or channels that groups do not divide.
    Source: Zhang, Zhou, Lin & Sun 2017, arXiv:1707.01083.
    >>> channel_shuffle(np.arange(4.0).reshape(1, 4, 1), 2).ravel()
    array([0., 2., 1., 3.])
    """
    x, groups = operand("channel_shuffle", x), integer("channel_shuffle", "groups", groups, 1)
    if x.ndim < 2 or x.shape[1] % groups:
        raise ShapeError(f"channel_shuffle: {groups} groups do not divide the channels of x {x.shape}")
    n, channels, *image = x.shape
    parts = x.reshape((n, groups, channels // groups, *image)).swapaxes(1, 2)
    return parts.reshape(x.shape)


def adaptive_sizes(name: str, x: Any, output_size: Any, count: int) -> tuple[int, ...]:
    """The output sizes of adaptive pooling over `count` axes, None filled in.

    Raises:
        ShapeError: x has no pixels.   ArgumentError: a size below 1, or another number of sizes.

    >>> adaptive_sizes("adaptive_avg_pool2d", np.ones((1, 1, 4, 6)), (2, None), 2)
    (2, 6)
    """
    some_pixels(name, x)
    wanted = output_size if is_several(output_size) else (output_size,) * count
    if len(wanted) != count:
        raise ArgumentError(f"{name}: output_size needs 1 or {count} numbers, got {shown(output_size)}")
    filled = (n if o is None else o for n, o in zip(x.shape[2:], wanted, strict=True))
    return within_memory(name, tuple(integer(name, "output_size", o, 1) for o in filled))


def some_pixels(name: str, x: Any) -> None:
    """Refuse images without pixels.

    >>> some_pixels("interpolate", np.ones((1, 1, 2, 2)))
    """
    if 0 in x.shape[2:]:
        raise ShapeError(f"{name}: an image of {x.shape[2:]} has no pixels")


def _adaptive(name: str, x: Any, output_size: Any, data_format: str) -> tuple[Any, tuple[int, ...]]:
    """x with its channels first, and the output size with None filled in."""
    x = channels_first(name, x, data_format)
    return x, adaptive_sizes(name, x, output_size, 2)
