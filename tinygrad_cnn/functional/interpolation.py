"""Signals, images and volumes of another size."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from sys import float_info
from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError, shown
from tinygrad_cnn.functional.arguments import (
    Operand,
    Sizes,
    T,
    choice,
    flag,
    floating,
    is_several,
    number,
    sizes,
)
from tinygrad_cnn.functional.layout import FORMATS, as_given, channels_first
from tinygrad_cnn.functional.resample import some_pixels
from tinygrad_cnn.functional.storage import within_memory
from tinygrad_cnn.ops.resample import (
    AxisMap,
    average_map,
    cubic_map,
    linear_map,
    nearest_exact_map,
    nearest_map,
    smooth_map,
)

__all__ = ["interpolate"]

#: Modes that lay a line through pixels, and the number of spatial axes that each is for.
LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}
MODES = ("nearest", "nearest-exact", *LINEAR, "bicubic", "area")


def interpolate(
    x: Operand[T],
    size: Sizes | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    *,
    antialias: bool = False,
    data_format: str = "NCHW",
) -> T:
    """Signals, images or volumes of another size: upsampled, or downsampled without smoothing.

        nearest:         y[i] = x[floor(i * scale)];   nearest-exact: x[floor((i + ½) * scale)]
        linear (1 axis), bilinear (2), trilinear (3):
            y[i] = (1 - t) * x[l] + t * x[l + 1], l + t = max((i + ½) * scale - ½, 0), along each axis
        bicubic:         Keys' cubic with slope -¾ through the four pixels around (i + ½) * scale - ½
        area:            the mean of the pixels that `adaptive_avg_pool2d` would take

    with n and o the sizes of x and y along the axis, and scale = n / o, or 1 / scale_factor; with
    align_corners the places are i * (n - 1) / (o - 1).

    Args:
        x: (N, C, L), (N, C, H, W) or (N, C, D, H, W) float.
        size: int or one per spatial axis.   scale_factor: number or one per axis, instead.
        mode: as above.
        align_corners: let the corner pixels' centres meet; for the linear modes and bicubic.
        antialias: smooth where y is smaller, by weights as wide as y's pixels; for bilinear and bicubic.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.
    Returns:
        (N, C, *size), dtype of x; floor(n * scale_factor) along each axis.
    Raises:
        ShapeError: another number of axes, x has no pixels, or no pixel would be left.
        ArgumentError: not exactly one of size and scale_factor, or options that do not go together.
        DTypeError: x is not float.
    Source: Gonzalez & Woods 2018, "Digital image processing", 2.4; Keys 1981, "Cubic convolution
        interpolation for digital image processing".
    >>> interpolate(np.array([[[[0.0, 4.0]]]]), scale_factor=(1, 2), mode="bilinear")
    array([[[[0., 1., 3., 4.]]]])
    """
    name, x = "interpolate", floating("interpolate", x)
    if x.ndim == 4 or choice(name, "data_format", data_format, FORMATS) != "NCHW":
        x = channels_first(name, x, data_format)
    count = x.ndim - 2
    if not 1 <= count <= 3:
        raise ShapeError(f"{name}: x needs 3 to 5 axes (N, C, ...), got {x.shape}")
    _fitting(name, mode, count, align_corners, antialias)
    some_pixels(name, x)
    corners = align_corners is not None and flag(name, "align_corners", align_corners)
    maps = [
        _axis_map(mode, n, o, scale, corners, antialias)
        for n, o, scale in _axes(name, x, size, scale_factor)
    ]
    return as_given(ops.Interpolate(mode, *maps)(x), data_format)


def _fitting(name: str, mode: Any, count: int, align_corners: Any, antialias: Any) -> None:
    """Refuse options that do not go together."""
    choice(name, "mode", mode, MODES)
    wanted = LINEAR.get(mode, 2 if mode == "bicubic" else count)
    if wanted != count:
        raise ArgumentError(f"{name}: mode {mode!r} is for {wanted} spatial axes, x has {count}")
    between = mode in LINEAR or mode == "bicubic"
    if align_corners is not None and not between:
        raise ArgumentError(
            f"{name}: align_corners goes with the linear modes and bicubic, not with {mode!r}"
        )
    if flag(name, "antialias", antialias) and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(f"{name}: antialias goes with 'bilinear' and 'bicubic', not with {mode!r}")


def _axes(name: str, x: Any, size: Any, scale_factor: Any) -> list[tuple[int, int, float]]:
    """For each spatial axis its size, the wanted size, and pixels of x per pixel of y."""
    image, count = x.shape[2:], x.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ArgumentError(
            f"{name}: give one of size and scale_factor, got {shown(size)} and {shown(scale_factor)}"
        )
    if size is not None:
        output = within_memory(name, sizes(name, "size", size, count, at_least=1))
        return [(n, o, n / o) for n, o in zip(image, output, strict=True)]
    factors = scale_factor if is_several(scale_factor) else (scale_factor,) * count
    if len(factors) != count:
        raise ArgumentError(f"{name}: scale_factor needs 1 or {count} numbers, got {shown(scale_factor)}")
    checked = [number(name, "scale_factor", f, 0, float_info.max) for f in factors]
    output = tuple(floor(n * f) for n, f in zip(image, checked, strict=True))
    if min(output) < 1:
        raise ShapeError(f"{name}: an image of {image} times {scale_factor!r} leaves no pixel")
    within_memory(name, output)
    return [(n, o, 1 / f) for n, o, f in zip(image, output, checked, strict=True)]


def _axis_map(mode: str, n: int, o: int, scale: float, corners: bool, smooth: bool) -> AxisMap:
    """The map of a mode along one axis."""
    if smooth:
        return smooth_map(n, o, (n - 1) / (o - 1) if corners and o > 1 else scale, mode == "bicubic")
    if mode == "nearest":
        return nearest_map(n, o, scale)
    if mode == "nearest-exact":
        return nearest_exact_map(n, o, scale)
    if mode == "area":
        return average_map(n, o)
    return (cubic_map if mode == "bicubic" else linear_map)(n, o, scale, corners)
