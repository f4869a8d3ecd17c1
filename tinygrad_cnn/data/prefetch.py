"""Batches made ahead of their use, by one thread."""

from __future__ import annotations

import contextvars
import logging
import queue
from collections.abc import Generator, Iterator
from functools import partial
from typing import Any, TypeVar

from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.steady_threads import SteadyThread

T = TypeVar("T")
_log = logging.getLogger("tinygrad_cnn")


def prefetched(items: Iterator[T], ahead: int) -> Iterator[T]:
    """The items of an iterator, in their order, made by a thread up to `ahead` before they are asked for.

    The thread starts with the first item asked for. It runs in a copy of the caller's context, so
    that settings like NumPy's `errstate` hold in it too. It ends with the last item, with an
    exception, or when the result is closed or no longer referred to; that waits for the item that
    is then being made.

    Args:
        items: runs in the thread alone.   ahead: number of items that may wait, at least 1.
    Returns:
        An iterator; an exception of `items` is raised after the items before it.

    >>> list(prefetched(iter("abc"), 2))
    ['a', 'b', 'c']
    """
    # Not `queue.Queue`, whose lock is Python code: a signal's handler that raises right after it was taken
    # leaves it taken for good, and the next one waits for ever.
    waiting: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    room: queue.SimpleQueue[None] = queue.SimpleQueue()  # one entry for each item that may still wait
    for _ in range(ahead):
        room.put(None)
    stopped: list[bool] = []  # a list, to which nothing but one step of Python's own adds

    def work() -> None:
        try:
            while not stopped:
                try:
                    item = next(items)
                except StopIteration:
                    waiting.put(("end", None))
                    break
                room.get()
                waiting.put(("item", item))
            if isinstance(items, Generator):
                items.close()  # here, where it ran: a `with no_grad()` inside it belongs to this context
        except BaseException as error:
            waiting.put(("error", error))

    # A daemon: an iterator that is still half-way through must not hold up the end of the program.
    thread = SteadyThread(partial(contextvars.copy_context().run, work), "prefetch")

    def begin() -> bool:
        try:
            thread.start()
        except RuntimeError as error:  # too many threads, or a system that has none
            let_through(error)
            _log.warning("batches are not made ahead, as no thread can be had for it: %s", error)
            return False
        return True

    def end() -> None:
        stopped.append(True)
        room.put(None)  # the thread puts at most once more, so it does not wait for ever
        thread.finish()  # the garbage collector may close the iterator in any thread, also in this one

    with Restoring(begin, end) as started:
        if not started:
            yield from items
            return
        while (found := waiting.get())[0] == "item":
            room.put(None)
            yield found[1]
        if found[0] == "error":
            raise found[1]
