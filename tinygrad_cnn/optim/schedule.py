"""Schedulers: the learning rate as a function of the number of `step()` calls, usually of epochs.

Each is a closed form of the initial rate and of t, so a state is one number and nothing drifts. What
else is written to a group's 'lr' is overwritten at the next step; to put several schedules one after
the other there is `SequentialLR`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from tinygrad_cnn.errors import ArgumentError, DTypeError, StateError
from tinygrad_cnn.functional.arguments import integer, number
from tinygrad_cnn.functional.checks import Check
from tinygrad_cnn.optim.optimizer import Group, Optimizer


class LRScheduler:
    """Base of schedulers: a subclass writes `rate`.

    Args:
        optimizer: the one whose groups' 'lr' it sets, from now on. Their present rates are the
            initial ones, unless an earlier scheduler noted them as 'initial_lr'.
    Raises:
        DTypeError: not an Optimizer.

    >>> from tinygrad_cnn import nn, optim
    >>> class Halves(LRScheduler):
    ...     def rate(self, t, initial, k): return initial / 2**t
    >>> scheduler = Halves(optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1))
    >>> scheduler.step(); scheduler.get_last_lr()
    [0.05]
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise DTypeError(f"{type(self).__name__}: needs an Optimizer, got {optimizer!r}")
        self.optimizer = optimizer
        self.jump(0)

    def rate(self, t: int, initial: float, k: int) -> float:
        """The learning rate of group `k` after `t` steps, given its initial one."""
        raise NotImplementedError(f"{type(self).__name__}.rate is not written")

    def write(self, t: int, group: Group, k: int) -> None:
        """Set what the schedule rules in one group."""
        group.setdefault("initial_lr", group["lr"])  # of a group that was added later
        group["lr"] = self.rate(t, group["initial_lr"], k)

    def jump(self, t: int) -> None:
        """Go to the rates after `t` steps, whatever came before.

        >>> from tinygrad_cnn import nn, optim
        >>> scheduler = ExponentialLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), gamma=0.5)
        >>> scheduler.jump(3); scheduler.get_last_lr()
        [0.125]
        """
        groups = self.optimizer.param_groups
        before = [dict(group) for group in groups]
        try:
            for k, group in enumerate(groups):
                self.write(t, group, k)
        except BaseException:  # a step is taken by all groups or by none
            for group, old in zip(groups, before, strict=True):
                group.clear()
                group.update(old)
            raise
        self.last_epoch = t

    def step(self) -> None:
        """One step on: call it after the optimizer's, once an epoch (or batch, if t counts those).

        >>> from tinygrad_cnn import nn, optim
        >>> scheduler = StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 1)
        >>> scheduler.step(); scheduler.last_epoch
        1
        """
        self.jump(self.last_epoch + 1)

    def get_last_lr(self) -> list[float]:
        """The present learning rate of each group.

        >>> from tinygrad_cnn import nn, optim
        >>> StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 1).get_last_lr()
        [1.0]
        """
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The number of steps and the initial rates; options are the constructor's.

        >>> from tinygrad_cnn import nn, optim
        >>> StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 1).state_dict()
        {'last_epoch': 0, 'base_lrs': [1.0]}
        """
        rates = [group["initial_lr"] for group in self.optimizer.param_groups]
        return {"last_epoch": self.last_epoch, "base_lrs": rates}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the place and the initial rates of a scheduler of the same kind and options.

        Raises:
            StateError: other keys, or another number of groups; nothing changed.

        >>> from tinygrad_cnn import nn, optim
        >>> scheduler = StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 1, gamma=0.5)
        >>> scheduler.load_state_dict({"last_epoch": 2, "base_lrs": [3.0]}); scheduler.get_last_lr()
        [0.75]
        """
        name, groups = type(self).__name__, self.optimizer.param_groups
        check_keys(name, state_dict, {"last_epoch", "base_lrs"})
        if len(state_dict["base_lrs"]) != len(groups):
            raise StateError(
                f"{name}: the state has {len(state_dict['base_lrs'])} groups, the optimizer {len(groups)}"
            )
        for group, initial in zip(groups, state_dict["base_lrs"], strict=True):
            group["initial_lr"] = initial
        self.jump(state_dict["last_epoch"])

    def __repr__(self) -> str:
        rates = ", ".join(f"{rate:g}" for rate in self.get_last_lr())
        return f"{type(self).__name__}(last_epoch={self.last_epoch}, lr={rates})"


