"""Datasets: what has a length and gives a sample for each index."""

from __future__ import annotations

from numbers import Real
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.rng import Seed, generator

Array = NDArray[Any]


@runtime_checkable
class Dataset(Protocol):
    """Anything with a length that gives the sample of an index: an array, a number, or a tuple of them.

    >>> isinstance(ArrayDataset(np.zeros(3)), Dataset), isinstance(3, Dataset)
    (True, False)
    """

    def __len__(self) -> int:
        """Number of samples."""

    def __getitem__(self, index: Any, /) -> Any:
        """The sample at `index`, an int from 0 to the length less 1."""


class ArrayDataset:
    """Arrays side by side: sample i is row i of each.

    Args:
        arrays: one or more, each (N, ...), with the same N; kept, not copied.
    Raises:
        ShapeError: no array, one without axes, or different N.   DTypeError: not numbers.

    >>> data = ArrayDataset(np.zeros((4, 2)), np.arange(4))
    >>> len(data), data[1], data[2:][1]
    (4, (array([0., 0.]), np.int64(1)), array([2, 3]))
    """

    arrays: tuple[Array, ...]

    def __init__(self, *arrays: Any) -> None:
        self.arrays = tuple(np.asarray(array) for array in arrays)
        for array in self.arrays:
            if array.dtype.kind not in "biuf":
                raise DTypeError(f"ArrayDataset: numbers fit, got elements of type {array.dtype}")
        if len({array.shape[:1] for array in self.arrays}) != 1 or self.arrays[0].ndim == 0:
            shapes = ", ".join(str(array.shape) for array in self.arrays) or "none"
            raise ShapeError(f"ArrayDataset: arrays with the same first size fit, got shapes {shapes}")

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any, /) -> tuple[Any, ...]:
        """One row of each array, or several: rows of an int, a slice, or an array of ints or bools.

        Raises:
            IndexError: out of range.   DTypeError: another kind of index.

        >>> ArrayDataset(np.arange(5) * 10)[[0, -1]]
        (array([ 0, 40]),)
        """
        if not isinstance(index, (int, np.integer, slice, list, np.ndarray)) or isinstance(index, bool):
            raise DTypeError(f"ArrayDataset: an int, a slice or an array of ints fits, got {index!r}")
        if isinstance(index, list) and not index:
            index = slice(0)
        return tuple(array[index] for array in self.arrays)

    def __repr__(self) -> str:
        rows = ", ".join(f"{array.shape} {array.dtype}" for array in self.arrays)
        return f"ArrayDataset({rows})"


def split(
    dataset: ArrayDataset, test_fraction: float, rng: Seed = None, *, stratify: bool = False
) -> tuple[ArrayDataset, ArrayDataset]:
    """Shuffle the samples and part them in two: one part to train on, one held back for testing.

    Args:
        dataset: N samples.   test_fraction: share of the second part, between 0 and 1.
        rng: a generator or a seed, which fixes the parts and their order.
        stratify: take the share of each class; the classes are the values of the last array, (N,).
    Returns:
        Two new datasets of N - n and n samples, n = N * test_fraction rounded. With `stratify` each
        class has its share of the n, rounded up or down.
    Raises:
        ArgumentError: a part would be empty.   DTypeError: test_fraction is not a number.
        ShapeError: `stratify` with labels that are not (N,).

    >>> train, test = split(ArrayDataset(np.arange(8)), 0.25, rng=0)
    >>> len(train), len(test), sorted(train[:][0]) + sorted(test[:][0]) == list(range(8))
    (6, 2, False)
    """
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
        labels = dataset.arrays[-1]
        if labels.ndim != 1:
            raise ShapeError(f"split: stratify needs labels (N,) as the last array, got {labels.shape}")
        order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    # Walking along the classes, a sample is held back each time that the share of samples passed
    # reaches another whole number, so no class gets more than one sample too many or too few.
    held_back = np.zeros(N, bool)
    held_back[order[np.diff(steps) > 0]] = True
    chosen = held_back[shuffled]
    return ArrayDataset(*dataset[shuffled[~chosen]]), ArrayDataset(*dataset[shuffled[chosen]])
