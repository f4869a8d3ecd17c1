"""Batches made ahead by a thread: the same as without, and no thread outlives its iterator."""

import concurrent.futures.thread
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn import steady_threads
from tinygrad_cnn.data import DataLoader, worker_threads
from tinygrad_cnn.data.prefetch import prefetched
from tinygrad_cnn.data.worker_threads import OtherThread, in_order
from tinygrad_cnn.errors import ArgumentError, DTypeError


@pytest.fixture(autouse=True)
def no_thread_stays():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


class Rows:
    """A dataset that notes who asked for what, and fails at one sample."""

    def __init__(self, size, fails_at=None):
        self.size, self.fails_at = size, fails_at
        self.asked, self.threads = [], set()

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        self.asked.append(index)
        self.threads.add(threading.current_thread())
        if index == self.fails_at:
            raise OSError(f"sample {index} is broken")
        return np.full(3, index, np.float32), index


@pytest.mark.parametrize("least", [0, 1])
def test_where_no_thread_can_be_had_the_callers_does_all(monkeypatch, caplog, least):
    starts, start = [], threading.Thread.start

    def few(thread):
        starts.append(thread)
        if len(starts) > least:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", few)
    assert [result() for result in in_order(abs, range(-20, 0), workers=3)] == list(range(20, 0, -1))
    starts[:] = [None] * least
    found = list(DataLoader(np.arange(6), 2, prefetch=2))
    assert np.array_equal(np.concatenate([np.ravel(batch) for batch in found]), np.arange(6))
    told = [record.getMessage() for record in caplog.records]
    assert any("ahead" in line for line in told) and any("one thread" in line for line in told)


@given(
    size=st.integers(0, 30), batch_size=st.integers(1, 8), shuffle=st.booleans(), drop_last=st.booleans(),
    prefetch=st.integers(1, 5), arrays=st.booleans(),
)  # fmt: skip
def test_order_and_values_are_those_without_prefetch(
    size, batch_size, shuffle, drop_last, prefetch, arrays
):
    dataset = np.arange(size) if arrays else Rows(size)
    plain = DataLoader(dataset, batch_size, shuffle, drop_last, rng=3)
    ahead = DataLoader(dataset, batch_size, shuffle, drop_last, rng=3, prefetch=prefetch)
    assert len(plain) == len(ahead)
    for _ in range(2):  # the second epoch's order follows from the generator's state after the first
        for here, there in zip(plain, ahead, strict=True):
            for x, y in zip(here, there, strict=True):
                assert x.dtype == y.dtype and np.array_equal(x, y)
    assert plain.rng.bit_generator.state == ahead.rng.bit_generator.state


def test_one_other_thread_does_the_work_and_stays_so_far_ahead():
    dataset = Rows(40)
    batches = iter(DataLoader(dataset, 2, prefetch=3))
    next(batches)
    deadline = time.monotonic() + 10
    while len(dataset.asked) < 10 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.05)  # time in which a thread without bounds would go on
    # One batch taken, three waiting, and one made that waits for room.
    assert dataset.asked == list(range(10))
    batches.close()
    assert len(dataset.threads) == 1 and threading.current_thread() not in dataset.threads


@pytest.mark.parametrize("prefetch", [0, 1, 4])
def test_an_exception_comes_in_place_of_its_batch(prefetch):
    batches = iter(DataLoader(Rows(12, fails_at=7), 2, prefetch=prefetch))
    assert [next(batches)[1].tolist() for _ in range(3)] == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(OSError, match="sample 7 is broken") as caught:
        next(batches)
    assert any(entry.name == "__getitem__" for entry in caught.traceback)
    with pytest.raises(StopIteration):
        next(batches)


@pytest.mark.parametrize("taken", [0, 1, 3])
@pytest.mark.parametrize("prefetch", [1, 2, 50])
def test_an_abandoned_iterator_stops_its_thread(taken, prefetch):
    dataset = Rows(1000)
    batches = iter(DataLoader(dataset, 1, prefetch=prefetch))
    for _ in range(taken):
        next(batches)
    del batches  # the fixture sees whether the thread is gone
    asked = len(dataset.asked)
    assert asked <= taken + prefetch + 1
    time.sleep(0.01)
    assert len(dataset.asked) == asked


