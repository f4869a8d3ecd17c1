"""Schedules that lower the rate by a formula: in steps, exponentially, by a power, along a line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import inf

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import integer, number
from tinygrad_cnn.optim.optimizer import Optimizer
from tinygrad_cnn.optim.scheduler import LRScheduler


class StepLR(LRScheduler):
    """lr = initial · gamma^floor(t / step_size).

    Args:
        optimizer: whose rates to set.   step_size: steps at each rate, at least 1.
        gamma: the factor, at least 0.
    Raises:
        ArgumentError: an option out of its range.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 8.3.1.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 2, gamma=0.5)
    >>> [(scheduler.step(), *scheduler.get_last_lr())[1] for _ in range(4)]
    [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = integer("StepLR", "step_size", step_size, 1)
        self.gamma = number("StepLR", "gamma", gamma, 0, inf)
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """initial · gamma^floor(t / step_size)."""
        return initial * self.gamma ** (t // self.step_size)


class MultiStepLR(LRScheduler):
    """lr = initial · gamma^(the number of milestones up to t); a repeated one counts again.

    Args:
        optimizer: whose rates to set.   milestones: steps, in order, at which the rate changes.
        gamma: the factor, at least 0.
    Raises:
        ArgumentError: an option out of its range, or milestones out of order.
    Source: He et al. 2016, arXiv:1512.03385, 3.4.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = MultiStepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), [1, 3], gamma=0.5)
    >>> [(scheduler.step(), *scheduler.get_last_lr())[1] for _ in range(4)]
    [0.5, 0.5, 0.25, 0.25]
    """

    def __init__(self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1) -> None:
        self.milestones = [integer("MultiStepLR", "milestones", m, 0) for m in milestones]
        if self.milestones != sorted(self.milestones):
            raise ArgumentError(f"MultiStepLR: milestones must not fall, got {milestones}")
        self.gamma = number("MultiStepLR", "gamma", gamma, 0, inf)
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """initial · gamma^(milestones up to t)."""
        return initial * self.gamma ** bisect_right(self.milestones, t)


class ExponentialLR(LRScheduler):
    """lr = initial · gamma^t.

    Args:
        optimizer: whose rates to set.   gamma: the factor of each step, at least 0.
    Raises:
        ArgumentError: an option out of its range.
    Source: Senior et al. 2013, "An empirical study of learning rates in deep neural networks for
        speech recognition".

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = ExponentialLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 0.5)
    >>> [(scheduler.step(), *scheduler.get_last_lr())[1] for _ in range(3)]
    [0.5, 0.25, 0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = number("ExponentialLR", "gamma", gamma, 0, inf)
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """initial · gamma^t."""
        return initial * self.gamma**t


class PolynomialLR(LRScheduler):
    """lr = initial · (1 - min(t, total_iters) / total_iters)^power: down to 0.

    Args:
        optimizer: whose rates to set.   total_iters: steps until 0, at least 1.
        power: 1 for a straight line; at least 0.
    Raises:
        ArgumentError: an option out of its range.
    Source: Chen et al. 2017, arXiv:1606.00915, 4.1.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = PolynomialLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 4, power=2)
    >>> [(scheduler.step(), *scheduler.get_last_lr())[1] for _ in range(5)]
    [0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters = integer("PolynomialLR", "total_iters", total_iters, 1)
        self.power = number("PolynomialLR", "power", power, 0, inf)
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """initial · (1 - min(t, total_iters) / total_iters)^power."""
        return initial * (1 - min(t, self.total_iters) / self.total_iters) ** self.power


class LinearLR(LRScheduler):
    """lr = initial · a factor on a straight line from start_factor to end_factor: a warm-up.

    Args:
        optimizer: whose rates to set.   start_factor: in (0, 1].   end_factor: in [0, 1].
        total_iters: steps from one to the other, at least 1.
    Raises:
        ArgumentError: an option out of its range.
    Source: Goyal et al. 2017, arXiv:1706.02677, 2.2.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = LinearLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 0.25, total_iters=3)
    >>> [(scheduler.step(), *scheduler.get_last_lr())[1] for _ in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:  # fmt: skip
        self.start_factor = number("LinearLR", "start_factor", start_factor, 0, 1)
        if not self.start_factor:
            raise ArgumentError("LinearLR: start_factor must lie in (0, 1], got 0")
        self.end_factor = number("LinearLR", "end_factor", end_factor, 0, 1)
        self.total_iters = integer("LinearLR", "total_iters", total_iters, 1)
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """initial · the factor after t steps."""
        share = min(t, self.total_iters) / self.total_iters
        return initial * (self.start_factor + (self.end_factor - self.start_factor) * share)


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
