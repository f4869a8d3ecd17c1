"""The callback that saves: the last state, the best, and every n-th."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.train.callback import Callback, check_monitor, direction

if TYPE_CHECKING:
    from tinygrad_cnn.train.loop import Trainer


class Checkpoint(Callback):
    """Save the whole training: `trainer.load(path)` goes on from each of the files, bit by bit.

    last.safetensors is written after each epoch, and at Ctrl-C; best.safetensors after an epoch in
    which the measure was better than ever; epoch-0003.safetensors and so on every n epochs.

    Args:
        folder: where to; made if it is not there.
        best: a name of the history to judge by, such as 'val_loss'; None saves no best.
        every: also keep a file every so many epochs; 0 keeps none.
        every_batches: also write last.safetensors every so many batches; 0 does not.
        mode: 'min', 'max', or by the name as in `EarlyStopping`.
        suffix: '.safetensors', or '.npz', which needs no other package.
    Raises:
        ArgumentError: an option out of its range; when training begins, a name that is not measured.

    >>> Checkpoint("runs/mine", best="val_loss").mode
    'min'
    """

    last = True

    def __init__(
        self, folder: str | os.PathLike[str], best: str | None = None, every: int = 0,
        every_batches: int = 0, mode: str | None = None, suffix: str = ".safetensors",
    ) -> None:  # fmt: skip
        self.folder, self.monitor, self.suffix = Path(folder), best, suffix
        self.every = integer("Checkpoint", "every", every, 0)
        self.every_batches = integer("Checkpoint", "every_batches", every_batches, 0)
        self.mode = direction("Checkpoint", best or "", mode)
        self.best: float | None = None

    def on_train_begin(self, trainer: Trainer) -> None:
        """Make the folder, and see that the measure is there."""
        if self.monitor is not None:
            check_monitor("Checkpoint", self.monitor, trainer.names)
        self.folder.mkdir(parents=True, exist_ok=True)

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        """Save every so many batches."""
        if self.every_batches and trainer.batch % self.every_batches == 0:
            trainer.save(self.path("last"))

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """Save what is due."""
        due = ["last"]
        if self.every and trainer.epoch % self.every == 0:
            due.append(f"epoch-{trainer.epoch:04d}")
        value = math.nan if self.monitor is None else logs[self.monitor]
        sign = 1 if self.mode == "max" else -1
        if not math.isnan(value) and (self.best is None or sign * (value - self.best) > 0):
            self.best = value
            due.append("best")
        for name in due:
            trainer.save(self.path(name))

    def on_interrupt(self, trainer: Trainer) -> None:
        """Save where it was broken off."""
        trainer.save(self.path("last"))

    def path(self, name: str) -> Path:
        """Where 'last', 'best' or 'epoch-0003' is written.

        >>> Checkpoint("runs").path("best").as_posix()
        'runs/best.safetensors'
        """
        return self.folder / f"{name}{self.suffix}"

    def state_dict(self) -> dict[str, Any]:
        """The best value.

        >>> Checkpoint("runs").state_dict()
        {'best': None}
        """
        return {"best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it over.

        >>> Checkpoint("runs").load_state_dict({"best": 0.5})
        """
        self.best = state["best"]
