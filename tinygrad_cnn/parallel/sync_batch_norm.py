"""Batch norm whose statistics are those of the whole batch, over all ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import floating, values
from tinygrad_cnn.graph import Op
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.nn import BatchNorm1d, BatchNorm2d, BatchNorm3d
from tinygrad_cnn.nn.layers.channel_norm import BatchNormLayer
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.parallel.worlds import World
from tinygrad_cnn.parallel.worlds import world as this_world


class SumOverRanks(Op):
    """x summed over the ranks; its adjoint is itself, since the losses of all ranks are summed too."""

    family = "norm"

    def __init__(self, world: World) -> None:
        self.world = world

    def forward(self, x: Any) -> Any:
        return self.world.sum(x)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (SumOverRanks(self.world)(g),)


class SyncNorm:
    """Shared by the layers below: in training, statistics over all ranks."""

    world: World | None = None

    def forward(self: Any, x: Any) -> Any:
        """x normalised; in training by the mean and variance of the batch over all ranks."""
        world = this_world() if self.world is None else self.world
        if world.size == 1 or not (self.training or self.running_mean is None):
            return super().forward(x)  # type: ignore[misc]  # of the batch norm beside it
        x = floating(type(self).__name__, x)
        if x.ndim < 2 or x.shape[1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}: x has shape {x.shape}, {self.num_features} channels fit"
            )
        axes, side = (0, *range(2, x.ndim)), (1, -1, *(1,) * (x.ndim - 2))
        count = int(world.sum(np.array(x.size // self.num_features)))
        total = SumOverRanks(world)
        mean = total(x.sum(axis=axes)) / count
        centred = x - mean.reshape(side)
        var = total((centred * centred).sum(axis=axes)) / count
        if self.running_mean is not None:
            self._note(values(mean), values(var) * (count / max(count - 1, 1)))
        y = centred / ((var + self.eps) ** 0.5).reshape(side)
        return y if self.weight is None else y * self.weight.reshape(side) + self.bias.reshape(side)

    def _note(self: Any, mean: Any, var: Any) -> None:
        """Move the running statistics towards those of the batch."""
        with no_grad():
            tracked = self.num_batches_tracked._writable()
            tracked += 1
            share = 1 / int(tracked) if self.momentum is None else self.momentum
            for buffer, value in ((self.running_mean, mean), (self.running_var, var)):
                array = buffer._writable()
                array += share * (value - array)


class SyncBatchNorm1d(SyncNorm, BatchNorm1d):
    """`nn.BatchNorm1d` over the batch of all ranks.

    Args:
        num_features, eps, momentum, affine, track_running_stats, dtype: as `nn.BatchNorm1d`.
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167; over devices, Peng et al. 2018, arXiv:1711.07240.

    >>> SyncBatchNorm1d(2)(np.array([[0.0, 1.0], [2.0, 3.0]], "float32")).numpy().round(3).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """


class SyncBatchNorm2d(SyncNorm, BatchNorm2d):
    """`nn.BatchNorm2d` over the batch of all ranks.

    Args:
        num_features, eps, momentum, affine, track_running_stats, dtype: as `nn.BatchNorm2d`.
    Source: Peng et al. 2018, arXiv:1711.07240.

    >>> SyncBatchNorm2d(3)(np.zeros((2, 3, 4, 4), "float32")).shape
    (2, 3, 4, 4)
    """


class SyncBatchNorm3d(SyncNorm, BatchNorm3d):
    """`nn.BatchNorm3d` over the batch of all ranks.

    Args:
        num_features, eps, momentum, affine, track_running_stats, dtype: as `nn.BatchNorm3d`.
    Source: Peng et al. 2018, arXiv:1711.07240.

    >>> SyncBatchNorm3d(3)(np.zeros((2, 3, 2, 2, 2), "float32")).shape
    (2, 3, 2, 2, 2)
    """


SYNCHRONISED = {BatchNorm1d: SyncBatchNorm1d, BatchNorm2d: SyncBatchNorm2d, BatchNorm3d: SyncBatchNorm3d}


def convert_sync_batchnorm(model: Module, world: World | None = None) -> Module:
    """The model with each batch norm replaced by one over all ranks, which has the same parameters.

    Args:
        model: changed in place, or replaced if it is a batch norm itself.   world: `world()` if None.
    Returns:
        The model.
    Source: PyTorch's `SyncBatchNorm.convert_sync_batchnorm`.

    >>> from tinygrad_cnn import nn
    >>> convert_sync_batchnorm(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)))[1]
    SyncBatchNorm2d(2, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
    """
    if isinstance(model, BatchNormLayer) and type(model) in SYNCHRONISED:
        made: Any = object.__new__(SYNCHRONISED[type(model)])
        vars(made).update(vars(model))
        made.world = world
        return made
    for name, child in list(model.named_children()):
        if (converted := convert_sync_batchnorm(child, world)) is not child:
            setattr(model, name, converted)
    return model
