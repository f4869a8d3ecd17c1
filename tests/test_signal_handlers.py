"""What a signal's handler raises arrives, whatever errors the interrupted code tolerates or retells."""

import functools
import signal
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn.data import image, load_image
from tinygrad_cnn.data.prefetch import prefetched
from tinygrad_cnn.kernels import cache, memory, process_lock
from tinygrad_cnn.kernels.threads.crew import Crew, Task
from tinygrad_cnn.kernels.threads.signals import Signal
from tinygrad_cnn.serial import atomic, save_tensors
from tinygrad_cnn.serial.tensors import load_tensors
from tinygrad_cnn.signal_handlers import let_through, tolerated
from tinygrad_cnn.steady_threads import SteadyThread
from tinygrad_cnn.train.evaluation import check_labels

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGUSR1"), reason="the system has no signal of the user's"
)


def out_of_time(number: int, frame: Any) -> None:
    raise TimeoutError("the time is over")


def no_more(number: int, frame: Any) -> None:
    raise RuntimeError("the user's own")


class Watch:
    def handle(self, *given: Any) -> None:
        raise TimeoutError("a method's")


def wrapped(*args: Any, **kwargs: Any) -> None:
    out_of_time(*args, **kwargs)


@pytest.fixture
def handled() -> Iterator[Callable[[Any], None]]:
    before = signal.getsignal(signal.SIGUSR1)
    yield lambda handler: signal.signal(signal.SIGUSR1, handler)
    signal.signal(signal.SIGUSR1, before)


def interrupting(*given: Any, **options: Any) -> Any:
    """Stands where something of the system's is called: the signal comes there."""
    signal.raise_signal(signal.SIGUSR1)
    raise AssertionError("the handler has not raised")


@pytest.mark.parametrize(
    "handler",
    [out_of_time, wrapped, Watch().handle, functools.partial(out_of_time), lambda *_: out_of_time(*_)],
    ids=["function", "wrapped", "method", "partial", "lambda"],
)
def test_any_handler_is_known_by_the_frame_that_it_was_given(handler: Any, handled: Any) -> None:
    handled(handler)
    with pytest.raises(TimeoutError), tolerated(OSError):
        interrupting()
    with pytest.raises(TimeoutError):
        try:
            try:
                interrupting()
            except OSError as error:
                raise ValueError("another word for it") from error
        except ValueError as error:
            let_through(error)


def test_errors_of_the_system_are_tolerated_and_others_are_not() -> None:
    with tolerated(OSError):
        Path("nowhere").read_text()
    with pytest.raises(KeyError), tolerated(OSError, ValueError):
        raise KeyError
    assert let_through(OSError()) is None


def test_an_error_of_before_that_is_being_handled_is_not_raised_again(handled: Any) -> None:
    handled(out_of_time)
    try:
        interrupting()
    except TimeoutError:
        with tolerated(OSError):
            Path("nowhere").read_text()


CALLS: dict[str, tuple[Callable[[Path], Any], Any, str]] = {
    "is_complete": (lambda folder: cache.is_complete(), Path, "is_file"),
    "size": (lambda folder: cache.size(), Path, "rglob"),
    "failure": (lambda folder: cache.failure(), Path, "stat"),
    "mark_failed": (lambda folder: cache.mark_failed(ValueError()), Path, "write_text"),
    "remove": (lambda folder: cache.remove(made(folder / "m.k-1.nbi").parent, "m", "k"), Path, "unlink"),
    "prepare": (lambda folder: cache.prepare(), tempfile, "TemporaryFile"),
    "processor": (lambda folder: cache._processor(), Path, "read_text"),
    "locked": (lambda folder: process_lock.locked(folder / "lock").__enter__(), Path, "open"),
    "taken": (lambda folder: process_lock._take(None, True), process_lock, "_try"),
    "memory": (lambda folder: memory.keep_freed_memory.__wrapped__(), memory.platform, "libc_ver"),
    "writable": (lambda folder: atomic.check_writable(folder / "a"), atomic.os, "open"),
    "lock": (lambda folder: atomic._lock(0), atomic.fcntl, "flock"),
    "leftovers": (lambda folder: atomic._remove_leftovers(folder / "a"), atomic.os, "listdir"),
    "load_tensors": (lambda folder: load_tensors(folder / "a.npz"), zipfile, "ZipFile"),
    "load_image": (lambda folder: load_image(folder / "a.png"), image, "formats"),
    "labels": (
        lambda folder: check_labels("a", np.zeros(1, int), np.zeros((1, 2)), interrupting), Path, "stat"
    ),
}  # fmt: skip


