"""Samples made into batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.creating import tensor
from tinygrad_cnn.torch.tensors import Tensor


def default_collate(batch: Any) -> Any:
    """Tensors stacked, numbers as tensors, tuples and dicts part by part, text as it is.

    >>> default_collate([(1, 2.0), (3, 4.0)])
    [tensor([1, 3]), tensor([2., 4.], dtype=torch.float64)]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        if any(x.requires_grad for x in batch):
            return F.stack(list(batch))
        return Tensor.detached(_stacked([x._array for x in batch]))
    if isinstance(first, np.ndarray):
        return Tensor.detached(_stacked(batch))
    if isinstance(first, np.generic):
        return Tensor.detached(np.asarray(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=np.float64)
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return list(batch) if not isinstance(batch, list) else batch
    if isinstance(first, Mapping):
        return type(first)({key: default_collate([d[key] for d in batch]) for key in first})  # type: ignore[call-arg]
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(list(part)) for part in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return [default_collate(list(part)) for part in zip(*batch, strict=True)]
    raise TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {type(first)}"
    )


def _stacked(arrays: Any) -> Any:
    for k, array in enumerate(arrays):
        if array.shape != arrays[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(arrays[0].shape)} at entry 0 "
                f"and {list(array.shape)} at entry {k}"
            )
    return np.stack(arrays)


def default_convert(data: Any) -> Any:
    """Arrays as tensors, in whatever holds them.

    >>> default_convert(np.ones(1))
    tensor([1.], dtype=torch.float64)
    """
    if isinstance(data, (np.ndarray, np.generic)):
        return Tensor.detached(np.asarray(data))
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Mapping):
        return {key: default_convert(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [default_convert(value) for value in data]
    return data
