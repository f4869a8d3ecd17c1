"""Drawing programs until one fails, and making that one shorter."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

#: A program: plain values only, so that it can be printed and read again.
Steps = list[list[Any]]


class SkippedError(Exception):
    """Raised by a fuzzer that cannot work here; its message says why."""


class Fuzzer(Protocol):
    """A fuzzer draws programs and runs them.

    Attributes:
        name: on the command line.
    """

    name: str

    def prepare(self) -> None:
        """Load what is needed; raises SkippedError where that cannot be had."""

    def draw(self, rng: np.random.Generator) -> Steps:
        """A program."""

    def run(self, steps: Steps) -> None:
        """Run a program, or any part of one; raises where something is wrong."""


class Failure(NamedTuple):
    """A program that fails.

    Attributes:
        fuzzer: its name.   number: which program of the seed it was.
        steps: the program, as short as was found.   error: what it raises, in words.
    """

    fuzzer: str
    number: int
    steps: Steps
    error: str

    def __str__(self) -> str:
        lines = "\n".join(f"    {json.dumps(step)}" for step in self.steps)
        again = f"python -m tinygrad_cnn.testing.fuzz --replay {self.fuzzer} '{json.dumps(self.steps)}'"
        return f"{self.fuzzer}: program {self.number} fails: {self.error}\n{lines}\n  again: {again}"


def search(
    fuzzer: Fuzzer, seconds: float, seed: int = 0, *, most: int = 10, first: int = 0
) -> tuple[int, list[Failure]]:
    """Run programs for a while.

    Args:
        fuzzer: what draws and runs them.   seconds: how long; at least one program runs.
        seed: of the draws: the same seed draws the same programs.
        most: stop after so many failures.   first: number of the first program.
    Returns:
        How many programs ran, and those that failed, made shorter; each kind of error once.

    >>> from tinygrad_cnn.testing.fuzz.writes import Writes
    >>> search(Writes(), 0.0)
    (1, [])
    """
    found: dict[str, Failure] = {}
    number, end = first, time.monotonic() + seconds
    while True:
        steps = fuzzer.draw(np.random.default_rng([seed, number]))
        error = failing(fuzzer, steps)
        if error is not None and _kind(error) not in found:
            steps = shortened(steps, lambda part: failing(fuzzer, part), error)
            last = failing(fuzzer, steps) or error
            found[_kind(error)] = Failure(fuzzer.name, number, steps, _told(last))
        number += 1
        if time.monotonic() >= end or len(found) >= most:
            return number - first, list(found.values())


def failing(fuzzer: Fuzzer, steps: Steps) -> Exception | None:
    """Run a program, and give what it raises, or None."""
    try:
        fuzzer.run(steps)
    except SkippedError:
        raise
    except Exception as error:
        return error
    return None


def shortened(steps: Steps, fails: Callable[[Steps], Exception | None], error: Exception) -> Steps:
    """A program without the steps that its failure does not need; the kind of error stays.

    >>> def fails(steps): return ValueError() if ["b"] in steps else None
    >>> shortened([["a"], ["b"], ["c"]], fails, ValueError())
    [['b']]
    """
    size = max(len(steps) // 2, 1)
    while True:
        at = 0
        while at < len(steps):
            part = steps[:at] + steps[at + size :]
            other = fails(part) if part else None
            if other is not None and type(other) is type(error):
                steps = part
            else:
                at += size
        if size == 1:
            return steps
        size //= 2


def _kind(error: Exception) -> str:
    """Type and place: two failures of one kind are told once."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__} {place} {str(error)[:60]}"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"
