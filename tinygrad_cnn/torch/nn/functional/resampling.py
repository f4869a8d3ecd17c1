"""Borders, other resolutions, and channels as pixels."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.nn.functional.convolutions import plain as _plain


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """A border; the pairs count from the last dimension. Negative widths cut."""
    if len(pad) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2, got {len(pad)} widths")
    pairs = [(int(a), int(b)) for a, b in zip(pad[::2], pad[1::2], strict=True)][::-1]
    if mode != "constant" and input._array.ndim - len(pairs) > 2:
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    widths = ((0, 0),) * (input._array.ndim - len(pairs)) + tuple(pairs)
    return F.pad(input, widths, mode, 0.0 if value is None else float(value))


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: Any = None,
    antialias: bool = False,
) -> Any:
    """Another resolution."""
    factors = tuple(scale_factor) if isinstance(scale_factor, list) else scale_factor
    if recompute_scale_factor and factors is not None:
        image = input._array.shape[2:]
        each = factors if isinstance(factors, tuple) else (factors,) * len(image)
        size, factors = tuple(math.floor(n * f) for n, f in zip(image, each, strict=True)), None
    corners = None if mode in ("nearest", "nearest-exact", "area") else align_corners
    size = None if size is None else _plain(size)
    return F.interpolate(input, size, factors, mode, corners, antialias=antialias)


upsample = interpolate


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Another resolution, by the nearest element."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Another resolution, linear in between, corners kept."""
    return interpolate(input, size, scale_factor, "bilinear", True)


pixel_shuffle, pixel_unshuffle = F.pixel_shuffle, F.pixel_unshuffle


channel_shuffle = native_channel_shuffle = F.channel_shuffle


def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Any:
    """The points that an affine map of the unit square gives."""
    return F.affine_grid(theta, tuple(size), bool(align_corners))


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """Elements at the points of a grid, linear in between, cubic, or the nearest."""
    return F.grid_sample(input, grid, mode, padding_mode, bool(align_corners))
