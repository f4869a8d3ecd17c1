"""Schedules that multiply the initial rate by functions of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.optim.optimizer import Group, Optimizer
from tinygrad_cnn.optim.scheduler import LRScheduler, PerGroup


class LambdaLR(LRScheduler):
    """lr = initial · function(t), for any function.

    Args:
        optimizer: whose rates to set.   lr_lambda: a function of t, or one for each group.
    Raises:
        DTypeError: not callable.   ArgumentError: another number of functions than of groups.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 8.3.1.

    >>> from tinygrad_cnn import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    >>> scheduler = LambdaLR(optimizer, lambda t: 1 / (1 + t))
    >>> scheduler.step(); scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Any]) -> None:
        groups = optimizer.param_groups if isinstance(optimizer, Optimizer) else []
        self.lr_lambdas = PerGroup("LambdaLR", "functions", lr_lambda, groups, a_function)
        super().__init__(optimizer)

    def write(self, t: int, group: Group, k: int) -> None:
        """initial · function(t)."""
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = group["initial_lr"] * self.lr_lambdas.of(group)(t)


class MultiplicativeLR(LRScheduler):
    """lr = initial · function(1) · function(2) · ... · function(t).

    Args:
        optimizer: whose rates to set.   lr_lambda: a function of the step, or one for each group.
    Raises:
        DTypeError: not callable.   ArgumentError: another number of functions than of groups.
    Source: PyTorch's scheduler of the same name.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = MultiplicativeLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), lambda t: 1 / t)
    >>> [(*scheduler.get_last_lr(), scheduler.step())[0] for _ in range(4)]
    [1.0, 1.0, 0.5, 0.16666666666666666]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Any]) -> None:
        groups = optimizer.param_groups if isinstance(optimizer, Optimizer) else []
        self.lr_lambdas = PerGroup("MultiplicativeLR", "functions", lr_lambda, groups, a_function)
        self._products: dict[int, list[float]] = {}
        super().__init__(optimizer)

    def write(self, t: int, group: Group, k: int) -> None:
        """initial · the product of the factors up to t; each factor is computed once."""
        factor = self.lr_lambdas.of(group)
        products = self._products.setdefault(id(factor), [1.0])
        while len(products) <= t:
            products.append(products[-1] * factor(len(products)))
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = group["initial_lr"] * products[t]


def a_function(owner: str, name: str, value: Any) -> Any:
    """A check: something that can be called.

    >>> a_function("LambdaLR", "lr_lambda", abs) is abs
    True
    """
    if not callable(value):
        raise DTypeError(f"{owner}: lr_lambda must be a function of t, got {value!r}")
    return value
