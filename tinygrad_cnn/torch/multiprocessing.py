"""`torch.multiprocessing`: Python's processes, which begin as copies of this one, with shared tensors.

A tensor or a module after `share_memory_()` or `share_memory()` lies in memory that processes started later
share. Processes are forked where the system can, whatever start method a program asks for: other methods are
asked for because of CUDA.
"""

from __future__ import annotations

import mmap
import multiprocessing as _python
import sys
from typing import Any

import numpy as np

from tinygrad_cnn.torch.refusals import guard

CONTEXT: Any = _python.get_context("fork" if "fork" in _python.get_all_start_methods() else None)
Process, Queue, SimpleQueue, JoinableQueue = (
    CONTEXT.Process,
    CONTEXT.Queue,
    CONTEXT.SimpleQueue,
    CONTEXT.JoinableQueue,
)
Event, Lock, RLock, Semaphore, Barrier = (
    CONTEXT.Event,
    CONTEXT.Lock,
    CONTEXT.RLock,
    CONTEXT.Semaphore,
    CONTEXT.Barrier,
)
Condition, Manager, Pipe, Pool, Value, Array = (
    CONTEXT.Condition, CONTEXT.Manager, CONTEXT.Pipe, CONTEXT.Pool, CONTEXT.Value, CONTEXT.Array,
)  # fmt: skip
cpu_count, current_process, active_children = (
    CONTEXT.cpu_count,
    _python.current_process,
    _python.active_children,
)
get_all_start_methods, freeze_support = _python.get_all_start_methods, _python.freeze_support


class ProcessException(Exception):  # noqa: N818  # PyTorch's name
    """A started process failed."""


ProcessRaisedException = ProcessExitedException = ProcessException


def get_context(method: str | None = None) -> Any:
    """Python's context that starts processes; always the same.

    >>> get_context("spawn") is get_context()
    True
    """
    return CONTEXT


def set_start_method(method: str | None, force: bool = False) -> None:
    """Nothing: processes are started in one way."""


def get_start_method(allow_none: bool = False) -> str:
    """Name the way in which processes are started."""
    return str(CONTEXT.get_start_method())


def set_sharing_strategy(new_strategy: str) -> None:
    """Nothing: memory is shared in one way."""


def get_sharing_strategy() -> str:
    """'file_system'."""
    return "file_system"


def get_all_sharing_strategies() -> set[str]:
    """One."""
    return {"file_system"}


def shared(array: Any) -> Any:
    """A copy of an array in memory that processes started later share.

    >>> shared(np.ones(2)).tolist()
    [1.0, 1.0]
    """
    if not array.size:
        return array
    made = np.frombuffer(mmap.mmap(-1, array.nbytes), array.dtype).reshape(array.shape)
    made[...] = array
    return made


def is_shared(tensor: Any) -> bool:
    """Whether a tensor lies in such memory."""
    base = tensor._array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap) or isinstance(getattr(base, "obj", None), mmap.mmap)


def start_processes(
    fn: Any,
    args: Any = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> Any:
    """Call a function in several processes with their number before the arguments, and wait for them.

    Raises:
        ProcessException: one of them failed.
    """
    processes = [Process(target=fn, args=(rank, *args), daemon=daemon) for rank in range(nprocs)]
    sys.stdout.flush()
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    failed = [(rank, p.exitcode) for rank, p in enumerate(processes) if p.exitcode]
    if failed:
        raise ProcessException(f"process {failed[0][0]} ended with status {failed[0][1]}")
    return None


#: In PyTorch's words the one that starts a new Python each time; here processes are started in one way.
spawn = start_processes


__getattr__ = guard("torch.multiprocessing", globals())
