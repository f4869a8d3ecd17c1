"""A thread that is started and waited for whole, whatever a signal's handler raises meanwhile.

`threading.Thread.start` waits on a condition, which is Python code: an exception that comes right after its
lock was taken leaves it taken, and the new thread waits for ever; one that comes a little earlier lets the
new thread die with a KeyError. An exception in `join` marks a thread as ended that runs on. So here another
thread, where no handler runs, calls `Thread.start`, and what is asked of a thread is two things that only
ever go forward: whether it began or never will, and whether it is over.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

#: Seconds that one sleeps before one looks again whether a thread is over.
SLEEP = 0.5
#: Seconds to wait for what Python does after the thread's own function; without end, where the garbage
#: collector calls `finish` amid Python's own list of threads, both would wait for each other.
AFTERWARDS = 10.0


class SteadyThread:
    """A thread that calls a function.

    Args:
        target: called without arguments.   name: of the thread.
        daemon: whether the program's end does not wait for it.

    >>> thread = SteadyThread(lambda: print("there"), "example")
    >>> thread.start(); thread.finish()
    there
    >>> thread.running()
    False
    """

    def __init__(self, target: Callable[[], Any], name: str, *, daemon: bool = True) -> None:
        self._target = target
        self._thread = threading.Thread(target=self._work, name=name, daemon=daemon)
        self._began: dict[str, bool] = {}  # its one entry is set once: by the thread, or by `finish`
        self._answer: SimpleQueue[BaseException | None] = SimpleQueue()
        self._over = False
        self._ended = threading.Lock()  # free when it is over
        self._ended.acquire()
        self._process = os.getpid()

    def start(self) -> None:
        """Start it, and wait until it has begun.

        Interrupted, it may begin later, until `finish` is called.

        Raises:
            RuntimeError: no thread can be had.
        """
        _thread.start_new_thread(self._start_there, ())
        error = self._answer.get()
        try:
            if error is not None:
                raise error
        finally:
            del error  # its traceback leads here

    def running(self) -> bool:
        """Whether it began and its function has not ended; False in a forked child."""
        return self._began.get("began", False) and not self._over and self._process == os.getpid()

    def is_current(self) -> bool:
        """Whether it is the thread that asks."""
        return self._thread.ident == _thread.get_ident()

    def finish(self) -> None:
        """Wait until its function has ended; if it has not begun, see that it never begins.

        Returns at once in the thread itself, which cannot wait for itself, and at the end of the program,
        where a thread may stand still for good (Python 3.13).
        """
        if not self._began.setdefault("began", False):
            return
        while self.running() and not self.is_current() and not sys.is_finalizing():
            self._ended.acquire(timeout=SLEEP)
        if self._over:
            self._thread.join(AFTERWARDS)

    def _start_there(self) -> None:  # pragma: no cover: in a thread that no tracer sees
        try:
            self._thread.start()
        except BaseException as error:
            self._answer.put(error)

    def _work(self) -> None:
        if not self._began.setdefault("began", True):
            return
        self._answer.put(None)
        try:
            self._target()
        finally:
            del self._target  # which may lead here
            self._over = True
            self._ended.release()
