"""`DataLoader`: a dataset in batches, in PyTorch's order of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_cnn.torch.generators import of
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torch.utils.data.collating import default_collate, default_convert
from tinygrad_cnn.torch.utils.data.datasets import IterableDataset, TensorDataset
from tinygrad_cnn.torch.utils.data.samplers import BatchSampler, RandomSampler, SequentialSampler


class DataLoader:
    """The samples of a dataset in batches.

    Options that PyTorch has for its worker processes and devices are taken, and change nothing: batches
    are made in this process when they are asked for.

    >>> from tinygrad_cnn import torch
    >>> data = torch.utils.data.TensorDataset(torch.arange(3))
    >>> [x.tolist() for x, in DataLoader(data, batch_size=2)]
    [[0, 1], [2]]
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Any = None,
        batch_sampler: Any = None, num_workers: int = 0, collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False, drop_last: bool = False, timeout: float = 0, worker_init_fn: Any = None,
        multiprocessing_context: Any = None, generator: Any = None, *, prefetch_factor: int | None = None,
        persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True,
    ) -> None:  # fmt: skip
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.num_workers, self.pin_memory, self.generator = num_workers, pin_memory, generator
        self.streams = isinstance(dataset, IterableDataset)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            self.batch_size = None
        if batch_size is not None and batch_size < 1:
            raise ValueError(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        if sampler is None and not self.streams:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.sampler = sampler
        if batch_sampler is None and batch_size is not None and not self.streams:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (
            default_collate if self.batch_size or batch_sampler else default_convert
        )

    def __len__(self) -> int:
        if self.streams:
            n = len(self.dataset)
            return (
                n
                if not self.batch_size
                else (n // self.batch_size if self.drop_last else -(-n // self.batch_size))
            )
        return len(self.batch_sampler if self.batch_sampler is not None else self.sampler)

    def __iter__(self) -> Iterator[Any]:
        of(self.generator).long_words(1)  # PyTorch draws a seed for its workers here
        return self._batches()

    def _batches(self) -> Iterator[Any]:
        if self.streams:
            yield from self._streamed()
        elif self.batch_sampler is None:
            for i in self.sampler:
                yield self.collate_fn(self.dataset[i])
        elif self.collate_fn is default_collate and type(self.dataset) is TensorDataset:
            for chosen in self.batch_sampler:  # the same batch at once
                yield [Tensor.detached(t._array[chosen]) for t in self.dataset.tensors]
        else:
            many = getattr(self.dataset, "__getitems__", None)
            for chosen in self.batch_sampler:
                yield self.collate_fn(many(chosen) if many else [self.dataset[i] for i in chosen])

    def _streamed(self) -> Iterator[Any]:
        if not self.batch_size:
            for sample in self.dataset:
                yield self.collate_fn(sample)
            return
        batch: list[Any] = []
        for sample in self.dataset:
            batch.append(sample)
            if len(batch) == self.batch_size:
                yield self.collate_fn(batch)
                batch = []
        if batch and not self.drop_last:
            yield self.collate_fn(batch)


def get_worker_info() -> None:
    """None: there are no worker processes.

    >>> get_worker_info()
    """
