"""Raising where Python looks for signals: at the n-th such place that a call passes, the same each time.

Python runs a signal's handler when a function begins, after a call of what is written in C, and at each
turn of a loop. A trace function can raise at these places by number, which no clock can.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from opcode import opname
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

HOME = str(Path(__file__).parents[2])
OWN = str(Path(__file__))
#: After these Python looks for signals.
LOOKING = ("CALL", "JUMP_BACKWARD", "RESUME")
#: What an exception cannot leave: Python drops what is raised there.
DROPPING = ("__del__", "_lost")


class StopError(Exception):
    """The error that is raised."""


def dropped(unraisable: sys.UnraisableHookArgs) -> None:
    """Take what Python drops: it was raised in `__del__`, say, and is as if it never came."""
    if not isinstance(unraisable.exc_value, StopError):
        sys.__unraisablehook__(unraisable)


@cache
def _places(code: CodeType) -> frozenset[int]:
    """Where in a function an instruction stands before which Python may have looked for signals.

    Read from its bytes: Python's `dis` has crashed in code that was traced.
    """
    found, before, handler = set(), "", None
    handlers, instructions = _handlers(code), code.co_code
    for place in range(0, len(instructions), 2):
        name = opname[instructions[place]]
        if name == "CACHE":
            continue
        # What comes out of an instruction belongs to its own `try`, not to that of the next one.
        own = next((target for start, end, target in handlers if start <= place < end), None)
        if before.startswith(LOOKING) and "NO_INTERRUPT" not in before and own == handler:
            found.add(place)
        before, handler = name, own
    return frozenset(found)


def _handlers(code: CodeType) -> list[tuple[int, int, int]]:
    """The exception table of a function: from where to where a `try` reaches, and its handler's place."""
    numbers, value = [], 0
    for byte in code.co_exceptiontable:  # six bits a byte; the seventh says that more follow
        value = value << 6 | byte & 63
        if not byte & 64:
            numbers.append(value)
            value = 0
    entries = zip(numbers[0::4], numbers[1::4], numbers[2::4], strict=True)
    return [(2 * start, 2 * (start + length), 2 * target) for start, length, target in entries]


class Points:
    """Raises at the n-th place that the calling thread passes in this package; it passed `count`.

    >>> points = Points()
    >>> points.run(lambda: None, 1), points.count
    (True, 0)
    """

    def __init__(self, home: str = HOME) -> None:
        self.home, self.count, self._at = home, 0, 0

    def run(self, call: Callable[[], Any], at: int) -> bool:
        """Whether the call came to its end before place number `at`, from 1; its own errors are raised."""
        self.count, self._at = 0, at
        before, told, sys.unraisablehook = sys.gettrace(), sys.unraisablehook, dropped
        here = sys._getframe()
        # Python 3.12 asks the frame that sets.
        instructions, here.f_trace_opcodes = here.f_trace_opcodes, True
        # Python does not hold what it is about to call. The collector may run just then, and a function
        # that it calls may come to the place where the tracing ends.
        begun = self._begun
        sys.settrace(begun)
        try:
            call()
        except StopError:  # pragma: no cover: the trace function of the tool is off here
            return False
        finally:
            sys.settrace(before)
            sys.unraisablehook, here.f_trace_opcodes = told, instructions
        return self.count < at

    def _begun(  # pragma: no cover: it stands where the tool has its own trace function
        self, frame: FrameType, event: str, argument: Any
    ) -> Any:
        """A function begins."""
        code = frame.f_code
        if (
            not code.co_filename.startswith(self.home)
            or code.co_filename == OWN
            or code.co_name in DROPPING
        ):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        places = _places(code)

        def step(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "opcode" and frame.f_lasti in places:
                self._passed()
            return step

        return step

    def _passed(self) -> None:  # pragma: no cover: called by the trace function above
        self.count += 1
        if self.count == self._at:
            sys.settrace(None)
            raise StopError
