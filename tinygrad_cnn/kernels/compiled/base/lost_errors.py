"""What a signal's handler raises while LLVM calls back into Python.

Python cannot hand such an exception on through LLVM: it prints it, and LLVM goes on without what the
function was to do, so Numba fails later with a message of its own, or not at all.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from tinygrad_cnn.restoring import Restoring


def lost_errors() -> Restoring[list[BaseException]]:
    """Note, during a block, what is raised in functions that a library calls, in this thread.

    >>> import ctypes
    >>> def handler():
    ...     raise TimeoutError("too late")
    >>> with lost_errors() as lost:
    ...     ctypes.CFUNCTYPE(None)(handler)()
    >>> lost
    [TimeoutError('too late')]
    """
    mine, before = threading.get_ident(), sys.unraisablehook
    found: list[BaseException] = []

    def note(told: Any) -> None:
        called_back = "ctypes callback" in (told.err_msg or "")
        if called_back and told.exc_value is not None and threading.get_ident() == mine:
            found.append(told.exc_value)
        else:
            before(told)

    def begin() -> list[BaseException]:
        sys.unraisablehook = note
        return found

    def end() -> None:
        if sys.unraisablehook is note:  # somebody else's stays
            sys.unraisablehook = before

    return Restoring(begin, end)
