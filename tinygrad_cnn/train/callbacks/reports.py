"""Callbacks that tell how a training goes: a bar, lines, a table, TensorBoard."""

from __future__ import annotations

import csv
import math
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tinygrad_cnn.errors import ArgumentError, MissingExtraError
from tinygrad_cnn.functional.arguments import flag, integer
from tinygrad_cnn.serial import writing
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.train.callbacks.base import Callback

if TYPE_CHECKING:
    from tinygrad_cnn.train.trainer import Trainer


class ProgressBar(Callback):
    """A bar for each epoch, with the time left, the loss and the metrics; nothing in pipes and files.

    Args:
        leave: let the bars of finished epochs stand.
        file: where to; None: standard error, in a notebook a line below the cell, written over.
        quiet: True shows nothing, False always shows; None shows on a terminal and in a notebook.
    Raises:
        MissingExtraError: tqdm is not installed.

    >>> ProgressBar().leave
    True
    """

    everywhere = False

    def __init__(self, leave: bool = True, file: TextIO | None = None, quiet: bool | None = None) -> None:
        try:
            from tqdm import tqdm
        except ImportError as error:
            raise MissingExtraError(
                "ProgressBar needs tqdm: pip install 'tinygrad-cnn[progress]'"
            ) from error
        self.leave = flag("ProgressBar", "leave", leave)
        self._tqdm, self._file = tqdm, file
        self._quiet = None if quiet is None else flag("ProgressBar", "quiet", quiet)
        self._bar: Any = None

    def on_epoch_begin(self, trainer: Trainer) -> None:
        """A new bar."""
        quiet = self._quiet
        file: Any = self._file
        if file is None and _is_notebook():
            quiet, file = bool(quiet), _CellLine()
        self._bar = self._tqdm(
            total=trainer.steps, initial=trainer.batch, desc=f"epoch {trainer.epoch + 1}/{trainer.epochs}",
            disable=quiet, leave=self.leave, file=file, unit="batch",
        )  # fmt: skip

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        """One batch on."""
        if not self._bar.disable:
            self._bar.set_postfix(_shown(trainer.running()), refresh=False)
            self._bar.update()

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """The epoch's measures, those of the validation too."""
        if not self._bar.disable:
            self._bar.set_postfix(_shown({name.removeprefix("train_"): v for name, v in logs.items()}))
        self._bar.close()

    def on_train_end(self, trainer: Trainer) -> None:
        """Close a bar that was broken off."""
        if self._bar is not None:
            self._bar.close()


def _is_notebook() -> bool:
    """Whether a kernel runs the code: JupyterLab's, VS Code's, nbconvert's; nothing is imported."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


class _CellLine:
    """The target of a bar in a notebook: one output of the cell, of which the last state is kept."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._shown: Any = None

    def write(self, text: str) -> None:
        """Show a line in the place of the last one."""
        if not text.startswith("\r"):
            return  # the end of the line
        line = {"text/plain": text.strip()}
        if self._shown is None:
            self._shown = sys.modules["IPython"].display.display(line, raw=True, display_id=True)
        else:
            self._shown.update(line, raw=True)

    def flush(self) -> None:
        """Nothing waits."""


def _shown(values: dict[str, float]) -> dict[str, str]:
    return {n: f"{v:.2%}" if "accuracy" in n else f"{v:.4g}" for n, v in values.items()}


class Log(Callback):
    """Plain lines: the cost every so many batches, the accuracy and the minutes after each epoch.

    Args:
        every: batches between two lines; 0 for none.   file: where to; standard output if None.
    Raises:
        ArgumentError: `every` below 0.

    Epochs count from 1, batches from 0, as `Epoch: 001/010 | Batch 000/469 | Cost: 2.3026`.

    >>> Log(every=50).every
    50
    """

    everywhere = False

    def __init__(self, every: int = 50, file: TextIO | None = None) -> None:
        self.every = integer("Log", "every", every, 0)
        self._file = file
        self._started = 0.0

    def on_train_begin(self, trainer: Trainer) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        """A line, if it is due."""
        index = trainer.batch - 1
        if self.every and index % self.every == 0:
            of = "" if trainer.steps is None else f"/{trainer.steps:03d}"
            epoch = f"{trainer.epoch + 1:03d}/{trainer.epochs:03d}"
            self._print(f"Epoch: {epoch} | Batch {index:03d}{of} | Cost: {loss:.4f}")

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """The measures of the epoch, and the time since the start."""
        shown = " | ".join(f"{name.replace('_', ' ')} {text}" for name, text in _shown(logs).items())
        minutes = (time.perf_counter() - self._started) / 60
        self._print(
            f"Epoch: {trainer.epoch:03d}/{trainer.epochs:03d} | {shown} | {minutes:.2f} min elapsed"
        )

    def _print(self, line: str) -> None:
        print(line, file=self._file or sys.stdout, flush=True)


class CSVLogger(Callback):
    """A table of the history, one row an epoch, written anew and whole after each.

    A training that goes on from a checkpoint has its earlier epochs in its history, so the table has
    them too. NaN is an empty field.

    Args:
        path: the .csv file, in a folder that exists when training begins.

    >>> CSVLogger("log.csv").last
    True
    """

    last = True
    everywhere = False

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path_of("CSVLogger", path))

    def on_train_begin(self, trainer: Trainer) -> None:
        """Write the table of the epochs so far: a path that cannot be written fails now."""
        self._write(trainer)

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """Write the table."""
        self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        history = trainer.history
        with writing(self.path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["epoch", *(history or trainer.names)])
            for epoch, row in enumerate(zip(*history.values(), strict=True), start=1):
                table.writerow([epoch, *("" if math.isnan(value) else repr(value) for value in row)])


class TensorBoardLogger(Callback):
    """The measures of each epoch as scalars in TensorBoard's event files.

    Args:
        folder: where to; `tensorboard --logdir FOLDER` shows it.
    Raises:
        MissingExtraError: tensorboardX is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise MissingExtraError(
                "TensorBoardLogger needs tensorboardX: pip install 'tinygrad-cnn[tensorboard]'"
            ) from error
        self._folder, self._make = path_of("TensorBoardLogger", folder), SummaryWriter
        self._writer: Any = None

    last = True
    everywhere = False

    def on_train_begin(self, trainer: Trainer) -> None:
        """Open an event file."""
        self._writer = self._make(self._folder)

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        """Write the epoch's measures."""
        for name, value in logs.items():
            part, _, quantity = name.partition("_")
            self._writer.add_scalar(f"{quantity}/{part}" if quantity else name, value, trainer.epoch)
        self._writer.flush()

    def on_train_end(self, trainer: Trainer) -> None:
        """Close the file."""
        self._writer.close()


def reporting(verbose: int | bool | str | None) -> list[Callback]:
    """The callbacks that `fit(verbose=)` stands for: 1 a bar for each epoch, 2 a line, 0 or None nothing.

    Without tqdm a line takes the place of the bar.

    Raises:
        ArgumentError: something else.

    >>> reporting(2)
    [Log(every=0)]
    """
    if verbose is None or verbose in (0, False):
        return []
    if verbose == 2:
        return [Log(every=0)]
    if verbose not in (1, True, "auto"):
        raise ArgumentError(f"fit: verbose is 0, 1, 2 or 'auto', got {verbose!r}")
    try:
        return [ProgressBar()]
    except MissingExtraError:
        return [Log(every=0)]
