"""`torch.nn.utils.rnn`: sequences of different lengths."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.nn import PackedSequence as PackedSequence
from tinygrad_cnn.nn import pack_padded_sequence as pack_padded_sequence
from tinygrad_cnn.nn import pack_sequence as pack_sequence
from tinygrad_cnn.nn import pad_packed_sequence as _pad_packed_sequence
from tinygrad_cnn.nn import pad_sequence as pad_sequence
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Tensor

__all__ = ["PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence"]


def pad_packed_sequence(
    sequence: Any, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Any, Any]:
    """Undo `pack_padded_sequence`: the padded sequences, and their lengths."""
    padded, lengths = _pad_packed_sequence(sequence, batch_first, padding_value, total_length)
    return padded, Tensor.detached(lengths)


__getattr__ = _guard("torch.nn.utils.rnn", globals())
