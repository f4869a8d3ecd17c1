"""Where the networks are timed: the CPU, or the device that `--device` names."""

from __future__ import annotations

import os
from typing import Any

from tinygrad_cnn import device, devices
from tinygrad_cnn.testing.stand_in import STAND_IN

#: The engines' processes inherit it.
VARIABLE = "TINYGRAD_CNN_BENCH_DEVICE"


def place() -> Any:
    """The device; 'stand-in:0' tries the way without a GPU.

    >>> place()
    'cpu'
    """
    name = os.environ.get(VARIABLE, "cpu")
    if name.partition(":")[0] == STAND_IN.kind:
        devices.admit(STAND_IN)
    return device(name)


def finish() -> None:
    """Wait until the device has done what it was given: it works on while Python goes on.

    >>> finish()
    """
    backend = devices.backend_named(place().type)
    if backend is not None:
        backend.synchronize()
