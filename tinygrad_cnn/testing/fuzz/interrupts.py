"""An exception raised at any moment, as signals' handlers raise: the next results have the same bits.

It comes at a place by its number, where the calling thread looks for signals, which repeats exactly; or
after some microseconds, which also meets the moments between kernels and threads.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

import numpy as np

from tinygrad_cnn.errors import KernelError, MissingExtraError
from tinygrad_cnn.kernels.serving import kernels_in_use, use_kernels
from tinygrad_cnn.testing.fuzz.interrupted_work import WORKS, shared_state
from tinygrad_cnn.testing.fuzz.shrinking_search import SkippedError, Steps
from tinygrad_cnn.testing.fuzz.signal_points import Points, StopError, dropped
from tinygrad_cnn.warm import compile_all


class Interrupts:
    """See the module."""

    name = "interrupts"

    def __init__(self) -> None:
        self._kernels = ["reference"]
        self._right: dict[tuple[str, str], tuple[list[Any], int]] = {}

    def prepare(self) -> None:
        """A clock that sends signals, the main thread, which gets them, and compiled kernels, if any."""
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            raise SkippedError("it needs signal.setitimer and the main thread")
        if len(self._kernels) == 1:
            before = kernels_in_use()
            with suppress(KernelError, MissingExtraError):
                compile_all()
                self._kernels.append("fast")
            use_kernels(before)

    def draw(self, rng: np.random.Generator) -> Steps:
        """Some pieces of work, each with kernels that are pinned, and interrupted once."""
        steps: Steps = []
        for _ in range(int(rng.integers(1, 6))):
            how = str(rng.choice(["at", "after"]))
            number = int(rng.integers(1 << 30)) if how == "at" else int(10 ** rng.uniform(1, 4))
            steps.append(
                [how, str(rng.choice(list(WORKS))), str(rng.choice(["reference", "fast"])), number]
            )
        return steps

    def run(self, steps: Steps) -> None:
        """Interrupt, then compute once more in peace."""
        before = kernels_in_use()
        try:
            for how, work, kernels, number in steps:
                self._step(how, work, kernels if kernels in self._kernels else "reference", number)
        finally:
            use_kernels(before)

    def _step(self, how: str, work: str, kernels: str, number: int) -> None:
        use_kernels(kernels)
        points = Points()
        if (work, kernels) not in self._right:
            WORKS[work]()  # loads what is loaded once
            right = WORKS[work]()
            points.run(WORKS[work], sys.maxsize)
            if not points.count:
                raise SkippedError("this Python tells no trace function of instructions")
            self._right[work, kernels] = right, points.count
        right, count = self._right[work, kernels]
        before = shared_state()
        if how == "at":
            points.run(WORKS[work], 1 + number % count)
        else:
            with suppress(StopError):  # it came when the work was over
                interrupted(work, number)
        assert shared_state() == before, f"{work} leaves {shared_state()}"
        for got, wanted in zip(WORKS[work](), right, strict=True):
            np.testing.assert_array_equal(got, wanted)


def interrupted(work: str, after: int) -> None:
    """A piece of work during which a signal comes."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise StopError

    told, sys.unraisablehook = sys.unraisablehook, dropped
    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, after * 1e-6)
        WORKS[work]()
    except StopError:
        pass
    finally:
        _quiet(before, told)


def _quiet(before: Any, told: Any) -> None:
    """No more signals, whatever comes at this very moment."""
    while True:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)
            sys.unraisablehook = told
            return
        except StopError:
            continue
