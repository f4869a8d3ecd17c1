"""Waiting for another thread: watch a flag for a while, without Python's lock, and then sleep."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn.signal_handlers import let_through

#: How many times a thread looks whether it is called before it sleeps: half a millisecond.
LOOKS = 2_000_000


def _look(given: Any, flag: Any, patience: int) -> None:
    """Set a flag, and return when another is true, or after a while; the looks without Python's lock."""
    given[0] = True
    np.logical_or.reduce(flag)


_watch: Callable[[Any, Any, int], Any] = _look
_UNSEEN = np.zeros(1, bool)  # a flag that nobody looks at


def watch_with(function: Callable[[Any, Any, int], Any]) -> None:
    """Have threads that wait watch a flag with a function that does it better than NumPy.

    NumPy's looks follow one another as fast as they can, and take from other threads of the same core.

    Args:
        function: lets go of Python's lock, then sets its first argument, an array of one bool, and
            returns when the second, a read-only array of bools that are one byte, is true and as many
            looks as the third says have passed, or after a while.
    """
    global _watch
    _watch = function


class Signal:
    """A lock that starts locked, which one thread releases and another waits for, in turns.

    Waking a thread that sleeps takes some 10 µs, and 100 µs or more where the processor itself has
    gone to sleep, as in virtual machines. So a thread watches a flag for a while before it sleeps. It
    must not hold Python's lock meanwhile, and NumPy can watch without: a logical `or` over one byte
    that is repeated `LOOKS` times, in a view that takes no memory, ends when the byte is set.

    Given twice, it is given once. A wait may end early, and one that was interrupted may have taken
    what it waited for: look at what the signal stands for, before a wait and after it.
    """

    def __init__(self, patience: int = 0) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._lock.acquire()
        self._given = np.zeros(1, bool)
        self._looks = np.broadcast_to(self._given, LOOKS)

    def give(self) -> None:
        """Let the thread that waits go on, now or when it comes."""
        self._given[0] = True
        self._release()

    def wait(self, after: Signal | None = None, seconds: float = -1) -> None:
        """Wait until it is given, and take it; before that, give the one that it comes `after`.

        The flag of `after` is set while Python's lock is free: a thread that sees the flag gets the lock at
        once. With `seconds`, sleep no longer than that.
        """
        given = _UNSEEN if after is None else after._given
        if after is not None:
            after._release()
        if self._lock.acquire(blocking=False):
            given[0] = True
        else:
            _watch(given, self._looks, self._patience)
            self._lock.acquire(timeout=seconds)
        self._given[0] = False

    def _release(self) -> None:
        try:
            self._lock.release()
        except RuntimeError as error:  # nobody has taken it since it was given last
            let_through(error)
