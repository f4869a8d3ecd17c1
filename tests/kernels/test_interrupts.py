"""An exception that comes at any moment changes no later result, and no thread dies of it.

Two harnesses: one raises at each line in turn that the caller's thread passes in the kernels' own files
(and at each instruction of the pool's), the other from a signal's handler at moments that nobody chose.
"""

import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from linecache import getline
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import get_num_threads, kernels, set_num_threads, steady_threads, use_kernels
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.threads import BLAS, pool

HOME = str(Path(kernels.__file__).parent)
POOL = (str(Path(threads.__file__).parent), steady_threads.__file__)
GRID = Grid((12, 12), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))


class InterruptError(Exception):
    """What a signal's handler raises."""


def problems() -> dict[str, Callable[[], Any]]:
    """Kernels of each way to share: parts of rows, blocks, products, updates in place."""
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((32, 8, 12, 12), np.float32) for _ in range(2))
    w = rng.standard_normal((8, 8, 3, 3), np.float32)
    a, b = rng.standard_normal((300, 200), np.float32), rng.standard_normal((200, 300), np.float32)
    one = np.ones(8, np.float32)
    p, slope = rng.standard_normal((2, 300_000), np.float32)

    def update() -> np.ndarray:
        mine = p.copy()
        kernels.sgd(mine, slope, None, 0.1, 0.0, 1.0, 0.0, False)
        return mine

    return {
        "conv": lambda: kernels.conv(x, w, None, GRID, 1),
        "conv_image": lambda: kernels.conv_image(g, w, GRID, 1),
        "conv_kernel": lambda: kernels.conv_kernel(x, g, GRID, 1),
        "matmul": lambda: kernels.matmul(a, b),
        "linear": lambda: kernels.linear(a[:, :100], a[:50, :100], None),
        "relu": lambda: kernels.relu(p),
        "batch_norm": lambda: np.stack(kernels.batch_norm(x, one, one, 1e-5)[1:]),
        "sgd": update,
    }


@pytest.fixture(params=["reference", "fast"])
def which(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "fast":
        pytest.importorskip("numba")
    died: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    before = get_num_threads()
    use_kernels(request.param)
    set_num_threads(3)
    yield request.param
    set_num_threads(before)
    use_kernels("reference")
    assert not died


class Raiser:
    """Raises at the n-th event that the calling thread passes in files whose names begin so.

    Not where a `with` block is left, of which Python 3.13 tells as of another visit to its first line: a
    signal's handler cannot run there, and what is raised there skips the block's `__exit__`.
    """

    def __init__(self, home: str | tuple[str, ...], opcodes: bool) -> None:
        self.home, self.opcodes, self.left = home, opcodes, -1
        self.blocks: dict[int, set[int]] = {}

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith(self.home) or frame.f_code.co_name == "__del__":
            return None
        frame.f_trace_opcodes = self.opcodes
        return self.step

    def step(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == ("opcode" if self.opcodes else "line") and not self.leaves_block(frame):
            self.left -= 1
            if self.left == 0:
                raise InterruptError
        return self.step

    def leaves_block(self, frame: FrameType) -> bool:
        """Whether the line is that of a `with` statement where this frame has been before."""
        if self.opcodes or not getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith(
            "with "
        ):
            return False
        entered = self.blocks.setdefault(id(frame), set())
        left = frame.f_lineno in entered
        entered.add(frame.f_lineno)
        return left

    def passed(self, number: int, call: Callable[[], Any]) -> bool:
        """Whether the call came to its end before the n-th event."""
        self.left, before = number, sys.gettrace()
        self.blocks.clear()
        sys.settrace(self)
        try:
            call()
        except InterruptError:
            return False
        finally:
            sys.settrace(before)
        return True


def test_raised_at_any_line_of_a_kernel(which: str) -> None:
    raiser, total = Raiser(HOME, False), 0
    for name, run in problems().items():
        expected = run()
        for number in itertools.count(1, 2):
            done = raiser.passed(number, run)
            if done or number % 5 == 0:
                assert np.array_equal(run(), expected), (name, number)
            if done:
                break
        total += number
    assert total > 200


def test_raised_at_any_instruction_of_the_pool(which: str) -> None:
    """A task after each interrupt does every part once, in its own threads; BLAS has its threads back."""
    before = BLAS._get and BLAS._get()
    raiser = Raiser(POOL, True)

    def task() -> np.ndarray:
        done = np.zeros(9, int)

        def work(part: int, start: int, stop: int) -> None:
            if part:
                time.sleep(1e-4)  # the caller has to wait
            done[start:stop] += 1

        alone = BLAS.one_thread()
        try:
            alone.begin()
            threads.share(9, work)
        finally:
            alone.end()
        return done

    running = 0
    raiser.passed(sys.maxsize, task)  # 3.12 tells of instructions from the second time on that it is asked
    for number in itertools.count(1, 2):
        if raiser.passed(number, task):
            break
        assert (task() == 1).all(), number
        assert pool._pool._free and len(pool._pool._free[0].workers) == 2, number
        running = max(running, sum(t.name == "tinygrad_cnn kernels" for t in threading.enumerate()))
    # 3.13 tells of the instructions of fewer frames.
    assert number > (300 if sys.version_info < (3, 13) else 50) and running < 20, (number, running)
    assert BLAS._get is None or BLAS._get() == before


def test_what_is_interrupted_has_ended_when_the_exception_arrives(which: str) -> None:
    """So that nobody sees a buffer change that he has back."""
    raiser, written = Raiser(POOL, False), np.zeros(3, int)

    def work(part: int, start: int, stop: int) -> None:
        if part:
            time.sleep(0.002)
            written[part] += 1

    for number in itertools.count(1):
        done = raiser.passed(number, lambda: threads.share(3, work))
        before = written.copy()
        if done:
            break
        if number % 10 == 0:
            time.sleep(0.005)
            assert np.array_equal(written, before), number


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no timers that signal")
def test_raised_by_a_signal_at_any_moment(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    moments, armed = np.random.default_rng(1), False
    runs = problems()
    expected = {name: run() for name, run in runs.items()}

    def raise_it(*_: Any) -> None:
        if armed:
            raise InterruptError

    def dropped(unraisable: Any) -> None:
        # Python drops what is raised in `__del__` or a weak reference's callback: it comes once more.
        if isinstance(unraisable.exc_value, InterruptError):
            signal.setitimer(signal.ITIMER_REAL, 1e-3)
        else:
            told(unraisable)

    told = sys.unraisablehook
    monkeypatch.setattr(sys, "unraisablehook", dropped)
    before = signal.signal(signal.SIGALRM, raise_it)
    try:
        for moment in moments.uniform(1e-4, 1e-2, 40):
            with pytest.raises(InterruptError):
                armed = True
                signal.setitimer(signal.ITIMER_REAL, moment)
                while True:  # until it is raised
                    for run in runs.values():
                        run()
            armed = False
            for name, run in runs.items():
                assert np.array_equal(run(), expected[name]), name
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
