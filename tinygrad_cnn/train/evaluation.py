"""Evaluator: what a model gives for data, and how good that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.data import ArrayDataset, DataLoader, StreamedDataset
from tinygrad_cnn.data.stream import stack
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, ShapeError, TinygradCnnError
from tinygrad_cnn.functional import cross_entropy
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.nn import Module
from tinygrad_cnn.parallel import World
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.train.batches import as_batches, as_numbers, for_metrics, inputs_for, parts_of
from tinygrad_cnn.train.losses import binary, fitting_targets, loss_of, usual_metrics
from tinygrad_cnn.train.metrics_over_batches import Running
from tinygrad_cnn.train.ranks import Ranks

Array = NDArray[Any]


class Evaluator:
    """Measures what a model gives for data, and changes nothing.

    Args:
        model: called with the inputs of a batch.   loss: of (outputs, targets), the mean of a batch.
        metrics, world: as `Trainer`.
    Attributes:
        model, loss: as given.   running: the mean loss and the metrics, over the batches so far.
        ranks: the processes that measure together.
    Raises:
        DTypeError: an argument of another type.   ArgumentError: an unknown metric, or two of one name.

    >>> from tinygrad_cnn import nn
    >>> Evaluator(nn.Linear(4, 2)).predict(np.zeros((3, 4), "float32")).shape
    (3, 2)
    """

    def __init__(
        self, model: Module, loss: Callable[[Any, Any], Any] = cross_entropy,
        metrics: Iterable[Any] | None = None, *, world: World | None = None,
    ) -> None:  # fmt: skip
        self.ranks = Ranks(type(self).__name__, world)
        loss = loss_of(type(self).__name__, loss)
        metrics = usual_metrics(loss) if metrics is None else metrics
        check_parts(type(self).__name__, model, loss, metrics)
        self.model, self.loss = model, loss
        self.running = Running(metrics, binary(loss))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({described(self.model)}, {self._measures()})"

    def _measures(self) -> str:
        """The loss and the metrics, for a repr."""
        return f"loss={described(self.loss)}, metrics={self.running.names[1:]}"

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

        >>> from tinygrad_cnn import nn
        >>> sorted(Evaluator(nn.Linear(2, 2)).evaluate(np.zeros((4, 2), "float32"), [0, 1, 0, 1]))
        ['accuracy', 'loss']
        """
        data = as_batches("evaluate", x, y, batch_size, usual_size=256, shard=self.ranks.world)
        count = None if steps is None else integer("evaluate", "steps", steps, 1)
        return self.measure("evaluate", data, count)

    def measure(self, function: str, data: Iterable[Any], steps: int | None = None) -> dict[str, float]:
        """`evaluate` on batches.

        Args:
            function: whose name errors begin with.   data: batches.   steps: as `evaluate`.

        >>> from tinygrad_cnn import nn
        >>> sorted(Evaluator(nn.Linear(2, 2)).measure("fit", [(np.zeros((4, 2), "f4"), [0, 1, 0, 1])]))
        ['accuracy', 'loss']
        """
        measures = self.running.fresh()
        with in_mode(self.model, False), no_grad():
            for batch in islice(data, steps):
                inputs, targets = self.ranks.parts(function, batch, data)
                if not len(targets):  # another rank has all samples
                    continue
                outputs = self.model(*inputs_for(self.model, inputs))
                loss = as_scalar(function, self._loss(outputs, targets))
                measures.update(loss, _array(outputs), for_metrics(targets))
        measures = self.ranks.summed(measures)
        if not measures.count:
            raise ArgumentError(f"{function}: the data is empty, it gives no batch")
        return measures.values()

    def rehearse(self, name: str, data: Any, labels: Array | None) -> None:
        """Measure one sample of validation data: what does not fit shows before an epoch of training.

        Only of data whose samples can be looked at without moving a generator.

        Args:
            name: of the data.   data: batches.   labels: all of its labels, or None.

        >>> from tinygrad_cnn import nn
        >>> data = as_batches("fit", np.zeros((4, 2), "float32"), [0, 1, 0, 1])
        >>> Evaluator(nn.Linear(2, 2)).rehearse("val", data, None)
        """
        dataset = data.dataset if isinstance(data, DataLoader) else None
        if not isinstance(dataset, (ArrayDataset, StreamedDataset)):
            return
        try:
            sample = dataset[0]
        except FormatError:  # a file that cannot be read; the epoch will tell of all of them
            return
        batch = stack("fit", [sample])
        try:
            with in_mode(self.model, False), no_grad():
                inputs, targets = parts_of(f"fit: {name}", batch, None)
                outputs = self.model(*inputs_for(self.model, inputs))
                if labels is not None:
                    check_labels(name, labels, outputs, self.loss)
                as_scalar("fit", self._loss(outputs, targets))
        except TinygradCnnError as error:
            error.add_note(f"in the first sample of the validation data {name!r} of fit, before training")
            raise

    def _loss(self, outputs: Any, targets: Any) -> Any:
        return self.loss(outputs, fitting_targets(self.loss, outputs, targets))

    def predict(self, x: Any, batch_size: int = 256) -> Array:
        """The result of the model for each sample, in evaluation mode and without a graph.

        Args:
            x: (N, ...), or an iterable of batches of inputs; of (inputs, targets) the targets are left.
            batch_size: samples at a time, if x is an array.
        Returns:
            (N, ...): the outputs, one below the other.
        Raises:
            ArgumentError: no sample.

        >>> from tinygrad_cnn import nn
        >>> Evaluator(nn.Linear(2, 3)).predict(np.zeros((4, 2), "float32")).shape
        (4, 3)
        """
        size = integer("predict", "batch_size", batch_size, 1)
        batches: Iterable[Any] = x
        if isinstance(x, (Tensor, list, *devices.CLASSES)):
            array = as_numbers(x)
            batches = (array[i : i + size] for i in range(0, len(array), size))
        elif isinstance(x, tuple) or not isinstance(x, Iterable):
            raise DTypeError(f"predict: an array or an iterable of batches fits, got {type(x).__name__}")
        found = []
        with in_mode(self.model, False), no_grad():
            for batch in batches:
                parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
                inputs = parts[:-1] if len(parts) > 1 else parts
                found.append(_array(self.model(*inputs_for(self.model, inputs))))
        if not found:
            raise ArgumentError("predict: the data is empty, it holds no sample")
        return np.concatenate(found)


