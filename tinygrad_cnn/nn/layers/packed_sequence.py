"""Sequences of different lengths, packed so that a recurrent layer computes no step that is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import choice, flag, flags, integer, operand, values
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence",
    "unpack_sequence",
]  # fmt: skip

Indices = NDArray[np.int64]


class PackedSequence(NamedTuple):
    """Sequences sorted by length, the longest first, with the elements of each step side by side.

    Attributes:
        data: (sum of the lengths, ...): all first elements, then all second ones, and so on.
        batch_sizes: (longest,) how many sequences have an element at each step.
        sorted_indices: (N,) which of the given sequences stands where; None if they were sorted.
        unsorted_indices: (N,) its inverse, or None.
    """

    data: Tensor
    batch_sizes: Indices
    sorted_indices: Indices | None = None
    unsorted_indices: Indices | None = None

    def steps(self) -> list[Tensor]:
        """The elements of each step: a list of (batch_sizes[t], ...)."""
        ends = np.cumsum(self.batch_sizes).tolist()
        return [self.data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def pack_padded_sequence(
    x: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack sequences that stand padded to one length in an array.

    Args:
        x: (T, N, ...), or (N, T, ...) with `batch_first`.   lengths: N integers of 1 to T.
        enforce_sorted: insist that the lengths fall; False sorts the sequences, and remembers how.
    Returns:
        A PackedSequence.
    Raises:
        ShapeError: x has fewer than 2 axes, or as many lengths as sequences are not given.
        ArgumentError: a length outside 1 to T, or lengths that rise with `enforce_sorted`.
    Source: PyTorch's `nn.utils.rnn`.

    >>> pack_padded_sequence(np.array([[1.0, 4.0], [2.0, 0.0], [3.0, 0.0]]), [3, 1]).data.tolist()
    [1.0, 4.0, 2.0, 3.0]
    """
    name = "pack_padded_sequence"
    flags(name, batch_first=batch_first, enforce_sorted=enforce_sorted)
    x = operand(name, x)
    if x.ndim < 2:
        raise ShapeError(f"{name}: x has shape {x.shape}, at least 2 axes fit: step and sequence")
    if batch_first:
        x = F.swapaxes(x, 0, 1)
    sizes = np.asarray(values(lengths)).astype(np.int64)
    if sizes.shape != (x.shape[1],):
        raise ShapeError(f"{name}: lengths has shape {sizes.shape}, x has {x.shape[1]} sequences")
    if sizes.size == 0 or sizes.min() < 1 or sizes.max() > x.shape[0]:
        raise ArgumentError(f"{name}: lengths of 1 to {x.shape[0]} fit, got {sizes.tolist()}")
    order = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
        sizes, x = sizes[order], x[:, order]
    elif (np.diff(sizes) > 0).any():
        raise ArgumentError(f"{name}: lengths {sizes.tolist()} rise; sort them, or enforce_sorted=False")
    batch_sizes = (sizes[None] > np.arange(sizes[0])[:, None]).sum(axis=1)
    data = F.concatenate([x[t, :size] for t, size in enumerate(batch_sizes.tolist())])
    return PackedSequence(data, batch_sizes, order, None if order is None else np.argsort(order))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Indices]:  # fmt: skip
    """Undo `pack_padded_sequence`.

    Args:
        sequence: packed.   batch_first: give (N, T, ...) instead of (T, N, ...).
        padding_value: what stands after the end of a sequence.   total_length: T, at least the longest.
    Returns:
        The padded sequences in the order that was given to pack them, and their lengths.
    Raises:
        ArgumentError: total_length is below the longest sequence.
    Source: PyTorch's `nn.utils.rnn`.

    >>> packed = pack_sequence([np.array([1.0]), np.array([2.0, 3.0])], enforce_sorted=False)
    >>> pad_packed_sequence(packed, batch_first=True)[0].tolist()
    [[1.0, 0.0], [2.0, 3.0]]
    """
    flag("pad_packed_sequence", "batch_first", batch_first)
    longest, count = len(sequence.batch_sizes), int(sequence.batch_sizes[0])
    total = (
        longest if total_length is None else integer("pad_packed_sequence", "total_length", total_length)
    )
    if total < longest:
        raise ArgumentError(f"pad_packed_sequence: total_length {total} is below the longest, {longest}")
    rest = sequence.data.shape[1:]
    rows: list[Any] = [
        F.pad(step, [(0, count - len(step)), *[(0, 0)] * len(rest)], constant_values=padding_value)
        for step in sequence.steps()
    ]
    empty = np.full((count, *rest), padding_value, sequence.data.dtype)
    x: Tensor = F.stack([*rows, *[empty] * (total - longest)])
    lengths = (sequence.batch_sizes[:, None] > np.arange(count)).sum(axis=0)
    if sequence.unsorted_indices is not None:
        x, lengths = x[:, sequence.unsorted_indices], lengths[sequence.unsorted_indices]
    return (F.swapaxes(x, 0, 1) if batch_first else x), lengths


