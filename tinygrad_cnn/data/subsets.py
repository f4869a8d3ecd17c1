"""Parts of datasets, and datasets put together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.dataset import ArrayDataset, Dataset
from tinygrad_cnn.data.stream import StreamedDataset
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.switches import flag

Array = NDArray[Any]


class Subset:
    """Some samples of a dataset, in any order; none is copied.

    Of a `StreamedDataset`, such as an `ImageFolder`, it is one again: threads read ahead, the
    transform is applied, files that cannot be read are left out, and epochs are counted apart.

    Args:
        dataset: anything with a length that gives samples by index.
        indices: of the samples, from 0 to the length less 1 (or counted from the end, below 0).
    Attributes:
        dataset, indices: as given.
    Raises:
        IndexError: an index out of range.   DTypeError: no dataset, or no integers.

    >>> part = Subset(["a", "b", "c"], [2, 0])
    >>> len(part), part[0], list(part)
    (2, 'c', ['c', 'a'])
    """

    def __new__(cls, dataset: Any, indices: Any) -> Any:
        """A subset that streams, of a dataset that does."""
        if cls is Subset and isinstance(dataset, StreamedDataset):
            return dataset.subset(_indices(dataset, indices))
        return super().__new__(cls)

    def __init__(self, dataset: Dataset, indices: Any) -> None:
        self.dataset = dataset
        self.indices = _indices(dataset, indices)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any, /) -> Any:
        """The sample at an index; of a slice or several indices a Subset."""
        if isinstance(index, (slice, list, np.ndarray)):
            return Subset(self.dataset, self.indices[index])
        return self.dataset[int(self.indices[index])]

    def __repr__(self) -> str:
        return f"Subset({len(self)} of {len(self.dataset)} samples of {self.dataset!r})"


def _indices(dataset: Any, indices: Any) -> Array:
    """Indices as an array, counted from 0."""
    if not isinstance(dataset, Dataset):
        raise DTypeError(f"Subset: a dataset with __len__ and __getitem__ fits, got {type(dataset)}")
    found = np.asarray(indices if isinstance(indices, np.ndarray) else list(indices))
    found = found.astype(np.int64) if not found.size else found
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise DTypeError(f"Subset: a list of integers fits, got {found.dtype} {found.shape}")
    N = len(dataset)
    wrong = found[(found < -N) | (found >= N)]
    if wrong.size:
        raise IndexError(f"Subset: index {wrong[0]} is out of range for {N} samples")
    return np.where(found < 0, found + N, found).astype(np.int64)


class ConcatDataset:
    """Datasets one after the other, as one.

    Args:
        datasets: at least one; each with a length, giving samples by index.
    Attributes:
        datasets: a list of them.
    Raises:
        ArgumentError: none.   DTypeError: something else among them.

    >>> both = ConcatDataset([["a", "b"], ["c"]])
    >>> len(both), both[2], both[-3]
    (3, 'c', 'a')
    """

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("ConcatDataset: at least one dataset fits, got none")
        for dataset in self.datasets:
            if not isinstance(dataset, Dataset):
                raise DTypeError(f"ConcatDataset: datasets fit, got {type(dataset).__name__} among them")

    def __len__(self) -> int:
        return sum(map(len, self.datasets))

    def __getitem__(self, index: Any, /) -> Any:
        """The sample at an index; a negative index counts from the end."""
        N = len(self)
        if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
            raise DTypeError(f"ConcatDataset: an integer fits as index, got {index!r}")
        if not -N <= index < N:
            raise IndexError(f"ConcatDataset: index {index} is out of range for {N} samples")
        ends = list(accumulate(map(len, self.datasets)))
        place = int(index) % N
        k = bisect_right(ends, place)
        return self.datasets[k][place - (ends[k - 1] if k else 0)]

    def __repr__(self) -> str:
        return f"ConcatDataset({self.datasets!r})"


def random_split(dataset: Dataset, lengths: Sequence[float], rng: Seed = None) -> list[Subset]:
    """Part a dataset at random.

    Args:
        dataset: N samples.
        lengths: of the parts: numbers of samples that add up to N, or shares that add up to 1. Of
            shares each part gets its whole number, and the first ones what is left over.
        rng: a generator or a seed, which fixes the parts.
    Returns:
        A `Subset` for each length.
    Raises:
        ArgumentError: lengths that do not add up.   DTypeError: no dataset.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25], rng=0)]
    [8, 2]
    """
    if not isinstance(dataset, Dataset):
        raise DTypeError(f"random_split: a dataset fits, got {type(dataset).__name__}")
    N, given = len(dataset), [float(length) for length in lengths]
    whole = all(length == int(length) for length in given) and sum(given) == N
    counts = [int(length) for length in given]
    if not whole:
        if abs(sum(given) - 1) > 1e-6 or min(given, default=0) < 0:
            raise ArgumentError(
                f"random_split: lengths that add up to {N} samples, or to 1, fit, got {list(lengths)}"
            )
        counts = [int(np.floor(N * share + 1e-9)) for share in given]
        for k in range(N - sum(counts)):
            counts[k % len(counts)] += 1
    order = generator(rng).permutation(N)
    ends = list(accumulate(counts))
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts, strict=True)]


def split(
    dataset: Any, test_fraction: float, rng: Seed = None, *, stratify: bool = False
) -> tuple[Any, Any]:
    """Shuffle the samples and part them in two: one part to train on, one held back for testing.

    Args:
        dataset: N samples; any dataset, such as an `ImageFolder`.
        test_fraction: share of the second part, between 0 and 1.
        rng: a generator or a seed, which fixes the parts and their order.
        stratify: take the share of each class; the classes are the dataset's `labels` (or `targets`),
            or the values of the last array of an `ArrayDataset`, (N,).
    Returns:
        Two new datasets of N - n and n samples, n = N * test_fraction rounded: `ArrayDataset`s of
        one, `Subset`s of others. With `stratify` each class has its share of the n, rounded up or down.
    Raises:
        ArgumentError: a part would be empty.   DTypeError: test_fraction is not a number, or no dataset.
        ShapeError: `stratify` without labels (N,).

    >>> train, test = split(ArrayDataset(np.arange(8)), 0.25, rng=0)
    >>> len(train), len(test), sorted(train[:][0]) + sorted(test[:][0]) == list(range(8))
    (6, 2, False)
    """
    flag("split", "stratify", stratify)
    if not isinstance(dataset, Dataset):
        raise DTypeError(f"split: a dataset with __len__ and __getitem__ fits, got {type(dataset)}")
    if not isinstance(test_fraction, Real):
        raise DTypeError(f"split: test_fraction must be a number, got {test_fraction!r}")
    N, fraction = len(dataset), float(test_fraction)
    # Errors of rounding must not decide: 0.7 * 45 is 31.499999999999996, where a half is meant.
    steps = np.floor(np.arange(N + 1) * fraction + 0.5 + 1e-9)
    if not 0 < fraction < 1 or not 0 < steps[-1] < N:
        raise ArgumentError(
            f"split: test_fraction must leave samples in both parts, got {test_fraction!r} of {N} samples"
        )
    shuffled = generator(rng).permutation(N)
    order = shuffled
    if stratify:
        labels = labels_of_all(dataset)
        if labels is None or labels.shape != (N,):
            found = "none" if labels is None else str(labels.shape)
            raise ShapeError(
                f"split: stratify needs labels (N,) as the last array, or as an attribute, got {found}"
            )
        order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    # Walking along the classes, a sample is held back each time that the share of samples passed
    # reaches another whole number, so no class gets more than one sample too many or too few.
    held_back = np.zeros(N, bool)
    held_back[order[np.diff(steps) > 0]] = True
    chosen = held_back[shuffled]
    first, second = shuffled[~chosen], shuffled[chosen]
    if isinstance(dataset, ArrayDataset):
        return ArrayDataset(*dataset[first]), ArrayDataset(*dataset[second])
    return Subset(dataset, first), Subset(dataset, second)


def labels_of_all(dataset: Any) -> Array | None:
    """The labels of a dataset that knows them without reading samples; None otherwise.

    >>> labels_of_all(Subset(ArrayDataset(np.zeros(3), np.arange(3)), [2, 0]))
    array([2, 0])
    """
    if isinstance(dataset, Subset):
        inner = labels_of_all(dataset.dataset)
        return None if inner is None else inner[dataset.indices]
    if isinstance(dataset, ConcatDataset):
        parts = [labels_of_all(one) for one in dataset.datasets]
        known = [part for part in parts if part is not None]
        return np.concatenate(known) if len(known) == len(parts) else None
    for name in ("labels", "targets"):
        found = getattr(dataset, name, None)
        if isinstance(found, (list, tuple, np.ndarray)):
            return np.asarray(found)
    arrays = getattr(dataset, "arrays", None)
    return np.asarray(arrays[-1]) if isinstance(arrays, tuple) and arrays else None
