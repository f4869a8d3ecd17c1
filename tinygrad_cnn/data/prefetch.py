"""Batches made ahead of their use, by one thread."""

from __future__ import annotations

import contextvars
import queue
import sys
import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


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
    waiting: queue.Queue[tuple[str, Any]] = queue.Queue(ahead)
    stop = threading.Event()

    def work() -> None:
        try:
            for item in items:
                waiting.put(("item", item))
                if stop.is_set():
                    break
            else:
                waiting.put(("end", None))
            if isinstance(items, Generator):
                items.close()  # here, where it ran: a `with no_grad()` inside it belongs to this context
        except BaseException as error:
            waiting.put(("error", error))

    # A daemon: an iterator that is still half-way through must not hold up the end of the program.
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(work,), name="prefetch", daemon=True
    )
    thread.start()
    try:
        while (found := waiting.get())[0] == "item":
            yield found[1]
        if found[0] == "error":
            raise found[1]
    finally:
        stop.set()
        # The thread puts at most once more, and then there is room; so it cannot wait for ever.
        while not waiting.empty():
            waiting.get_nowait()
        # The garbage collector may close the iterator in any thread, also in this one; and at the end
        # of the program, when a daemon thread stands still for good (Python 3.13).
        if threading.current_thread() is not thread and not sys.is_finalizing():
            thread.join()