def test_break_ends_the_epoch_and_the_next_begins_anew():
    loader = DataLoader(np.arange(100), 5, prefetch=2)
    for _ in range(20):
        for (batch,) in loader:
            assert batch[0] == 0
            break
    assert sum(len(batch) for (batch,) in loader) == 100


def test_two_epochs_side_by_side():
    loader = DataLoader(np.arange(20), 3, prefetch=2)
    for (x,), (y,) in zip(loader, loader, strict=True):
        assert np.array_equal(x, y)


def test_the_context_of_the_caller_holds_in_the_thread():
    def items():
        yield np.geterr()["divide"]

    with np.errstate(divide="raise"):
        assert list(prefetched(items(), 1)) == ["raise"]


def test_an_iterator_left_half_way_does_not_hold_up_the_end_of_the_program():
    code = (
        "import numpy as np; from tinygrad_cnn.data import DataLoader\n"
        "batches = iter(DataLoader(np.arange(100), 1, prefetch=2)); print(next(batches))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stderr == "" and "array([0])" in done.stdout


def test_wrong_arguments():
    with pytest.raises(ArgumentError, match="DataLoader: prefetch must be at least 0, got -1"):
        DataLoader(np.arange(3), prefetch=-1)
    for bad in (True, 1.5, None):
        with pytest.raises(DTypeError, match="DataLoader: prefetch must be an integer"):
            DataLoader(np.arange(3), prefetch=bad)


#: Python's own queues, futures and threads: their locks are Python code, which an exception may end half
#: way. And what starts threads here.
LOCKING = (
    queue.__file__, concurrent.futures._base.__file__, concurrent.futures.thread.__file__,
    threading.__file__, steady_threads.__file__,
)  # fmt: skip


def late(item):
    time.sleep(0.001)  # so that it is waited for
    return item


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda: prefetched(iter(range(4)), 1), id="one"),
        pytest.param(lambda: in_order(late, range(2), 2), id="several", marks=pytest.mark.slow),
    ],
)
def test_an_exception_where_another_thread_is_waited_for_leaves_no_lock_taken(read):
    """As a signal's handler raises it, at each instruction of the queues and futures of Python."""

    class StopError(Exception):
        pass

    def interrupted(at):
        passed, before = 0, sys.gettrace()

        def step(frame, event, argument):
            nonlocal passed
            passed += event == "opcode"
            if passed == at:
                sys.settrace(None)
                raise StopError
            return step

        def begun(frame, event, argument):
            callers = (frame, frame.f_back)
            if frame.f_code.co_name == "_remove":  # of a WeakSet: Python drops what is raised there
                return None
            if not any(one is not None and one.f_code.co_filename in LOCKING for one in callers):
                return None
            frame.f_trace_opcodes = True
            return step

        sys.settrace(begun)
        try:
            for result in read():
                result() if callable(result) else None
            finished.append(at)
        except StopError:
            pass
        finally:
            sys.settrace(before)

    finished, before = [], set(threading.enumerate())
    for at in range(1, 4000, 2):
        thread = threading.Thread(target=interrupted, args=(at,), daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), at
        if finished:
            break
    deadline = time.monotonic() + 10  # a start that was interrupted may be under way, in vain
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.001)


def test_no_code_of_pools_and_futures_runs_where_a_signal_may_raise():
    """It runs in a thread of its own: else a lock stays taken, and the end of the pool waits for ever."""
    assert concurrent.futures.ProcessPoolExecutor  # Python imports it when it is first asked for
    before, ran = sys.getprofile(), set()

    def note(frame, event, argument):
        ran.add(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        batches = list(DataLoader(np.arange(4), 2, num_workers=2))
        next(iter(DataLoader(np.arange(4), 2, num_workers=1)))  # and is left half way
    finally:
        sys.setprofile(before)
    assert [x.tolist() for (x,) in batches] == [[0, 1], [2, 3]]
    assert OtherThread.call.__code__.co_filename in ran
    assert not [name for name in ran if Path(name).parent == Path(concurrent.futures.__file__).parent]


def test_calls_that_no_thread_has_begun_are_made_at_the_end() -> None:
    made: list[int] = []
    threads = worker_threads._Threads(0)
    for k in range(2):
        threads.ask(worker_threads._Call(lambda k=k: made.append(k)))
    threads.end()
    assert made == [0, 1]
