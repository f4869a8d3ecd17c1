"""The callback that drives a scheduler of the learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinygrad_cnn.errors import ArgumentError, StateError
from tinygrad_cnn.functional.arguments import choice, flag
from tinygrad_cnn.nn.rebuild import Builder
from tinygrad_cnn.optim import LRScheduler, ReduceLROnPlateau
from tinygrad_cnn.train.callbacks.base import Callback, check_monitor
from tinygrad_cnn.train.files.schedules import made_scheduler, scheduler_tree

if TYPE_CHECKING:
    from tinygrad_cnn.train.trainer import Trainer


class LearningRate(Callback):
    """Step a scheduler after each epoch or each batch; its place is part of checkpoints.

    Args:
        scheduler: of the Trainer's optimizer.   every: 'epoch' or 'batch' (as one-cycle wants it).
        monitor: what `ReduceLROnPlateau` judges by, a name of the history; others need none.
        record: note the rate with which an epoch ended as 'lr' in the history.
    Raises:
        ArgumentError: another `every`; ReduceLROnPlateau without `monitor` or after each batch, or
            another scheduler with it; when training begins, a scheduler of another optimizer.

    >>> from tinygrad_cnn import nn, optim
    >>> model = nn.Linear(2, 1); optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> LearningRate(optim.CosineAnnealingLR(optimizer, 10)).every
    'epoch'
    """

    def __init__(
        self, scheduler: LRScheduler | ReduceLROnPlateau, every: str = "epoch", monitor: str | None = None,
        record: bool = True,
    ) -> None:  # fmt: skip
        self.scheduler, self.monitor = scheduler, monitor
        self.record = flag("LearningRate", "record", record)
        self.every = choice("LearningRate", "every", every, ("epoch", "batch"))
        plateau = isinstance(scheduler, ReduceLROnPlateau)
        if plateau != (monitor is not None) or (plateau and every == "batch"):
            raise ArgumentError(
                "LearningRate: ReduceLROnPlateau needs a monitor, such as 'val_loss', after each epoch; "
                f"other schedulers need none; got {type(scheduler).__name__} with {every!r} and {monitor!r}"
            )

    def on_train_begin(self, trainer: Trainer) -> None:
        """See that scheduler and Trainer have one optimizer."""
        if self.scheduler.optimizer is not trainer.optimizer:
            raise ArgumentError("LearningRate: the scheduler has another optimizer than the Trainer")
        if self.monitor is not None:
            check_monitor("LearningRate", self.monitor, trainer.names)

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        """Step after a batch."""
        if self.every == "batch":
            self._step()

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """Note the rate, and step after an epoch."""
        if self.record:
            logs["lr"] = self.scheduler.get_last_lr()[0]
        if self.every == "epoch" and (self.monitor is None or self.monitor in logs):
            self._step(*(() if self.monitor is None else (logs[self.monitor],)))

    def _step(self, *measure: float) -> None:
        self.scheduler.step(*measure)

    def describe(self) -> dict[str, Any]:
        """The options, and the scheduler as plain data.

        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> LearningRate(optim.CosineAnnealingLR(optimizer, 10)).describe()["scheduler"]["class"]
        'CosineAnnealingLR'
        """
        kept = {"every": self.every, "monitor": self.monitor, "record": self.record}
        return {**kept, "scheduler": scheduler_tree(self.scheduler)}

    @classmethod
    def made_from(cls, tree: Any, builder: Builder, optimizer: Any) -> LearningRate:
        """The callback of what `describe` gave, for an optimizer.

        >>> from tinygrad_cnn.rng import generator
        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> rate = LearningRate(optim.CosineAnnealingLR(optimizer, 10))
        >>> LearningRate.made_from(rate.describe(), Builder("a.npz", generator(0), 0), optimizer).every
        'epoch'
        """
        builder.keys("callbacks", tree, ("every", "monitor", "record", "scheduler"))
        monitor, record = tree["monitor"], tree["record"]
        if not isinstance(monitor, (str, type(None))) or not isinstance(record, bool):
            builder.refuse("callbacks", "LearningRate: monitor is a name or null, record a bool")
        return cls(made_scheduler(builder, tree["scheduler"], optimizer), tree["every"], monitor, record)

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's.

        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> LearningRate(optim.CosineAnnealingLR(optimizer, 10)).state_dict()
        {'scheduler': 'CosineAnnealingLR', 'last_epoch': 0, 'base_lrs': [0.1]}
        """
        return {"scheduler": type(self.scheduler).__name__, **self.scheduler.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it over.

        Raises:
            StateError: of another scheduler.

        >>> from tinygrad_cnn import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
        >>> rate = LearningRate(optim.CosineAnnealingLR(optimizer, 10))
        >>> rate.load_state_dict(rate.state_dict())
        """
        kind = type(self.scheduler).__name__
        if state["scheduler"] != kind:
            raise StateError(f"LearningRate: the state is that of {state['scheduler']}, not {kind}")
        self.scheduler.load_state_dict({k: v for k, v in state.items() if k != "scheduler"})
