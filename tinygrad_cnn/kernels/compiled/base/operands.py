"""Shared by the drivers of compiled kernels: operands as they take them, and the split of the work.

A compiled kernel takes plain memory only: float32, C-contiguous, aligned and writeable (Numba's types
tell read-only arrays apart). Its driver brings operands into that form, allocates the result and
shares the work out; what is too small to gain anything goes to the reference.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.compiled.base.constants import tuned
from tinygrad_cnn.kernels.compiled.base.packing import aligned

Array = NDArray[Any]

FLOAT32 = np.dtype(np.float32)
#: Elements below which one call of NumPy is as quick. A chain of them is slower from the first element on.
FEW = 4096
#: Bytes read and written below which one thread does it all: 100 µs at 20 GB/s.
WORTH_SHARING = tuned("base.operands.WORTH_SHARING", 2_000_000)
#: Floats that a `Room` keeps in one piece: two megabytes, so that less than ten are kept for each part.
MOST_KEPT = 1 << 19


def is_served(x: Array, least: int = 1) -> bool:
    """Whether a compiled kernel takes x: float32, of `least` elements.

    >>> is_served(np.zeros(5, np.float32)), is_served(np.zeros(5)), is_served(np.zeros(5, np.float32), FEW)
    (True, False, False)
    """
    return x.dtype == FLOAT32 and x.size >= least


def plain(x: Array) -> Array:
    """x in memory that a kernel takes: x itself where it lies so, else a copy.

    >>> plain(np.ones((2, 3)).T).flags.carray
    True
    """
    return x if x.flags.carray else np.array(x, order="C", subok=False)


class Room:
    """Memory for the parts of one call: float32 with anything in it, at the start of a cache line.

    >>> with Room() as room:
    ...     first = room(0, "sums", 5)
    >>> with Room() as room:
    ...     first.shape, room(0, "sums", 4).ctypes.data == first.ctypes.data
    ((5,), True)

    The next call of this thread gets the same memory, unless it is large: then it is made anew, and the
    work that it is for takes much longer than that. A call that was interrupted gives nothing back, so
    that no part of it, should one still run, writes into what another call uses.
    """

    def __enter__(self) -> Room:
        try:
            self._pieces = _kept.rooms.pop()
        except IndexError:
            self._pieces = {}
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is None:
            _kept.rooms.append(self._pieces)

    def __call__(self, part: int, name: str, size: int) -> Array:
        """A piece of at least `size` floats for one part."""
        found = self._pieces.get((part, name))
        if found is None or found.size < size:
            found = aligned(size)
            if size <= MOST_KEPT:
                self._pieces[part, name] = found
        return found[:size]


class _Kept(threading.local):
    def __init__(self) -> None:
        self.rooms: list[dict[tuple[int, str], Array]] = []


_kept = _Kept()


def over(count: int, nbytes: int, work: Callable[..., Any], *operands: Any) -> None:
    """Call `work(*operands, start, stop)` for parts of range(count) at once, or for all if it is little.

    >>> over(3, 100, print, "from")
    from 0 3
    """
    if nbytes < WORTH_SHARING:
        work(*operands, 0, count)
    else:
        threads.share(count, lambda part, start, stop: work(*operands, start, stop))
