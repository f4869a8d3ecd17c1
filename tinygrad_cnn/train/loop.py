"""Trainer: the training loop that everybody writes, written once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any

from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, TinygradCnnError
from tinygrad_cnn.functional import cross_entropy
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.nn import Module
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.rng import Seed
from tinygrad_cnn.train.callback import Callback
from tinygrad_cnn.train.history import History
from tinygrad_cnn.train.interrupt import Interrupts
from tinygrad_cnn.train.judge import check_labels, in_mode
from tinygrad_cnn.train.resumable import Resumable
from tinygrad_cnn.train.source import Source, as_batches, labels_of, parts_of, source_of, validation_sets

Array = NDArray[Any]


class Trainer(Resumable):
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
        super().__init__(model, optimizer, loss, metrics, callbacks)
        self.epochs = 0
        self.steps: int | None = None
        self.names: list[str] = []
        self.stop_reason: str | None = None
        self.ending: str | None = None
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
        sets = validation_sets(validation)
        source = source_of(data, self.model, sets)
        if self._place is not None:
            source.resume(self._place)
        self._source, self.stop_reason, self.ending = source, None, None
        self.steps = steps if steps is not None else len(data) if isinstance(data, Sized) else None
        self.names = [f"{name}_{key}" for name in ("train", *sets) for key in self._running.names]
        found = {name: labels_of(part) for name, part in {"train": data, **sets}.items()}
        self._unchecked = {name: labels for name, labels in found.items() if labels is not None}
        for name, part in sets.items():
            self._rehearse(name, part, self._unchecked.get(name))
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
            loss, outputs = self._step(
                "fit", inputs, targets, seen=self._see, judged=self._judge_loss,
                where=f" in batch {self.batch + 1} of epoch {self.epoch + 1}",
            )  # fmt: skip
        except TinygradCnnError as error:
            error.add_note(f"in batch {self.batch + 1} of epoch {self.epoch + 1} of fit")
            raise
        if self.stop_reason is not None:
            return
        self._running.update(loss, outputs, targets)
        source.count()
        self.batch += 1
        self._tell("on_batch_end", loss)

    def _see(self, outputs: Any) -> None:
        """Check all labels of the data when the number of outputs is known for the first time."""
        unchecked, self._unchecked = self._unchecked, {}
        for name, labels in unchecked.items():
            check_labels(name, labels, outputs, self.loss)

    def _judge_loss(self, loss: float) -> bool:
        """Tell the callbacks; whether the step shall be taken."""
        self._tell("on_loss", loss)
        return self.stop_reason is None

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
