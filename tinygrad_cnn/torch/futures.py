"""`torch.futures`: results that are set later, by the program itself or by a thread of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent import futures as _standard
from typing import Any

from tinygrad_cnn.torch.refusals import guard

__all__ = ["Future", "collect_all", "wait_all"]


class Future:
    """A result that is not there yet.

    Args:
        devices: as in PyTorch; there is only the CPU.

    >>> later = Future()
    >>> twice = later.then(lambda f: 2 * f.wait())
    >>> later.set_result(3); twice.wait()
    6
    """

    def __init__(self, *, devices: Any = None) -> None:
        self._future: _standard.Future[Any] = _standard.Future()

    def done(self) -> bool:
        """Whether the result, or an error, is there."""
        return self._future.done()

    def wait(self) -> Any:
        """The result, when it is there.

        Raises:
            Exception: the one that was set in its place.
        """
        return self._future.result()

    def value(self) -> Any:
        """The result, which must be there.

        Raises:
            RuntimeError: it is not.
        """
        if not self.done():
            raise RuntimeError("value: the future is not done; wait() waits for its result")
        return self.wait()

    def then(self, callback: Callable[[Future], Any]) -> Future:
        """The future of a function of this one, which is called as soon as the result is there."""
        child = Future()

        def follow(_: Any) -> None:
            try:
                found = callback(self)
            except Exception as error:
                child.set_exception(error)
            else:
                child.set_result(found)

        self._future.add_done_callback(follow)
        return child

    def add_done_callback(self, callback: Callable[[Future], Any]) -> None:
        """Call a function of this future as soon as the result is there."""
        self._future.add_done_callback(lambda _: callback(self))

    def set_result(self, result: Any) -> None:
        """Set the result.

        Raises:
            RuntimeError: a result or an error was set before.
        """
        self._once()
        self._future.set_result(result)

    def set_exception(self, result: Any) -> None:
        """Set an error, which `wait` raises.

        Raises:
            TypeError: it is no error.   RuntimeError: a result or an error was set before.
        """
        if not isinstance(result, Exception):
            raise TypeError(f"set_exception: an exception fits, got {type(result).__name__}")
        self._once()
        self._future.set_exception(result)

    def _once(self) -> None:
        if self.done():
            raise RuntimeError("the future is done: its result can be set once")


def collect_all(futures: list[Future]) -> Future:
    """The future of the list itself, which is there when all of them are done.

    >>> collect_all([]).wait()
    []
    """
    collected, left, lock = Future(), [len(futures)], threading.Lock()

    def count(_: Future) -> None:
        with lock:
            left[0] -= 1
            last = left[0] == 0
        if last:
            collected.set_result(futures)

    if not futures:
        collected.set_result(futures)
    for future in futures:
        future.add_done_callback(count)
    return collected


def wait_all(futures: list[Future]) -> list[Any]:
    """The results of all of them, when they are there.

    >>> done = Future(); done.set_result(1); wait_all([done])
    [1]
    """
    return [future.wait() for future in collect_all(futures).wait()]


__getattr__ = guard("torch.futures", globals())
