"""Learner: one step of the optimizer on one batch, without a loop around it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional import cross_entropy
from tinygrad_cnn.nn import Module
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.train.judge import Evaluator, as_operand, as_scalar, in_mode
from tinygrad_cnn.train.source import as_numbers, parts_of

Array = NDArray[Any]


class Learner(Evaluator):
    """A model and how it learns: the part of a Trainer that takes single steps.

    Args:
        model: called with the inputs of a batch.   optimizer: of its parameters.
        loss, metrics: as `Trainer`.
    Raises:
        DTypeError: an argument of another type.   ArgumentError: an optimizer of other parameters, an
            unknown metric, or two of one name.

    >>> from tinygrad_cnn import nn, optim
    >>> model = nn.Linear(2, 2); learner = Learner(model, optim.SGD(model.parameters(), lr=0.1))
    >>> sorted(learner.train_on_batch(np.zeros((4, 2), "float32"), [0, 1, 0, 1]))
    ['accuracy', 'loss']
    """

    def __init__(
        self, model: Module, optimizer: Optimizer, loss: Callable[[Any, Any], Any] = cross_entropy,
        metrics: Iterable[Any] = ("accuracy",),
    ) -> None:  # fmt: skip
        super().__init__(model, loss, metrics)
        name = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            raise DTypeError(f"{name}: the optimizer must be an Optimizer, got {optimizer!r}")
        own = {id(p) for p in model.parameters()}
        if not any(id(p) in own for group in optimizer.param_groups for p in group["params"]):
            raise ArgumentError(
                f"{name}: the optimizer has no parameter of this model; it needs model.parameters()"
            )
        self.optimizer = optimizer
        self._told_of_nan = False

    def train_on_batch(self, x: Any, y: Any) -> dict[str, float]:
        """One step of the optimizer on one batch; no callback is told.

        Args:
            x: inputs (N, ...), or a tuple of several.   y: targets (N, ...).
        Returns:
            The loss before the step, and the metrics of the batch.
        Raises:
            ArgumentError, ShapeError, DTypeError: a batch that is empty, of different lengths, with
                NaN or infinity, or with labels out of range.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 2)
        >>> learner = Learner(model, optim.SGD(model.parameters(), lr=0.1), metrics=())
        >>> learner.train_on_batch(np.zeros((4, 2), "float32"), [0, 1, 0, 1]).keys()
        dict_keys(['loss'])
        """
        inputs = x if isinstance(x, tuple) else (x,)
        inputs, targets = parts_of("train_on_batch", (*map(as_numbers, inputs), as_numbers(y)), None)
        measures = self._running.fresh()
        with in_mode(self.model, True):
            loss, outputs = self._step("train_on_batch", inputs, targets)
        measures.update(loss, outputs, targets)
        return measures.values()

    def _step(
        self, function: str, inputs: tuple[Any, ...], targets: Any, *,
        seen: Callable[[Any], None] | None = None, judged: Callable[[float], bool] | None = None,
        where: str = "",
    ) -> tuple[float, Array]:  # fmt: skip
        """Forward, backward and step.

        Args:
            function: named in errors.   where: the batch, for a warning.
            seen: told the outputs, before the loss.   judged: told the loss; False ends before backward.
        """
        outputs = self.model(*map(as_operand, inputs))
        if seen is not None:
            seen(outputs)
        loss = self.loss(outputs, targets)
        value = as_scalar(function, loss)
        if judged is not None and not judged(value):
            return value, outputs.numpy()
        if not math.isfinite(value) and not self._told_of_nan:  # once, not in each batch from here on
            text = f"the loss is {value}{where}, and the weights with it; NaNStop() stops before that"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        self._told_of_nan = not math.isfinite(value)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return value, outputs.numpy()
