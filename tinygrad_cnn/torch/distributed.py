"""`torch.distributed` for a group of one process: what it gathers, sums or sends is what that process has."""

from __future__ import annotations

import os
from typing import Any

from tinygrad_cnn.torch.refusals import guard

__all__ = [
    "ReduceOp", "all_gather", "all_gather_object", "all_reduce", "barrier", "broadcast", "broadcast_object_list",
    "destroy_process_group", "gather", "get_backend", "get_rank", "get_world_size", "init_process_group",
    "is_available", "is_initialized", "is_torchelastic_launched", "reduce", "scatter",
]  # fmt: skip
#: The name of the way that processes of the group would speak, while there is a group.
_backend: list[str] = []


class ReduceOp:
    """The ways to make one number of several processes'; of one process they stay as they are."""

    SUM, AVG, PRODUCT, MIN, MAX = "SUM", "AVG", "PRODUCT", "MIN", "MAX"


class Work:
    """The answer of a call with `async_op=True`: it is done."""

    def wait(self, timeout: Any = None) -> bool:
        """Yes.

        >>> Work().wait(), Work().is_completed()
        (True, True)
        """
        return True

    def is_completed(self) -> bool:
        """Yes."""
        return True


def is_available() -> bool:
    """Yes, for one process.

    >>> is_available(), is_initialized()
    (True, False)
    """
    return True


is_gloo_available = is_available


def is_torchelastic_launched() -> bool:
    """No."""
    return False


is_nccl_available = is_mpi_available = is_torchelastic_launched


def is_initialized() -> bool:
    """Whether the program started its group."""
    return bool(_backend)


def init_process_group(
    backend: Any = None, init_method: Any = None, timeout: Any = None, world_size: int = -1, rank: int = -1,
    store: Any = None, group_name: str = "", pg_options: Any = None, device_id: Any = None,
) -> None:  # fmt: skip
    """Start the group of this one process.

    Args:
        backend, init_method, ...: as in PyTorch; nothing is opened.
        world_size, rank: how many processes, and which of them; else WORLD_SIZE and RANK of the environment.
    Raises:
        ValueError: neither arguments nor environment say how many; or the group was started before.
        RuntimeError: more than one process.

    >>> init_process_group("gloo", world_size=1, rank=0); get_rank(), get_world_size()
    (0, 1)
    >>> destroy_process_group()
    """
    if _backend:
        raise ValueError("trying to initialize the default process group twice!")
    if world_size < 0 or rank < 0:
        for name in ("RANK", "WORLD_SIZE"):
            if name not in os.environ:
                raise ValueError(
                    "Error initializing torch.distributed using env:// rendezvous: environment variable "
                    f"{name} expected, but not set"
                )
        world_size, rank = int(os.environ["WORLD_SIZE"]), int(os.environ["RANK"])
    if (world_size, rank) != (1, 0):
        raise RuntimeError(
            f"torch.distributed: rank {rank} of {world_size} processes is left out, a program runs in one process "
            "here; tinygrad_cnn.parallel trains a native network on several"
        )
    _backend.append(str(backend or "gloo"))


def destroy_process_group(group: Any = None) -> None:
    """End the group."""
    _started()
    _backend.clear()


def _started() -> None:
    if not _backend:
        raise ValueError(
            "Default process group has not been initialized, please make sure to call init_process_group."
        )


def get_rank(group: Any = None) -> int:
    """0.

    Raises:
        ValueError: the program started no group.
    """
    _started()
    return 0


def get_world_size(group: Any = None) -> int:
    """1.

    Raises:
        ValueError: the program started no group.
    """
    _started()
    return 1


def get_backend(group: Any = None) -> str:
    """The name that the group was started with."""
    _started()
    return _backend[0]


def _unchanged(called: str, words: str) -> Any:
    def function(*_: Any, async_op: bool = False, **__: Any) -> Any:
        _started()
        return Work() if async_op else None

    function.__name__, function.__doc__ = called, words
    return function


all_reduce = _unchanged("all_reduce", "The sum over one process: the tensor stays as it is.")
reduce = _unchanged("reduce", "The sum over one process: the tensor stays as it is.")
broadcast = _unchanged("broadcast", "What rank 0 has, which is this process: the tensor stays as it is.")
broadcast_object_list = _unchanged("broadcast_object_list", "What rank 0 has: the list stays as it is.")
barrier = _unchanged("barrier", "Wait for all others: there are none.")


def all_gather(tensor_list: Any, tensor: Any, group: Any = None, async_op: bool = False) -> Any:
    """Gather what each process has: the one tensor, copied into the first of the list."""
    _started()
    tensor_list[0].copy_(tensor)
    return Work() if async_op else None


def gather(
    tensor: Any, gather_list: Any = None, dst: int = 0, group: Any = None, async_op: bool = False
) -> Any:
    """Gather what each process has, on rank `dst`, which is this one."""
    return all_gather(gather_list, tensor, group, async_op)


def scatter(
    tensor: Any, scatter_list: Any = None, src: int = 0, group: Any = None, async_op: bool = False
) -> Any:
    """The part of the list for this process: its first."""
    return all_gather([tensor], scatter_list[0], group, async_op)


def all_gather_object(object_list: Any, obj: Any, group: Any = None) -> None:
    """Gather what each process has: the one object."""
    _started()
    object_list[0] = obj


__getattr__ = guard("torch.distributed", globals())