class PerGroup:
    """A value for each parameter group, kept with the group wherever it goes; or one value for all.

    Args:
        owner: name of the scheduler.   name: of the option.
        given: one value, which holds for groups that are added later too, or a sequence of one per group.
        groups: the optimizer's.   check: of each value.
    Raises:
        ArgumentError: another number of values than of groups, or a value that does not fit.

    >>> groups = [{"params": []}, {"params": []}]
    >>> rates = PerGroup("OneCycleLR", "max_lr", [0.1, 0.2], groups, number)
    >>> groups.reverse(); [rates.of(group) for group in groups]
    [0.2, 0.1]
    """

    def __init__(self, owner: str, name: str, given: Any, groups: Sequence[Group], check: Check) -> None:
        self.owner, self.name = owner, name
        self.common: list[Any] = []
        self.own: list[tuple[Group, Any]] = []
        if not isinstance(given, (list, tuple)):
            self.common = [check(owner, name, given)]
        elif len(given) != len(groups):
            raise ArgumentError(f"{owner}: got {len(given)} {name} for {len(groups)} groups")
        else:
            values = [check(owner, name, value) for value in given]
            self.own = list(zip(groups, values, strict=True))

    def of(self, group: Group) -> Any:
        """The value of a group.

        Raises:
            ArgumentError: the group is newer than the values.

        >>> PerGroup("LambdaLR", "lr_lambda", abs, [], lambda owner, name, value: value).of({}) is abs
        True
        """
        if self.common:
            return self.common[0]
        for known, value in self.own:
            if known is group:
                return value
        raise ArgumentError(
            f"{self.owner}: {self.name} was given for {len(self.own)} groups, of which this is none; "
            "give one value for all groups, or make the scheduler after the last add_param_group"
        )

    def plain(self, groups: Sequence[Group]) -> Any:
        """The one value, or a list in the present order of the groups: what a file can hold.

        >>> PerGroup("OneCycleLR", "max_lr", [0.1], [{"params": []}], number).plain([])
        []
        """
        return self.common[0] if self.common else [self.of(group) for group in groups]


def per_group(scheduler: Any, name: str, group: Group) -> Any:
    """The value for a group of an attribute that is a `PerGroup`, or plain, out of a file.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = optim.ReduceLROnPlateau(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), min_lr=0.5)
    >>> per_group(scheduler, "min_lrs", scheduler.optimizer.param_groups[0])
    0.5
    """
    found = getattr(scheduler, name)
    if not isinstance(found, PerGroup):
        owner = type(scheduler).__name__
        found = PerGroup(owner, name, found, scheduler.optimizer.param_groups, number)
        setattr(scheduler, name, found)
    return found.of(group)


def check_keys(name: str, state: Mapping[str, Any], keys: set[str]) -> None:
    """The keys of a state dict.

    Raises:
        StateError: there are others.

    >>> check_keys("StepLR", {"last_epoch": 0}, {"last_epoch"})
    """
    if state.keys() != keys:
        raise StateError(f"{name}: the state has keys {sorted(state)}, {sorted(keys)} fit")


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


def a_function(owner: str, name: str, value: Any) -> Any:
    """A check: something that can be called.

    >>> a_function("LambdaLR", "lr_lambda", abs) is abs
    True
    """
    if not callable(value):
        raise DTypeError(f"{owner}: lr_lambda must be a function of t, got {value!r}")
    return value


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
    >>> parts = [LinearLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.5)]
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
        """What the scheduler of step t sets."""
        part = bisect_right(self.milestones, t)
        start = self.milestones[part - 1] if part else 0
        self.schedulers[part].write(t - start, group, k)
