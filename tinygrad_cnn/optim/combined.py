"""Schedules made of others: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.optim.optimizer import Group, Optimizer
from tinygrad_cnn.optim.scheduler import LRScheduler


class SequentialLR(LRScheduler):
    """Several schedules one after the other, each counting from its own start.

    Args:
        optimizer: the one that all of them belong to.   schedulers: in order.
        milestones: at which step each but the first begins, rising, one fewer than schedulers.
    Raises:
        ArgumentError: other numbers of milestones, or not rising, or schedulers of other optimizers.
    Source: Goyal et al. 2017, arXiv:1706.02677 (a warm-up before another schedule).

    >>> from tinygrad_cnn import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    >>> parts = [optim.LinearLR(optimizer, 0.5, total_iters=2), optim.ExponentialLR(optimizer, 0.5)]
    >>> scheduler = SequentialLR(optimizer, parts, milestones=[2])
    >>> [(scheduler.step(), *scheduler.get_last_lr())[1] for _ in range(4)]
    [0.75, 1.0, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
    ) -> None:
        name = "SequentialLR"
        self.schedulers = list(schedulers)
        self.milestones = [integer(name, "milestones", m, 1) for m in milestones]
        for scheduler in self.schedulers:
            if not isinstance(scheduler, LRScheduler):
                raise DTypeError(
                    f"{name}: schedules of t fit, got a {type(scheduler).__name__}; step a schedule that "
                    "looks at the loss by itself"
                )
        if not self.schedulers or any(s.optimizer is not optimizer for s in self.schedulers):
            raise ArgumentError(f"{name}: needs schedulers, all of the optimizer that it is given")
        if len(self.milestones) != len(self.schedulers) - 1:
            raise ArgumentError(
                f"{name}: {len(self.schedulers)} schedulers need {len(self.schedulers) - 1} milestones, "
                f"got {len(self.milestones)}"
            )
        if self.milestones != sorted(set(self.milestones)):
            raise ArgumentError(f"{name}: milestones must rise, got {milestones}")
        super().__init__(optimizer)

    def write(self, t: int, group: Group, k: int) -> None:
        """Set what the scheduler of step t says."""
        part = bisect_right(self.milestones, t)
        start = self.milestones[part - 1] if part else 0
        self.schedulers[part].write(t - start, group, k)


class ChainedScheduler(LRScheduler):
    """Several schedules at once: each takes the rate of the one before for its initial rate.

    Args:
        schedulers: in order, all of one optimizer.   optimizer: that one; it need not be given.
    Raises:
        ArgumentError: no schedulers, or schedulers of several optimizers.
    Source: PyTorch's scheduler of the same name.

    >>> from tinygrad_cnn import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    >>> parts = [optim.ConstantLR(optimizer, 0.1, total_iters=2), optim.ExponentialLR(optimizer, 0.5)]
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
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
        >>> chain = ChainedScheduler([optim.ConstantLR(optimizer, 0.1)])
        >>> chain.load_state_dict(chain.state_dict())
        """
        super().load_state_dict(state_dict)
        for scheduler in self.schedulers:
            scheduler.last_epoch = self.last_epoch
