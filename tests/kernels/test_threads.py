"""The pool of threads that kernels share."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import get_num_threads, set_num_threads
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.threads import BLAS, crew, pool, share, signals
from tinygrad_cnn.kernels.threads.pool import Pool


@pytest.fixture(autouse=True)
def _two() -> Iterator[None]:
    before = get_num_threads()
    set_num_threads(2)
    yield
    set_num_threads(before)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 1000])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_every_item_is_done_once(count: int, size: int) -> None:
    set_num_threads(size)
    done, parts = np.zeros(count, int), []

    def work(part: int, start: int, stop: int) -> None:
        done[start:stop] += 1
        parts.append(part)

    share(count, work)
    assert (done == 1).all() and sorted(parts) == list(range(size))


def test_parts_run_at_the_same_time() -> None:
    meet = threading.Barrier(2)
    share(2, lambda part, start, stop: meet.wait(timeout=300))


def test_an_exception_of_any_part_is_raised_when_all_are_done() -> None:
    done: list[int] = []

    def work(part: int, start: int, stop: int) -> None:
        if part == 1:
            raise KeyError("part one")
        time.sleep(0.05)
        done.append(part)

    for _ in range(2):  # and the pool is as good as before
        with pytest.raises(KeyError, match="part one"):
            share(2, work)
    assert done == [0, 0]


def test_a_share_inside_a_share_runs_in_its_own_thread() -> None:
    inside: list[tuple[int, str]] = []

    def outer(part: int, start: int, stop: int) -> None:
        name = threading.current_thread().name
        share(
            4,
            lambda p, a, b: (
                inside.append((part, name)) if threading.current_thread().name == name else None
            ),
        )

    share(2, outer)
    assert sorted(part for part, _ in inside) == [0, 0, 1, 1]


def test_two_threads_of_the_user_at_once() -> None:
    totals: list[int] = []

    def user() -> None:
        for _ in range(50):
            found = np.zeros(64, int)

            def work(part: int, start: int, stop: int, found: Any = found) -> None:
                found[start:stop] += 1

            share(64, work)
            totals.append(int(found.sum()))

    users = [threading.Thread(target=user) for _ in range(4)]
    for one in users:
        one.start()
    for one in users:
        one.join()
    assert totals == [64] * 200


def test_errstate_goes_along() -> None:
    def work(part: int, start: int, stop: int) -> None:
        np.zeros(1) / np.zeros(1)

    with np.errstate(invalid="ignore"):
        share(2, work)
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        share(2, work)


def test_blas_has_its_threads_back_afterwards() -> None:
    if BLAS._get is None:
        pytest.skip("this NumPy's BLAS does not tell its number of threads")
    before = BLAS._get()
    seen: list[int] = []
    alone = BLAS.one_thread()
    alone.begin()
    share(2, lambda part, start, stop: seen.append(BLAS._get()))
    assert BLAS._get() == 1
    alone.end()
    assert seen == [1, 1] and BLAS._get() == before


def test_what_was_interrupted_keeps_no_thread_from_blas() -> None:
    if BLAS._get is None:
        pytest.skip("this NumPy's BLAS does not tell its number of threads")
    before, lost = BLAS._get(), BLAS.one_thread()
    lost.begin()
    del lost
    later = BLAS.one_thread()
    later.begin()
    later.end()
    assert BLAS._get() == before


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12 on: other threads run
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_has_a_pool_of_its_own() -> None:
    share(2, lambda part, start, stop: None)  # the threads run
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        done = np.zeros(8, int)

        def work(part: int, start: int, stop: int) -> None:
            done[start:stop] = 1

        share(8, work)
        os.write(write, bytes([int(done.sum())]))
        os._exit(0)
    assert os.read(read, 1) == bytes([8])
    os.waitpid(child, 0)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "2", None])
def test_a_wrong_number_is_refused(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="set_num_threads: count must be an integer"):
        set_num_threads(wrong)
    assert get_num_threads() == 2


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TINYGRAD_CNN_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    cores = threads.default_threads()
    assert cores >= 1
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert threads.default_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert threads.default_threads() == 5
    monkeypatch.setenv("TINYGRAD_CNN_NUM_THREADS", "nonsense")
    assert threads.default_threads() == 5
    monkeypatch.setenv("TINYGRAD_CNN_NUM_THREADS", "7")
    assert threads.default_threads() == 7


def test_no_thread_before_the_first_share() -> None:
    pool = Pool(4)
    assert pool._free == [] and pool._crew() is None


def test_a_number_of_threads_that_is_none_is_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TINYGRAD_CNN_NUM_THREADS", "many")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads.default_threads() == 3
    assert "TINYGRAD_CNN_NUM_THREADS is 'many'" in caplog.text


def test_a_part_is_taken_once_and_a_late_thread_is_not_waited_for() -> None:
    done: list[int] = []
    task = crew.Task(lambda part, start, stop: done.append(part), (0, 1, 2))
    worker = crew.Worker(1)
    worker.start()
    worker.finish(task)  # it was never called: done here
    assert task.raised == {1: None} and done == [1]
    assert not task.take(1, worker)
    worker.offer(task)  # comes too late: nothing is left for it
    later = crew.Task(lambda part, start, stop: done.append(10 + part), (0, 1, 2))
    worker.offer(later)
    worker.finish(later)
    assert later.raised == {1: None} and done == [1, 11]
    worker.dismiss()
    worker._thread.finish()
    assert not worker._thread.running()


def test_where_no_thread_can_be_had_the_callers_does_all(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no)
    set_num_threads(3)
    for _ in range(2):
        done = np.zeros(7, int)

        def work(part: int, start: int, stop: int, done: Any = done) -> None:
            done[start:stop] += part + 1

        share(7, work)
        assert done.tolist() == [1, 1, 2, 2, 3, 3, 3]
    assert caplog.text.count("kernels use 1 threads, as no more can be had: can't start new thread") == 1


def test_threads_end_with_their_pool() -> None:
    set_num_threads(3)
    share(3, lambda part, start, stop: None)
    # Its own threads only: interrupts that other tests trace in may leave frames that hold older pools.
    workers = [worker._thread for worker in pool._pool._free[0].workers]
    assert len(workers) == 2 and all(worker.running() for worker in workers)
    set_num_threads(1)
    for worker in workers:
        worker.finish()
        assert not worker.running()


def test_a_signal_is_taken_once_for_each_time_it_is_given() -> None:
    go, done, taken = signals.Signal(), signals.Signal(), []

    def work() -> None:
        go.wait()
        for k in range(60):
            taken.append(k)
            if k < 59:
                go.wait(after=done)
            else:
                done.give()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    for k in range(60):
        if k % 3 == 0:
            time.sleep(0.002)  # longer than it is watched for: then it sleeps
        assert len(taken) == k
        go.give()
        if k % 5 == 0:
            time.sleep(0.001)  # it is given before somebody waits
        done.wait()
        assert len(taken) == k + 1
    worker.join(300)
    assert not worker.is_alive()
