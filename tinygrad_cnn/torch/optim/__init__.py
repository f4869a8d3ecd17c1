"""`torch.optim`: the native optimizers with PyTorch's options."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import optim as native_optim
from tinygrad_cnn.torch.optim import lr_scheduler as lr_scheduler
from tinygrad_cnn.torch.optim import swa_utils as swa_utils
from tinygrad_cnn.torch.optim.optimizers import Optimizer as Optimizer
from tinygrad_cnn.torch.optim.optimizers import of_native as _of_native
from tinygrad_cnn.torch.refusals import guard as _guard

NAMES = [
    "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD",
    "SparseAdam", "ASGD", "Adafactor", "Muon",
]  # fmt: skip
_CLASSES: dict[str, Any] = {
    n: _of_native(getattr(native_optim, n)) for n in NAMES if hasattr(native_optim, n)
}
globals().update(_CLASSES)
__all__ = sorted([*_CLASSES, "Optimizer", "lr_scheduler", "swa_utils"])
__getattr__ = _guard("torch.optim", globals())
