"""Trainer: the training loop that everybody writes, written once."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, StateError, TinygradCnnError
from tinygrad_cnn.functional import cross_entropy
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.nn import Module
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.rng import Seed
from tinygrad_cnn.train.callback import Callback
from tinygrad_cnn.train.checkpoint import load_checkpoint, save_checkpoint
from tinygrad_cnn.train.history import History
from tinygrad_cnn.train.interrupt import Interrupts
from tinygrad_cnn.train.judge import Evaluator, as_operand, as_scalar, in_mode
from tinygrad_cnn.train.source import Source, as_batches, as_numbers, labels_of, parts_of, source_of

Array = NDArray[Any]


class Trainer(Evaluator):
    """A model, how it learns and what is measured: `fit`, `evaluate`, `predict`, `train_on_batch`.

    Args:
        model: called with the inputs of a batch.   optimizer: of its parameters.
        loss: of (outputs, targets), giving the mean over the batch.
        metrics: names ('accuracy', 'top_5_accuracy', 'precision', 'recall', 'f1'), functions of
            (outputs, targets) on arrays, or `Metric`s.
        callbacks: told of each step of `fit`, in this order.
    Attributes:
        history: a number an epoch for each measure.   epoch: epochs done.
        batch: batches done in the present epoch.   epochs, steps: those planned (steps may be None).
        names: the measures of an epoch.   stop_reason: why a callback ended the training, or None.
        ending: 'finished', 'interrupted' or 'failed'; None before and during `fit`.
    Raises:
        DTypeError: an argument of another type.   ArgumentError: an optimizer of other parameters, an
            unknown metric, or two of one name.

    >>> from tinygrad_cnn import manual_seed, nn, optim
    >>> _ = manual_seed(0); x = np.eye(4, dtype="float32"); y = np.array([0, 1, 0, 1])
    >>> model = nn.Linear(4, 2)
    >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=1.0))
    >>> history = trainer.fit(x, y, epochs=5, batch_size=2)
    >>> trainer.evaluate(x, y)["accuracy"], trainer.predict(x).shape
    (1.0, (4, 2))
    """

    def __init__(
        self, model: Module, optimizer: Optimizer, loss: Callable[[Any, Any], Any] = cross_entropy,
        metrics: Iterable[Any] = ("accuracy",), callbacks: Iterable[Callback] = (),
    ) -> None:  # fmt: skip
        super().__init__(model, loss, metrics)
        self.callbacks = list(callbacks)
        for what, value, kind in (
            ("optimizer", optimizer, Optimizer),
            *(("callback", callback, Callback) for callback in self.callbacks),
        ):  # fmt: skip
            if not isinstance(value, kind):
                raise DTypeError(f"Trainer: the {what} must be a {kind.__name__}, got {value!r}")
        own = {id(p) for p in model.parameters()}
        if not any(id(p) in own for group in optimizer.param_groups for p in group["params"]):
            raise ArgumentError(
                "Trainer: the optimizer has no parameter of this model; it needs model.parameters()"
            )
        self.optimizer = optimizer
        self.history = History()
        self.epoch = self.batch = self.epochs = 0
        self.steps: int | None = None
        self.names: list[str] = []
        self.stop_reason: str | None = None
        self.ending: str | None = None
        self._source: Source | None = None
        self._place: dict[str, Any] | None = None
        self._unchecked: dict[str, Array] = {}

    # ------------------------------------------------------------------ training
    def fit(
        self, x: Any, y: Any = None, *, epochs: int, validation: Any = None, batch_size: int | None = None,
        shuffle: bool = True, rng: Seed = None, steps_per_epoch: int | None = None,
    ) -> History:  # fmt: skip
        """Train until `epochs` epochs are done in all.

        Epochs of a loaded checkpoint, or of an earlier call, count.

        Args:
            x: inputs (N, ...) with targets y, or anything that gives batches (inputs, targets): a
                tuple of arrays, a dataset, a DataLoader, or an iterable. Each `for` loop over it is a
                pass; a generator is gone through once, and goes on where it is.
            y: targets (N, ...), or None.   epochs: in all, at least 1.
            validation: data as x, judged after each epoch under names 'val_loss' and so on; or a
                dict of such data by their names, for 'test_loss', say.
            batch_size, shuffle, rng: of arrays and datasets (32 samples, a new order each epoch, the
                default generator).
            steps_per_epoch: batches an epoch; passes then follow each other without regard to
                epochs. None: an epoch is a pass.
        Returns:
            The history. Ctrl-C ends the training between two steps, after callbacks have saved, and
            returns it too; a second Ctrl-C ends it at once.
        Raises:
            ArgumentError, ShapeError, DTypeError: data that is empty, of different lengths, with NaN
                or infinity, or with labels out of range; before the first step for arrays.
            StateError: the data does not fit the place that a checkpoint left it at.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 2)
        >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), metrics=())
        >>> list(trainer.fit(np.zeros((4, 2), "float32"), [0, 1, 0, 1], epochs=2))
        ['train_loss']
        """
        self.epochs = integer("fit", "epochs", epochs, 1)
        steps = None if steps_per_epoch is None else integer("fit", "steps_per_epoch", steps_per_epoch, 1)
        if self.epoch >= self.epochs:
            warnings.warn(
                f"fit: {self.epoch} epochs are done already; epochs={epochs} counts those", stacklevel=2
            )
            return self.history
        data = as_batches("fit", x, y, batch_size, shuffle, rng)
        if isinstance(data, Iterator) and steps is None and self.epochs - self.epoch > 1:
            raise ArgumentError("fit: a generator ends once; for more epochs pass steps_per_epoch")
        sets = _validation(validation)
        source = source_of(data, self.model, sets)
        if self._place is not None:
            source.resume(self._place)
        self._source, self.stop_reason, self.ending = source, None, None
        self.steps = steps if steps is not None else len(data) if isinstance(data, Sized) else None
        self.names = [f"{name}_{key}" for name in ("train", *sets) for key in self._running.names]
        found = {name: labels_of(part) for name, part in {"train": data, **sets}.items()}
        self._unchecked = {name: labels for name, labels in found.items() if labels is not None}
        with in_mode(self.model, True), Interrupts() as interrupts:
            self._run(source, sets, steps, interrupts)
        return self.history

    def _run(self, source: Source, sets: dict[str, Any], steps: int | None, interrupts: Interrupts) -> None:
        """All epochs, and whatever ends them."""
        ending = "failed"
        try:
            self._tell("on_train_begin")
            while self.epoch < self.epochs and self.stop_reason is None:
                self._one_epoch(source, sets, steps, interrupts)
            ending = "finished"
        except KeyboardInterrupt:
            if interrupts.torn:
                raise
            ending = "interrupted"
            self._tell("on_interrupt")
        finally:
            self.ending = ending
            self._place, self._source = source.state(), None
            self._tell("on_train_end")

    def _one_epoch(
        self, source: Source, sets: dict[str, Any], steps: int | None, interrupts: Interrupts
    ) -> None:
        """One epoch, or the rest of it."""
        if not self.batch:
            self._running.reset()
        self._tell("on_epoch_begin")
        ended = False
        while not ended and (steps is None or self.batch < steps):
            batch = source.fetch()
            with interrupts.hold:
                if batch is not None:
                    self._one_batch(source, batch)
                else:
                    ended = self._pass_over(source, steps)
            if self.stop_reason is not None:
                return
        logs = {f"train_{key}": value for key, value in self._running.values().items()}
        for name, data in sets.items():
            measured = self._judge(f"fit: {name}", data, None)
            logs |= {f"{name}_{key}": value for key, value in measured.items()}
        with interrupts.hold:
            if ended:
                source.restart()
            self.epoch, self.batch = self.epoch + 1, 0
            self._tell("on_epoch_end", logs, last=False)
            self.history.append(logs)
            self._tell("on_epoch_end", logs, last=True)

    def _pass_over(self, source: Source, steps: int | None) -> bool:
        """The data has come to its end: whether the epoch has, too."""
        if not (source.taken if source.replays else self.batch):
            raise ArgumentError("fit: the data is empty, it gives no batch")
        if steps is None:  # the place stays at the end of the pass until the epoch is judged
            return True
        if not source.replays:
            raise ArgumentError(f"fit: the generator ended after {self.batch} of {steps} batches")
        source.restart()
        return False

    def _one_batch(self, source: Source, batch: Any) -> None:
        """A step of the optimizer, and what is told of it."""
        try:
            inputs, targets = parts_of("fit", batch, source.data)
            loss, outputs = self._step(inputs, targets, told=True)
        except TinygradCnnError as error:
            error.add_note(f"in batch {self.batch + 1} of epoch {self.epoch + 1} of fit")
            raise
        if self.stop_reason is not None:
            return
        self._running.update(loss, outputs, targets)
        source.count()
        self.batch += 1
        self._tell("on_batch_end", loss)

    def train_on_batch(self, x: Any, y: Any) -> dict[str, float]:
        """One step of the optimizer on one batch; no callback is told.

        Args:
            x: inputs (N, ...), or a tuple of several.   y: targets (N, ...).
        Returns:
            The loss before the step, and the metrics of the batch.
        Raises:
            As `fit`.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 2)
        >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> sorted(trainer.train_on_batch(np.zeros((4, 2), "float32"), [0, 1, 0, 1]))
        ['accuracy', 'loss']
        """
        inputs = x if isinstance(x, tuple) else (x,)
        inputs, targets = parts_of("train_on_batch", (*map(as_numbers, inputs), as_numbers(y)), None)
        measures = self._running.fresh()
        with in_mode(self.model, True):
            loss, outputs = self._step(inputs, targets, told=False)
        measures.update(loss, outputs, targets)
        return measures.values()

    def _step(self, inputs: tuple[Any, ...], targets: Any, told: bool) -> tuple[float, Array]:
        """Forward, backward and step; stopped before backward if a callback says so."""
        outputs = self.model(*map(as_operand, inputs))
        if self._unchecked and told:
            self._check_labels(outputs)
        loss = self.loss(outputs, targets)
        value = as_scalar("fit" if told else "train_on_batch", loss)
        if told:
            self._tell("on_loss", value)
            if self.stop_reason is not None:
                return value, outputs.numpy()
        if not math.isfinite(value):
            where = f" in batch {self.batch + 1} of epoch {self.epoch + 1}" if told else ""
            text = f"the loss is {value}{where}, and the weights with it; NaNStop() stops before that"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return value, outputs.numpy()

    def _check_labels(self, outputs: Any) -> None:
        """Ask the loss about every label of the data at once, before the first step."""
        unchecked, self._unchecked = self._unchecked, {}
        for name, labels in unchecked.items():
            found = np.unique(labels)
            if outputs.ndim != 2:
                continue
            try:
                self.loss(np.zeros((len(found), outputs.shape[1]), outputs.dtype), found)
            except ArgumentError as error:
                raise ArgumentError(
                    f"fit: labels of the {name} data, {found[0]} to {found[-1]}, do not fit the model's "
                    f"{outputs.shape[1]} outputs: {error}"
                ) from error
            except Exception:  # a loss that takes other targets; each batch will tell
                continue

    # ------------------------------------------------------------------ for callbacks
    def running(self) -> dict[str, float]:
        """The means of the present epoch so far: 'loss' and each metric.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3)
        >>> Trainer(model, optim.SGD(model.parameters(), lr=0.1), metrics=()).running()
        {'loss': nan}
        """
        return self._running.values()

    def stop(self, reason: str) -> None:
        """End the training: from `on_loss` before the step, from elsewhere after what is being done.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3)
        >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> trainer.stop("enough"); trainer.stop_reason
        'enough'
        """
        self.stop_reason = str(reason)

    def _tell(self, event: str, *values: Any, last: bool | None = None) -> None:
        for when in (False, True) if last is None else (last,):
            for callback in self.callbacks:
                if callback.last == when:
                    getattr(callback, event)(self, *values)

    # ------------------------------------------------------------------ saving
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything that the training needs to go on bit by bit; see `save_checkpoint`.

        Args:
            path: a `.safetensors` or `.npz` file in a folder that exists.

        >>> import tempfile; from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     trainer.save(f"{folder}/a.npz"); trainer.load(f"{folder}/a.npz")
        """
        save_checkpoint(path, model=self.model, trainer=self, optimizer=self.optimizer)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go to the state that `save` or `Checkpoint` wrote; `fit` then goes on from there.

        Model, optimizer, metrics and callbacks must be of the same kinds; `fit` must be given the
        same data. Whatever fails, nothing has been changed.

        Args:
            path: the file.
        Raises:
            As `load_checkpoint`.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> trainer.load("nowhere.npz")
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.npz'
        """
        load_checkpoint(path, model=self.model, trainer=self, optimizer=self.optimizer)

    def state_dict(self) -> dict[str, Any]:
        """Where the training is: all but the model, the optimizer and their generators.

        >>> from tinygrad_cnn import nn, optim
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

        >>> from tinygrad_cnn import nn, optim
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


def _validation(given: Any) -> dict[str, Any]:
    """Validation data by name, each to be gone through after every epoch."""
    named = {} if given is None else given if isinstance(given, dict) else {"val": given}
    sets = {str(name): as_batches(f"fit: {name}", data, usual_size=256) for name, data in named.items()}
    for name, data in sets.items():
        if name == "train" or isinstance(data, Iterator):
            why = "this name is taken" if name == "train" else "a generator ends after one epoch"
            raise ArgumentError(f"fit: validation {name!r} does not fit, {why}")
    return sets
