"""What `--profile` times beside ops: steps of optimizers, and the loader while the program waits for a batch."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from types import MethodType
from typing import Any

from tinygrad_cnn.torch.optim.optimizers import Optimizer
from tinygrad_cnn.torch.profiling import Profile
from tinygrad_cnn.torch.utils.data.loaders import DataLoader


def time_steps_and_batches(profile: Profile) -> None:
    """Have a profile told of each step and each batch, from now on in this process."""
    _time_steps(profile)
    _time_batches(profile)


def _time_steps(profile: Profile) -> None:
    holder: Any = Optimizer
    plain = holder.__init__

    def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
        plain(optimizer, *args, **kwargs)
        step = optimizer.step

        def timed(self: Any, *a: Any, **k: Any) -> Any:
            began, ops = perf_counter(), profile.spent()
            try:
                return step(*a, **k)
            finally:  # a closure's ops have rows of their own
                profile.add(f"{type(self).__name__}.step", perf_counter() - began - profile.spent() + ops)

        optimizer.step = MethodType(timed, optimizer)

    holder.__init__ = __init__


def _time_batches(profile: Profile) -> None:
    plain = DataLoader.__iter__

    def __iter__(loader: DataLoader) -> Iterator[Any]:
        return timed(plain(loader))

    def timed(batches: Iterator[Any]) -> Iterator[Any]:
        while True:
            began = perf_counter()
            try:
                batch = next(batches)
            except StopIteration:
                return
            finally:
                profile.add("DataLoader: the next batch", perf_counter() - began)
            yield batch

    DataLoader.__iter__ = __iter__  # type: ignore[method-assign]
