"""The stand-in as a kind of device, and what switches it on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.devices import CUDA_MEMORY, Device
from tinygrad_cnn.testing.stand_in import capsules
from tinygrad_cnn.testing.stand_in.array import (
    TRANSFERS,
    StandInArray,
    bare,
    current_index,
    make_current,
    wrapped,
)

__all__ = ["STAND_IN", "stand_in_device", "transfers"]


class _StandIn:
    """See `devices.Backend`. There are two of them, so that arrays of two devices can meet."""

    kind = "stand-in"
    dlpack = CUDA_MEMORY
    array = StandInArray

    def count(self) -> int:
        return 2

    def upload(self, array: Any, index: int) -> Any:
        TRANSFERS["upload"] += 1
        held = array._held if isinstance(array, StandInArray) else array
        make_current(index)
        return wrapped(np.array(held), index)

    def download(self, array: Any) -> Any:
        return array.get()

    def from_dlpack(self, x: Any) -> Any:
        held, index = capsules.taken_over(x)
        return wrapped(held, index)

    def index_of(self, array: Any) -> int:
        return int(array.index)

    #: What makes launchers of kernels that run on the host; see `threads_in_turn`.
    launchers: Callable[[Any], Any] | None = None

    @contextmanager
    def current(self, array: Any) -> Iterator[None]:
        before = current_index()
        make_current(array.index)
        try:
            yield
        finally:
            make_current(before)

    def synchronize(self) -> None:
        TRANSFERS["synchronize"] += 1  # it has done its work already

    def launcher(self, like: Any) -> Any:
        return None if self.launchers is None else self.launchers(like)

    def add_at(self, target: Any, key: Any, values: Any) -> None:
        np.add.at(target._held, target._key(key), bare(values))

    def max_at(self, target: Any, key: Any, values: Any) -> None:
        np.maximum.at(target._held, target._key(key), bare(values))


STAND_IN = _StandIn()


@contextmanager
def stand_in_device() -> Iterator[Device]:
    """The device 'stand-in:0' inside; there is a second one, 'stand-in:1'.

    >>> with stand_in_device() as device:
    ...     print(device)
    stand-in:0
    """
    devices.admit(STAND_IN)
    make_current(0)
    try:
        yield Device("stand-in:0")
    finally:
        devices.dismiss(STAND_IN)


@contextmanager
def transfers() -> Iterator[Counter[str]]:
    """Counts what goes between the host and the stand-in, by what causes it: 'get', 'item', 'upload' ...

    >>> from tinygrad_cnn import Tensor
    >>> with stand_in_device() as device, transfers() as counted:
    ...     _ = Tensor([1.0]).to(device).item()
    >>> dict(counted)
    {'upload': 1, 'item': 1}
    """
    before = TRANSFERS.copy()
    counted: Counter[str] = Counter()
    try:
        yield counted
    finally:
        counted.update({k: n - before[k] for k, n in TRANSFERS.items() if n > before[k]})
