"""`torch.optim.optimizer`: the base of optimizers, and the mark of an option that has no default."""

from __future__ import annotations

from tinygrad_cnn.torch.optim.optimizers import Optimizer as Optimizer

__all__ = ["Optimizer", "required"]


class _Required:
    """The default of an option that has none, in optimizers that programs write."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
