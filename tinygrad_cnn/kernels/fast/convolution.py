"""Convolution: Winograd's transforms where they are faster, direct sums elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tinygrad_cnn.kernels.fast import direct, winograd

if TYPE_CHECKING:
    from tinygrad_cnn.ops.window import Grid

Array = NDArray[Any]


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, H, W), w (K, C/groups, KH, KW), b (K,) or None -> (N, K, OH, OW)."""
    by = winograd if winograd.suits(len(x), x.shape[1], len(w), grid, groups) else direct
    return by.conv(x, w, b, grid, groups)


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, K, OH, OW), w -> (N, C, H, W)."""
    by = winograd if winograd.suits(len(g), w.shape[1], len(w), grid, groups) else direct
    return by.conv_image(g, w, grid, groups)


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, H, W), g (N, K, OH, OW) -> (K, C/groups, KH, KW)."""
    by = winograd if winograd.suits(len(x), x.shape[1], g.shape[1], grid, groups) else direct
    return by.conv_kernel(x, g, grid, groups)
