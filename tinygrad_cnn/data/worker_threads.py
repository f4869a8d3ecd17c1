"""Calls that several threads make ahead, and whose results come in order."""

from __future__ import annotations

import contextvars
import logging
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.steady_threads import SteadyThread

S = TypeVar("S")
T = TypeVar("T")

_log = logging.getLogger("tinygrad_cnn")


class _Call(Generic[T]):
    """A call that one thread makes and another takes the result of.

    Its queues are not those of `concurrent.futures`, whose locks are Python code: a signal's handler that
    raises right after one was taken leaves it taken, and the other thread waits for ever.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function, self._context = function, contextvars.copy_context()
        self._outcome: SimpleQueue[tuple[BaseException | None, Any]] = SimpleQueue()

    def make(self) -> None:
        """Make the call, and keep its result or what it raised."""
        try:
            self._outcome.put((None, self._context.run(self._function)))
        except BaseException as error:
            self._outcome.put((error, None))

    def result(self) -> T:
        """Wait for the result, and give it, or raise what the call raised."""
        error, found = self._outcome.get()
        try:
            if error is not None:
                raise error
            given: T = found
            return given
        finally:
            del error  # its traceback leads here


class _Threads:
    """Threads that make calls in the order in which they are asked for; each ends with a last call."""

    def __init__(self, most: int, last: Callable[[], Any] = lambda: None) -> None:
        self._most, self._last = most, last
        self._asked: SimpleQueue[_Call[Any] | None] = SimpleQueue()
        self._threads: list[SteadyThread] = []

    def ask(self, call: _Call[Any]) -> None:
        """Let a thread make a call; while there are fewer than may be, another one is started.

        Raises:
            RuntimeError: no more thread can be had; the call is not asked for.
        """
        if len(self._threads) < self._most:
            # A daemon: an iterator that is still half-way through must not hold up the end of the program.
            thread = SteadyThread(self._work, "in_order")
            self._threads.append(thread)
            thread.start()
        self._asked.put(call)

    def end(self) -> None:
        """Make here what no thread has begun, and wait until all threads have ended."""
        try:
            while (call := self._asked.get_nowait()) is not None:
                call.make()
        except Empty:
            pass
        self.leave()

    def leave(self) -> None:
        """Forget what no thread has begun, and wait until all threads have ended."""
        try:
            while True:
                self._asked.get_nowait()
        except Empty:
            pass
        for _ in self._threads:
            self._asked.put(None)
        # The garbage collector may close the iterator in any thread. One of these waits for none: another
        # may do the same.
        if not any(thread.is_current() for thread in self._threads):
            for thread in self._threads:
                thread.finish()

    def _work(self) -> None:
        while (call := self._asked.get()) is not None:
            call.make()
            del call
        self._last()


class OtherThread:
    """A thread that makes calls while the caller waits: for what takes locks that are Python code.

    A signal's handler runs in the main thread only, and so raises in none of these calls.

    Args:
        last: called by the thread at its end, if it began.

    >>> import threading
    >>> other = OtherThread(lambda: print("the end"))
    >>> other.call(lambda: threading.current_thread() is threading.main_thread())
    False
    >>> other.leave()
    the end
    """

    def __init__(self, last: Callable[[], Any]) -> None:
        self._threads = _Threads(1, last)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function there, in a copy of the caller's context; what it raises is raised here."""
        call = _Call(partial(function, *arguments))
        self._threads.ask(call)
        return call.result()

    def leave(self) -> None:
        """Let the thread end, after what it is at, and wait for it."""
        self._threads.leave()


def in_order(
    function: Callable[[S], T], items: Iterable[S], workers: int
) -> Generator[Callable[[], T], None, None]:
    """Call a function on each item, in several threads, and hand out the results in the items' order.

    Twice as many calls as threads are under way or wait to be taken, so memory stays bounded. Each
    runs in a copy of the caller's context, so that settings like NumPy's `errstate` hold in it too.

    Args:
        workers: threads; 0 calls the function when its result is taken.
    Returns:
        An iterator of functions: each, called once, returns a result or raises what its call raised.

    >>> [result() for result in in_order(abs, [-1, 2, -3], workers=2)]
    [1, 2, 3]
    """
    if not workers:
        yield from (partial(function, item) for item in items)
        return
    threads: _Threads | None = _Threads(workers)
    waiting: deque[Callable[[], T]] = deque()

    def begun(item: S) -> Callable[[], T]:
        nonlocal threads
        if threads is not None:
            call = _Call(partial(function, item))
            try:
                threads.ask(call)
                return call.result
            except RuntimeError as error:  # too many threads, or a system that has none
                let_through(error)
                if sys.is_finalizing():
                    raise  # pragma: no cover: the interpreter ends, and with it what counts lines
                _log.warning("calls are made in one thread, as no more can be had: %s", error)
                threads.end()
                threads = None
        return partial(function, item)

    def leave() -> None:
        if threads is not None:
            threads.leave()

    with Restoring(lambda: None, leave):
        for item in items:
            if len(waiting) == 2 * workers:
                yield waiting.popleft()
            waiting.append(begun(item))
        while waiting:
            yield waiting.popleft()
