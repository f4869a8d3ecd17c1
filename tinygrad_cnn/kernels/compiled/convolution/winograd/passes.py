"""Convolution of 3×3 with a quarter of the products: Winograd's F(4×4, 3×3), in float32.

A tile of 4×4 results reads 6×6 pixels, and takes 16 * 9 = 144 products per pair of channels. Seen as
polynomials, both sides are fixed by their values at six points per axis, and values multiply one by
one: 36 products. Per tile, with ⊙ element by element, summed over channels in the middle:

    y = A' [ (G w G') ⊙ (B' x B) ] A

      x 6×6 ---- B'.B ---> V 36 --.                      M = U V: 36 products of matrices,
                                   >- M 36 --- A'.A ---> y 4×4      (K, C) by (C, tiles)
      w 3×3 ---- G.G' ---> U 36 --'

Each step is linear, so the derivative in the weights runs it backwards, dw = G' [(A g A') V'] G, and
the derivative in the image is the convolution of g with the weights turned around. Nothing is kept
from one to the other. Tiles overlap by two pixels:

      +-----+--+-----+      the image is padded, and cut into rows of tiles of its 4-pixel grid; a
      | t0  |  | t1  |      result of 10×10 has 3×3 tiles, and what lies beyond it is left out
      +-----+--+-----+

Work goes in blocks that stay in the caches. A pass covers as many tiles as fit V into `PASS` floats. In
it, first V is made, shared between threads by channels; then each thread takes blocks of results, makes
their U (which is never stored as a whole), and multiplies by groups of tiles, from which y is made at
once. In the derivative of the weights passes add up in dw. No sum is split between threads: the bits
do not depend on their number.

Rounding: the transforms add numbers that cancel. On the layers of AlexNet and VGG, with normal numbers,
the largest error relative to the largest element is at most 7e-6 for y and dx, 1 to 3 times that of
direct sums, and 2.5e-6 for dw, 1 to 9 times (the points 0, ±1, ±2 of the paper give four times more).
With `ENABLED` False, `suits` always says no, and sums are direct. A NaN or infinite pixel would spoil its
whole tile, so results that are not finite are computed again by `direct`.

Source: Lavin & Gray 2015, "Fast algorithms for convolutional neural networks", arXiv:1509.09308;
Barabasz et al. 2018, arXiv:1803.10986, for points with smaller errors.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.compiled.base.constants import tuned
from tinygrad_cnn.kernels.compiled.base.operands import plain
from tinygrad_cnn.kernels.compiled.base.tiles import ROWS
from tinygrad_cnn.kernels.compiled.convolution import direct
from tinygrad_cnn.kernels.compiled.convolution.winograd.blocks import (
    Pass,
    Side,
    image_tiles,
    kernel_blocks,
    results,
)

if TYPE_CHECKING:
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

#: Whether `suits` may ever say yes. False has all convolutions computed as direct sums.
ENABLED = True
#: Floats of V in one pass, all threads together: 4 MiB, which lies in the last cache.
PASS = tuned("convolution.winograd.passes.PASS", 1 << 20)
#: Tiles that are multiplied at once: their M, with 32 results, takes 220 KB of the second cache.
GROUP = 48
#: Tiles of one pass of the derivative in the weights: their D, for 32 results, takes 1.1 MB.
TILES = 256
#: Results of one block of weights, and inputs of one block of their derivative.
WIDE, BROAD = 32, 128
#: What a tile costs for 1 channel, in and out, and a product of the direct sums, in products here.
TILE_COST, DIRECT_COST = 700, 1.25
#: Products below which threads cost more than they bring: some 100 µs of work.
SMALL = 5_000_000


def conv(x: Array, w: Array, b: Array | None, grid: Grid, groups: int) -> Array:
    """x (N, C, H, W), w (K, C, 3, 3), b (K,) or None -> (N, K, OH, OW); see `reference.conv`."""
    if _serves(grid, groups, x, w) and (b is None or b.dtype == np.float32):
        y = _convolve(x, w, False, b, grid.output, grid.padding[0][0], grid.padding[1][0])
        if y is not None:
            return y
    return direct.conv(x, w, b, grid, groups)


def conv_image(g: Array, w: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in x: g (N, K, OH, OW), w -> (N, C, H, W)."""
    if _serves(grid, groups, g, w):
        dx = _convolve(g, w, True, None, grid.image, 2 - grid.padding[0][0], 2 - grid.padding[1][0])
        if dx is not None:
            return dx
    return direct.conv_image(g, w, grid, groups)


