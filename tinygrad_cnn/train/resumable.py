"""Resumable: what a training remembers, and how it is written to a file and taken up again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tinygrad_cnn.errors import DTypeError, StateError
from tinygrad_cnn.functional import cross_entropy
from tinygrad_cnn.nn import Module
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.train.callback import Callback
from tinygrad_cnn.train.checkpoint import load_checkpoint, write_checkpoint
from tinygrad_cnn.train.compiled import described
from tinygrad_cnn.train.history import History
from tinygrad_cnn.train.learner import Learner
from tinygrad_cnn.train.source import Source

#: The text of a checkpoint that tells how its training was put together.
TRAINING = "training"


class Resumable(Learner):
    """The part of a Trainer that is saved: history, place in the data, and states of callbacks.

    Args:
        model, optimizer, loss, metrics, callbacks: as `Trainer`.
    Attributes:
        history, epoch, batch: as `Trainer`.

    >>> from tinygrad_cnn import nn, optim
    >>> model = nn.Linear(2, 2); Resumable(model, optim.SGD(model.parameters(), lr=0.1)).epoch
    0
    """

    def __init__(
        self, model: Module, optimizer: Optimizer, loss: Callable[[Any, Any], Any] = cross_entropy,
        metrics: Iterable[Any] = ("accuracy",), callbacks: Iterable[Callback] = (),
    ) -> None:  # fmt: skip
        super().__init__(model, optimizer, loss, metrics)
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise DTypeError(f"{type(self).__name__}: a callback must be a Callback, got {callback!r}")
        self.history = History()
        self.epoch = self.batch = 0
        self._source: Source | None = None
        self._place: dict[str, Any] | None = None

    def save(self, path: str | os.PathLike[str], **notes: Any) -> None:
        """Write everything that the training needs to go on bit by bit; see `save_checkpoint`.

        If all classes of the model are registered, `load_model` and `load_trainer` read it, too.

        Args:
            path: a `.safetensors` or `.npz` file in a folder that exists.
            notes: plain values to keep beside it, for `load_notes`.

        >>> import tempfile; from tinygrad_cnn import nn, optim; from tinygrad_cnn.train import Trainer
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     trainer.save(f"{folder}/a.npz"); trainer.load(f"{folder}/a.npz")
        """
        parts = {"model": self.model, "trainer": self, "optimizer": self.optimizer, **notes}
        how = described(self.model, self.optimizer, self.loss, self._running.metrics, self.callbacks)
        write_checkpoint(path, parts, {TRAINING: json.dumps(how, separators=(",", ":"), allow_nan=False)})

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go to the state that `save` or `Checkpoint` wrote; `fit` then goes on from there.

        Model, optimizer, metrics and callbacks must be of the same kinds; `fit` must be given the
        same data. Whatever fails, nothing has been changed.

        Args:
            path: the file.
        Raises:
            As `load_checkpoint`.

        >>> from tinygrad_cnn import nn, optim; from tinygrad_cnn.train import Trainer
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> trainer.load("nowhere.npz")
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.npz'
        """
        load_checkpoint(path, model=self.model, trainer=self, optimizer=self.optimizer)

    def state_dict(self) -> dict[str, Any]:
        """Where the training is: all but the model, the optimizer and their generators.

        >>> from tinygrad_cnn import nn, optim; from tinygrad_cnn.train import Trainer
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> list(trainer.state_dict())
        ['epoch', 'batch', 'history', 'running', 'place', 'callbacks']
        """
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "history": {name: list(values) for name, values in self.history.items()},
            "running": self._running.state_dict(),
            "place": self._place if self._source is None else self._source.state(),
            "callbacks": {k: state for k, c in self._named().items() if (state := c.state_dict())},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises:
            StateError: other metrics, or the state of a callback that is not here.

        >>> from tinygrad_cnn import nn, optim; from tinygrad_cnn.train import Trainer
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> trainer.load_state_dict(trainer.state_dict())
        """
        named, kept = self._named(), state["callbacks"]
        missing = [name for name in kept if name not in named]
        if missing:
            raise StateError(f"Trainer: the state has callbacks that are not here: {', '.join(missing)}")
        self._running.load_state_dict(state["running"])
        for name, own in kept.items():
            named[name].load_state_dict(own)
        self.epoch, self.batch, self._place = state["epoch"], state["batch"], state["place"]
        self.history.clear()
        self.history.update({name: list(values) for name, values in state["history"].items()})

    def _named(self) -> dict[str, Callback]:
        """The callbacks by class, and number within it."""
        named: dict[str, Callback] = {}
        for callback in self.callbacks:
            kind = type(callback).__name__
            named[f"{kind}.{sum(key.split('.')[0] == kind for key in named)}"] = callback
        return named
