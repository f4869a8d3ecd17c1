"""`torch.nn.attention.bias`: masks of attention that let each place see what comes before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Tensor

__all__ = ["causal_lower_right", "causal_upper_left"]


def causal_upper_left(*size: int) -> Any:
    """The mask of queries by keys in which query i sees the keys up to i.

    >>> causal_upper_left(2, 3)
    tensor([[ True, False, False],
            [ True,  True, False]])
    """
    return _causal("causal_upper_left", size, 0)


def causal_lower_right(*size: int) -> Any:
    """The mask of queries by keys in which the last query sees all keys.

    >>> causal_lower_right(2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    return _causal("causal_lower_right", size, None)


def _causal(called: str, size: tuple[int, ...], offset: int | None) -> Any:
    if len(size) != 2:
        raise RuntimeError(f"{called} only supports 2D tensors, got {len(size)} sizes")
    return Tensor.detached(np.tri(*size, size[1] - size[0] if offset is None else offset, dtype=bool))


__getattr__ = _guard("torch.nn.attention.bias", globals())
