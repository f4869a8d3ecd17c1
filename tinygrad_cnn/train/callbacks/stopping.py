"""Callbacks that end a training: no progress any more, or a loss that is not a number."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from tinygrad_cnn.functional.arguments import flag, integer, number
from tinygrad_cnn.train.callbacks.base import Callback, check_monitor, direction

if TYPE_CHECKING:
    from tinygrad_cnn.train.trainer import Trainer


class EarlyStopping(Callback):
    """Stop when a measure has not improved for `patience` epochs, and go back to the best weights.

    Args:
        monitor: a name of the history.   patience: epochs without improvement that end the training.
        min_delta: an improvement must be larger than this.   mode: 'min', 'max', or by the name: less
            is better for a loss or an error, more for everything else.
        restore_best: at the end put the weights and buffers of the best epoch back into the model;
            not after Ctrl-C or an error.
    Raises:
        ArgumentError: an option out of its range; when training begins, a name that is not measured.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 7.8.

    >>> EarlyStopping("val_accuracy", patience=3).mode
    'max'
    """

    def __init__(
        self, monitor: str = "val_loss", patience: int = 5, min_delta: float = 0.0, mode: str | None = None,
        restore_best: bool = True,
    ) -> None:  # fmt: skip
        self.monitor = monitor
        self.restore_best = flag("EarlyStopping", "restore_best", restore_best)
        self.patience = integer("EarlyStopping", "patience", patience, 1)
        self.min_delta = number("EarlyStopping", "min_delta", min_delta, 0, inf)
        self.mode = direction("EarlyStopping", monitor, mode)
        self.best: float | None = None
        self.best_epoch = 0
        self._weights: dict[str, Any] | None = None

    def on_train_begin(self, trainer: Trainer) -> None:
        """See that the measure is there."""
        check_monitor("EarlyStopping", self.monitor, trainer.names)

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """Compare with the best epoch; NaN is no improvement; an epoch without a measure is left out."""
        if self.monitor not in logs:  # validation_freq left this epoch out
            return
        value = logs[self.monitor]
        sign = 1 if self.mode == "max" else -1
        if not math.isnan(value) and (self.best is None or sign * (value - self.best) > self.min_delta):
            self.best, self.best_epoch = value, trainer.epoch
            self._weights = trainer.model.state_dict() if self.restore_best else None
        elif trainer.epoch - self.best_epoch >= self.patience:
            best = (
                "never a number"
                if self.best is None
                else f"best {self.best:.6g} in epoch {self.best_epoch}"
            )
            trainer.stop(f"{self.monitor} has not improved for {self.patience} epochs ({best})")

    def on_train_end(self, trainer: Trainer) -> None:
        """Put the best weights back."""
        if trainer.ending == "finished" and self._weights is not None:
            trainer.model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        """The best value, its epoch and its weights.

        >>> EarlyStopping().state_dict()
        {'best': None, 'best_epoch': 0, 'weights': None}
        """
        return {"best": self.best, "best_epoch": self.best_epoch, "weights": self._weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them over.

        >>> EarlyStopping().load_state_dict({"best": 0.5, "best_epoch": 3, "weights": None})
        """
        self.best, self.best_epoch, self._weights = state["best"], state["best_epoch"], state["weights"]


class NaNStop(Callback):
    """Stop at a loss that is NaN or infinite, before it reaches the weights.

    The warning names the batch. Checkpoints stay as they were: nothing is written after it.

    >>> NaNStop().last
    False
    """

    def on_loss(self, trainer: Trainer, loss: float) -> None:
        """Look at the loss of the batch."""
        if not math.isfinite(loss):
            reason = (
                f"the loss is {loss} in batch {trainer.batch + 1} of epoch {trainer.epoch + 1}; the "
                "weights are those before that batch. A lower learning rate, or clip_grad_norm_, may help"
            )
            trainer.stop(reason)
            if not trainer.world.rank:
                warnings.warn(f"NaNStop: {reason}", RuntimeWarning, stacklevel=2)
