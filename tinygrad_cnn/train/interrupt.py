"""Ctrl-C during training: it waits until a step is whole, so that what is then saved is whole too."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from tinygrad_cnn.restoring import Ended


class Interrupts(Ended):
    """A `with` block in which Ctrl-C waits for the end of each `hold`; a second one does not wait.

    Only Python's own handler is replaced, and only in the main thread; otherwise nothing changes.

    Args:
        noted: raise nothing at a first Ctrl-C, but note it in `hold.asked`: one of several processes
            must not leave the others at a place of its own.
    Attributes:
        torn: a second Ctrl-C broke off a `hold`, so that what it did is half done.
        hold: the context manager of what must not be broken off.

    >>> with Interrupts() as interrupts:
    ...     with interrupts.hold:
    ...         pass
    >>> interrupts.torn
    False
    """

    def __init__(self, noted: bool = False) -> None:
        self.torn, self._noted = False, noted
        self.hold = _Hold(noted)
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        ours = threading.current_thread() is threading.main_thread()
        if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.default_int_handler
            signal.signal(signal.SIGINT, self._handle)
        return self

    def leave(self, mark: Any = None) -> None:
        """Python's own handler is back."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if (self.hold.held or self._noted) and not self.hold.asked:
            self.hold.asked = True
            return
        self.torn = self.hold.held or self._noted
        raise KeyboardInterrupt


class _Hold:
    """Inside, a first Ctrl-C is noted; it is raised at the end."""

    def __init__(self, noted: bool) -> None:
        self.held = self.asked = False
        self._noted = noted

    def __enter__(self) -> None:
        self.held = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.held = False
        if self.asked and kind is None and not self._noted:
            raise KeyboardInterrupt
