"""Schedules that multiply the initial rate: by a constant for a while, or by factors of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import integer, number
from tinygrad_cnn.optim.optimizer import Group, Optimizer
from tinygrad_cnn.optim.schedule import LRScheduler, PerGroup, a_function


class ConstantLR(LRScheduler):
    """lr = initial · factor while t < total_iters, then initial.

    Args:
        optimizer: whose rates to set.   factor: in [0, 1].
        total_iters: steps at the lower rate, at least 0.
    Raises:
        ArgumentError: an option out of its range.
    Source: Goyal et al. 2017, arXiv:1706.02677, 2.2 (constant warm-up).

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = ConstantLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 0.5, total_iters=2)
    >>> [(*scheduler.get_last_lr(), scheduler.step())[0] for _ in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.factor = number("ConstantLR", "factor", factor, 0, 1)
        self.total_iters = integer("ConstantLR", "total_iters", total_iters, 0)
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """initial · factor, or initial."""
        return initial * self.factor if t < self.total_iters else initial


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


class ChainedScheduler(LRScheduler):
    """Several schedules at once: each takes the rate of the one before for its initial rate.

    Args:
        schedulers: in order, all of one optimizer.   optimizer: that one; it need not be given.
    Raises:
        ArgumentError: no schedulers, or schedulers of several optimizers.
    Source: PyTorch's scheduler of the same name.

    >>> from tinygrad_cnn import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    >>> parts = [ConstantLR(optimizer, 0.1, total_iters=2), optim.ExponentialLR(optimizer, 0.5)]
    >>> scheduler = ChainedScheduler(parts)
    >>> [(*scheduler.get_last_lr(), scheduler.step())[0] for _ in range(4)]
    [0.1, 0.05, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self.schedulers = list(schedulers)
        owners = {id(s.optimizer) for s in self.schedulers} | ({id(optimizer)} if optimizer else set())
        if not self.schedulers or len(owners) != 1:
            raise ArgumentError("ChainedScheduler: needs schedulers, all of one optimizer")
        super().__init__(self.schedulers[0].optimizer)

    def write(self, t: int, group: Group, k: int) -> None:
        """Let each scheduler set the group in turn, from what the one before left."""
        initial = group.setdefault("initial_lr", group["lr"])
        try:
            for scheduler in self.schedulers:
                scheduler.write(t, group, k)
                group["initial_lr"] = group["lr"]
        finally:
            group["initial_lr"] = initial

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the place and the initial rates of a chain of the same schedulers.

        >>> from tinygrad_cnn import nn, optim
        >>> chain = ChainedScheduler([ConstantLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 0.1)])
        >>> chain.load_state_dict(chain.state_dict())
        """
        super().load_state_dict(state_dict)
        for scheduler in self.schedulers:
            scheduler.last_epoch = self.last_epoch