def made(path: Path) -> Path:
    path.write_bytes(b"x")
    return path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    save_tensors(tmp_path / "a.npz", {"a": np.zeros(2)})
    made(tmp_path / "a.png")
    return tmp_path


@pytest.mark.parametrize("name", CALLS)
def test_a_timeout_of_the_users_is_not_taken_for_an_error_of_the_systems(
    name: str, handled: Any, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, home, part = CALLS[name]
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(files))
    handled(out_of_time)
    with monkeypatch.context() as patch:
        patch.setattr(home, part, interrupting)
        with pytest.raises(TimeoutError, match="the time is over"):
            call(files)


def test_a_thread_that_was_not_begun_for_a_signal_is_not_done_without(
    handled: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where no thread can be had Python raises a RuntimeError; a handler's is another."""
    handled(no_more)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupting)
        crew = Crew(3)
        for call in (lambda: next(prefetched(iter("abc"), 2)), lambda: crew.run(Task(print, (0, 1, 2, 3)))):
            with pytest.raises(RuntimeError, match="the user's own"):
                call()
        assert crew._wanted == 2 and not caplog.records


def test_a_signal_that_was_given_is_given_though_a_handler_raises(handled: Any) -> None:
    handled(no_more)
    signalled = Signal()
    signalled._lock = SimpleNamespace(release=interrupting)  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="the user's own"):
        signalled.give()


def test_what_interrupts_the_loading_of_a_kernel_removes_nothing_of_the_cache(
    handled: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("numba")
    from tinygrad_cnn.kernels.compiled.base.compiling import Kernel

    def square(x: int) -> int:
        return x * x

    calls: list[Any] = []

    def compiler(function: Any) -> Any:
        calls.append(function)
        if len(calls) == 1:
            interrupting()
        return function

    removed: list[Any] = []
    monkeypatch.setattr(cache, "remove", lambda *which: removed.append(which) or 1)
    handled(out_of_time)
    kernel = Kernel(square, "int64(int64)")
    found, passed = kernel._had(compiler, tmp_path)
    assert found is square and isinstance(passed, TimeoutError) and cache.may_be_a_handlers(passed)
    assert not removed and kernel._had(compiler, tmp_path) == (square, None)

    def damaged(function: Any) -> Any:
        if not removed:
            raise ValueError("unpickling stack underflow")
        return function

    assert kernel._had(damaged, tmp_path) == (square, None) and len(removed) == 1


def test_a_thread_that_was_waited_for_in_vain_is_not_taken_for_ended() -> None:
    """As Python 3.11's and 3.12's own threads are, whose `join` was interrupted."""

    class StopError(Exception):
        pass

    def stop(*_: Any) -> None:
        raise StopError

    def work() -> None:
        waits.acquire()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        ends.acquire()

    waits, ends = threading.Lock(), threading.Lock()
    waits.acquire()
    ends.acquire()
    thread, before = SteadyThread(work, "example"), signal.signal(signal.SIGUSR1, stop)
    try:
        thread.start()
        with pytest.raises(StopError):
            waits.release()
            thread.finish()
        assert thread.running()
    finally:
        ends.release()
        thread.finish()
        signal.signal(signal.SIGUSR1, before)
    assert not thread.running()
