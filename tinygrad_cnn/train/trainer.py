"""Trainer: the training loop that everybody writes, written once."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from tinygrad_cnn.devices import naming
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional import cross_entropy
from tinygrad_cnn.functional.arguments import flag, integer
from tinygrad_cnn.nn import Module
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.parallel import World
from tinygrad_cnn.rng import Seed
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.train.batches import (
    as_batches,
    batches_in,
    check_classes,
    class_names,
    held_back,
    labels_of,
    one_validation,
    validation_sets,
)
from tinygrad_cnn.train.callbacks import Callback
from tinygrad_cnn.train.callbacks.base import Callbacks, as_callbacks
from tinygrad_cnn.train.callbacks.reports import reporting
from tinygrad_cnn.train.evaluation import check_parts, described, in_mode
from tinygrad_cnn.train.files.checkpoints import load_checkpoint
from tinygrad_cnn.train.files.recipe import write_training
from tinygrad_cnn.train.history import History
from tinygrad_cnn.train.loop import Loop
from tinygrad_cnn.train.losses import class_weights, loss_of, optimizer_of
from tinygrad_cnn.train.position import source_of
from tinygrad_cnn.train.progress import Progress
from tinygrad_cnn.train.train_step import Learner, check_optimizer
from tinygrad_cnn.train.validation import sample_weights, validation_of

Array = NDArray[Any]


class Trainer:
    """Trains a model: `fit`, `evaluate`, `predict`, `train_on_batch`, `save` and `load`.

    It puts together what each does one thing: a `Learner` takes the steps, an `Evaluator` measures,
    a `Progress` counts, and callbacks are told.

    Args:
        model: called with the inputs of a batch.   optimizer: of its parameters; or its name, 'adam'
            say, with the options that it has by default.
        loss: of (outputs, targets), giving the mean over the batch; or its name, such as
            'cross_entropy', 'mse' or 'binary_cross_entropy'.
        metrics: names ('accuracy', 'top_5_accuracy', 'precision', 'recall', 'f1', 'mse', 'mae'), functions
            of (outputs, targets) on arrays, or `Metric`s. None: accuracy, and nothing with a loss of
            numbers, such as 'mse'.
        callbacks: told of each step of `fit`, in this order.
        device: where to train, as for `tinygrad_cnn.device`: the model is moved there now, and each batch
            when its turn comes. Without it training goes on where the model lies.
        world: `parallel.world()`, to train on all processes that `mpiexec` started, each on its shares
            of the batches; see below.
    Attributes:
        history: a number an epoch for each measure.   epoch: epochs done.
        batch: batches done in the present epoch.   epochs, steps: those planned (steps may be None).
        names: the measures of an epoch.   stop_reason: why a callback ended the training, or None.
        ending: 'finished', 'interrupted' or 'failed'; None before and during `fit`.

    With a world of several ranks all of them make the same calls with the same data, and rank 0's weights,
    buffers and order of the samples hold for all. Steps use the mean of the gradients over the samples of
    all ranks; losses, metrics and `logs` are over all samples, but `running()` is over this rank's.
    Callbacks that print or write act on rank 0; a file is for any number of ranks, in a folder that all
    can read. Numbers that the model draws, for dropout say, depend on how many ranks there are.

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
        self, model: Module, optimizer: Optimizer | str,
        loss: Callable[[Any, Any], Any] | str = cross_entropy,
        metrics: Iterable[Any] | None = None, callbacks: Iterable[Callback] = (), *,
        world: World | None = None, device: str | None = None,
    ) -> None:  # fmt: skip
        named = loss_of("Trainer", loss)
        check_parts("Trainer", model, named, metrics)
        if device is not None:
            model.to(naming.device(device))
        by_name = optimizer_of("Trainer", optimizer, model)
        check_optimizer("Trainer", model, by_name)
        self.callbacks = callbacks
        self._learner = Learner(model, by_name, named, metrics, world=world)
        self._evaluator = self._learner.evaluator
        self._ranks = self._evaluator.ranks
        self._progress = Progress(self._evaluator.running, self._ranks)
        self._classes: Sequence[str] | None = None
        self.epochs = 0
        self.steps: int | None = None
        self.names: list[str] = []
        self.stop_reason: str | None = None
        self.ending: str | None = None

    @property
    def model(self) -> Module:
        """The module that is trained."""
        return self._learner.model

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer that takes the steps."""
        return self._learner.optimizer

    @property
    def loss(self) -> Callable[[Any, Any], Any]:
        """Of (outputs, targets)."""
        return self._learner.loss

    @property
    def world(self) -> World:
        """The processes that train together; one alone if none was given."""
        return self._ranks.world

    @property
    def callbacks(self) -> Callbacks:
        """Told of each step; a list."""
        return self._callbacks

    @callbacks.setter
    def callbacks(self, given: Iterable[Callback]) -> None:
        self._callbacks = as_callbacks("Trainer", given)

    @property
    def history(self) -> History:
        """A number an epoch for each measure."""
        return self._progress.history

    @property
    def epoch(self) -> int:
        """Epochs done; set it to count from another number."""
        return self._progress.epoch

    @epoch.setter
    def epoch(self, number: int) -> None:
        self._progress.epoch = integer("Trainer", "epoch", number, 0)

    @property
    def batch(self) -> int:
        """Batches done in the present epoch."""
        return self._progress.batch

    def __repr__(self) -> str:
        parts = [described(self.model), described(self.optimizer), f"loss={described(self.loss)}",
                 f"metrics={self._evaluator.running.names[1:]}", f"epoch={self.epoch}"]  # fmt: skip
        if self.callbacks:
            parts.append(f"callbacks=[{', '.join(type(one).__name__ for one in self.callbacks)}]")
        return f"Trainer({', '.join(parts)})"

    # ------------------------------------------------------------------ training
    def fit(
        self, x: Any, y: Any = None, *, epochs: int, validation: Any = None, batch_size: int | None = None,
        shuffle: bool = True, rng: Seed = None, steps_per_epoch: int | None = None,
        validation_data: Any = None, validation_split: float = 0.0,
        class_weight: Mapping[int, float] | None = None, verbose: int | bool | str | None = None,
        callbacks: Iterable[Callback] = (), sample_weight: Any = None, initial_epoch: int | None = None,
        validation_steps: int | None = None, validation_batch_size: int | None = None,
        validation_freq: int | Collection[int] = 1,
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
            validation_data: another name of `validation`.
            validation_split: hold the last samples of arrays x, y back for validation: this share.
            class_weight: class -> factor of its samples' losses, in training; 1 for others.
            verbose: 1 shows a bar for each epoch, 2 a line, 0 nothing; None leaves it to callbacks.
            callbacks: told of this call, after those of the trainer.
            sample_weight: (N,) a factor of each sample's loss, in training, times its class's; for arrays
                x and y, not for a dataset, a DataLoader or a generator.
            initial_epoch: epochs to count as done; None counts on.
            validation_steps: batches of each validation set, from its start; None takes all.
            validation_batch_size: samples a batch of validation arrays and datasets (256); a DataLoader or
                a list of batches has its own.
            validation_freq: validate after each epoch whose number this divides; or after these epochs,
                the first of which is 1. Measures of other epochs are NaN in the history.
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
        flag("fit", "shuffle", shuffle)
        weights, reports, extra = (
            class_weights(class_weight),
            reporting(verbose),
            as_callbacks("fit", callbacks),
        )
        validation = one_validation(validation, validation_data, validation_split)
        how = validation_of(validation_steps, validation_freq)
        factors = sample_weights(sample_weight, x, y)
        if validation_split:
            x, y, validation = held_back(x, y, validation_split)
            factors = None if factors is None else factors[: len(y)]
        self.epochs = integer("fit", "epochs", epochs, 1)
        steps = None if steps_per_epoch is None else integer("fit", "steps_per_epoch", steps_per_epoch, 1)
        done = self.epoch if initial_epoch is None else integer("fit", "initial_epoch", initial_epoch, 0)
        if self.batch and done != self.epoch:
            raise ArgumentError(
                f"fit: initial_epoch={done}, but the training stands in epoch {self.epoch + 1}, after "
                f"{self.batch} batches; leave it out"
            )
        if done >= self.epochs:
            warnings.warn(
                f"fit: {done} epochs are done already; epochs={epochs} counts those", stacklevel=2
            )
            return self.history
        inputs, targets = (
            (x, y) if factors is None else ((*(x if isinstance(x, tuple) else (x,)), y), factors)
        )
        data = as_batches("fit", inputs, targets, batch_size, shuffle, rng, shard=self.world)
        if isinstance(data, Iterator) and steps is None and self.epochs - done > 1:
            raise ArgumentError("fit: a generator ends once; for more epochs pass steps_per_epoch")
        sets = validation_sets(validation, self.world, validation_batch_size)
        self._classes = class_names(data)
        check_classes("fit", {"a part of x": data}, self._classes)
        check_classes("fit", sets, self._classes)
        source = source_of(data, self.model, sets)
        if self._progress.place is not None:
            source.resume(self._progress.place)
        self._progress.source, self.stop_reason, self.ending = source, None, None
        self.steps = batches_in(data) if steps is None else steps
        self.names = [f"{name}_{key}" for name in ("train", *sets) for key in self._evaluator.running.names]
        plain = data if factors is None else as_batches("fit", x, y)
        found = {name: labels_of(part) for name, part in {"train": plain, **sets}.items()}
        labels = {name: array for name, array in found.items() if array is not None}
        for name, part in sets.items():
            self._evaluator.rehearse(name, part, labels.get(name))
        self._progress.epoch = done
        self._learner.class_weight, own = weights, self._callbacks
        self._callbacks = Callbacks([*own, *extra, *reports])
        try:
            place = self.epoch, self.batch
            with in_mode(self.model, True), self._ranks.together(self.model, self.optimizer, place):
                Loop(
                    self,
                    self._learner,
                    self._progress,
                    source,
                    sets,
                    steps,
                    labels,
                    how,
                    factors is not None,
                ).run()
        finally:
            self._learner.class_weight, self._callbacks = None, own
        return self.history

    # ------------------------------------------------------------------ without a loop
    def evaluate(
        self, x: Any, y: Any = None, *, batch_size: int | None = None, steps: int | None = None
    ) -> dict[str, float]:
        """Mean loss and metrics on data, in evaluation mode and without a graph.

        Args:
            x, y: as `fit`.   batch_size: of arrays and datasets (256).
            steps: batches to take; None takes all.
        Returns:
            'loss' and each metric, by name.
        Raises:
            As `fit`.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 2); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> sorted(trainer.evaluate(np.zeros((4, 2), "float32"), [0, 1, 0, 1]))
        ['accuracy', 'loss']
        """
        check_classes("evaluate", {"x": x}, self._classes)
        return self._evaluator.evaluate(x, y, batch_size=batch_size, steps=steps)

    def predict(self, x: Any, batch_size: int = 256) -> Array:
        """Compute what the model gives for each sample, in evaluation mode and without a graph.

        Args:
            x: (N, ...), or an iterable of batches of inputs; of (inputs, targets) the targets are left.
            batch_size: samples at a time, if x is an array.
        Returns:
            (N, ...): the outputs, one below the other.
        Raises:
            ArgumentError: no sample.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> trainer.predict(np.zeros((4, 2), "float32")).shape
        (4, 3)
        """
        return self._evaluator.predict(x, batch_size)

    def train_on_batch(self, x: Any, y: Any) -> dict[str, float]:
        """Take one step of the optimizer on one batch; no callback is told.

        Args:
            x: inputs (N, ...), or a tuple of several.   y: targets (N, ...).
        Returns:
            The loss before the step, and the metrics of the batch.
        Raises:
            ArgumentError, ShapeError, DTypeError: a batch that is empty, of different lengths, with
                NaN or infinity, or with labels out of range.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 2)
        >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), metrics=())
        >>> trainer.train_on_batch(np.zeros((4, 2), "float32"), [0, 1, 0, 1]).keys()
        dict_keys(['loss'])
        """
        return self._learner.train_on_batch(x, y)

    # ------------------------------------------------------------------ files
    def save(self, path: str | os.PathLike[str], **notes: Any) -> None:
        """Write everything that the training needs to go on bit by bit; see `save_checkpoint`.

        All ranks of a world call it; rank 0 writes, and the others wait for the file.

        If all classes of the model are registered, `load_model` and `load_trainer` read it, too.

        Args:
            path: a `.safetensors` or `.npz` file in a folder that exists.
            notes: plain values to save with it, for `load_notes`.

        >>> import tempfile; from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     trainer.save(f"{folder}/a.npz"); trainer.load(f"{folder}/a.npz")
        """
        path = path_of("Trainer.save", path)
        self._ranks.share_buffers(self.model)
        if self.world.rank:
            self.state_dict()  # what rank 0 writes holds the sums of all
        else:
            write_training(path, self, self._evaluator.running.metrics, notes)
        self.world.agree("save")

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
        load_checkpoint(
            path_of("Trainer.load", path), model=self.model, trainer=self, optimizer=self.optimizer
        )

    def state_dict(self) -> dict[str, Any]:
        """Where the training is: all but the model, the optimizer and their generators.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> list(trainer.state_dict())
        ['epoch', 'batch', 'history', 'running', 'place', 'callbacks']
        """
        return {**self._progress.state_dict(), "callbacks": self.callbacks.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises:
            StateError: other metrics, or the state of a callback that is not here.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3); trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> trainer.load_state_dict(trainer.state_dict())
        """
        self.callbacks.check_state(state["callbacks"])
        self._progress.load_state_dict(state)
        self.callbacks.load_state_dict(state["callbacks"])

    # ------------------------------------------------------------------ for callbacks
    def running(self) -> dict[str, float]:
        """The means of the present epoch so far: 'loss' and each metric.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3)
        >>> Trainer(model, optim.SGD(model.parameters(), lr=0.1), metrics=()).running()
        {'loss': nan}
        """
        return self._evaluator.running.values()

    def stop(self, reason: str) -> None:
        """End the training: from `on_loss` before the step, from elsewhere after what is being done.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 3)
        >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
        >>> trainer.stop("enough"); trainer.stop_reason
        'enough'
        """
        self.stop_reason = str(reason)
