"""`torch.nn.parallel`: on one CPU a module runs as it is."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch.nn.containers import DataParallel as DataParallel
from tinygrad_cnn.torch.refusals import guard

__all__ = ["DataParallel", "data_parallel"]


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
