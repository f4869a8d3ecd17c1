"""Rates that rise and fall in cycles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor
from typing import Any

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import choice, flag, integer, number
from tinygrad_cnn.functional.checks import not_negative
from tinygrad_cnn.optim.optimizer import Group, Optimizer
from tinygrad_cnn.optim.scheduler import LRScheduler, PerGroup, per_group


class CyclicLR(LRScheduler):
    """lr between base_lr and max_lr, up and down on straight lines, with a scale that may shrink.

        cycle = floor(1 + t / (up + down)),   x = the share of the way up, or down, in [0, 1]
        lr = base_lr + (max_lr - base_lr) · x · scale

    The scale is 1 ('triangular'), 2^(1 - cycle) ('triangular2'), gamma^t ('exp_range'), or `scale_fn`.
    The momentum, or the first of the betas, moves the other way.

    Args:
        optimizer: whose rates to set.   base_lr, max_lr: the bounds, one each or one for each group.
        step_size_up, step_size_down: steps of the way up and down; down as up if None.
        mode: as above.   gamma: of 'exp_range'.   scale_fn: a function instead of a mode.
        scale_mode: 'cycle' or 'iterations': what scale_fn is given.
        cycle_momentum: whether the momentum moves.   base_momentum, max_momentum: its bounds.
    Raises:
        ArgumentError: an option out of its range, or an optimizer without momentum.
    Source: Smith 2017, arXiv:1506.01186.

    >>> from tinygrad_cnn import nn, optim
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    >>> scheduler = CyclicLR(optimizer, 0.0, 1.0, step_size_up=2, cycle_momentum=False)
    >>> [(*scheduler.get_last_lr(), scheduler.step())[0] for _ in range(6)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, base_lr: float | Sequence[float], max_lr: float | Sequence[float],
        step_size_up: int = 2000, step_size_down: int | None = None, mode: str = "triangular",
        gamma: float = 1.0, scale_fn: Callable[[Any], float] | None = None, scale_mode: str = "cycle",
        cycle_momentum: bool = True, base_momentum: float = 0.8, max_momentum: float = 0.9,
    ) -> None:  # fmt: skip
        name = "CyclicLR"
        groups = optimizer.param_groups if isinstance(optimizer, Optimizer) else []
        self.base_lrs = PerGroup(name, "base_lr", base_lr, groups, not_negative)
        self.max_lrs = PerGroup(name, "max_lr", max_lr, groups, not_negative)
        self.up = integer(name, "step_size_up", step_size_up, 1)
        down = self.up if step_size_down is None else integer(name, "step_size_down", step_size_down, 1)
        self.length = self.up + down
        self.mode = choice(name, "mode", mode, ("triangular", "triangular2", "exp_range"))
        self.gamma = number(name, "gamma", gamma, 0)
        if scale_fn is not None and not callable(scale_fn):
            raise DTypeError(f"{name}: scale_fn must be a function, got {scale_fn!r}")
        self.scale_fn = scale_fn
        self.scale_mode = choice(name, "scale_mode", scale_mode, ("cycle", "iterations"))
        self.cycle_momentum = flag(name, "cycle_momentum", cycle_momentum)
        self.momenta = (
            number(name, "base_momentum", base_momentum, 0, 1),
            number(name, "max_momentum", max_momentum, 0, 1),
        )
        if self.cycle_momentum and any("momentum" not in g and "betas" not in g for g in groups):
            raise ArgumentError(f"{name}: the optimizer has no momentum; pass cycle_momentum=False")
        super().__init__(optimizer)

    def write(self, t: int, group: Group, k: int) -> None:
        """The rate, and the momentum, of one group; its initial rate plays no part."""
        group.setdefault("initial_lr", group["lr"])
        height = self._height(t)
        low, high = per_group(self, "base_lrs", group), per_group(self, "max_lrs", group)
        group["lr"] = low + (high - low) * height
        if self.cycle_momentum:
            least, most = self.momenta
            momentum = most - (most - least) * height
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum

    def _height(self, t: int) -> float:
        """Where the rate stands between its bounds after t steps."""
        cycle = floor(1 + t / self.length)
        x = 1 + t / self.length - cycle
        rise = self.up / self.length
        share = x / rise if x <= rise else (x - 1) / (rise - 1)
        if self.scale_fn is not None:
            return share * self.scale_fn(cycle if self.scale_mode == "cycle" else t)
        return share * {"triangular": 1.0, "triangular2": 2.0 ** (1 - cycle)}.get(self.mode, self.gamma**t)