def pad_sequence(
    sequences: Sequence[Any], batch_first: bool = False, padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:  # fmt: skip
    """Stack sequences of different lengths, each padded to the longest.

    Args:
        sequences: each (length, ...), with the same axes after the first.
        batch_first: give (N, T, ...) instead of (T, N, ...).   padding_value: what is put in.
        padding_side: 'right' puts it after a sequence, 'left' before it.
    Returns:
        (T, N, ...) or (N, T, ...).
    Raises:
        ShapeError: no sequences, or different axes after the first.   ArgumentError: another side.
    Source: PyTorch's `nn.utils.rnn`.

    >>> pad_sequence([np.array([1.0]), np.array([2.0, 3.0])], batch_first=True).tolist()
    [[1.0, 0.0], [2.0, 3.0]]
    """
    flag("pad_sequence", "batch_first", batch_first)
    choice("pad_sequence", "padding_side", padding_side, ("right", "left"))
    given = _sequences("pad_sequence", sequences)
    longest = max(len(x) for x in given)
    missing = [longest - len(x) for x in given]
    before = [0 if padding_side == "right" else n for n in missing]
    rows = [
        F.pad(x, [(b, n - b), *[(0, 0)] * (x.ndim - 1)], constant_values=padding_value)
        for x, n, b in zip(given, missing, before, strict=True)
    ]
    return F.stack(rows, axis=0 if batch_first else 1)


def pack_sequence(sequences: Sequence[Any], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths.

    Args:
        sequences: each (length, ...).   enforce_sorted: as in `pack_padded_sequence`.
    Returns:
        A PackedSequence.
    Raises:
        ShapeError: no sequences, or different axes after the first.   ArgumentError: lengths that rise.
    Source: PyTorch's `nn.utils.rnn`.

    >>> pack_sequence([np.array([2.0, 3.0]), np.array([1.0])]).batch_sizes.tolist()
    [2, 1]
    """
    flag("pack_sequence", "enforce_sorted", enforce_sorted)
    given = _sequences("pack_sequence", sequences)
    lengths = [len(x) for x in given]
    return pack_padded_sequence(pad_sequence(given), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(sequence: PackedSequence) -> list[Tensor]:
    """Give back the sequences of a PackedSequence, each of its own length.

    Args:
        sequence: packed.
    Returns:
        A list of (length, ...), in the order in which they were packed.
    Source: PyTorch's `nn.utils.rnn`.

    >>> [x.tolist() for x in unpack_sequence(pack_sequence([np.array([2.0, 3.0]), np.array([1.0])]))]
    [[2.0, 3.0], [1.0]]
    """
    padded, lengths = pad_packed_sequence(sequence, batch_first=True)
    return [padded[k, :length] for k, length in enumerate(lengths.tolist())]


def _sequences(name: str, sequences: Sequence[Any]) -> list[Any]:
    """Operands of at least one axis, alike after the first."""
    given = [operand(name, x) for x in sequences]
    shapes = [x.shape for x in given]
    if not given or any(not shape or shape[1:] != shapes[0][1:] for shape in shapes):
        raise ShapeError(f"{name}: sequences alike after their first axis fit, got shapes {shapes}")
    return given
