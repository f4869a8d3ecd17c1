"""`torch.optim.swa_utils`: averages of models."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.torch.nn.modules import Module
from tinygrad_cnn.torch.tensors import Tensor


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], Any]:
    """The rule of an exponential moving average.

    >>> round(float(get_ema_avg_fn(0.9)(Tensor([1.0]), Tensor([2.0]), 1)), 3)
    1.1
    """

    def rule(average: Any, new: Any, count: Any) -> Any:
        return decay * average + (1 - decay) * new

    return rule


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], None]:
    """The rule of an exponential moving average, for lists of tensors in place."""
    one = get_ema_avg_fn(decay)

    def rule(averages: Any, news: Any, count: Any) -> None:
        for average, new in zip(averages, news, strict=True):
            average.copy_(one(average, new, count))

    return rule


class AveragedModel(Module):
    """A model whose parameters are averages of another's; `update_parameters` takes one more in.

    >>> from tinygrad_cnn.torch import nn
    >>> model = nn.Linear(1, 1); average = AveragedModel(model); average.update_parameters(model)
    >>> bool((average.module.weight == model.weight).all())
    True
    """

    def __init__(
        self,
        model: Any,
        device: Any = None,
        avg_fn: Any = None,
        multi_avg_fn: Any = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", Tensor.detached(np.array(0, np.int64)))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the averaged model."""
        return self.module(*args, **kwargs)

    def _values(self, model: Any) -> list[Any]:
        return [*model.parameters(), *(model.buffers() if self.use_buffers else ())]

    def update_parameters(self, model: Any) -> None:
        """Take the present parameters into the average."""
        count = int(self.n_averaged.item())
        with no_grad():
            pairs = list(zip(self._values(self.module), self._values(model), strict=True))
            if count == 0:
                for average, new in pairs:
                    average.copy_(new)
            elif self.multi_avg_fn is not None:
                self.multi_avg_fn([a for a, _ in pairs], [n for _, n in pairs], count)
            else:
                for average, new in pairs:
                    rule = self.avg_fn or (lambda a, n, c: a + (n - a) / (c + 1))
                    average.copy_(rule(average, new, count))
            if not self.use_buffers:
                for average, new in zip(self.module.buffers(), model.buffers(), strict=True):
                    average.copy_(new)
            self.n_averaged._writable()[...] += 1


def update_bn(loader: Any, model: Any, device: Any = None) -> None:
    """Run the data through a model, so that its batch norms take new statistics."""
    norms = [m for m in model.modules() if hasattr(m, "running_mean") and m.running_mean is not None]
    if not norms:
        return
    before = model.training, [m.momentum for m in norms]
    model.train()
    for m in norms:
        m.momentum = None
        m.running_mean._writable()[...] = 0
        m.running_var._writable()[...] = 1
        m.num_batches_tracked._writable()[...] = 0
    with no_grad():
        for batch in loader:
            model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    for m, momentum in zip(norms, before[1], strict=True):
        m.momentum = momentum
    model.train(before[0])
