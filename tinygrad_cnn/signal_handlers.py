"""An exception of a signal's handler is the caller's, and is not taken for an error of what it interrupted.

A handler may raise anything, anywhere in the main thread. Many raise a TimeoutError, which is an OSError:
where an OSError means "there is no such file", the time that ran out would be forgotten. So whoever
tolerates an error, or makes another one of it, asks first where it came from. Python gives a handler the
frame that it interrupts, and that tells: a function that was given its own caller's frame is one.
"""

from __future__ import annotations

import inspect
from types import FrameType, TracebackType


def let_through(error: BaseException) -> None:
    """Raise what a handler has raised: the error itself, or one that it was made of.

    Args:
        error: that was caught.

    >>> let_through(OSError("no such file"))
    """
    found, seen = error, set[int]()
    while id(found) not in seen:  # an error may be its own cause
        if _of_handler(found.__traceback__):
            raise found
        seen.add(id(found))
        found = found.__cause__ or found


class tolerated:
    """A block that ends where an error of some kinds comes, unless a handler has raised it.

    Args:
        kinds: of errors.

    >>> with tolerated(OSError):
    ...     open("nowhere")
    """

    def __init__(self, *kinds: type[BaseException]) -> None:
        self._kinds = kinds

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, self._kinds):
            return False
        let_through(error)
        return True


def _of_handler(trace: TracebackType | None) -> bool:
    """Whether on the way of an error there is a function that was given its own caller's frame."""
    while trace is not None and trace.tb_next is not None:
        caller, trace = trace.tb_frame, trace.tb_next
        if any(value is caller for value in _arguments(trace.tb_frame)):
            return True
    return False


def _arguments(frame: FrameType) -> list[object]:
    """List what a function was given, those behind a star one by one."""
    names, several, _, values = inspect.getargvalues(frame)
    found = [values[name] for name in names if name in values]
    return found + list(values.get(several, ())) if several else found
