"""One pool of threads for all kernels, never two that wait for each other's core.

NumPy and compiled kernels release Python's lock while they work, so plain Python threads that wait
for a lock between tasks are enough. The BLAS behind NumPy has a pool of its own, whose threads spin
for milliseconds after each product and keep the core from others; who multiplies large matrices tells
it to use one thread (`BLAS.one_thread`), and shares their parts out here instead. Our own threads
watch for the next task for a fraction of a millisecond, and sleep until it comes after that. Nothing
is started before the first large task, and nothing in the environment is changed.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError

#: What a part of a task is: its number, and the range [start, stop) of items that it is to do.
Part = Callable[[int, int, int], Any]


def default_threads() -> int:
    """How many threads the kernels use if nobody says otherwise.

    TINYGRAD_CNN_NUM_THREADS, else OMP_NUM_THREADS, else OPENBLAS_NUM_THREADS, else the number of
    processor cores that this process may use.

    >>> default_threads() >= 1
    True
    """
    for name in ("TINYGRAD_CNN_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        text = os.environ.get(name, "")
        if text.isdecimal() and int(text) > 0:
            return int(text)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


#: How many times a thread looks whether it is called before it sleeps: half a millisecond.
LOOKS = 2_000_000
#: How many compiled looks, some 3 µs in all, it waits when it is called. Who calls it holds Python's lock
#: until its own kernel starts, and who asks for the lock before that is put to sleep, for 10 to 30 µs.
PATIENCE = 80


def _look(given: Any, flag: Any, patience: int) -> None:
    """Set a flag, and return when another is true, or after a while; the looks without Python's lock."""
    given[0] = True
    np.logical_or.reduce(flag)


_watch: Callable[[Any, Any, int], Any] = _look
_UNSEEN = np.zeros(1, bool)  # a flag that nobody looks at


def watch_with(function: Callable[[Any, Any, int], Any]) -> None:
    """Have threads that wait watch a flag with a function that does it better than NumPy.

    NumPy's looks follow one another as fast as they can, and take from other threads of the same core.

    Args:
        function: lets go of Python's lock, then sets its first argument, an array of one bool, and
            returns when the second, a read-only array of bools that are one byte, is true and as many
            looks as the third says have passed, or after a while.
    """
    global _watch
    _watch = function


class Signal:
    """A lock that starts locked, which one thread releases and another waits for, in turns.

    Waking a thread that sleeps takes some 10 µs, and 100 µs or more where the processor itself has
    gone to sleep, as in virtual machines. So a thread watches a flag for a while before it sleeps. It
    must not hold Python's lock meanwhile, and NumPy can watch without: a logical `or` over one byte
    that is repeated `LOOKS` times, in a view that takes no memory, ends when the byte is set.
    """

    def __init__(self, patience: int = 0) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._lock.acquire()
        self._given = np.zeros(1, bool)
        self._looks = np.broadcast_to(self._given, LOOKS)

    def give(self) -> None:
        """Let the thread that waits go on, now or when it comes."""
        self._given[0] = True
        self._lock.release()

    def wait(self, after: Signal | None = None) -> None:
        """Wait until it is given, and take it; before that, give the one that it comes `after`.

        That one's flag is set when Python's lock is free, so who sees it has the lock at once.
        """
        given = _UNSEEN if after is None else after._given
        if after is not None:
            after._lock.release()
        if self._lock.acquire(blocking=False):
            given[0] = True
        else:
            _watch(given, self._looks, self._patience)
            self._lock.acquire()
        self._given[0] = False


class Task:
    """A piece of work in parts, each of which is taken by one thread."""

    def __init__(self, work: Part, cuts: tuple[int, ...]) -> None:
        self.work, self.cuts = work, cuts
        self.context = copy_context()  # NumPy's errstate goes along
        self.open = dict.fromkeys(range(1, len(cuts) - 1))  # parts that nobody has taken yet

    def take(self, part: int) -> bool:
        """Whether the part is the caller's to do: the first one who asks gets it."""
        return self.open.pop(part, self) is None

    def run(self, part: int) -> BaseException | None:
        """Do a part; what it raised, if it did."""
        try:
            self.work(part, self.cuts[part], self.cuts[part + 1])
        except BaseException as error:
            return error
        return None


class Worker:
    """A thread that waits until it is offered a task, and does its part if it comes in time."""

    def __init__(self, part: int) -> None:
        self.part = part
        self._go, self._done = Signal(PATIENCE), Signal()
        self._called = False
        self._task: Task | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._work, name="tinygrad_cnn kernels", daemon=True).start()

    def offer(self, task: Task) -> None:
        """Let it take its part; returns at once."""
        self._task = task
        if not self._called:  # else it has not yet come since the last call, and will find this task
            self._called = True
            self._go.give()

    def finish(self, task: Task) -> BaseException | None:
        """Wait until its part is done, or do it here if it is not begun; what it raised, if it did.

        Where other programs have the core, the thread may come late: then it is not waited for.
        """
        if task.take(self.part):
            error = task.run(self.part)
        else:
            self._done.wait()
            error, self._error = self._error, None
        self._task = None
        return error

    def _work(self) -> None:
        done: Signal | None = None
        while True:
            self._go.wait(after=done)
            self._called = False
            task, done = self._task, None
            if task is not None and task.take(self.part):
                self._error = task.context.copy().run(task.run, self.part)
                done = self._done
            del task


