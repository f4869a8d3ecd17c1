"""`torch.optim.lr_scheduler`: the native schedulers with PyTorch's options."""

from __future__ import annotations

import inspect
from typing import Any

from tinygrad_cnn import optim as native_optim
from tinygrad_cnn.torch.refusals import guard as _guard

LRScheduler = native_optim.LRScheduler
NAMES = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau",
    "SequentialLR", "StepLR",
]  # fmt: skip


def _of_native(native: Any) -> Any:
    parameters = inspect.signature(native).parameters

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        last = kwargs.pop("last_epoch", -1) if "last_epoch" not in parameters else -1
        if "verbose" not in parameters:
            kwargs.pop("verbose", None)
        native.__init__(self, *args, **kwargs)
        if last != -1:  # the epoch that was the last one
            self.jump(last + 1)

    def step(self: Any, *args: Any) -> None:
        if args and native.__name__ != "ReduceLROnPlateau" and args[0] is not None:
            self.jump(int(args[0]))
        elif native.__name__ == "ReduceLROnPlateau":
            native.step(self, *(float(a) for a in args))
        else:
            native.step(self)

    def get_lr(self: Any) -> list[float]:
        return self.get_last_lr()

    space = {
        "__init__": __init__,
        "step": step,
        "get_lr": get_lr,
        "__doc__": f"See `optim.{native.__name__}`.",
    }
    return type(native.__name__, (native,), {**space, "__module__": __name__})


_CLASSES: dict[str, Any] = {
    n: _of_native(getattr(native_optim, n)) for n in NAMES if hasattr(native_optim, n)
}
globals().update(_CLASSES)
_LRScheduler = LRScheduler
__all__ = sorted([*_CLASSES, "LRScheduler"])

__getattr__ = _guard("torch.optim.lr_scheduler", globals())
