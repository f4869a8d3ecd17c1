"""Schedules made of halves of a cosine."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, inf, pi

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import choice, flag, integer, number
from tinygrad_cnn.functional.checks import above_0
from tinygrad_cnn.optim.optimizer import Group, Optimizer
from tinygrad_cnn.optim.scheduler import LRScheduler, PerGroup, per_group


class CosineAnnealingLR(LRScheduler):
    """lr = eta_min + (initial - eta_min) · (1 + cos(π · t / T_max)) / 2; after T_max it rises again.

    Args:
        optimizer: whose rates to set.   T_max: steps from the initial rate to eta_min, at least 1.
        eta_min: the lowest rate, at least 0.
    Raises:
        ArgumentError: an option out of its range.
    Source: Loshchilov & Hutter 2017, arXiv:1608.03983.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = CosineAnnealingLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 4)
    >>> [round((scheduler.step(), *scheduler.get_last_lr())[1], 4) for _ in range(5)]
    [0.8536, 0.5, 0.1464, 0.0, 0.1464]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803
        self.T_max = integer("CosineAnnealingLR", "T_max", T_max, 1)
        self.eta_min = number("CosineAnnealingLR", "eta_min", eta_min, 0, inf)
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """The rate after t steps."""
        return between(initial, self.eta_min, t / self.T_max)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine from the initial rate to eta_min over T_0 steps, again over T_0 · T_mult, and so on.

    Args:
        optimizer: whose rates to set.   T_0: steps until the first restart, at least 1.
        T_mult: factor of the length from one period to the next, at least 1.
        eta_min: the lowest rate, at least 0.
    Raises:
        ArgumentError: an option out of its range.
    Source: Loshchilov & Hutter 2017, arXiv:1608.03983.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = CosineAnnealingWarmRestarts(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 2, 2)
    >>> [round((scheduler.step(), *scheduler.get_last_lr())[1], 4) for _ in range(6)]
    [0.5, 1.0, 0.8536, 0.5, 0.1464, 1.0]
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0  # noqa: N803
    ) -> None:  # fmt: skip  # the names are the paper's
        name = "CosineAnnealingWarmRestarts"
        self.T_0, self.T_mult = integer(name, "T_0", T_0, 1), integer(name, "T_mult", T_mult, 1)
        self.eta_min = number(name, "eta_min", eta_min, 0, inf)
        super().__init__(optimizer)

    def rate(self, t: int, initial: float, k: int) -> float:
        """The rate after t steps."""
        period = self.T_0
        if self.T_mult == 1:
            t %= period
        while t >= period:
            t, period = t - period, period * self.T_mult
        return between(initial, self.eta_min, t / period)


class OneCycleLR(LRScheduler):
    """The rate up to max_lr and far down again in one run, and the momentum the other way round.

    From max_lr / div_factor up to max_lr over the share pct_start of the steps, then down to the
    initial rate / final_div_factor; with three_phase first back to the initial rate, as fast as up.
    Meant to be stepped after every batch.

    Args:
        optimizer: whose rates (and 'momentum', or the first of 'betas') to set.
        max_lr: the highest rate, above 0, or one for each group.
        total_steps: steps in all; or give epochs and steps_per_epoch.
        pct_start: in [0, 1].   anneal_strategy: 'cos' or 'linear'.
        cycle_momentum: move the momentum too, between base_momentum and max_momentum.
        div_factor, final_div_factor: above 0.   three_phase: see above.
    Raises:
        ArgumentError: an option out of its range, no number of steps, an optimizer without momentum,
            or, from `step`, more steps than total_steps.
    Source: Smith & Topin 2018, arXiv:1708.07120.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = OneCycleLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 0.5, total_steps=5,
    ...     pct_start=0.4, anneal_strategy="linear")
    >>> [round((*scheduler.get_last_lr(), scheduler.step())[0], 4) for _ in range(5)]
    [0.02, 0.5, 0.3333, 0.1667, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float | Sequence[float], total_steps: int | None = None,
        epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: float = 0.85,
        max_momentum: float = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:  # fmt: skip
        name = "OneCycleLR"
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ArgumentError(f"{name}: give total_steps, or epochs and steps_per_epoch")
            total_steps = integer(name, "epochs", epochs, 1) * integer(
                name, "steps_per_epoch", steps_per_epoch, 1
            )
        self.total_steps = integer(name, "total_steps", total_steps, 1)
        groups = optimizer.param_groups if isinstance(optimizer, Optimizer) else []
        self.max_lrs = PerGroup(name, "max_lr", max_lr, groups, above_0)
        self.div_factor = above_0(name, "div_factor", div_factor)
        self.final_div_factor = above_0(name, "final_div_factor", final_div_factor)
        self.anneal_strategy = choice(name, "anneal_strategy", anneal_strategy, ("cos", "linear"))
        self.momenta = (
            number(name, "max_momentum", max_momentum, 0, 1),
            number(name, "base_momentum", base_momentum, 0, 1),
        )
        self.cycle_momentum = flag(name, "cycle_momentum", cycle_momentum)
        if self.cycle_momentum and any("momentum" not in g and "betas" not in g for g in groups):
            raise ArgumentError(f"{name}: the optimizer has no momentum; pass cycle_momentum=False")
        self.ends = _ends(
            self.total_steps,
            number(name, "pct_start", pct_start, 0, 1),
            flag(name, "three_phase", three_phase),
        )
        super().__init__(optimizer)

    def write(self, t: int, group: Group, k: int) -> None:
        """The rate, and the momentum, of one group; its initial rate plays no part."""
        if t > self.total_steps:
            raise ArgumentError(f"OneCycleLR: step {t} of a schedule of {self.total_steps} steps")
        group.setdefault("initial_lr", group["lr"])
        top = per_group(self, "max_lrs", group)
        low = top / self.div_factor
        back = [low] if len(self.ends) == 3 else []
        group["lr"] = self._at(t, [low, top, *back, low / self.final_div_factor])
        if self.cycle_momentum:
            high, low = self.momenta
            momentum = self._at(t, [high, low, high, high][: len(self.ends) + 1])
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum

    def _at(self, t: int, values: list[float]) -> float:
        """Between two of the values, which hold at step 0 and at the end of each phase."""
        starts = [0.0, *self.ends[:-1]]
        phase = next((i for i, end in enumerate(self.ends) if t <= end), len(self.ends) - 1)
        length = self.ends[phase] - starts[phase]
        share = (t - starts[phase]) / length if length else 1.0
        shape = between if self.anneal_strategy == "cos" else on_a_line
        return shape(values[phase], values[phase + 1], share)


def between(start: float, end: float, share: float) -> float:
    """On half a cosine from `start` (share 0) to `end` (share 1).

    >>> between(1.0, 0.0, 0.5)
    0.5
    """
    return end + (start - end) * (1 + cos(pi * share)) / 2


def on_a_line(start: float, end: float, share: float) -> float:
    """On a straight line from `start` (share 0) to `end` (share 1).

    >>> on_a_line(1.0, 0.0, 0.25)
    0.75
    """
    return start + (end - start) * share


def _ends(total: int, pct_start: float, three_phase: bool) -> list[float]:
    """The step at which each phase of one cycle ends."""
    rise = pct_start * total
    return [rise - 1.0, 2 * rise - 2.0, total - 1.0] if three_phase else [rise - 1.0, total - 1.0]