@lru_cache(maxsize=256)
def _cuts(count: int, size: int) -> tuple[int, ...]:
    """Ends of parts that differ by one at most. The first, the caller's, is a small one.

    So the caller is done first, and watches: threads that are done at once contend for Python's lock.
    """
    return tuple(count * k // size for k in range(size + 1))


class Pool:
    """`size` threads, of which the caller is one."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._busy = threading.Lock()
        self._workers: list[Worker] = []

    def cuts(self, count: int) -> tuple[int, ...]:
        """Where range(count) is cut into parts, with both ends.

        >>> Pool(2).cuts(5)
        (0, 2, 5)
        """
        return _cuts(count, self.size)

    def share(self, count: int, work: Part) -> None:
        """Call `work(part, start, stop)` for consecutive parts of range(count), all at once."""
        cuts = self.cuts(count)
        if self.size == 1 or not self._busy.acquire(blocking=False):
            # Another thread has the pool, or this is one of its own: the parts one after the other.
            for part in range(self.size):
                work(part, cuts[part], cuts[part + 1])
            return
        try:
            while len(self._workers) < self.size - 1:
                self._workers.append(Worker(len(self._workers) + 1))
            self._run(Task(work, cuts))
        finally:
            self._busy.release()

    def _run(self, task: Task) -> None:
        for worker in self._workers:
            worker.offer(task)
        raised = [task.run(0), *(worker.finish(task) for worker in self._workers)]
        for first in filter(None, raised):
            raise first


class Blas:
    """The number of threads of NumPy's own matrix products, where its OpenBLAS lets itself be asked."""

    def __init__(self) -> None:
        self._set, self._get = _openblas()
        self._lock, self._depth, self._before = threading.Lock(), 0, 1

    def one_thread(self) -> Blas:
        """A context in which NumPy's matrix products use the calling thread only.

        >>> with BLAS.one_thread():
        ...     np.eye(2) @ np.eye(2)
        array([[1., 0.],
               [0., 1.]])
        """
        return self

    def __enter__(self) -> None:
        if self._get is not None:
            with self._lock:
                if self._depth == 0:
                    self._before = self._get()
                    self._set(1)
                self._depth += 1

    def __exit__(self, *exception: object) -> None:
        if self._get is not None:
            with self._lock:
                self._depth -= 1
                if self._depth == 0:
                    self._set(self._before)


def _openblas() -> tuple[Any, Any]:
    """The functions of NumPy's OpenBLAS that set and get its number of threads, or (None, None)."""
    home = Path(np.__file__).parent
    for library in sorted([*home.parent.glob("numpy.libs/*openblas*"), *home.glob(".dylibs/*openblas*")]):
        try:
            loaded = ctypes.PyDLL(str(library))  # loaded already: this is a handle, not a second copy
        except OSError:
            continue
        for before, after in (("scipy_openblas", "64_"), ("openblas", "64_"), ("openblas", "")):
            names = [f"{before}_{verb}_num_threads{after}" for verb in ("set", "get")]
            if all(hasattr(loaded, name) for name in names):
                return getattr(loaded, names[0]), getattr(loaded, names[1])
    return None, None


BLAS = Blas()
_pool = Pool(default_threads())


def get_num_threads() -> int:
    """How many threads the kernels use.

    >>> get_num_threads() >= 1
    True
    """
    return _pool.size


def set_num_threads(count: int) -> None:
    """Use `count` threads for large kernels from now on, in the whole process.

    The same number gives the same bits; another number may round sums over a batch otherwise.

    Args:
        count: at least 1; the calling thread is one of them.
    Raises:
        ArgumentError: not a positive integer.

    >>> before = get_num_threads()
    >>> set_num_threads(1); get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _pool
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise ArgumentError(f"set_num_threads: count must be an integer of at least 1, got {count!r}")
    if count != _pool.size:
        _pool = Pool(int(count))


def share(count: int, work: Part) -> None:
    """Call `work(part, start, stop)` for `get_num_threads()` consecutive parts of range(count), at once.

    Parts may be empty. The first exception of a part is raised when all are done. Called from inside
    a part, or while another thread is here, the parts run one after the other: never two pools.

    >>> out = np.zeros(4)
    >>> def fill(part, start, stop): out[start:stop] = 1
    >>> share(4, fill); out
    array([1., 1., 1., 1.])
    """
    _pool.share(count, work)


def share_prepared(count: int, prepare: Callable[[int, int, int], Callable[[], Any]]) -> None:
    """As `share`, where what Python has to do for each part is done before any of them starts.

    Threads take turns at Python, so a part that begins with some microseconds of it begins late.

    Args:
        prepare: called with (part, start, stop) in this thread, for parts that are not empty; gives
            what does the part.

    >>> share_prepared(4, lambda part, start, stop: lambda: None)
    """
    parts = enumerate(pairwise(_pool.cuts(count)))
    calls = [prepare(part, start, stop) for part, (start, stop) in parts if start < stop]
    share(len(calls), lambda _, start, stop: [call() for call in calls[start:stop]])


def _after_fork() -> None:
    """A forked child has none of its parent's threads: it starts its own when it needs them."""
    global _pool
    _pool = Pool(_pool.size)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
