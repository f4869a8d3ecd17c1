"""One program run beside this one: with a time limit, its output in a file, and what it cost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Done(NamedTuple):
    """The end of a program.

    Attributes:
        status: its exit status; negative for a signal, None if it was stopped at its time limit.
        seconds: on the clock.   cpu: seconds of all its threads.   peak: its largest memory, in bytes.
    """

    status: int | None
    seconds: float
    cpu: float | None
    peak: int | None


class Process:
    """A program that has been started; `poll` tells when it is done."""

    def __init__(self, command: Sequence[str], log: Path, limit: float, path: Path) -> None:
        """Start it, with `path` among the places where Python looks for modules, and one thread."""
        before = os.environ.get("PYTHONPATH")
        paths = os.pathsep.join([str(path), before] if before else [str(path)])
        threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        # One thread unless the user has said otherwise: the matrices are small.
        environment = {**threads, **os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}
        self.limit, self.started = limit, time.perf_counter()
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            command, stdout=self._log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=environment, start_new_session=True,
        )  # fmt: skip

    def poll(self) -> Done | None:
        """Ask how it ended, or None while it runs. It is stopped at its limit."""
        seconds = time.perf_counter() - self.started
        late = seconds > self.limit
        if late:
            self._kill()
        ended = self._wait(block=late)
        if ended is None:
            return None
        self._log.close()
        status, cpu, peak = ended
        return Done(None if late else status, seconds, cpu, peak)

    def stop(self) -> None:
        """End it now, with what it has started."""
        if self._process.returncode is None:
            self._kill()
            self._wait(block=True)
            self._log.close()

    def _kill(self) -> None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def _wait(self, block: bool) -> tuple[int, float | None, int | None] | None:
        """Status, CPU seconds and peak memory, where the system tells them."""
        if not hasattr(os, "wait4"):
            status = self._process.wait() if block else self._process.poll()
            return None if status is None else (status, None, None)
        found, state, usage = os.wait4(self._process.pid, 0 if block else os.WNOHANG)
        if not found:
            return None
        self._process.returncode = os.waitstatus_to_exitcode(state)
        unit = 1 if sys.platform == "darwin" else 1024
        return self._process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit
