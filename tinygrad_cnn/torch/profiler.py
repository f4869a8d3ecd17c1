"""`torch.profiler`: the newer door to `torch.autograd.profiler`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from tinygrad_cnn.torch.autograd.profiler import profile as profile
from tinygrad_cnn.torch.autograd.profiler import record_function as record_function

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "tensorboard_trace_handler",
]


class ProfilerActivity(Enum):
    """The activities that may be measured; here the CPU."""

    CPU = 0
    CUDA = 1
    XPU = 2


class ProfilerAction(Enum):
    """The actions of a schedule; all steps are measured here."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(**options: Any) -> Callable[[int], ProfilerAction]:
    """A schedule that measures each step.

    >>> schedule(wait=1, warmup=1, active=3)(0)
    <ProfilerAction.RECORD: 2>
    """
    return lambda step: ProfilerAction.RECORD


def tensorboard_trace_handler(dir_name: str, *args: Any, **options: Any) -> Callable[[Any], None]:
    """Take a profile: nothing is written for TensorBoard.

    >>> tensorboard_trace_handler("runs")(None)
    """
    return lambda prof: None
