"""`with` blocks that end, whatever interrupts their end.

A signal's handler may raise wherever Python looks for signals: when a function begins, after a call, at
each turn of a loop. So it may raise when `__exit__` begins, before that has done anything; and Python calls
it no second time. What it does with certainty is to let go of what it was going to call. Here that is an
object of its own, which no frame and no traceback holds, and whose end brings the block's end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar
from weakref import ref

Result = TypeVar("Result")


class _Watch(ref[Any]):
    """A reference to what a `with` statement holds; its end is told to `_lost`."""

    block: Ended | None = None
    mark: Any = None


def _end(watches: list[_Watch], *error: Any) -> None:
    """The block's end, when all goes well."""
    watch = watches[0]
    if watch.block is not None:
        watch.block.leave(watch.mark)
    watches.clear()  # nothing is to be told any more


def _lost(watch: _Watch) -> None:
    """The block's end, when an exception came before it or during it."""
    if watch.block is not None:
        watch.block.lost(watch.mark)


class _Exit:
    """The `__exit__` of an `Ended`."""

    def __get__(self, block: Ended | None, cls: type[Ended]) -> Callable[..., None]:
        if block is None:
            return _by_hand
        watches: list[_Watch] = []
        held = partial(_end, watches)  # a call of it leaves no frame that holds it
        watch = _Watch(held, _lost)
        watches.append(watch)
        watch.mark = block.mark()
        watch.block = block  # from here on it would be told
        return held


def _by_hand(block: Ended, *error: Any) -> None:
    """As `contextlib.ExitStack` calls it, with the block."""
    block.leave(None)


class Ended:
    """Base of `with` blocks that change what others see: a subclass writes `__enter__` and `leave`."""

    __exit__: ClassVar[Any] = _Exit()

    def __enter__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__}.__enter__ is not written")

    def mark(self) -> Any:
        """Note what `leave` is to be told; asked for before `__enter__`."""
        return None

    def leave(self, mark: Any = None) -> None:
        """Undo what `__enter__` did, or as much of it as was done; called again if it was interrupted."""
        raise NotImplementedError(f"{type(self).__name__}.leave is not written")

    def lost(self, mark: Any) -> None:
        """Undo it when an exception came before `leave` or during it, or before `__enter__`."""
        self.leave(mark)


class Restoring(Ended, Generic[Result]):
    """A block at whose end `undo()` is called, also if `do()` was interrupted.

    Args:
        do: called at the beginning; gives what stands behind `as`.
        undo: called at the end; once more from its start, if it was interrupted.

    >>> with Restoring(lambda: print("in"), lambda: print("out")):
    ...     pass
    in
    out
    """

    def __init__(self, do: Callable[[], Result], undo: Callable[[], Any]) -> None:
        self._do, self._undo = do, undo
        self._begun = False

    def __enter__(self) -> Result:
        self._begun = True
        return self._do()

    def leave(self, mark: Any = None) -> None:
        """Undo it; nothing, where somebody only asked for `__exit__`."""
        if self._begun:
            self._undo()
