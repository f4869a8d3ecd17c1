"""Samplers: the indices of an epoch, in the order in which a `DataLoader` takes the samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.switches import flag


class Sampler(ABC):
    """Base of samplers: each `for` loop over one gives the indices of an epoch.

    A sampler of your own needs `__iter__`, and `__len__` where the number of indices is known.

    >>> class Backwards(Sampler):
    ...     def __init__(self, count): self.count = count
    ...     def __iter__(self): return iter(range(self.count - 1, -1, -1))
    ...     def __len__(self): return self.count
    >>> list(Backwards(3))
    [2, 1, 0]
    """

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        """The indices of one epoch."""

    def __repr__(self) -> str:
        shown = {n: v for n, v in vars(self).items() if isinstance(v, (int, float, bool, str))}
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in shown.items())})"


class SequentialSampler(Sampler):
    """0, 1, 2, ...

    Args:
        data_source: anything with a length.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """A new order each epoch, or draws with replacement.

    Args:
        data_source: anything with a length.   replacement: draw each index anew from all.
        num_samples: indices an epoch; as many as there are samples, if None. Without replacement
            orders follow each other where it is more.
        rng: a generator or a seed; the default generator if None.
    Raises:
        ArgumentError: num_samples below 1.

    >>> sorted(RandomSampler("abc", rng=0)), len(list(RandomSampler("ab", num_samples=5, rng=0)))
    ([0, 1, 2], 5)
    """

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None, *,
        rng: Seed = None,
    ) -> None:  # fmt: skip
        self.data_source = data_source
        self.replacement = flag("RandomSampler", "replacement", replacement)
        self.num_samples = None if num_samples is None else _count("RandomSampler", num_samples)
        self.rng = None if rng is None else generator(rng)

    def __iter__(self) -> Iterator[int]:
        N, left, draws = len(self.data_source), len(self), generator(self.rng)
        while left and N:
            one = draws.integers(0, N, left) if self.replacement else draws.permutation(N)[:left]
            yield from one.tolist()
            left -= len(one)

    def __len__(self) -> int:
        return len(self.data_source) if self.num_samples is None else self.num_samples


class SubsetRandomSampler(Sampler):
    """Given indices, in a new order each epoch.

    Args:
        indices: integers.   rng: a generator or a seed; the default generator if None.

    >>> sorted(SubsetRandomSampler([5, 7], rng=0))
    [5, 7]
    """

    def __init__(self, indices: Sequence[int], rng: Seed = None) -> None:
        self.indices = list(indices)
        self.rng = None if rng is None else generator(rng)

    def __iter__(self) -> Iterator[int]:
        order = generator(self.rng).permutation(len(self.indices))
        return iter([self.indices[k] for k in order])

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Indices drawn with given weights: rare classes as often as common ones, say.

        P(index = i) = weights[i] / sum of weights

    Args:
        weights: (N,) at least 0, one above 0; they need not add up to 1.
        num_samples: indices an epoch, at least 1.
        replacement: draw from all each time; otherwise each index comes at most once.
        rng: a generator or a seed; the default generator if None.
    Raises:
        ArgumentError: weights below 0, NaN or all 0, or more samples than weights above 0 without
            replacement.   DTypeError: no numbers.

    >>> list(WeightedRandomSampler([0.0, 1.0, 0.0], 3, rng=0))
    [1, 1, 1]
    """

    def __init__(
        self, weights: Any, num_samples: int, replacement: bool = True, *, rng: Seed = None
    ) -> None:
        name = "WeightedRandomSampler"
        given = np.asarray(weights.numpy() if hasattr(weights, "numpy") else weights)
        if given.dtype.kind not in "biuf" or given.ndim != 1:
            raise DTypeError(f"{name}: weights (N,) of numbers fit, got {given.dtype} {given.shape}")
        self.weights = given.astype(np.float64)
        self.num_samples = _count(name, num_samples)
        self.replacement = flag(name, "replacement", replacement)
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all() and self.weights.any()):
            raise ArgumentError(f"{name}: weights of at least 0, one above 0, fit")
        above = int((self.weights > 0).sum())
        if not self.replacement and self.num_samples > above:
            raise ArgumentError(
                f"{name}: {self.num_samples} samples without replacement, but {above} weights above 0"
            )
        self.rng = None if rng is None else generator(rng)

    def __iter__(self) -> Iterator[int]:
        shares = self.weights / self.weights.sum()
        drawn = generator(self.rng).choice(len(shares), self.num_samples, self.replacement, shares)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """The indices of a sampler, in lists of one batch each.

    Args:
        sampler: gives indices.   batch_size: at least 1.   drop_last: leave out a last, shorter list.
    Raises:
        ArgumentError: batch_size below 1.

    >>> list(BatchSampler(range(5), 2)), len(BatchSampler(range(5), 2, drop_last=True))
    ([[0, 1], [2, 3], [4]], 2)
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool = False) -> None:
        self.sampler, self.drop_last = sampler, flag("BatchSampler", "drop_last", drop_last)
        self.batch_size = _count("BatchSampler", batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in self.sampler:
            batch.append(index_of("BatchSampler", index))
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        N = len(self.sampler)  # type: ignore[arg-type]  # TypeError says it where it is not known
        return N // self.batch_size if self.drop_last else -(-N // self.batch_size)


def index_of(name: str, given: Any) -> int:
    """An index that a sampler gave.

    Raises:
        DTypeError: a bool, as of a mask, or what is no integer.

    >>> index_of("DataLoader", np.int64(3))
    3
    """
    if type(given) is int:
        return given
    if np.ndim(given) or np.asarray(given).dtype.kind not in "iu":
        raise DTypeError(
            f"{name}: a sampler gives indices, which are integers, got {given!r:.80}; of a mask, "
            "np.flatnonzero(mask) gives them"
        )
    return int(given)


def _count(name: str, number: Any) -> int:
    """A number of samples."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
        raise DTypeError(f"{name}: a number of samples is an integer, got {number!r}")
    if number < 1:
        raise ArgumentError(f"{name}: a number of samples is at least 1, got {number}")
    return int(number)
