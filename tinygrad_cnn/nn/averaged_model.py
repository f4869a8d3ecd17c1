"""A copy of a model whose parameters are means of the model's over the course of training."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.errors import DTypeError, StateError
from tinygrad_cnn.functional.arguments import flag, number
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.nn.layers.channel_norm import BatchNormLayer
from tinygrad_cnn.nn.module import Buffer, Module
from tinygrad_cnn.restoring import Restoring

__all__ = ["AveragedModel", "get_ema_avg_fn", "update_bn"]

Array = NDArray[Any]
#: The mean after an update, from the mean before, the new value, and how many were averaged before.
Average = Callable[[Array, Array, int], NDArray[Any]]


def equal_average(mean: Array, value: Array, count: int) -> Any:
    """The mean of all values so far: mean + (value - mean) / (count + 1).

    >>> float(equal_average(np.array(2.0), np.array(5.0), 2))
    3.0
    """
    return mean + (value - mean) / (count + 1)


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """An exponential moving average: decay · mean + (1 - decay) · value.

    Args:
        decay: in [0, 1].
    Raises:
        ArgumentError: decay out of its range.
    Source: Polyak & Juditsky 1992; in this form, TensorFlow's `ExponentialMovingAverage`.

    >>> float(get_ema_avg_fn(0.75)(np.array(2.0), np.array(6.0), 9))
    3.0
    """
    share = 1 - number("get_ema_avg_fn", "decay", decay, 0, 1)
    return lambda mean, value, count: mean + share * (value - mean)


class AveragedModel(Module):
    """A second model with averaged parameters of the one that is trained: call it to predict.

        update: p_mean <- avg_fn(p_mean, p, n),   n <- n + 1;   the first update copies

    Args:
        model: the one that is trained; it is copied.
        avg_fn: what an update does; None for the mean of all.
        use_buffers: average buffers too; otherwise they are copied at every update.
    Raises:
        DTypeError: model is not a Module.
    Source: Izmailov et al. 2018, arXiv:1803.05407 (stochastic weight averaging).

    >>> from tinygrad_cnn import nn
    >>> model = nn.Linear(1, 1, bias=False)
    >>> averaged = AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = model.load_state_dict({"weight": [[value]]}); averaged.update_parameters(model)
    >>> averaged(np.ones((1, 1), "float32")).item()
    3.0
    """

    def __init__(self, model: Module, avg_fn: Average | None = None, use_buffers: bool = False) -> None:
        if not isinstance(model, Module):
            raise DTypeError(f"AveragedModel: model is a Module, got {type(model).__name__}")
        self.module = copy.deepcopy(model)
        self.avg_fn = avg_fn
        self.use_buffers = flag("AveragedModel", "use_buffers", use_buffers)
        self.n_averaged = Buffer(np.array(0, np.int64))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the averaged model's result.

        >>> AveragedModel(Module.__new__(Module)).forward()
        Traceback (most recent call last):
        NotImplementedError: Module.forward is not written
        """
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the mean.

        Raises:
            StateError: the model has other parameters or buffers.

        >>> from tinygrad_cnn import nn
        >>> model = nn.Linear(1, 1); averaged = AveragedModel(model)
        >>> averaged.update_parameters(model); averaged.n_averaged.item()
        1
        """
        pairs = self._pairs("parameters", model)
        buffers = self._pairs("buffers", model)
        count, average = int(self.n_averaged.item()), self.avg_fn or equal_average
        for mean, value in pairs + (buffers if self.use_buffers else []):
            if count and mean.dtype.kind == "f":
                with np.errstate(under="ignore"):
                    mean._writable()[...] = average(mean.array, value.array, count)
            else:
                mean._writable()[...] = value.array
        for mean, value in [] if self.use_buffers else buffers:
            mean._writable()[...] = value.array
        self.n_averaged._writable()[...] = count + 1

    def _pairs(self, kind: str, model: Module) -> list[tuple[Any, Any]]:
        """(mean, value) of each parameter, or each buffer."""
        own, theirs = (dict(getattr(m, f"named_{kind}")()) for m in (self.module, model))
        if {k: v.shape for k, v in own.items()} != {k: v.shape for k, v in theirs.items()}:
            raise StateError(f"AveragedModel: the model's {kind} are not those that were averaged so far")
        return [(own[key], theirs[key]) for key in own]


def update_bn(loader: Iterable[Any], model: Module) -> None:
    """Compute the running statistics of all batch norms anew, as plain means over the batches of a loader.

    Averaged weights have statistics of their own, which no training step has seen.

    Args:
        loader: gives inputs, or tuples whose first element is the input.   model: whose norms to set.
    Source: Izmailov et al. 2018, arXiv:1803.05407, 3.2.

    >>> from tinygrad_cnn import nn
    >>> model = nn.BatchNorm1d(1)
    >>> update_bn([np.array([[1.0], [3.0]], "float32"), np.array([[3.0], [5.0]], "float32")], model)
    >>> model.running_mean.tolist()
    [3.0]
    """
    norms = [m for m in model.modules() if isinstance(m, BatchNormLayer) and m.running_mean is not None]
    if not norms:
        return
    before = [(m, m.momentum) for m in norms]
    modes = [(m, m.training) for m in model.modules()]

    def begin() -> None:
        for norm in norms:
            for buffer, start in (
                (norm.running_mean, 0), (norm.running_var, 1), (norm.num_batches_tracked, 0)
            ):  # fmt: skip
                if buffer is not None:
                    buffer._writable()[...] = start
            norm.momentum = None  # the mean of all batches
        model.train()

    def end() -> None:
        for norm, momentum in before:
            norm.momentum = momentum
        for module, mode in modes:
            module.training = mode

    with Restoring(begin, end), no_grad():
        for batch in loader:
            x = batch[0] if isinstance(batch, (tuple, list)) else batch
            model(devices.beside(x, norms[0].running_mean))
