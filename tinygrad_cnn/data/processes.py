"""Batches made by worker processes, in order, the same for any number of them."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_cnn.data.worker_threads import OtherThread
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.rng import find_generators, manual_seed

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor


class WorkerInfo(NamedTuple):
    """This worker process: its number from 0, how many there are, and the seed of its epoch."""

    id: int
    num_workers: int
    seed: int


#: What a worker process keeps between batches: its number, the dataset, and how samples are put together.
_info: WorkerInfo | None = None
_dataset: Any = None
_collate: Any = None
_samples: Iterator[Any] | None = None


def get_worker_info() -> WorkerInfo | None:
    """Tell which worker process of a `DataLoader` this is; None in the main program.

    >>> get_worker_info()
    """
    return _info


def batches_of_processes(
    dataset: Any, chosen: Iterable[list[int]] | None, collate: Callable[[list[Any]], Any], workers: int, *,
    ahead: int, seed: int, size: int, drop_last: bool, start_method: str | None, begin: Any,
) -> Iterator[Any]:  # fmt: skip
    """The batches of one epoch, made by processes, in order.

    Batch k comes from process k modulo their number. Before a batch is made, the default generator,
    each generator that the dataset holds, and those of Python's `random` and NumPy's old functions are
    seeded by the epoch's seed and the number of the batch, so that results do not depend on how many
    processes there are, and no two batches draw the same.

    Args:
        dataset: samples by index, or a stream if `chosen` is None.   chosen: the indices of each batch.
        collate: puts samples together.   workers: processes.   ahead: batches each makes in advance.
        seed: of the epoch.   size, drop_last: of batches of a stream.
        start_method: 'fork', 'spawn' or 'forkserver'; None for Python's own choice.
        begin: called in each process with its number, first of all; None calls nothing.
    """
    # Here, as most programs never need them: they load sockets and pickling, which a browser lacks.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context(start_method)
    pools: list[ProcessPoolExecutor] = []
    waiting: deque[Future[tuple[bool, Any]]] = deque()
    numbers, ended = count(), set[int]()
    work = iter(chosen) if chosen is not None else None

    def begin_all() -> None:
        for k in range(workers):
            first = (WorkerInfo(k, workers, seed), dataset, collate, begin)
            pools.append(ProcessPoolExecutor(1, context, _start, first))

    def end_all() -> None:
        for pool in pools:
            pool.shutdown(wait=True, cancel_futures=True)

    # The locks of pools and futures are Python code: a signal's handler that raises right after one was
    # taken leaves it taken, and the end of the pool waits for ever. So a thread of its own uses them. This
    # one waits meanwhile, and holds nothing that a process forked there could miss.
    there = OtherThread(end_all)

    def ask() -> None:
        number = next(numbers)
        submit = partial(there.call, pools[number % workers].submit)
        if work is None:
            waiting.append(submit(_next_batch, seed, number, size, drop_last))
        elif (indices := next(work, None)) is not None:
            waiting.append(submit(_batch, seed, number, indices))

    with Restoring(lambda: there.call(begin_all), there.leave):
        try:
            for _ in range(workers * ahead):
                ask()
            for turn in count():
                if not waiting:
                    return
                found, made = there.call(waiting.popleft().result)
                if found:
                    yield made
                else:
                    ended.add(turn % workers)
                    if len(ended) == workers:
                        return
                ask()
        except BrokenProcessPool as error:
            raise RuntimeError(
                "DataLoader: a worker process ended at once, killed for its memory perhaps; num_workers=0 "
                "makes batches in the main process"
            ) from error


def _start(info: WorkerInfo, dataset: Any, collate: Any, begin: Any) -> None:
    """Prepare a process, before its first sample."""
    global _info, _dataset, _collate, _samples
    _info, _dataset, _collate, _samples = info, dataset, collate, None
    if begin is not None:
        begin(info.id)


def _seed(seed: int, number: int) -> None:
    """Seed whatever a dataset may draw from."""
    words = np.random.SeedSequence((seed, number)).generate_state(3)
    manual_seed(int(words[0]))
    random.seed(int(words[1]))
    np.random.seed(int(words[2]))
    for k, rng in enumerate(find_generators(dataset=_dataset, collate=_collate).values()):
        state = type(rng.bit_generator)(np.random.SeedSequence((seed, number, k))).state
        rng.bit_generator.state = state


def _batch(seed: int, number: int, indices: list[int]) -> tuple[bool, Any]:
    _seed(seed, number)
    try:
        return True, _collate([_dataset[i] for i in indices])
    except StopIteration as error:
        raise RuntimeError(f"DataLoader: StopIteration came from a sample of {indices[:10]}") from error


def _next_batch(seed: int, number: int, size: int, drop_last: bool) -> tuple[bool, Any]:
    """The next batch of a stream, or that there is none."""
    global _samples
    _seed(seed, number)
    if _samples is None:
        _samples = iter(_dataset)
    samples = list(islice(_samples, size))
    if not samples or (drop_last and len(samples) < size):
        return False, None
    return True, _collate(samples)
