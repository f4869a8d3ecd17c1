"""PyTorch (eager) as an engine of the benchmarks; `ours` has the same names."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import nn as nn
from torch import no_grad as no_grad
from torch.autograd import grad as grad
from torch.nn import functional as functional
from torch.optim import SGD as SGD
from torch.optim import Adam as Adam
from torch.optim import AdamW as AdamW

# PyTorch may count the cores itself whatever the environment says, so it is told once more.
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


PLACE = torch.device(os.environ.get("TINYGRAD_CNN_BENCH_DEVICE", "cpu"))
if PLACE.type == "cuda":
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False  # float32, as ours


def finish() -> None:
    """Wait until the device has done what it was given."""
    if PLACE.type == "cuda":
        torch.cuda.synchronize(PLACE)


def tensor(array: Any, requires_grad: bool = False) -> Any:
    """An array as this engine's Tensor; a copy, as ours makes one."""
    return torch.tensor(array, requires_grad=requires_grad, device=PLACE)


def labels(array: Any) -> Any:
    """Integer labels as this engine takes them."""
    return torch.from_numpy(array).to(PLACE)


def shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """The shape of each entry of the model's state."""
    return {key: tuple(value.shape) for key, value in model.state_dict().items()}


def load(model: Any, state: dict[str, Any]) -> None:
    """Write `state` into the model; entries that it leaves out stay as they are."""
    tensors = {key: torch.from_numpy(value) for key, value in state.items()}
    unexpected = model.load_state_dict(tensors, strict=False).unexpected_keys
    if unexpected:
        raise ValueError(f"load: the model has no {unexpected}")


def ready(model: Any) -> Any:
    """The model as it is trained, on the device."""
    return model.to(PLACE)