def check_parts(name: str, model: Any, loss: Any, metrics: Any) -> None:
    """See that these are a model, a loss and metrics.

    Args:
        name: of the class that errors begin with.
    Raises:
        DTypeError: one of them is something else.

    >>> from tinygrad_cnn import nn
    >>> check_parts("Evaluator", nn.ReLU(), cross_entropy, ())
    """
    if not isinstance(model, Module):
        raise DTypeError(f"{name}: the model must be a Module, got {model!r}")
    if not callable(loss):
        raise DTypeError(f"{name}: loss must be a function of (outputs, targets), got {loss!r}")
    if isinstance(metrics, str):
        raise DTypeError(f"{name}: metrics is a tuple such as ('accuracy',), got {metrics!r}")


def in_mode(model: Module, training: bool) -> Restoring[Module]:
    """Training or evaluation mode inside; each module's own mode again after it.

    >>> from tinygrad_cnn import nn
    >>> layer = nn.Dropout()
    >>> with in_mode(layer, False): layer.training
    False
    >>> layer.training
    True
    """
    before = [(module, module.training) for module in model.modules()]

    def end() -> None:
        for module, mode in before:
            module.training = mode

    return Restoring(lambda: model.train(training), end)


def _array(outputs: Any) -> Array:
    """Outputs in the host's memory, where metrics are computed."""
    return np.asarray(devices.to_host(outputs.array if isinstance(outputs, Tensor) else outputs))


def as_scalar(function: str, loss: Any) -> float:
    """The loss as a number.

    Raises:
        ShapeError: it is not one number.

    >>> as_scalar("fit", Tensor(0.5))
    0.5
    """
    if np.shape(loss.array if isinstance(loss, Tensor) else loss) != ():
        raise ShapeError(f"{function}: the loss must be one number, got shape {loss.shape}; use its mean")
    return float(loss.item()) if isinstance(loss, Tensor) else float(loss)


def check_labels(name: str, labels: Array, outputs: Any, loss: Callable[[Any, Any], Any]) -> None:
    """Ask the loss about every label of the data at once, before the first step.

    Args:
        name: of the data.   labels: (N,) integers.   outputs: of the model, for its number of classes.
        loss: what refuses labels out of range; if it takes other targets, each batch will tell.
    Raises:
        ArgumentError: labels out of range.

    >>> check_labels("train", np.array([0, 2]), np.zeros((1, 3), "float32"), cross_entropy)
    """
    if outputs.ndim != 2:
        return
    found = np.unique(labels)
    try:
        loss(np.zeros((len(found), outputs.shape[1]), outputs.dtype), found)
    except ArgumentError as error:
        raise ArgumentError(
            f"fit: labels of the {name} data, {found[0]} to {found[-1]}, do not fit the model's "
            f"{outputs.shape[1]} outputs: {error}"
        ) from error
    except Exception as error:  # a loss that takes other targets; each batch will tell
        let_through(error)
        return


def described(part: Any) -> str:
    """A short name of a model, a function or an optimizer, for a repr.

    >>> described(cross_entropy), described(Tensor(1.0))
    ('cross_entropy', 'Tensor')
    """
    name = getattr(part, "__name__", None)
    return name if isinstance(name, str) else type(part).__name__
