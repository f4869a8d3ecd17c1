"""Convolution: Winograd's transforms where they are faster, direct sums elsewhere."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tinygrad_cnn.kernels import cache
from tinygrad_cnn.kernels.compiled.convolution import direct

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, H, W), w (K, C/groups, KH, KW), b (K,) or None -> (N, K, OH, OW)."""
    by = _faster(len(x), x.shape[1], len(w), grid, groups)
    return by.conv(x, w, b, grid, groups)


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, K, OH, OW), w -> (N, C, H, W)."""
    by = _faster(len(g), w.shape[1], len(w), grid, groups)
    return by.conv_image(g, w, grid, groups)


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, H, W), g (N, K, OH, OW) -> (K, C/groups, KH, KW)."""
    by = _faster(len(x), x.shape[1], g.shape[1], grid, groups)
    return by.conv_kernel(x, g, grid, groups)


def _faster(n: int, c: int, k: int, grid: Grid, groups: int) -> Any:
    """The module to use. That of Winograd's transforms is not even loaded for what it never does."""
    if grid.kernel != (3, 3) or min(c, k) < direct.MANY_CHANNELS:
        return direct
    winograd = _winograd()
    return winograd if winograd.suits(n, c, k, grid, groups) else direct


@lru_cache(maxsize=1)
def _winograd() -> Any:
    return cache.imported("tinygrad_cnn.kernels.compiled.convolution.winograd.passes")
