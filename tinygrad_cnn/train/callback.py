"""Callback: what is told of the steps of a training, and may stop it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinygrad_cnn.errors import ArgumentError

if TYPE_CHECKING:
    from tinygrad_cnn.train.loop import Trainer


class Callback:
    """Base of callbacks: a subclass writes the methods that it needs.

    Each method gets the Trainer, whose `model`, `optimizer`, `history`, `epoch` (epochs done),
    `batch` (batches done in this epoch), `epochs` and `steps` (planned; steps None if not known) tell
    where it is; `running()` gives the means so far, `stop(reason)` ends the training.

    Attributes:
        last: called after all others, when the epoch is in the history; for what writes files.

    >>> class Say(Callback):
    ...     def on_epoch_end(self, trainer, logs): print(trainer.epoch, sorted(logs))
    >>> from tinygrad_cnn import nn, optim
    >>> from tinygrad_cnn.train import Trainer
    >>> model = nn.Linear(2, 2)
    >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), callbacks=[Say()])
    >>> _ = trainer.fit(np.zeros((4, 2), "float32"), [0, 1, 0, 1], epochs=1)
    1 ['train_accuracy', 'train_loss']
    """

    last: bool = False

    def on_train_begin(self, trainer: Trainer) -> None:
        """`fit` begins."""

    def on_epoch_begin(self, trainer: Trainer) -> None:
        """An epoch begins, or goes on after an interruption."""

    def on_loss(self, trainer: Trainer, loss: float) -> None:
        """The loss of a batch is known; the weights are not changed yet."""

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        """The weights have been changed by a batch."""

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """An epoch is over; what is added to `logs` goes to the history."""

    def on_interrupt(self, trainer: Trainer) -> None:
        """Ctrl-C was pressed; the training ends between two steps."""

    def on_train_end(self, trainer: Trainer) -> None:
        """`fit` ends; `trainer.ending` is 'finished', 'interrupted' or 'failed'."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of it; plain values and arrays.

        >>> Callback().state_dict()
        {}
        """
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        >>> Callback().load_state_dict({})
        """


def direction(function: str, monitor: str, mode: str | None) -> str:
    """'min' or 'max': as given, or by the name of what is watched.

    Raises:
        ArgumentError: another mode.

    >>> direction("EarlyStopping", "val_loss", None), direction("EarlyStopping", "val_accuracy", None)
    ('min', 'max')
    """
    if mode not in (None, "min", "max"):
        raise ArgumentError(f"{function}: mode must be 'min', 'max' or None, got {mode!r}")
    return mode or ("min" if any(word in monitor for word in ("loss", "error")) else "max")


def check_monitor(function: str, monitor: str, names: list[str]) -> None:
    """Refuse to watch what the training will not measure, before it begins.

    Raises:
        ArgumentError: the name is not among those of the epoch's measures.

    >>> check_monitor("EarlyStopping", "val_loss", ["train_loss", "val_loss"])
    """
    if monitor not in names:
        raise ArgumentError(f"{function}: {monitor!r} is not measured here; {', '.join(names)} are")
