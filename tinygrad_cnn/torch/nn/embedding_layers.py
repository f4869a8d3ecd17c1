"""Embeddings, and bags of them."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.nn import functional, init
from tinygrad_cnn.torch.nn.making import made, options_of

CLASSES: dict[str, Any] = {}


def _embedding_init(
    self: Any, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: Any = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Any = None,
    _freeze: bool = False, device: Any = None, dtype: Any = None,
) -> None:  # fmt: skip
    native: Any = native_nn.Embedding
    options = options_of(native, {"device": device, "dtype": dtype})
    native.__init__(self, num_embeddings, embedding_dim, padding_idx, **options)
    self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
    if _weight is None:
        self.reset_parameters()
    else:
        self.weight.data = _weight
        self.weight.requires_grad_(not _freeze)


def _embedding_start(self: Any) -> None:
    init.normal_(self.weight)
    if self.padding_idx is not None:
        self.weight._writable()[self.padding_idx] = 0


def _embedding_forward(self: Any, input: Any) -> Any:
    if self.max_norm is None and not self.scale_grad_by_freq:
        return native_nn.Embedding.forward(self, input)
    return functional.embedding(
        input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
    )


def _from_pretrained(
    cls: Any, embeddings: Any, freeze: bool = True, padding_idx: int | None = None, max_norm: Any = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Any:  # fmt: skip
    rows, columns = embeddings._array.shape
    return cls(
        rows,
        columns,
        padding_idx,
        max_norm,
        norm_type,
        scale_grad_by_freq,
        _weight=embeddings,
        _freeze=freeze,
    )


CLASSES["Embedding"] = made(
    "Embedding",
    __init__=_embedding_init,
    reset_parameters=_embedding_start,
    forward=_embedding_forward,
    max_norm=None,
    scale_grad_by_freq=False,
    from_pretrained=classmethod(_from_pretrained),
)


def _bag_init(
    self: Any, num_embeddings: int, embedding_dim: int, max_norm: Any = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Any = None,
    include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None,
) -> None:  # fmt: skip
    native: Any = native_nn.EmbeddingBag
    options = options_of(native, {"device": device, "dtype": dtype})
    native.__init__(self, num_embeddings, embedding_dim, mode, include_last_offset, padding_idx, **options)
    self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
    if _weight is None:
        self.reset_parameters()
    else:
        self.weight.data = _weight


def _bag(self: Any, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
    return functional.embedding_bag(
        input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
        per_sample_weights=per_sample_weights, include_last_offset=self.include_last_offset, padding_idx=self.padding_idx,
    )  # fmt: skip


CLASSES["EmbeddingBag"] = made(
    "EmbeddingBag", __init__=_bag_init, reset_parameters=_embedding_start, forward=_bag,
    max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
)  # fmt: skip
