"""`torch.distributed`: one process; programs that ask are told so, and go on."""

from __future__ import annotations

from tinygrad_cnn.torch.refusals import guard

__all__ = ["get_rank", "get_world_size", "is_available", "is_initialized", "is_torchelastic_launched"]


def is_available() -> bool:
    """No.

    >>> is_available(), is_initialized()
    (False, False)
    """
    return False


is_initialized = is_torchelastic_launched = is_available
is_nccl_available = is_gloo_available = is_mpi_available = is_available


def get_rank(group: object = None) -> int:
    """There are no ranks.

    Raises:
        ValueError: always, as in a PyTorch program that started no process group.
    """
    raise ValueError("Default process group has not been initialized; a program runs in one process here")


get_world_size = get_rank
__getattr__ = guard("torch.distributed", globals())
