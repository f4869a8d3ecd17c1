"""A crew of threads that do the parts of one task after another; see the package for its rules."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

from tinygrad_cnn.kernels.threads.signals import Signal
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.steady_threads import SteadyThread

#: What a part of a task is: its number, and the range [start, stop) of items that it is to do.
Part = Callable[[int, int, int], Any]
#: How many compiled looks, some 3 µs in all, it waits when it is called. The caller holds Python's lock
#: until its own kernel starts; a thread that asks for the lock before that sleeps for 10 to 30 µs.
PATIENCE = 80
#: Seconds that a thread sleeps before it looks whether the other one is still alive.
SLEEP = 0.5

_log = logging.getLogger("tinygrad_cnn")


class Task:
    """A piece of work in parts, each of which is taken by one thread, and then ends."""

    def __init__(self, work: Part, cuts: tuple[int, ...]) -> None:
        self.work, self.cuts = work, cuts
        self.context = copy_context()  # NumPy's errstate goes along
        self.taken: dict[int, Worker | None] = {}  # by whom each part was; None is the caller
        self.raised: dict[int, BaseException | None] = {}  # per part that has ended

    def take(self, part: int, who: Worker | None = None) -> bool:
        """Whether the part is `who`'s to do: the first one who asks gets it."""
        return self.taken.setdefault(part, who) is who

    def run(self, part: int) -> None:
        """Do a part, and keep what it raised, if it did."""
        error: BaseException | None = _UNFINISHED
        try:
            self.work(part, self.cuts[part], self.cuts[part + 1])
            error = None
        except BaseException as caught:
            error = caught
        finally:
            self.raised[part] = error
            del error  # its traceback leads here

    def give_back(self) -> None:
        """Raise what the first part that failed has raised."""
        failed = [error for _, error in sorted(self.raised.items()) if error is not None]
        self.raised.clear()  # their tracebacks lead here
        try:
            if failed:
                raise failed[0]
        finally:
            del failed


#: What a part has raised that an exception stopped between two steps of our own.
_UNFINISHED = RuntimeError("a part of a kernel was interrupted")


class Worker:
    """A thread that waits until it is offered a task, and does its part if it comes in time."""

    def __init__(self, part: int) -> None:
        self.part = part
        self._go, self._done = Signal(PATIENCE), Signal()
        self._called = self._dismissed = False
        self._task: Task | None = None
        self._thread = SteadyThread(self._work, "tinygrad_cnn kernels")

    def start(self) -> None:
        """Start the thread.

        Raises:
            RuntimeError: no thread can be had.
        """
        self._thread.start()

    def offer(self, task: Task) -> None:
        """Let it take its part; returns at once."""
        self._task = task
        if not self._called:  # else it has not yet come since the last call, and will find this task
            self._called = True
            self._go.give()

    def finish(self, task: Task) -> None:
        """Wait until its part is done, or do it here if it is not begun.

        Where other programs have the core, the thread may come late: then it is not waited for.
        """
        if task.take(self.part):
            task.run(self.part)
        else:
            self._done.wait(seconds=SLEEP)
            self.wait(task)
        self._task = None

    def wait(self, task: Task) -> None:
        """Wait until its part, which it has taken, is done."""
        while self.part not in task.raised:
            if not self._thread.running():
                task.raised.setdefault(self.part, _UNFINISHED)
            self._done.wait(seconds=SLEEP)

    def dismiss(self) -> None:
        """Have it end, now or after the part that it does."""
        self._dismissed, self._task = True, None
        self._go.give()

    def _work(self) -> None:
        done: Signal | None = None
        while not self._dismissed:
            self._go.wait(after=done)
            self._called = False
            task, done = self._task, None
            if task is not None and task.take(self.part, self):
                task.context.copy().run(task.run, self.part)
                done = self._done
            del task
        self._done.give()


class Crew:
    """The threads of a pool but the caller's: as many as can be had."""

    workers: Sequence[Worker] = ()

    def __init__(self, size: int) -> None:
        self._wanted = size - 1

    def run(self, task: Task) -> None:
        """Do all parts of a task, the first one here; what a part raised is raised when all are done."""
        whole = False
        try:
            self._hire()
            for worker in self.workers:
                worker.offer(task)
            task.run(0)
            for worker in self.workers:
                worker.finish(task)
            whole = True
        finally:
            if not whole:
                self._stop(task)
        for part in range(1, len(task.cuts) - 1):
            if part not in task.raised:  # no thread could be had for it
                task.run(part)
        task.give_back()

    def dismiss(self) -> None:
        """Have all threads end; new ones are started when they are needed."""
        workers, self.workers = self.workers, ()
        for worker in workers:
            worker.dismiss()

    def __del__(self) -> None:
        self.dismiss()

    def _hire(self) -> None:
        while len(self.workers) < self._wanted:
            worker = Worker(len(self.workers) + 1)
            self.workers = (*self.workers, worker)  # so that it is dismissed if its start is interrupted
            try:
                worker.start()
            except RuntimeError as error:  # too many threads, or a system that has none
                let_through(error)
                self.workers = self.workers[:-1]
                self._wanted = len(self.workers)
                _log.warning("kernels use %d threads, as no more can be had: %s", self._wanted + 1, error)
                return

    def _stop(self, task: Task) -> None:
        """After an interrupt: nothing more begins, and what runs has ended when this returns or raises."""
        workers, again = self.workers, None
        while True:
            try:
                self.workers = ()
                running = [worker for worker in workers if not task.take(worker.part)]
                for worker in workers:
                    worker.dismiss()
                for worker in running:
                    worker.wait(task)
                break
            except BaseException as later:  # the user asks twice, but the buffers are still written to
                again = later
        if again is not None:
            raise again
