"""Measures that take one batch after the other, and the mean loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError, StateError
from tinygrad_cnn.functional.arguments import integer, values
from tinygrad_cnn.train.losses import two_classes
from tinygrad_cnn.train.metrics import classes_of, confusion_matrix, f1, hits, mae, mse, precision, recall


class Metric:
    """Base of measures over batches: a subclass writes `update` and `value`, and `reset` its sums.

    Sums are attributes that begin without an underscore, numbers or arrays. They are what a checkpoint
    keeps; and those of several processes are added.

    >>> class Samples(Metric):
    ...     name = "samples"
    ...     def reset(self): self.count = 0
    ...     def update(self, outputs, targets): self.count += len(targets)
    ...     def value(self): return self.count
    >>> samples = Samples(); samples.reset(); samples.update(np.zeros((4, 2)), np.zeros(4)); samples.value()
    4
    """

    name: str = ""

    def reset(self) -> None:
        """Begin anew."""
        raise NotImplementedError(f"{type(self).__name__}.reset is not written")

    def update(self, outputs: Any, targets: Any) -> None:
        """Take in a batch: what the model gave, and what was right."""
        raise NotImplementedError(f"{type(self).__name__}.update is not written")

    def value(self) -> float:
        """The measure over all batches since `reset`."""
        raise NotImplementedError(f"{type(self).__name__}.value is not written")


class Mean(Metric):
    """Mean of a function over the samples: batches count by their number of samples.

    Args:
        function: of (outputs, targets), arrays, that gives one number for a batch.
        name: in the history; the function's own if None.

    >>> metric = Mean(lambda outputs, targets: abs(outputs - targets).mean(), "error")
    >>> metric.reset(); metric.update(np.ones(3), np.zeros(3)); metric.update(np.ones(1), np.ones(1))
    >>> metric.value()
    0.75
    """

    def __init__(self, function: Callable[[Any, Any], Any], name: str | None = None) -> None:
        self._function = function
        self.name = name or str(getattr(function, "__name__", type(function).__name__))

    def reset(self) -> None:
        """Begin anew."""
        self.total, self.count = 0.0, 0

    def update(self, outputs: Any, targets: Any) -> None:
        """Take in a batch."""
        self.total += float(self._function(outputs, targets)) * len(outputs)
        self.count += len(outputs)

    def value(self) -> float:
        """The mean; NaN before the first sample."""
        return self.total / self.count if self.count else math.nan


class TopK(Metric):
    """`accuracy` (k = 1) or `top_k_accuracy` over batches.

    Args:
        k: how many of the largest scores may hold the label, at least 1.

    >>> metric = TopK(1); metric.reset(); metric.update([[0.1, 0.9], [0.8, 0.2]], [1, 1]); metric.value()
    0.5
    """

    def __init__(self, k: int = 1) -> None:
        self._k = integer("TopK", "k", k, 1)
        self.name = "accuracy" if k == 1 else f"top_{k}_accuracy"

    def reset(self) -> None:
        """Begin anew."""
        self.correct, self.count = 0, 0

    def update(self, outputs: Any, targets: Any) -> None:
        """Take in a batch."""
        found = hits(self.name, outputs, targets, self._k)
        self.correct += int(found.sum())
        self.count += found.size

    def value(self) -> float:
        """The share; NaN before the first label."""
        return self.correct / self.count if self.count else math.nan


class Confusion(Metric):
    """A measure that is read off the confusion matrix of all batches: precision, recall, F1.

    Args:
        function: of the matrix, such as `precision`.   name: in the history; the function's if None.

    >>> metric = Confusion(recall); metric.reset(); metric.update([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    >>> metric.value(), metric.matrix.tolist()
    (0.25, [[0, 0], [1, 1]])
    """

    def __init__(self, function: Callable[[Any], Any], name: str | None = None) -> None:
        self._function = function
        self.name = name or str(getattr(function, "__name__", type(function).__name__))

    def reset(self) -> None:
        """Begin anew."""
        self.matrix: Any = None

    def update(self, outputs: Any, targets: Any) -> None:
        """Take in a batch."""
        scores, labels = classes_of(self.name, outputs, targets)
        found = confusion_matrix(labels, scores.argmax(axis=1), scores.shape[1])
        self.matrix = found if self.matrix is None else self.matrix + found

    def value(self) -> float:
        """The measure; NaN before the first batch."""
        return math.nan if self.matrix is None else float(self._function(self.matrix))


#: The measures that have a name.
NAMED: dict[str, Callable[[], Metric]] = {
    "accuracy": lambda: TopK(1),
    "top_5_accuracy": lambda: TopK(5),
    "precision": lambda: Confusion(precision),
    "recall": lambda: Confusion(recall),
    "f1": lambda: Confusion(f1),
    "mse": lambda: Mean(mse),
    "mae": lambda: Mean(mae),
}
#: Other names of the same.
ALIASES = {"acc": "accuracy", "mean_squared_error": "mse", "mean_absolute_error": "mae"}


def as_metric(given: Any) -> Metric:
    """A measure by its name, a function of (outputs, targets), or a Metric as it is.

    Raises:
        ArgumentError: an unknown name.   DTypeError: something else.

    >>> as_metric("accuracy").name, as_metric("f1").name
    ('accuracy', 'f1')
    """
    if isinstance(given, str):
        given = ALIASES.get(given, given)
        if given not in NAMED:
            raise ArgumentError(f"Trainer: unknown metric {given!r}; {', '.join(NAMED)} or a function fit")
        return NAMED[given]()
    if isinstance(given, Metric):
        return given
    if callable(given) and not isinstance(given, type):
        return Mean(given)
    raise DTypeError(f"Trainer: a metric is a name, a function or a Metric, got {given!r}")


class Running:
    """Mean loss and all measures since the last `reset`.

    Args:
        metrics: names, functions or Metrics.
        binary: 'probabilities' or 'scores', if the loss judges one number of each sample.
    Raises:
        ArgumentError: an unknown name, or two of one name.   DTypeError: no metric.

    >>> running = Running(["accuracy"])
    >>> running.update(0.5, [[0.1, 0.9], [0.8, 0.2]], [1, 1]); running.values()
    {'loss': 0.5, 'accuracy': 0.5}
    """

    def __init__(self, metrics: Iterable[Any], binary: str | None = None) -> None:
        self.binary = binary
        self.metrics = [as_metric(metric) for metric in metrics]
        self.names = ["loss", *(metric.name for metric in self.metrics)]
        if len(set(self.names)) < len(self.names):
            raise ArgumentError(f"Trainer: each metric needs a name of its own, got {self.names}")
        self.reset()

    def fresh(self) -> Running:
        """Another of the same measures, without any batch.

        >>> Running(["accuracy"]).fresh().names
        ['loss', 'accuracy']
        """
        return Running((copy(metric) for metric in self.metrics), self.binary)

    def reset(self) -> None:
        """Begin anew.

        >>> running = Running([]); running.reset()
        """
        self.loss, self.count = 0.0, 0
        for metric in self.metrics:
            metric.reset()

    def update(self, loss: float, outputs: Any, targets: Any) -> None:
        """Take in a batch: its mean loss, what the model gave, and what was right.

        >>> running = Running([]); running.update(0.5, np.zeros((2, 3)), [0, 1]); running.count
        2
        """
        N = len(outputs)
        self.loss += loss * N
        self.count += N
        classes = (outputs, values(targets))
        if self.binary is not None and outputs.size == N:  # one output: class 0 or class 1
            classes = two_classes(self.binary, *classes)
        for metric in self.metrics:
            metric.update(
                *(classes if isinstance(metric, (TopK, Confusion)) else (outputs, values(targets)))
            )

    def values(self) -> dict[str, float]:
        """Each mean by its name; NaN before the first batch.

        >>> Running([]).values()
        {'loss': nan}
        """
        mean = self.loss / self.count if self.count else math.nan
        return {"loss": mean, **{metric.name: float(metric.value()) for metric in self.metrics}}

    def state_dict(self) -> dict[str, Any]:
        """The sums.

        >>> Running([]).state_dict()
        {'loss': 0.0, 'count': 0, 'metrics': {}}
        """
        sums = {metric.name: sums_of(metric) for metric in self.metrics}
        return {"loss": self.loss, "count": self.count, "metrics": sums}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the sums of the same measures.

        Raises:
            StateError: other measures; nothing changed.

        >>> Running([]).load_state_dict({"loss": 1.0, "count": 2, "metrics": {}})
        """
        kept, own = state["metrics"], [metric.name for metric in self.metrics]
        if not isinstance(kept, Mapping) or list(kept) != own:
            raise StateError(
                f"Trainer: the state has the metrics {str(list(kept))[:200]}, this one has {own}"
            )
        loss, count = float(state["loss"]), int(state["count"])
        for metric in self.metrics:
            sums = sums_of(metric)
            if not isinstance(kept[metric.name], Mapping) or kept[metric.name].keys() - sums.keys():
                raise StateError(f"Trainer: the metric {metric.name!r} has the sums {sorted(sums)}")
        self.loss, self.count = loss, count
        for metric in self.metrics:
            for key, value in kept[metric.name].items():
                setattr(metric, key, value.copy() if isinstance(value, np.ndarray) else value)


def sums_of(metric: Metric) -> dict[str, Any]:
    """A metric's attributes, but its name and what begins with an underscore.

    >>> metric = TopK(1); metric.reset(); sums_of(metric)
    {'correct': 0, 'count': 0}
    """
    return {
        key: value.copy() if isinstance(value, np.ndarray) else value
        for key, value in vars(metric).items()
        if key != "name" and not key.startswith("_")
    }
