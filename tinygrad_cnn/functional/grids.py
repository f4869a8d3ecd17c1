"""Images read at any points: grids of an affine map, and the values there."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import Operand, T, choice, flag, floating, integer, values
from tinygrad_cnn.functional.elementwise import clip
from tinygrad_cnn.functional.shape import stack
from tinygrad_cnn.ops.select import choose

__all__ = ["affine_grid", "grid_sample"]

MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


def affine_grid(theta: Operand[T], size: Sequence[int], align_corners: bool = False) -> T:
    """The points to which an affine map takes those of a regular grid, for `grid_sample`.

        y[n, i, j] = theta[n] @ (x_j, y_i, 1), x and y from -1 to 1: the middles of pixels, or with
        align_corners from corner pixel to corner pixel

    Args:
        theta: (N, 2, 3) float for images, (N, 3, 4) for volumes.   size: (N, C, H, W) or (N, C, D, H, W).
        align_corners: whether -1 and 1 are the middles of the corner pixels instead of the image's edges.
    Returns:
        (N, H, W, 2) or (N, D, H, W, 3), dtype of theta; the last axis is (x, y) or (x, y, z).
    Raises:
        ShapeError: theta and size do not fit.   DTypeError: theta is not float.
    Source: Jaderberg, Simonyan, Zisserman & Kavukcuoglu 2015, arXiv:1506.02025.
    >>> affine_grid(np.eye(2, 3)[None], (1, 1, 1, 2))
    array([[[[-0.5,  0. ],
             [ 0.5,  0. ]]]])
    """
    name, theta = "affine_grid", floating("affine_grid", theta, "theta")
    whole = tuple(integer(name, "size", n, 1) for n in size)
    count = len(whole) - 2
    if count not in (2, 3) or theta.shape != (whole[0], count, count + 1):
        raise ShapeError(f"{name}: theta (N, 2, 3) and size (N, C, H, W), or one axis more, fit, "
                         f"got {theta.shape} and {whole}")  # fmt: skip
    lines = [_line(n, flag(name, "align_corners", align_corners)) for n in whole[2:]]
    points = np.meshgrid(*lines, indexing="ij")[::-1]
    base = np.stack([*points, np.ones(whole[2:])], -1).reshape(-1, count + 1).astype(theta.dtype)
    return ops.MatMul()(base, theta.swapaxes(1, 2)).reshape((whole[0], *whole[2:], count))


def _line(n: int, corners: bool) -> Any:
    if corners:
        return np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
    return (np.arange(n) * 2 + 1) / n - 1


def grid_sample(
    x: Operand[T],
    grid: Operand[T],
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> T:
    """The values of images, or volumes, at points of a grid; with derivatives in both.

    Points are (x, y) with -1 and 1 at the image's edges, or with align_corners at the middles of its
    corner pixels. Between pixels the modes read along lines, the nearest pixel, or Keys' cubic.

    Args:
        x: (N, C, H, W) or (N, C, D, H, W) float.   grid: (N, OH, OW, 2) or (N, OD, OH, OW, 3) float.
        mode: 'bilinear' (trilinear in volumes), 'nearest', or 'bicubic' for images.
        padding_mode: what lies outside: 'zeros', the nearest pixel of the 'border', or a 'reflection'.
        align_corners: as above.
    Returns:
        (N, C, OH, OW) or (N, C, OD, OH, OW), dtype of x.
    Raises:
        ShapeError: x and grid do not fit.   DTypeError: not float.   ArgumentError: another mode.
    Source: Jaderberg, Simonyan, Zisserman & Kavukcuoglu 2015, arXiv:1506.02025.
    >>> grid_sample(np.array([[[[1.0, 3.0]]]]), np.zeros((1, 1, 1, 2)))
    array([[[[2.]]]])
    """
    name, x, grid = "grid_sample", floating("grid_sample", x), floating("grid_sample", grid, "grid")
    choice(name, "mode", mode, MODES)
    choice(name, "padding_mode", padding_mode, PADDINGS)
    count = x.ndim - 2
    if count not in (2, 3) or grid.ndim != x.ndim or grid.shape[0] != x.shape[0] or grid.shape[-1] != count:
        raise ShapeError(
            f"{name}: x (N, C, H, W) and grid (N, OH, OW, 2), or one axis more, fit, "
            f"got {x.shape} and {grid.shape}"
        )
    if 0 in x.shape[2:]:
        raise ShapeError(f"{name}: an image of {x.shape[2:]} has no pixels")
    if mode == "bicubic" and count != 2:
        raise ArgumentError(f"{name}: mode 'bicubic' is for images, x has {count} spatial axes")
    corners = flag(name, "align_corners", align_corners)
    places = [
        _pixels(grid[..., count - 1 - axis], n, corners) for axis, n in enumerate(x.shape[2:])
    ]  # the grid counts from the last axis
    if mode != "bicubic":
        places = [_inside(p, n, padding_mode, corners) for p, n in zip(places, x.shape[2:], strict=True)]
    if mode == "nearest":
        index = [np.rint(values(p)).astype(np.int64)[:, None] for p in places]
        weights: Any = np.ones((len(grid), 1, *grid.shape[1:-1]), x.dtype)
    else:
        taps = [_cubic_taps(p) if mode == "bicubic" else _linear_taps(p) for p in places]
        index, weights = [i for i, _ in taps], _products([w for _, w in taps])
    if mode == "bicubic":  # each of its pixels is brought inside by itself
        index = [
            values(_inside(i.astype(float), n, padding_mode, corners)).astype(np.int64)
            for i, n in zip(index, x.shape[2:], strict=True)
        ]
    return _read(x, _flat(index, x.shape[2:]), weights, grid.shape[1:-1])


def _read(x: Any, places: Any, weights: Any, points: tuple[int, ...]) -> Any:
    """The sum of the pixels at places (N, K, *points) of x (N, C, *image) times their weights."""
    image, rows = (*x.shape[:2], prod(x.shape[2:])), (*places.shape[:2], prod(points))
    found = ops.TapSum(places.reshape(rows))(x.reshape(image), weights.reshape(rows))
    return found.reshape((*x.shape[:2], *points))


def _flat(index: list[Any], sizes: tuple[int, ...]) -> Any:
    """Where each choice of a pixel per axis lies in the image, -1 outside: (N, K^n, ...) of (N, K, ...)."""
    total: Any = None
    inside: Any = None
    for i, n in zip(index, sizes, strict=True):
        there = (i >= 0) & (i < n)
        if total is None:
            total, inside = i, there
            continue
        shape = (i.shape[0], total.shape[1] * i.shape[1], *i.shape[2:])
        total = (total[:, :, None] * n + i[:, None]).reshape(shape)
        inside = (inside[:, :, None] & there[:, None]).reshape(shape)
    return choose(inside, total, -1)


def _products(weights: list[Any]) -> Any:
    """The product of each choice of one weight per axis, in the order of `_flat`."""
    total = weights[0]
    for w in weights[1:]:
        count, taps, *points = w.shape
        first, second = (count, total.shape[1], 1, *points), (count, 1, taps, *points)
        whole = (count, total.shape[1] * taps, *points)
        total = (total.reshape(first) * w.reshape(second)).reshape(whole)
    return total


def _pixels(p: Any, n: int, corners: bool) -> Any:
    """A coordinate from -1 to 1 in pixels of an axis of n."""
    return (p + 1) * ((n - 1) / 2) if corners else ((p + 1) * n - 1) / 2


def _inside(p: Any, n: int, padding: str, corners: bool) -> Any:
    """Coordinates in pixels brought into the image, as the padding mode has it."""
    if padding == "zeros":
        return p
    if padding == "reflection":
        low, high = (0.0, n - 1.0) if corners else (-0.5, n - 0.5)
        span = high - low
        found = values(p) - low
        if not span:
            return p * 0
        turns = np.floor(abs(found) / span)
        sign = np.where(found < 0, -1.0, 1.0)  # |found| = sign · found; odd turns run backwards
        back = turns % 2 == 1
        slope = np.where(back, -sign, sign).astype(p.dtype)
        shift = np.where(back, (turns + 1) * span, -turns * span) + low - low * slope
        p = p * slope + shift.astype(p.dtype)
    return clip(p, 0, n - 1)


def _linear_taps(p: Any) -> tuple[Any, Any]:
    """The two pixels around a place, and what each counts: (N, 2, ...) both."""
    low = np.floor(values(p))
    share, first = p - low, low.astype(np.int64)
    return np.stack([first, first + 1], 1), stack([1 - share, share], 1)


def _cubic_taps(p: Any) -> tuple[Any, Any]:
    """The four pixels around a place, and what each counts by Keys' cubic of slope -¾: (N, 4, ...) both."""
    low = np.floor(values(p))
    t, a, first = p - low, -0.75, low.astype(np.int64)

    def near(d: Any) -> Any:
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def far(d: Any) -> Any:
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    weights = stack([far(t + 1), near(t), near(1 - t), far(2 - t)], 1)
    return np.stack([first - 1, first, first + 1, first + 2], 1), weights
