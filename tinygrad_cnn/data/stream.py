"""Samples that are made when they are asked for, by several threads, the same for any number of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.transform import Transform
from tinygrad_cnn.data.worker_threads import in_order
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError

Array = NDArray[Any]


class StreamedDataset(ABC):
    """A dataset whose samples are read one by one, changed by a transform, and never kept.

    A class for samples of your own needs `__len__` and `read`. A `DataLoader` then draws batches
    from it: threads read a few samples ahead, in order, and memory holds those and no others.

    The random numbers that a transform draws for a sample depend on `seed`, on the number of the epoch
    and on the index of the sample, and on nothing else: order, batches and threads do not matter.

    Args:
        transform: changes the first field of each sample, the image; None changes nothing.
        seed: of the transform, at least 0.
        workers: threads that read and transform; 0 reads in the thread that asks.
    Attributes:
        epoch: the number of the next epoch, from 0. Each loop of a loader counts one; set it to
            repeat an epoch, or to go on where an earlier run stopped.
    Raises:
        DTypeError: an argument of another type.   ArgumentError: seed or workers below 0.

    >>> class Squares(StreamedDataset):
    ...     def __len__(self): return 5
    ...     def read(self, index): return np.float32(index**2), index
    >>> from tinygrad_cnn.data import DataLoader
    >>> [squares.tolist() for squares, _ in DataLoader(Squares(workers=2), batch_size=2)]
    [[0.0, 1.0], [4.0, 9.0], [16.0]]
    """

    def __init__(self, transform: Transform | None = None, seed: int = 0, workers: int = 0) -> None:
        name = type(self).__name__
        if transform is not None and not isinstance(transform, Transform):
            raise DTypeError(f"{name}: transform must be a Transform or None, got {transform!r}")
        for what, number in (("seed", seed), ("workers", workers)):
            if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
                raise DTypeError(f"{name}: {what} must be an integer, got {number!r}")
            if number < 0:
                raise ArgumentError(f"{name}: {what} must be at least 0, got {number}")
        self.transform = transform
        self.seed = int(seed)
        self.workers = int(workers)
        self.epoch = 0

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def read(self, index: int) -> tuple[Any, ...]:
        """The fields of one sample as they are before the transform, the image first.

        Called by several threads at once.

        Args:
            index: from 0 to the length less 1.
        """

    def __getitem__(self, index: Any, /) -> Any:
        """The sample at an index as the next epoch has it; a negative index counts from the end.

        Of a slice, or several indices (integers, or a bool for each sample), a dataset of those.

        Raises:
            IndexError: out of range.   DTypeError: another kind of index.
        """
        name, N = type(self).__name__, len(self)
        if isinstance(index, (slice, list, np.ndarray)):
            return self.subset(np.atleast_1d(np.arange(N)[index]))
        if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
            raise DTypeError(f"{name}: an integer fits as index, or several, got {index!r}")
        if not -N <= index < N:
            raise IndexError(f"{name}: index {index} is out of range for {N} samples")
        return self._sample(int(index) % N, self.epoch)

    def subset(self, indices: Array) -> StreamedDataset:
        """Some samples as a dataset of its own, with the same transform, seed and threads.

        Args:
            indices: (n,) integers from 0 to the length less 1.

        >>> images = Augmented(np.arange(24.0, dtype=np.float32).reshape(2, 3, 2, 2))
        >>> len(images.subset(np.array([1])))
        1
        """
        return StreamedSubset(self, indices)

    def batches(self, chosen: Iterable[Iterable[int]]) -> Iterator[tuple[Array, ...]]:
        """The batches of one epoch; `DataLoader` calls this.

        Args:
            chosen: the indices of each batch.
        Returns:
            An iterator of tuples of arrays (samples, ...), one per field. Threads start with the
            first batch asked for, and end with the last or when the iterator is closed.

        >>> images = Augmented(np.arange(24.0, dtype=np.float32).reshape(2, 3, 2, 2))
        >>> [batch.shape for batch, in images.batches([[0, 1], [1]])]
        [(2, 3, 2, 2), (1, 3, 2, 2)]
        """
        # The epoch is counted here and not at the first batch: two iterators must not share one.
        epoch, self.epoch = self.epoch, self.epoch + 1
        return self._batches([[int(i) for i in batch] for batch in chosen], epoch)

    def _batches(self, chosen: list[list[int]], epoch: int) -> Iterator[tuple[Array, ...]]:
        indices = (i for batch in chosen for i in batch)
        with closing(in_order(partial(self._sample, epoch=epoch), indices, self.workers)) as outcomes:
            for batch in chosen:
                samples = [self._take(i, next(outcomes)) for i in batch]
                whole = [sample for sample in samples if sample is not None]
                if whole:
                    yield stack(type(self).__name__, whole)
        self._finish()

    def _sample(self, index: int, epoch: int) -> tuple[Any, ...]:
        sample = self.read(index)
        if self.transform is None:
            return sample
        rng = np.random.default_rng((self.seed, epoch, index))
        return (self.transform(sample[0], rng), *sample[1:])

    def _take(self, index: int, outcome: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...] | None:
        """A sample, or None to leave it out; called in order, by one thread."""
        return outcome()

    def _finish(self) -> None:  # noqa: B027, most classes have nothing to do
        """Clear up after the last batch of an epoch."""


class StreamedSubset(StreamedDataset):
    """Some samples of a `StreamedDataset`; what `Subset` and slices of it give.

    Args:
        dataset: the whole.   indices: (n,) integers.
    Attributes:
        dataset, indices: as given.   epoch: counted apart from that of the whole.

    >>> whole = Augmented(np.arange(24.0, dtype=np.float32).reshape(2, 3, 2, 2), np.array([7, 8]))
    >>> StreamedSubset(whole, np.array([1])).labels
    array([8])
    """

    def __init__(self, dataset: StreamedDataset, indices: Array) -> None:
        super().__init__(dataset.transform, dataset.seed, dataset.workers)
        self.dataset, self.indices = dataset, np.asarray(indices)
        if labels := getattr(dataset, "arrays", ())[1:]:
            self.labels = labels[-1][self.indices]
        if isinstance(getattr(dataset, "labels", None), np.ndarray):
            self.labels = dataset.labels[self.indices]  # type: ignore[attr-defined]
        for name in ("classes", "class_indices", "one_hot"):
            if hasattr(dataset, name):
                setattr(self, name, getattr(dataset, name))

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, index: int) -> tuple[Any, ...]:
        """The fields of one sample of the whole."""
        return self.dataset.read(int(self.indices[index]))

    def _take(self, index: int, outcome: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...] | None:
        return self.dataset._take(int(self.indices[index]), outcome)

    def _finish(self) -> None:
        self.dataset._finish()

    def __repr__(self) -> str:
        return f"Subset({len(self)} of {len(self.dataset)} samples of {self.dataset!r})"


class Augmented(StreamedDataset):
    """Images that are in memory, changed anew in each epoch.

    Args:
        arrays: images (N, C, H, W), then labels or what else belongs to them, each (N, ...).
        transform, seed, workers: as in `StreamedDataset`.
    Raises:
        ShapeError: no array, images of another shape, or different N.
        DTypeError, ArgumentError: as `StreamedDataset`.

    >>> from tinygrad_cnn.data import HorizontalFlip
    >>> data = Augmented(np.float32([[[[1, 2]]]]), transform=HorizontalFlip(p=1.0))
    >>> data[0][0].tolist()
    [[[2.0, 1.0]]]
    """

    def __init__(
        self, *arrays: Any, transform: Transform | None = None, seed: int = 0, workers: int = 0
    ) -> None:
        super().__init__(transform, seed, workers)
        self.arrays: tuple[Array, ...] = tuple(np.asarray(array) for array in arrays)
        shapes = ", ".join(str(array.shape) for array in self.arrays) or "none"
        if len({array.shape[:1] for array in self.arrays}) != 1 or self.arrays[0].ndim != 4:
            raise ShapeError(
                f"Augmented: images (N, C, H, W) and arrays with the same first size fit, got {shapes}"
            )

    def __len__(self) -> int:
        return len(self.arrays[0])

    def read(self, index: int) -> tuple[Any, ...]:
        """The rows of one index, as they are."""
        return tuple(array[index] for array in self.arrays)

    def __repr__(self) -> str:
        rows = ", ".join(f"{array.shape} {array.dtype}" for array in self.arrays)
        return f"Augmented({rows}, transform={self.transform!r})"


def stack(name: str, samples: list[tuple[Any, ...]]) -> tuple[Array, ...]:
    """Samples, each a tuple of fields, as one array per field; a Python float becomes float32.

    Raises:
        ShapeError: fields of different shapes, or another number of them.   DTypeError: no numbers.

    >>> stack("DataLoader", [(0.5, 1), (0.25, 2)])
    (array([0.5 , 0.25], dtype=float32), array([1, 2]))
    """
    if len({len(sample) for sample in samples}) > 1:
        counts = sorted({len(sample) for sample in samples})
        raise ShapeError(f"{name}: the samples of a batch have {counts} fields; the same number fits")
    return tuple(stack_field(name, list(field)) for field in zip(*samples, strict=True))


def stack_field(name: str, values: list[Any]) -> Array:
    """The values of one field, below each other.

    Raises:
        ShapeError: different shapes.   DTypeError: no numbers.

    >>> stack_field("DataLoader", [[1, 2], [3, 4]])
    array([[1, 2],
           [3, 4]])
    """
    arrays = [np.asarray(value, np.float32 if type(value) is float else None) for value in values]
    for value, array in zip(values, arrays, strict=True):
        if array.dtype.kind not in "biuf":
            raise DTypeError(f"{name}: a sample holds {value!r:.40}, which is not a number; numbers stack")
    try:
        return np.stack(arrays)
    except ValueError as error:
        raise ShapeError(f"{name}: the samples of a batch do not stack: {error}") from error
