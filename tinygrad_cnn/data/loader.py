"""Batches of a dataset, in a new order each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.dataset import ArrayDataset, Dataset
from tinygrad_cnn.data.prefetch import prefetched
from tinygrad_cnn.data.stream import StreamedDataset, stack
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.rng import Seed, generator

Array = NDArray[Any]


class DataLoader:
    """The samples of a dataset in batches: each `for` loop over it is one epoch.

    Args:
        dataset: an `ArrayDataset`; an array, or a tuple of arrays with the same first size; or
            anything with `__len__` and `__getitem__`, whose samples are stacked; a `StreamedDataset`
            makes its batches itself, some of them perhaps with fewer samples.
        batch_size: samples per batch, at least 1; the last batch may have fewer.
        shuffle: draw a new order for each epoch; otherwise samples come as they lie.
        drop_last: leave out a last batch that would have fewer samples.
        rng: a generator or a seed, which fixes all orders; the default generator if None.
        prefetch: number of batches that a thread makes ahead of their use; 0 makes each when it is
            asked for. Order and values are the same. A dataset that draws at random must then draw
            from a generator of its own, because the rest of the program goes on meanwhile.
    Attributes:
        rng: the generator in use, or None for the default one; its state decides the next order.
    Raises:
        DTypeError: an argument of another type.   ArgumentError: batch_size below 1 or prefetch below 0.

    Each batch is a tuple of new arrays, so writing to a batch changes no sample.

    >>> loader = DataLoader((np.arange(5), np.arange(5) * 10), batch_size=2)
    >>> [labels.tolist() for _, labels in loader]
    [[0, 10], [20, 30], [40]]
    """

    def __init__(
        self,
        dataset: Dataset | Array | tuple[Array, ...],
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        rng: Seed = None,
        prefetch: int = 0,
    ) -> None:
        for name, number, least in (("batch_size", batch_size, 1), ("prefetch", prefetch, 0)):
            if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
                raise DTypeError(f"DataLoader: {name} must be an integer, got {number!r}")
            if number < least:
                raise ArgumentError(f"DataLoader: {name} must be at least {least}, got {number}")
        for name, flag in (("shuffle", shuffle), ("drop_last", drop_last)):
            if not isinstance(flag, (bool, np.bool_)):
                raise DTypeError(f"DataLoader: {name} must be True or False, got {flag!r}")
        self.dataset = _as_dataset(dataset)
        self.batch_size = int(batch_size)
        self.shuffle = bool(shuffle)
        self.drop_last = bool(drop_last)
        self.prefetch = int(prefetch)
        # The default generator is looked up at each epoch: manual_seed may have replaced it.
        self.rng = None if rng is None else generator(rng)

    def __len__(self) -> int:
        """Number of batches in an epoch.

        >>> len(DataLoader(np.zeros(5), 2)), len(DataLoader(np.zeros(5), 2, drop_last=True))
        (3, 2)
        """
        N = len(self.dataset)
        return N // self.batch_size if self.drop_last else -(-N // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        """The batches of one epoch, each a tuple of arrays (batch size, ...).

        Raises:
            ShapeError: samples that cannot be stacked. With `prefetch` too, an error comes in place
                of the batch that it belongs to.
        """
        N, count = len(self.dataset), len(self)
        order = generator(self.rng).permutation(N) if self.shuffle else np.arange(N)
        starts = range(0, count * self.batch_size, self.batch_size)
        chosen = (order[start : start + self.batch_size] for start in starts)
        if isinstance(self.dataset, StreamedDataset):
            batches = self.dataset.batches(chosen)
        else:
            # A generator, not map: StopIteration from a dataset must not look like the end of the data.
            batches = (self._batch(indices) for indices in chosen)
        yield from prefetched(batches, self.prefetch) if self.prefetch else batches

    def _batch(self, chosen: Array) -> tuple[Array, ...]:
        if isinstance(self.dataset, ArrayDataset):
            return self.dataset[chosen]
        samples = [self.dataset[int(i)] for i in chosen]
        return stack("DataLoader", [row if isinstance(row, tuple) else (row,) for row in samples])


def _as_dataset(dataset: Any) -> Dataset:
    """Arrays as an ArrayDataset, and anything else that is a dataset as it is."""
    if isinstance(dataset, np.ndarray):
        return ArrayDataset(dataset)
    if isinstance(dataset, tuple):
        return ArrayDataset(*dataset)
    if isinstance(dataset, Dataset):
        return dataset
    raise DTypeError(
        "DataLoader: a dataset with __len__ and __getitem__, an array or a tuple of arrays fits, "
        f"got {type(dataset).__name__}"
    )
