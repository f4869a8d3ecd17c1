"""Batches of a dataset, in a new order each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.data.collating import default_collate
from tinygrad_cnn.data.dataset import ArrayDataset, Dataset
from tinygrad_cnn.data.iterable import IterableDataset
from tinygrad_cnn.data.prefetch import prefetched
from tinygrad_cnn.data.processes import batches_of_processes
from tinygrad_cnn.data.samplers import BatchSampler, index_of
from tinygrad_cnn.data.shares import OneOfSeveral, check_shard, rows, rows_of, shares, without_stand_ins
from tinygrad_cnn.data.stream import StreamedDataset
from tinygrad_cnn.devices import Device, naming
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.switches import flags

Array = NDArray[Any]


class DataLoader:
    """The samples of a dataset in batches: each `for` loop over it is one epoch.

    Args:
        dataset: an `ArrayDataset`; an array, or a tuple of arrays with the same first size; or
            anything with `__len__` and `__getitem__`, whose samples are put together; a
            `StreamedDataset` makes its batches itself, some of them perhaps with fewer samples; an
            `IterableDataset` is gone through.
        batch_size: samples per batch, at least 1; the last batch may have fewer.
        shuffle: draw a new order for each epoch; otherwise samples come as they lie.
        drop_last: leave out a last batch that would have fewer samples.
        rng: a generator or a seed, which fixes all orders; the default generator if None.
        prefetch: number of batches that a thread makes ahead of their use; 0 makes each when it is
            asked for. Order and values are the same. A dataset that draws at random must then draw
            from a generator of its own, because the rest of the program goes on meanwhile.
        sampler: gives the indices of an epoch in their order, in place of `shuffle`.
        batch_sampler: gives lists of indices, a batch each, in place of the above.
        collate_fn: puts the samples of a batch together, in place of `default_collate`.
        num_workers: processes that make batches, for datasets whose work holds Python's lock; 0 makes
            them here. Order and values do not depend on how many there are. The dataset is sent to
            them, so it must be possible to pickle it; and a script needs `if __name__ == "__main__":`.
        worker_init_fn: called in each process, with its number, before its first batch.
        start_method: of processes: 'fork', 'spawn' or 'forkserver'; None for Python's own choice.
        shard: `parallel.world()`: each of its processes gets its share of every batch, consecutive rows,
            as even as can be. batch_size and the number of batches are those of all together, and the
            order is the one that rank 0 draws, so both are the same for any number of processes. A share
            may have no rows, if the last batch has fewer samples than there are processes.
        device: where the batches are to lie, as for `tinygrad_cnn.device`: floats and images are moved
            there, and integers of one axis, which are labels, are not: they are checked where they are.
    Attributes:
        rng: the generator in use, or None for the default one; its state decides the next order.
    Raises:
        DTypeError: an argument of another type.   ArgumentError: batch_size below 1, a negative number,
            or options that exclude each other.

    Each batch holds new NumPy arrays, so writing to a batch changes no sample; a Module takes them as
    they are. It is a tuple, or a dict where samples are dicts.

    >>> loader = DataLoader((np.arange(5), np.arange(5) * 10), batch_size=2)
    >>> [labels.tolist() for _, labels in loader]
    [[0, 10], [20, 30], [40]]
    """

    def __init__(
        self,
        dataset: Dataset | IterableDataset | Array | tuple[Array, ...],
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        rng: Seed = None,
        prefetch: int = 0,
        *,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        num_workers: int = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        start_method: str | None = None,
        shard: OneOfSeveral | None = None,
        device: str | None = None,
    ) -> None:
        for name, number, least in (
            ("batch_size", batch_size, 1), ("prefetch", prefetch, 0), ("num_workers", num_workers, 0),
        ):  # fmt: skip
            if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
                raise DTypeError(f"DataLoader: {name} must be an integer, got {number!r}")
            if number < least:
                raise ArgumentError(f"DataLoader: {name} must be at least {least}, got {number}")
        flags("DataLoader", shuffle=shuffle, drop_last=drop_last)
        self.dataset = _as_dataset(dataset)
        self.batch_size = int(batch_size)
        self.shuffle = bool(shuffle)
        self.drop_last = bool(drop_last)
        self.prefetch = int(prefetch)
        # The default generator is looked up at each epoch: manual_seed may have replaced it.
        self.rng = None if rng is None else generator(rng)
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.collate_fn, self.num_workers = collate_fn, int(num_workers)
        self.worker_init_fn, self.start_method = worker_init_fn, start_method
        self.shard = check_shard(shard)
        self.device = None if device is None else naming.device(device)
        self._check()

    def _check(self) -> None:
        """See that the options go together."""
        for name, given in (("sampler", self.sampler), ("batch_sampler", self.batch_sampler)):
            if given is not None and not isinstance(given, Iterable):
                raise DTypeError(f"DataLoader: {name} must give indices, got {type(given).__name__}")
        chosen = self.shuffle, self.sampler, self.batch_sampler
        ordered = [
            n
            for n, given in zip(("shuffle", "sampler", "batch_sampler"), chosen, strict=True)
            if not (given is None or given is False)
        ]
        if len(ordered) > 1 or (self.batch_sampler is not None and (self.batch_size > 1 or self.drop_last)):
            raise ArgumentError(
                f"DataLoader: {' and '.join(ordered)} exclude each other, and a batch_sampler excludes "
                "batch_size and drop_last"
            )
        if isinstance(self.dataset, IterableDataset) and ordered:
            raise ArgumentError(f"DataLoader: a stream has an order of its own; {ordered[0]} does not fit")
        if isinstance(self.dataset, StreamedDataset) and (self.num_workers or self.collate_fn is not None):
            raise ArgumentError(
                f"DataLoader: {type(self.dataset).__name__} makes its batches itself, in threads (its "
                "workers=); num_workers and collate_fn do not fit"
            )

    def __len__(self) -> int:
        """Number of batches in an epoch.

        Raises:
            TypeError: the dataset is a stream without a length.

        >>> len(DataLoader(np.zeros(5), 2)), len(DataLoader(np.zeros(5), 2, drop_last=True))
        (3, 2)
        """
        chosen = self.sampler if self.batch_sampler is None else self.batch_sampler
        try:
            N = len(self.dataset if chosen is None else chosen)  # type: ignore[arg-type]
        except TypeError:
            what = type(self.dataset if chosen is None else chosen).__name__
            raise TypeError(
                f"DataLoader: {what} has no length, so the number of batches is not known"
            ) from None
        if self.batch_sampler is not None:
            return N
        return N // self.batch_size if self.drop_last else -(-N // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        """The batches of one epoch, each a tuple (or dict) of arrays (batch size, ...).

        Raises:
            ShapeError: samples that cannot be stacked. With `prefetch` and processes too, an error
                comes in place of the batch that it belongs to.
        """
        batches = self._batches() if self.shard is None else self._shares(self.shard)
        if self.prefetch and not self.num_workers:
            batches = prefetched(batches, self.prefetch)
        if self.device is None or self.device == devices.HOST:
            yield from batches
        else:
            for batch in batches:
                yield _on_device(batch, self.device)

    def _shares(self, shard: OneOfSeveral) -> Iterator[Any]:
        """The share of the batches that this process takes."""
        if isinstance(self.dataset, IterableDataset):  # each process goes through the whole stream
            return (rows(batch, rows_of(shard, _length(batch))) for batch in self._made(None))
        chosen, empty = shares(shard, self._chosen())
        return without_stand_ins(self._made(chosen), empty)

    def _batches(self) -> Iterator[Any]:
        return self._made(None if isinstance(self.dataset, IterableDataset) else self._chosen())

    def _made(self, chosen: Iterable[Any] | None) -> Iterator[Any]:
        """Batches of given indices, or of a stream."""
        if isinstance(self.dataset, StreamedDataset):
            return self.dataset.batches(chosen or [])
        if self.num_workers:
            seed = int(generator(self.rng).integers(2**63))
            if self.shard is not None:  # samples of its own for each process; of a stream all draw the same
                one = int(self.shard.broadcast(np.array(seed)))
                seed = one if chosen is None else one + self.shard.rank
            return batches_of_processes(
                self.dataset, chosen, self.collate_fn or _together, self.num_workers,
                ahead=max(self.prefetch, 2), seed=seed,
                size=self.batch_size, drop_last=self.drop_last, start_method=self.start_method,
                begin=self.worker_init_fn,
            )  # fmt: skip
        # Generators, not map: StopIteration from a dataset must not look like the end of the data.
        if chosen is not None:
            return (self._batch(indices) for indices in chosen)
        return self._of_stream()

    def _chosen(self) -> Iterable[Any]:
        """The indices of each batch of an epoch."""
        if self.batch_sampler is not None:
            return ([index_of("DataLoader", i) for i in batch] for batch in self.batch_sampler)
        if self.sampler is not None:
            return BatchSampler(self.sampler, self.batch_size, self.drop_last)
        N, count = len(self.dataset), len(self)
        order = generator(self.rng).permutation(N) if self.shuffle else np.arange(N)
        starts = range(0, count * self.batch_size, self.batch_size)
        return (order[start : start + self.batch_size] for start in starts)

    def _batch(self, chosen: Any) -> Any:
        if isinstance(self.dataset, ArrayDataset) and self.collate_fn is None:
            return self.dataset[chosen]
        samples = [self.dataset[int(i)] for i in chosen]
        return (self.collate_fn or _together)(samples)

    def _of_stream(self) -> Iterator[Any]:
        samples = iter(self.dataset)
        while found := list(islice(samples, self.batch_size)):
            if len(found) == self.batch_size or not self.drop_last:
                yield (self.collate_fn or _together)(found)

    def __repr__(self) -> str:
        parts = [
            repr(self.dataset) if "object at" not in repr(self.dataset) else type(self.dataset).__name__
        ]
        if self.batch_sampler is None:
            parts.append(f"batch_size={self.batch_size}")
        for name in ("shuffle", "drop_last", "prefetch", "num_workers"):
            parts += [f"{name}={getattr(self, name)}"] if getattr(self, name) else []
        for name in ("sampler", "batch_sampler"):
            parts += [f"{name}={getattr(self, name)!r}"] if getattr(self, name) is not None else []
        parts += [] if self.shard is None else [f"shard={self.shard!r}"]
        return f"DataLoader({', '.join(parts)})"


def _together(samples: list[Any]) -> Any:
    """A batch of samples: a tuple of fields, or a dict; of samples of one field a tuple of one."""
    made = default_collate(samples)
    return made if isinstance(samples[0], (tuple, dict)) else (made,)


def _on_device(batch: Any, place: Device) -> Any:
    """A batch whose arrays lie on a device, but for labels."""
    if isinstance(batch, dict):
        return {key: _on_device(part, place) for key, part in batch.items()}
    if isinstance(batch, (tuple, list)):
        parts = [_on_device(part, place) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    if not isinstance(batch, devices.CLASSES) or (batch.dtype.kind in "iub" and batch.ndim < 2):
        return batch
    return devices.moved(batch, place)


def _length(batch: Any) -> int:
    """The number of samples in a made batch."""
    while isinstance(batch, (dict, tuple)):
        batch = next(iter(batch.values() if isinstance(batch, dict) else batch))
    return len(batch)


def _as_dataset(dataset: Any) -> Any:
    """Arrays as an ArrayDataset, and anything else that is a dataset as it is."""
    if isinstance(dataset, np.ndarray):
        return ArrayDataset(dataset)
    if isinstance(dataset, tuple):
        return ArrayDataset(*dataset)
    if isinstance(dataset, (Dataset, IterableDataset)):
        return dataset
    raise DTypeError(
        "DataLoader: a dataset with __len__ and __getitem__, an IterableDataset, an array or a tuple of "
        f"arrays fits, got {type(dataset).__name__}"
    )
