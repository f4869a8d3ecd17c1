"""The pool that all kernels share: how many threads there are, and who has them."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.kernels.threads.crew import Crew, Part, Task

_log = logging.getLogger("tinygrad_cnn")


def default_threads() -> int:
    """The number of threads that the kernels use if nobody says otherwise.

    TINYGRAD_CNN_NUM_THREADS, else OMP_NUM_THREADS, else OPENBLAS_NUM_THREADS, else the number of
    processor cores that this process may use.

    >>> default_threads() >= 1
    True
    """
    for name in ("TINYGRAD_CNN_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        text = os.environ.get(name, "").strip()
        if text.isdecimal() and int(text) > 0:
            return int(text)
        if text and name.startswith("TINYGRAD_CNN"):  # the others may hold what only their libraries know
            _log.warning("%s is %r and not a number of at least 1: left out", name, text)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache(maxsize=256)
def _cuts(count: int, size: int) -> tuple[int, ...]:
    """Ends of parts that differ by one at most. The first, the caller's, is a small one.

    So the caller is done first, and watches: threads that are done at once contend for Python's lock.
    """
    return tuple(count * k // size for k in range(size + 1))


class Pool:
    """`size` threads, of which the caller is one."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._crew: Any = _nobody  # a reference to the crew, which is here or with the one who has it
        self._free: list[Crew] = []

    def cuts(self, count: int) -> tuple[int, ...]:
        """Where range(count) is cut into parts, with both ends.

        >>> Pool(2).cuts(5)
        (0, 2, 5)
        """
        return _cuts(count, self.size)

    def share(self, count: int, work: Part) -> None:
        """Call `work(part, start, stop)` for consecutive parts of range(count), all at once."""
        cuts = self.cuts(count)
        crew = self._borrowed() if self.size > 1 else None
        if crew is None:  # another thread has it, or this is one of its own: one part after the other
            for part in range(self.size):
                work(part, cuts[part], cuts[part + 1])
            return
        try:
            crew.run(Task(work, cuts))
        finally:
            self._free.append(crew)

    def _borrowed(self) -> Crew | None:
        """The crew, for one thread at a time; a new one if the last was lost with who had it."""
        try:
            return self._free.pop()
        except IndexError:
            pass
        with _making:
            if self._crew() is None:
                crew = Crew(self.size)
                self._crew = weakref.ref(crew)
                return crew
        return None


def _nobody() -> None:
    """A reference to no crew."""


_making = threading.RLock()
_pool = Pool(default_threads())


def get_num_threads() -> int:
    """The number of threads that the kernels use.

    >>> get_num_threads() >= 1
    True
    """
    return _pool.size


def set_num_threads(count: int) -> None:
    """Use `count` threads for large kernels from now on, in the whole process.

    The same number gives the same bits; another number may round sums over a batch otherwise.

    Args:
        count: at least 1; the calling thread is one of them.
    Raises:
        ArgumentError: not a positive integer.

    >>> before = get_num_threads()
    >>> set_num_threads(1); get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _pool
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise ArgumentError(f"set_num_threads: count must be an integer of at least 1, got {count!r}")
    if count != _pool.size:
        _pool = Pool(int(count))


def share(count: int, work: Part) -> None:
    """Call `work(part, start, stop)` for `get_num_threads()` consecutive parts of range(count), at once.

    Parts may be empty. The first exception of a part is raised when all are done. Called from inside
    a part, or while another thread is here, the parts run one after the other: never two pools.

    >>> out = np.zeros(4)
    >>> def fill(part, start, stop): out[start:stop] = 1
    >>> share(4, fill); out
    array([1., 1., 1., 1.])
    """
    _pool.share(count, work)


def share_prepared(count: int, prepare: Callable[[int, int, int], Callable[[], Any]]) -> None:
    """As `share`, where what Python has to do for each part is done before any of them starts.

    Threads take turns at Python, so a part that begins with some microseconds of it begins late.

    Args:
        prepare: called with (part, start, stop) in this thread, for parts that are not empty; gives
            what does the part.

    >>> share_prepared(4, lambda part, start, stop: lambda: None)
    """
    parts = enumerate(pairwise(_pool.cuts(count)))
    calls = [prepare(part, start, stop) for part, (start, stop) in parts if start < stop]
    share(len(calls), lambda _, start, stop: [call() for call in calls[start:stop]])


def _after_fork() -> None:
    """A forked child has none of its parent's threads: it starts its own when it needs them."""
    global _pool, _making
    _making = threading.RLock()
    _left.append(_pool)  # whose crew must not be told to end: its signals may be half given
    _pool = Pool(_pool.size)


_left: list[Pool] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
