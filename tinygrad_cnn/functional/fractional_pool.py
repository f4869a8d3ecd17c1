"""Fractional max pooling: windows whose steps are drawn, so that an image may shrink by any factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    Scales,
    Sizes,
    T,
    TensorLike,
    flag,
    is_several,
    like,
    number,
    on_host,
    sizes,
)
from tinygrad_cnn.functional.layout import as_given, channels_first
from tinygrad_cnn.functional.lines_and_volumes import with_axes
from tinygrad_cnn.rng import Seed, generator

__all__ = ["fractional_max_pool2d", "fractional_max_pool3d"]


@overload
def fractional_max_pool2d(
    x: Operand[T], kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Scales | None = None,
    return_indices: Literal[False] = False, *, random_samples: TensorLike | None = None, rng: Seed = None,
    data_format: str = "NCHW",
) -> T: ...  # fmt: skip
@overload
def fractional_max_pool2d(
    x: Operand[T], kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Scales | None = None,
    *, return_indices: Literal[True], random_samples: TensorLike | None = None, rng: Seed = None,
    data_format: str = "NCHW",
) -> tuple[T, T]: ...  # fmt: skip
def fractional_max_pool2d(
    x: Any, kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Scales | None = None,
    return_indices: bool = False, *, random_samples: TensorLike | None = None, rng: Seed = None,
    data_format: str = "NCHW",
) -> Any:  # fmt: skip
    """Largest element of each of OH × OW windows, whose steps are drawn for each channel of each image.

    Along an axis of n pixels, O windows of k pixels start, for a number s drawn from [0, 1), at

        trunc((i + s) · a) - trunc(s · a),   a = (n - k) / (O - 1),   and the last at n - k

    so that steps of two sizes alternate and the image shrinks by any factor, such as √2. The draw is also
    made outside training. A tie's whole gradient goes to the first maximum in row-major order.

    Args:
        x: (N, C, H, W) float.   kernel_size: int or (KH, KW), the size of each window.
        output_size: int or (OH, OW).   output_ratio: instead, OH / H and OW / W, each in (0, 1).
        return_indices: return also where each maximum lies, for `max_unpool2d`.
        random_samples: (N, C, 2) numbers in [0, 1) instead of drawn ones: of columns, then of rows.
        rng: a NumPy generator or a seed; None draws from the default generator (`manual_seed`).
        data_format: 'NCHW' or 'NHWC'.
    Returns:
        (N, C, OH, OW), dtype of x. With return_indices also an int64 array of that shape, without
        gradient: row * W + column of each maximum.
    Raises:
        ShapeError: x has not 4 axes, or random_samples another shape.   DTypeError: x is not float.
        ArgumentError: both or none of output_size and output_ratio, one out of its range, or windows
            that do not fit: KH + OH - 1 is at most H.
    Source: Graham 2014, arXiv:1412.6071.
    >>> x = np.arange(25.0).reshape(1, 1, 5, 5)
    >>> fractional_max_pool2d(x, 2, 3, random_samples=[[[0.0, 0.9]]])[0, 0]
    array([[ 6.,  7.,  9.],
           [11., 12., 14.],
           [21., 22., 24.]])
    """
    name = "fractional_max_pool2d"
    x = with_axes(name, 2, channels_first(name, x, data_format))
    order = (1, 0)  # PyTorch's samples are of columns, then of rows
    found = _pooled(
        name, x, kernel_size, output_size, output_ratio, return_indices, random_samples, rng, order
    )
    return (
        tuple(as_given(y, data_format) for y in found) if return_indices else as_given(found, data_format)
    )


@overload
def fractional_max_pool3d(
    x: Operand[T], kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Scales | None = None,
    return_indices: Literal[False] = False, *, random_samples: TensorLike | None = None, rng: Seed = None,
) -> T: ...  # fmt: skip
@overload
def fractional_max_pool3d(
    x: Operand[T], kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Scales | None = None,
    *, return_indices: Literal[True], random_samples: TensorLike | None = None, rng: Seed = None,
) -> tuple[T, T]: ...  # fmt: skip
def fractional_max_pool3d(
    x: Any, kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Scales | None = None,
    return_indices: bool = False, *, random_samples: TensorLike | None = None, rng: Seed = None,
) -> Any:  # fmt: skip
    """Largest element of each of OD × OH × OW windows with drawn steps; see `fractional_max_pool2d`.

    Args:
        x: (N, C, D, H, W) float.   kernel_size, output_size, output_ratio: one number, or three.
        return_indices, rng: as `fractional_max_pool2d`.
        random_samples: (N, C, 3) numbers in [0, 1) instead of drawn ones, in the order of the axes.
    Returns:
        (N, C, OD, OH, OW), dtype of x; with return_indices also the int64 flat positions of the maxima
        in their volume.
    Raises:
        ShapeError: x has not 5 axes, or random_samples another shape.   DTypeError: x is not float.
        ArgumentError: as `fractional_max_pool2d`.
    Source: Graham 2014, arXiv:1412.6071.
    >>> fractional_max_pool3d(np.arange(27.0).reshape(1, 1, 3, 3, 3), 2, output_ratio=0.5)
    array([[[[[26.]]]]])
    """
    name = "fractional_max_pool3d"
    x, order = with_axes(name, 3, x), (0, 1, 2)
    return _pooled(
        name, x, kernel_size, output_size, output_ratio, return_indices, random_samples, rng, order
    )


def _pooled(
    name: str, x: Any, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    random_samples: Any, rng: Any, order: Sequence[int],
) -> Any:  # fmt: skip
    """The maxima; `order` says which sample is of which axis."""
    count, image = len(order), x.shape[2:]
    kernel = sizes(name, "kernel_size", kernel_size, count, at_least=1)
    output = fractional_sizes(name, image, output_size, output_ratio)
    for n, k, o in zip(image, kernel, output, strict=True):
        if k + o - 1 > n:
            raise ArgumentError(
                f"{name}: {output} windows of {kernel} pixels do not fit into an image of {image}, since "
                f"{k} + {o} - 1 exceeds {n}"
            )
    shape = (*x.shape[:2], count)
    if random_samples is None:
        samples = generator(rng).random(shape).astype(x.dtype)
    else:
        samples = on_host(random_samples).astype(x.dtype)
        if samples.shape != shape:
            raise ShapeError(f"{name}: random_samples needs the shape {shape}, got {samples.shape}")
        if not ((samples >= 0) & (samples < 1)).all():
            raise ArgumentError(f"{name}: random_samples must lie in [0, 1)")
    starts = tuple(
        _starts(n, k, o, samples[..., which])
        for n, k, o, which in zip(image, kernel, output, order, strict=True)
    )
    y, (flat, _) = ops.FractionalMaxPool(starts, kernel).with_residual(x)
    return (y, like(x, flat)) if flag(name, "return_indices", return_indices) else y


def fractional_sizes(
    name: str, image: tuple[int, ...], output_size: Any, output_ratio: Any
) -> tuple[int, ...]:
    """The sizes of the result, given or as shares of the image's.

    >>> fractional_sizes("fractional_max_pool2d", (8, 6), None, 0.5)
    (4, 3)
    """
    given, ratios = size_or_share(name, output_size, output_ratio, len(image))
    if given is not None:
        return given
    made = tuple(int(n * r) for n, r in zip(image, ratios, strict=True))
    if min(made) < 1:
        raise ArgumentError(f"{name}: output_ratio {output_ratio!r} leaves {made} of an image of {image}")
    return made


def size_or_share(
    name: str, output_size: Any, output_ratio: Any, count: int
) -> tuple[tuple[int, ...] | None, tuple[float, ...]]:
    """The size of the result along each of `count` axes; or None, and its shares of the image's.

    >>> size_or_share("fractional_max_pool2d", 4, None, 2)
    ((4, 4), ())
    >>> size_or_share("fractional_max_pool2d", None, 0.5, 2)
    (None, (0.5, 0.5))
    """
    if (output_size is None) == (output_ratio is None):
        raise ArgumentError(f"{name}: give output_size or output_ratio, and not both")
    if output_size is not None:
        return sizes(name, "output_size", output_size, count, at_least=1), ()
    several = output_ratio if is_several(output_ratio) else (output_ratio,) * count
    if len(several) != count:
        raise ArgumentError(f"{name}: output_ratio needs 1 or {count} numbers, got {output_ratio!r}")
    shares = tuple(number(name, "output_ratio", share, 0, 1) for share in several)
    if not all(0 < share < 1 for share in shares):
        raise ArgumentError(f"{name}: output_ratio must lie between 0 and 1, got {output_ratio!r}")
    return None, shares


def _starts(n: int, kernel: int, count: int, samples: Any) -> Any:
    """Where the windows along an axis start, (N, C, count), computed in the samples' type."""
    last = np.full((*samples.shape, 1), n - kernel)
    if count == 1:
        return last
    step = samples.dtype.type(n - kernel) / samples.dtype.type(count - 1)
    places = np.arange(count - 1).astype(samples.dtype)
    samples = samples[..., None]
    inner = np.trunc((places + samples) * step) - np.trunc(samples * step)
    return np.concatenate([inner.astype(np.int64), last], -1)
