"""`torch.nn.parallel`: on one CPU a module runs as it is."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from tinygrad_cnn.torch import distributed
from tinygrad_cnn.torch.nn.containers import DataParallel as DataParallel
from tinygrad_cnn.torch.refusals import guard

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]


class DistributedDataParallel(DataParallel):
    """A module whose gradients PyTorch would average over processes; here there is one.

    Args:
        module: what is trained.   device_ids, ...: as in PyTorch; nothing is moved.
    Raises:
        ValueError: the program started no process group.
    """

    def __init__(
        self, module: Any, device_ids: Any = None, output_device: Any = None, *_: Any, **__: Any
    ) -> None:
        distributed.get_rank()
        super().__init__(module, device_ids, output_device)

    def no_sync(self) -> Any:
        """A block in which nothing would be averaged."""
        return nullcontext()


def data_parallel(
    module: Any,
    inputs: Any,
    device_ids: Any = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: Any = None,
) -> Any:
    """The result of the module.

    >>> data_parallel(abs, -1)
    1
    """
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


__getattr__ = guard("torch.nn.parallel", globals())
