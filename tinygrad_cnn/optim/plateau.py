"""The schedule that looks at the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import choice, integer, number
from tinygrad_cnn.functional.checks import not_negative
from tinygrad_cnn.optim.optimizer import Optimizer
from tinygrad_cnn.optim.scheduler import PerGroup, check_keys, checked_value, count_of, per_group


class ReduceLROnPlateau:
    """Lower the rates once a measure has not improved for more than `patience` steps.

        lr <- max(lr · factor, min_lr)

    Args:
        optimizer: whose rates to set.   mode: 'min' if lower is better, or 'max'.
        factor: in [0, 1).   patience: steps without improvement that are put up with.
        threshold: what counts as better: by that share of the best ('rel') or by that much ('abs').
        threshold_mode: 'rel' or 'abs'.   cooldown: steps after a change in which none is counted.
        min_lr: the lowest rate, or one for each group.   eps: smaller changes are not made.
    Raises:
        DTypeError: not an Optimizer.   ArgumentError: an option out of its range.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 8.3.1.

    >>> from tinygrad_cnn import nn, optim
    >>> scheduler = ReduceLROnPlateau(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0]: scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.1]
    """

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        name = "ReduceLROnPlateau"
        if not isinstance(optimizer, Optimizer):
            raise DTypeError(f"{name}: needs an Optimizer, got {optimizer!r}")
        self.optimizer = optimizer
        self.mode = choice(name, "mode", mode, ("min", "max"))
        self.threshold_mode = choice(name, "threshold_mode", threshold_mode, ("rel", "abs"))
        self.factor = number(name, "factor", factor, 0, inf)
        if self.factor >= 1:
            raise ArgumentError(f"{name}: factor must lie in [0, 1), got {factor!r}")
        self.patience = integer(name, "patience", patience, 0)
        self.cooldown = integer(name, "cooldown", cooldown, 0)
        self.threshold = number(name, "threshold", threshold, 0, inf)
        self.eps = number(name, "eps", eps, 0, inf)
        self.min_lrs = PerGroup(name, "min_lr", min_lr, optimizer.param_groups, not_negative)
        self.best = inf if mode == "min" else -inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def step(self, metrics: Any) -> None:
        """One step on, given the measure, usually the validation loss of an epoch.

        Args:
            metrics: a number, or an array or Tensor of one element; NaN does not count as an improvement.
        Raises:
            DTypeError: not a number.

        >>> from tinygrad_cnn import nn, optim
        >>> scheduler = ReduceLROnPlateau(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0))
        >>> scheduler.step(2.5); scheduler.best
        2.5
        """
        value = _measure(metrics)
        for group in self.optimizer.param_groups:
            per_group(self, "min_lrs", group)  # raises for a group without one, before anything is changed
        self.last_epoch += 1
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def get_last_lr(self) -> list[float]:
        """The present learning rate of each group.

        >>> from tinygrad_cnn import nn, optim
        >>> ReduceLROnPlateau(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)).get_last_lr()
        [1.0]
        """
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The best measure and the counts; the rates are in the optimizer's state.

        >>> from tinygrad_cnn import nn, optim
        >>> ReduceLROnPlateau(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)).state_dict()["best"]
        inf
        """
        return {key: getattr(self, key) for key in _STATE}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the best measure and the counts of a scheduler of the same options.

        Raises:
            StateError: other keys, or values of another kind; nothing changed.

        >>> from tinygrad_cnn import nn, optim
        >>> scheduler = ReduceLROnPlateau(optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0))
        >>> scheduler.load_state_dict(scheduler.state_dict())
        """
        check_keys("ReduceLROnPlateau", state_dict, set(_STATE))
        name = "ReduceLROnPlateau"
        best = checked_value(name, "best", state_dict["best"], _measure_of)
        counts = {key: count_of(name, state_dict, key) for key in _STATE if key != "best"}
        self.__dict__.update(counts, best=best)

    def _is_better(self, value: float) -> bool:
        margin = -self.threshold if self.mode == "min" else self.threshold
        mark = self.best * (1 + margin) if self.threshold_mode == "rel" else self.best + margin
        return value < mark if self.mode == "min" else value > mark

    def _reduce(self) -> None:
        for group in self.optimizer.param_groups:
            lower = max(group["lr"] * self.factor, per_group(self, "min_lrs", group))
            if group["lr"] - lower > self.eps:
                group["lr"] = lower

    def __repr__(self) -> str:
        rates = ", ".join(f"{rate:g}" for rate in self.get_last_lr())
        return f"ReduceLROnPlateau(best={self.best:g}, num_bad_epochs={self.num_bad_epochs}, lr={rates})"


def _measure(metrics: Any) -> float:
    """A number, also out of an array or a Tensor of one element."""
    try:
        if isinstance(metrics, (str, bytes)):
            raise TypeError
        return float(metrics.item() if hasattr(metrics, "item") else metrics)
    except (TypeError, ValueError):
        raise DTypeError(f"ReduceLROnPlateau: metrics must be a number, got {metrics!r}") from None


def _measure_of(name: str, key: str, value: Any) -> float:
    """The measure in a state dict."""
    return _measure(value)


_STATE = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")
