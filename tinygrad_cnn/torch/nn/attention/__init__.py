"""`torch.nn.attention`: kernels of attention that programs choose among; here there is one."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinygrad_cnn.torch.nn.attention import bias as bias
from tinygrad_cnn.torch.refusals import guard as _guard

__all__ = ["SDPBackend", "bias", "sdpa_kernel"]


class SDPBackend(enum.Enum):
    """PyTorch's kernels of attention, by name."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends: Any, set_priority: bool = False) -> Iterator[None]:
    """Choose among kernels of attention: whatever is chosen, the one that is here serves.

    Args:
        backends: a `SDPBackend`, or a list of them.
    Raises:
        AssertionError: it is neither.

    >>> with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]):
    ...     pass
    """
    for backend in [backends] if isinstance(backends, SDPBackend) else backends:
        if not isinstance(backend, SDPBackend):
            raise AssertionError(f"sdpa_kernel: a SDPBackend or a list of them fits, got {backends!r}")
    yield


__getattr__ = _guard("torch.nn.attention", globals())
