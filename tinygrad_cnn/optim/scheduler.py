"""Schedulers: the learning rate as a function of the number of `step()` calls, usually of epochs.

Each is a closed form of the initial rate and of t, so a state is one number and nothing drifts. What
else is written to a group's 'lr' is overwritten at the next step; to put several schedules one after
the other there is `SequentialLR`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from tinygrad_cnn.errors import ArgumentError, DTypeError, StateError
from tinygrad_cnn.functional.arguments import integer, number
from tinygrad_cnn.functional.checks import Check, not_negative
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
        >>> scheduler = optim.ExponentialLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), gamma=0.5)
        >>> scheduler.jump(3); scheduler.get_last_lr()
        [0.125]
        """
        groups = self.optimizer.param_groups
        before = [dict(group) for group in groups]
        try:
            for k, group in enumerate(groups):
                self.write(t, group, k)
        except BaseException:  # a step is taken by all groups or by none
            restore(groups, before)
            raise
        self.last_epoch = t

    def step(self) -> None:
        """One step on: call it after the optimizer's, once an epoch (or batch, if t counts those).

        >>> from tinygrad_cnn import nn, optim
        >>> scheduler = optim.StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 1)
        >>> scheduler.step(); scheduler.last_epoch
        1
        """
        self.jump(self.last_epoch + 1)

    def get_last_lr(self) -> list[float]:
        """The present learning rate of each group.

        >>> from tinygrad_cnn import nn, optim
        >>> optim.StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 1).get_last_lr()
        [1.0]
        """
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The class, the number of steps and the initial rates; options are the constructor's.

        >>> from tinygrad_cnn import nn, optim
        >>> optim.StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 1).state_dict()
        {'scheduler': 'StepLR', 'last_epoch': 0, 'base_lrs': [1.0]}
        """
        rates = [group.get("initial_lr", group["lr"]) for group in self.optimizer.param_groups]
        return {"scheduler": type(self).__name__, "last_epoch": self.last_epoch, "base_lrs": rates}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the place and the initial rates of a scheduler of the same class and options.

        Args:
            state_dict: as `state_dict` gives it; it may be without the class, which is not looked at then.
        Raises:
            StateError: another class or other keys, values of another kind, or another number of groups;
                nothing changed.

        >>> from tinygrad_cnn import nn, optim
        >>> scheduler = optim.StepLR(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), 1, gamma=0.5)
        >>> scheduler.load_state_dict({"last_epoch": 2, "base_lrs": [3.0]}); scheduler.get_last_lr()
        [0.75]
        """
        name, groups = type(self).__name__, self.optimizer.param_groups
        check_keys(name, state_dict, {"last_epoch", "base_lrs"}, {"scheduler"})
        if (of := state_dict.get("scheduler", name)) != name:
            raise StateError(f"{name}: the state is that of another class, {of!s:.60}")
        t, rates = count_of(name, state_dict, "last_epoch"), state_dict["base_lrs"]
        if not isinstance(rates, (list, tuple)):
            raise StateError(f"{name}: base_lrs must be a list of rates, got {rates!r:.60}")
        rates = [checked_value(name, "base_lrs", rate, not_negative) for rate in rates]
        if len(rates) != len(groups):
            raise StateError(f"{name}: the state has {len(rates)} groups, the optimizer {len(groups)}")
        before = [dict(group) for group in groups]
        try:
            for group, initial in zip(groups, rates, strict=True):
                group["initial_lr"] = initial
            self.jump(t)
        except BaseException:
            restore(groups, before)
            raise

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


def restore(groups: Sequence[Group], before: Sequence[Group]) -> None:
    """Give groups back what they held before.

    >>> groups = [{"lr": 1.0, "initial_lr": 2.0}]
    >>> restore(groups, [{"lr": 0.5}]); groups
    [{'lr': 0.5}]
    """
    for group, old in zip(groups, before, strict=True):
        group.clear()
        group.update(old)


def checked_value(name: str, key: str, value: Any, check: Check) -> Any:
    """One value of a state dict.

    Raises:
        StateError: it does not fit.

    >>> checked_value("StepLR", "base_lrs", 1, not_negative)
    1.0
    """
    try:
        return check(name, key, value)
    except (ArgumentError, DTypeError) as error:
        raise StateError(f"the state does not fit: {error}") from None


def count_of(name: str, state: Mapping[str, Any], key: str) -> int:
    """A number of steps in a state dict.

    Raises:
        StateError: it is not a whole number of at least 0.

    >>> count_of("StepLR", {"last_epoch": 2}, "last_epoch")
    2
    """
    return checked_value(
        name, key, state[key], lambda owner, option, value: integer(owner, option, value, 0)
    )


def check_keys(name: str, state: Mapping[str, Any], keys: set[str], more: Set[str] = frozenset()) -> None:
    """The keys of a state dict.

    Args:
        name: of the scheduler.   state: the dict.   keys: those it has.   more: those it may have.
    Raises:
        StateError: there are others, or it is no dict.

    >>> check_keys("StepLR", {"last_epoch": 0}, {"last_epoch"})
    """
    if not isinstance(state, Mapping):
        raise StateError(f"{name}: a scheduler's state dict fits, got {state!r:.60}")
    if state.keys() - more != keys:
        raise StateError(f"{name}: the state has keys {sorted(map(str, state))}, {sorted(keys)} fit")