def conv_kernel(x: Array, g: Array, grid: Grid, groups: int) -> Array:
    """The adjoint of `conv` in w: x (N, C, H, W), g (N, K, OH, OW) -> (K, C, 3, 3)."""
    if _serves(grid, groups, x, g):
        dw = _gradient(x, g, grid.padding[0][0], grid.padding[1][0])
        if dw is not None:
            return dw
    return direct.conv_kernel(x, g, grid, groups)


def suits(n: int, c: int, k: int, grid: Grid, groups: int) -> bool:
    """Whether this is faster than direct sums for x (n, c, H, W) and w (k, c, 3, 3) in float32.

    The same answer holds for all three functions. It agrees with what was measured for 8 to 512
    channels on maps of 2×2 to 56×56: no on 2×2, and with few channels on 3×3 and 5×5. Below 32 channels
    there are no blocks for two threads.

    >>> from tinygrad_cnn.grid import Grid
    >>> map8 = Grid((8, 8), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    >>> suits(100, 64, 64, map8, 1), suits(100, 3, 8, map8, 1)
    (True, False)
    """
    return ENABLED and groups == 1 and _is_faster(n, c, k, grid)


@lru_cache(maxsize=1024)
def _is_faster(n: int, c: int, k: int, grid: Grid) -> bool:
    """Both ways counted in products of numbers; direct sums skip the taps on padding."""
    if not _serves(grid, 1) or min(c, k) < direct.MANY_CHANNELS:
        return False
    tiles = n * prod(-(-size // 4) for size in grid.output)
    taps = n * prod(map(_taps, grid.image, grid.output, (before for before, _ in grid.padding)))
    ours = 36 * _up(tiles, ROWS) * c * k + TILE_COST * tiles * (_up(c, 16) + _up(k, 16))
    return ours < DIRECT_COST * taps * c * k


def _taps(image: int, output: int, before: int) -> int:
    """Taps that fall on the image, over all positions along one axis."""
    return sum(max(0, min(output, image + before - tap) - max(0, before - tap)) for tap in range(3))


def _serves(grid: Grid, groups: int, *arrays: Array) -> bool:
    """Whether the kernels can do it at all."""
    return (
        groups == 1
        and grid.kernel == (3, 3)
        and grid.stride == (1, 1)
        and grid.dilation == (1, 1)
        and all(a.dtype == np.float32 and a.size for a in arrays)
    )


def _gradient(x: Array, g: Array, above: int, before: int) -> Array | None:
    """dw, or None if it is not finite."""
    (n, c, h, w), (k, oh, ow) = x.shape, g.shape[1:]
    down, across = -(-oh // 4), -(-ow // 4)
    place = (-(-c // 16) | 1) * 16  # an odd number of vectors, so that tiles spread over the cache
    # Blocks for each thread, where there are enough channels; they do not change the order of sums.
    wide = min(WIDE, _up(-(-k // threads.get_num_threads()), 16))
    broad = min(BROAD, _up(c, 16))
    deep = _up(wide, ROWS)
    rows = max(1, min(n * down, PASS // (36 * place * across), TILES // across))
    tiles = rows * across
    V, far = np.empty(36 * (tiles * place + 16), np.float32), tiles * place + 16
    x, g, dw = _flat(x), _flat(g), np.empty(k * c * 9, np.float32)
    places = np.arange(tiles) * place
    size = (
        36 * (tiles * deep + 16) + tiles * deep + 36 * (deep * broad + 16) + 64 * ow + 384 * across + 1024
    )
    rooms = _rooms(max(size, _image_room(w, across)))
    seen = np.zeros((len(rooms), 16), np.float32)

    read = np.array(Side(c, h, w, down, across, above, before), np.int64)
    output = np.array(Side(k, oh, ow, down, across, 0, 0), np.int64)

    def one(first: int) -> None:
        count = min(rows, n * down - first)
        work = np.array(Pass(first, count, 0, place, far, wide, broad), np.int64)

        def image(part: int, start: int, stop: int) -> None:
            image_tiles(x, V, rooms[part], read, work, start, stop)

        def kernel(part: int, start: int, stop: int) -> None:
            kernel_blocks(V, g, dw, seen[part], rooms[part], places, c, output, work, start, stop)

        _share(-(-c // 16), image, tiles * c * k)
        _share(-(-k // wide) * -(-c // broad), kernel, tiles * c * k)

    for first in range(0, n * down, rows):
        one(first)
    return None if np.isnan(seen).any() else dw.reshape(k, c, 3, 3)


def _convolve(
    x: Array, w: Array, turned: bool, b: Array | None, output: tuple[int, ...], above: int, before: int
) -> Array | None:
    """y of size `output`, or None if it is not finite; x is read `above` and `before` up and left."""
    (n, c, h, width), (oh, ow) = x.shape, output
    k = w.shape[1] if turned else w.shape[0]
    down, across = -(-oh // 4), -(-ow // 4)
    wide = min(WIDE, _up(k, 16))
    group = max(1, min(n * down, GROUP // across))
    place, tiles = _up(c, 16), _up(group * across, ROWS)
    far = tiles * place + 16
    parts = max(1, min(-(-n * down // group), PASS // (36 * far)))  # groups in a pass
    rows = group * parts
    V = np.empty(parts * 36 * far, np.float32)
    x, w, y = _flat(x), _flat(w), np.empty(n * k * oh * ow, np.float32)
    bias = np.zeros(_up(k, wide), np.float32)
    if b is not None:
        bias[:k] = b
    places = np.arange(c) * wide
    size = 36 * (c * wide + 16) + 36 * (tiles * wide + 16) + 64 * ow + 48 + 16 * 144 + 24 * 16
    rooms = _rooms(max(size, _image_room(width, across)))
    seen = np.zeros((len(rooms), 16), np.float32)

    read = np.array(Side(c, h, width, down, across, above, before), np.int64)
    written = np.array(Side(k, oh, ow, down, across, 0, 0), np.int64)

    def one(first: int) -> None:
        count = min(rows, n * down - first)
        work = np.array(Pass(first, count, group, place, far, wide, 0), np.int64)

        def image(part: int, start: int, stop: int) -> None:
            image_tiles(x, V, rooms[part], read, work, start, stop)

        def result(part: int, start: int, stop: int) -> None:
            results(V, w, turned, bias, y, seen[part], rooms[part], places, c, written, work, start, stop)

        _share(-(-c // 16), image, count * across * c * k)
        _share(-(-k // wide) * -(-count // group), result, count * across * c * k)

    for first in range(0, n * down, rows):
        one(first)
    return None if np.isnan(seen).any() else y.reshape(n, k, oh, ow)


def _share(count: int, work: threads.Part, products: int) -> None:
    """Split the work over the threads, if it is worth handing over."""
    if 36 * products < SMALL:
        work(0, 0, count)
    else:
        threads.share(count, work)


def _rooms(size: int) -> Array:
    """Scratch memory for each thread."""
    return np.empty((threads.get_num_threads(), size), np.float32)


def _image_room(width: int, across: int) -> int:
    """Floats that `image_tiles` needs."""
    return 96 * (width + 4 * across + 2) + 36 * ROWS * 16


def _flat(x: Array) -> Array:
    return plain(x).reshape(-1)


def _up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple
