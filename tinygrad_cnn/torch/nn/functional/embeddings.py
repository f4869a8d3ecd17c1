"""Rows of tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.autograd import Function
from tinygrad_cnn.torch.tensors import Tensor


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """Rows of a table; with `max_norm` those that are longer are shortened in the table first."""
    if max_norm is not None:
        _shorten(weight, input._array, float(max_norm), float(norm_type))
    rows = F.embedding(input, weight, padding_idx)
    return _Shared.apply(rows, input) if scale_grad_by_freq else rows


def _shorten(weight: Any, places: Any, most: float, order: float) -> None:
    table, used = weight._writable(), np.unique(places)
    size = np.linalg.norm(table[used], order, axis=-1, keepdims=True)
    table[used] *= np.where(size > most, most / (size + 1e-7), 1).astype(table.dtype)


class _Shared(Function):
    """Rows as they are; the gradient of a row over the number of its places in the batch."""

    @staticmethod
    def forward(ctx: Any, rows: Any, input: Any) -> Any:
        _, inverse, counts = np.unique(input._array, return_inverse=True, return_counts=True)
        ctx.counts = counts[inverse].reshape(input._array.shape).astype(rows._array.dtype)
        return rows.clone()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g / Tensor.detached(ctx.counts[..., None]), None


def embedding_bag(
    input: Any, weight: Any, offsets: Any = None, max_norm: Any = None, norm_type: float = 2,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Any = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """Rows of a table summed, averaged, or their largest elements, bag by bag."""
    if scale_grad_by_freq:
        raise NotImplementedError("embedding_bag: scale_grad_by_freq is left out; `embedding` has it")
    if max_norm is not None:
        _shorten(weight, input._array, float(max_norm), float(norm_type))
    return F.embedding_bag(
        input, weight, offsets, mode, per_sample_weights=per_sample_weights,
        include_last_offset=include_last_offset, padding_idx=padding_idx,
    )  # fmt: skip


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Vectors with a 1 at the label."""
    n = int(tensor._array.max()) + 1 if num_classes == -1 else num_classes
    if tensor._array.size and not 0 <= tensor._array.min() <= tensor._array.max() < n:
        raise RuntimeError("Class values must be non-negative and smaller than num_classes.")
    return F.one_hot(tensor, n)
