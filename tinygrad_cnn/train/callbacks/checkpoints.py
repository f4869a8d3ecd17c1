"""The callback that saves: the last state, the best, and every n-th."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.serial.atomic import check_writable
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.serial.tensors import check_format
from tinygrad_cnn.train.callbacks.base import Callback, check_monitor, direction

if TYPE_CHECKING:
    from tinygrad_cnn.train.trainer import Trainer


class Checkpoint(Callback):
    """Save the whole training: `trainer.load(path)` goes on from each of the files, bit by bit.

    last.safetensors is written after each epoch, and at Ctrl-C; best.safetensors after an epoch in
    which the measure was better than ever; epoch-0003.safetensors and so on every n epochs. If all
    classes of the model are registered, `load_model` and `load_trainer` read each of them, too.

    Weights that hold NaN or infinity are not written: a warning says so, and the files stay as they
    were.

    Args:
        folder: where to; made if it is not there.
        best: a name of the history to judge by, such as 'val_loss'; None saves no best.
        every: also keep a file every so many epochs; 0 keeps none.
        every_batches: also write last.safetensors every so many batches; 0 does not.
        mode: 'min', 'max', or by the name as in `EarlyStopping`.
        suffix: '.safetensors', or '.npz', which needs no other package.
        notes: plain values to keep in each file, for `load_notes`; {"classes": ["cat", "dog"]}, say.
    Raises:
        ArgumentError: an option out of its range; when training begins, a name that is not measured.
        FormatError, MissingExtraError, OSError: when training begins, files that cannot be written.

    >>> Checkpoint("runs/mine", best="val_loss").mode
    'min'
    """

    last = True

    def __init__(
        self, folder: str | os.PathLike[str], best: str | None = None, every: int = 0,
        every_batches: int = 0, mode: str | None = None, suffix: str = ".safetensors",
        notes: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.monitor, self.suffix = Path(path_of("Checkpoint", folder)), best, suffix
        self.every = integer("Checkpoint", "every", every, 0)
        self.every_batches = integer("Checkpoint", "every_batches", every_batches, 0)
        self.mode = direction("Checkpoint", best or "", mode)
        self.notes = dict(notes or {})
        self.best: float | None = None
        self._warned = False

    def on_train_begin(self, trainer: Trainer) -> None:
        """Make the folder, and see that it can be written to, and that the measure is there."""
        self._warned = False
        if self.monitor is not None:
            check_monitor("Checkpoint", self.monitor, trainer.names)
        check_format(self.path("last"))
        if trainer.world.rank:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("last",) if self.monitor is None else ("last", "best"):
            check_writable(self.path(name))

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        """Save every so many batches."""
        if self.every_batches and trainer.batch % self.every_batches == 0:
            self._save(trainer, "last")

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """Save what is due."""
        due = ["last"]
        if self.every and trainer.epoch % self.every == 0:
            due.append(f"epoch-{trainer.epoch:04d}")
        value = math.nan if self.monitor is None else logs.get(self.monitor, math.nan)
        sign = 1 if self.mode == "max" else -1
        if not math.isnan(value) and (self.best is None or sign * (value - self.best) > 0):
            self.best = value
            due.append("best")
        for name in due:
            self._save(trainer, name)

    def on_interrupt(self, trainer: Trainer) -> None:
        """Save where it was broken off."""
        self._save(trainer, "last")

    def _save(self, trainer: Trainer, name: str) -> None:
        """Write a file, unless a weight is no longer a number."""
        bad = next((path for path, p in trainer.model.named_parameters() if not _finite(p.array)), None)
        if bad is None:
            trainer.save(self.path(name), **self.notes)
        elif not self._warned:
            self._warned = True
            if trainer.world.rank:
                return
            warnings.warn(
                f"Checkpoint: {bad} holds NaN or infinity after batch {trainer.batch} of epoch "
                f"{trainer.epoch}; nothing is written from here on, the files in '{self.folder}' stay as "
                "they were",
                RuntimeWarning, stacklevel=2,
            )  # fmt: skip

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


def _finite(array: Any) -> bool:
    """Whether all are numbers; a sum is NaN or infinite if one of them is, and costs no second array."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum(dtype=np.float64)))
