"""Datasets that are gone through from the beginning, without a length or an index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any


class IterableDataset(ABC):
    """A stream of samples: lines of a file, rows of a query, draws of a simulation.

    A class of your own needs `__iter__`; each `for` loop of a `DataLoader` over it is an epoch. With
    worker processes each of them goes through the whole stream, unless `__iter__` asks
    `get_worker_info()` which part is its own.

    >>> class Squares(IterableDataset):
    ...     def __iter__(self): return (float(k * k) for k in range(5))
    >>> from tinygrad_cnn.data import DataLoader
    >>> [batch.tolist() for batch, in DataLoader(Squares(), batch_size=2)]
    [[0.0, 1.0], [4.0, 9.0], [16.0]]
    """

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        """The samples of one epoch."""
