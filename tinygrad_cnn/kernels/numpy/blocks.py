"""Going through large arrays in the reference: block by block in the cache, parts on several threads.

A chain of NumPy calls on a large array carries it to memory and back with each call. The same calls
on one block after the other, each small enough for the cache, carry it once. NumPy lets go of
Python's lock while it works, so blocks also run on the threads of `kernels.threads`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.threads import BLAS, share

Array = NDArray[Any]

#: Bytes of one operand in a block of element-wise work: with one or two more beside it, it lies in the
#: caches of a core. Smaller blocks are a little quicker on one thread, but between two calls of NumPy a
#: thread waits for Python's lock, so on several threads calls should be long.
BLOCK = 1 << 20
#: Work below this many bytes (or, for products, multiply-adds) stays on one thread: it takes about
#: 100 µs, and handing half of it over costs 10 to 20.
WORTH_SHARING = 1 << 20
WORTH_SHARING_PRODUCTS = 3_000_000


def each_block(work: Callable[..., Any], *arrays: Array) -> None:
    """Call `work(*blocks)` on matching blocks of arrays of one shape; it writes into some of them.

    The blocks follow the memory of the first array; the others are quickest where they lie alike.

    >>> x, y = np.arange(4.0), np.empty(4)
    >>> each_block(lambda x, y: np.multiply(x, 2, out=y), x, y); y
    array([0., 2., 4., 6.])
    """
    if arrays[0].nbytes <= BLOCK or type(arrays[0]) is not np.ndarray:  # a device takes whole arrays
        work(*arrays)
        return
    order = axes_in_memory(arrays[0])
    views = [array.transpose(order) for array in arrays]
    if all(view.flags.c_contiguous for view in views):
        views = [view.reshape(-1) for view in views]

    def on(start: int, stop: int) -> None:
        work(*(view[start:stop] for view in views))

    in_blocks(len(views[0]), arrays[0].nbytes, on)


def in_blocks(count: int, nbytes: int, work: Callable[[int, int], Any]) -> None:
    """Call `work(start, stop)` for ranges that make up range(count), which stands for `nbytes`.

    >>> in_blocks(3, 3 * BLOCK, lambda start, stop: print(start, stop))
    0 1
    1 2
    2 3
    """
    step = max(1, count * BLOCK // max(nbytes, 1))

    def part(_: int, start: int, stop: int) -> None:
        for first, last in steps(start, stop, step):
            work(first, last)

    if nbytes < WORTH_SHARING:
        part(0, 0, count)
    else:
        share(count, part)


def products(count: int, multiplications: int, work: Callable[[int, int, int], Any]) -> None:
    """Call `work(part, start, stop)` for parts of range(count), which multiply matrices; one if few.

    >>> products(3, 100, print)
    0 0 3
    """
    alone = BLAS.one_thread()
    try:
        alone.begin()
        if multiplications < WORTH_SHARING_PRODUCTS:
            work(0, 0, count)
        else:
            share(count, work)
    finally:
        alone.end()


def steps(start: int, stop: int, step: int) -> Iterator[tuple[int, int]]:
    """Consecutive ranges of at most `step` that make up [start, stop).

    >>> list(steps(0, 5, 2))
    [(0, 2), (2, 4), (4, 5)]
    """
    for first in range(start, stop, step):
        yield first, min(first + step, stop)


def axes_in_memory(x: Array) -> tuple[int, ...]:
    """The axes from the largest step in memory to the smallest; those of size 1 last.

    >>> axes_in_memory(np.ones((2, 3, 4)).swapaxes(0, 2))
    (2, 1, 0)
    """
    if x.flags.c_contiguous:
        return tuple(range(x.ndim))
    sizes = x.shape
    return tuple(sorted(range(x.ndim), key=lambda axis: (sizes[axis] == 1, -abs(x.strides[axis]))))


def laid_like(g: Array, y: Array) -> Array:
    """`g` with its axes in memory in the order of `y`'s: itself where they are, else a copy.

    >>> laid_like(np.ones((2, 3)), np.ones((3, 2)).T).strides
    (8, 16)
    """
    if g.strides == y.strides or g.shape != y.shape or axes_in_memory(g) == axes_in_memory(y):
        return g
    out = np.empty_like(y, g.dtype)
    out[...] = g
    return out
