"""Learner: one step of the optimizer on one batch, without a loop around it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional import cross_entropy
from tinygrad_cnn.nn import Module
from tinygrad_cnn.optim import Optimizer
from tinygrad_cnn.parallel import World
from tinygrad_cnn.train.batches import as_numbers, for_metrics, inputs_for
from tinygrad_cnn.train.evaluation import Evaluator, as_scalar, described, in_mode
from tinygrad_cnn.train.losses import fitting_targets, optimizer_of, weighted

Array = NDArray[Any]


class Learner:
    """Takes single steps of an optimizer, without a loop around them.

    Args:
        model: called with the inputs of a batch.   optimizer: of its parameters.
        loss, metrics, world: as `Trainer`.
    Attributes:
        model, optimizer, loss: as given.   evaluator: measures the model, changing nothing.
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
        metrics: Iterable[Any] | None = None, *, world: World | None = None,
    ) -> None:  # fmt: skip
        self.evaluator = Evaluator(model, loss, metrics, world=world)
        optimizer = optimizer_of(type(self).__name__, optimizer, model)
        check_optimizer(type(self).__name__, model, optimizer)
        self.model, self.optimizer, self.loss = model, optimizer, self.evaluator.loss
        self.class_weight: Mapping[int, float] | None = None
        self._told_of_nan = False

    def __repr__(self) -> str:
        return f"Learner({described(self.model)}, {described(self.optimizer)}, loss={described(self.loss)})"

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
        ranks, batch = self.evaluator.ranks, (*map(as_numbers, inputs), as_numbers(y))
        inputs, targets = ranks.parts("train_on_batch", batch, None)
        measures = self.evaluator.running.fresh()
        with in_mode(self.model, True), ranks.together(self.model, self.optimizer, (0, 0)):
            loss, outputs = self.step("train_on_batch", inputs, targets)
        if outputs is not None:
            measures.update(loss, outputs, for_metrics(targets))
        return ranks.summed(measures).values()

    def step(
        self, function: str, inputs: tuple[Any, ...], targets: Any, *,
        seen: Callable[[Any], None] | None = None, judged: Callable[[float], bool] | None = None,
        where: str = "", sample_weight: Any = None,
    ) -> tuple[float, Array | None]:  # fmt: skip
        """Forward, backward and step, in the mode that the model is in.

        All ranks of a world take it together.

        Args:
            function: named in errors.   inputs, targets: of a batch.   where: the batch, for a warning.
            sample_weight: (N,) factors of the samples' losses, or None.
            seen: told the outputs, before the loss.   judged: told the loss; False ends before backward.
        Returns:
            The loss over the samples of all ranks, and the outputs of this one; None without samples.

        >>> from tinygrad_cnn import nn, optim
        >>> model = nn.Linear(2, 2); learner = Learner(model, optim.SGD(model.parameters(), lr=0.1))
        >>> learner.step("mine", (np.zeros((4, 2), "float32"),), [0, 1, 0, 1])[1].shape
        (4, 2)
        """
        ranks, loss, outputs, own = self.evaluator.ranks, None, None, 0.0
        if samples := len(targets):
            outputs = self.model(*inputs_for(self.model, inputs))
            if seen is not None:
                seen(outputs)
            loss = self._loss(outputs, fitting_targets(self.loss, outputs, targets), sample_weight)
            own = as_scalar(function, loss)
        value, factor = ranks.mean(own, samples)
        found = None if outputs is None else devices.to_host(outputs.array)  # for the metrics
        if judged is not None and not judged(value):
            return value, found
        if not math.isfinite(value) and not self._told_of_nan and not ranks.world.rank:  # once
            text = f"the loss is {value}{where}, and the weights with it; NaNStop() stops before that"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        self._told_of_nan = not math.isfinite(value)
        self.optimizer.zero_grad()
        if loss is not None:
            (loss if factor == 1 else loss * factor).backward()
        self.optimizer.step()
        return value, found

    def _loss(self, outputs: Any, targets: Any, sample_weight: Any) -> Any:
        if self.class_weight is None and sample_weight is None:
            return self.loss(outputs, targets)
        return weighted(self.loss, outputs, targets, self.class_weight, sample_weight)


def check_optimizer(name: str, model: Module, optimizer: Any) -> None:
    """See that this is an optimizer of the model's parameters.

    Args:
        name: of the class that errors begin with.
    Raises:
        DTypeError: something else.   ArgumentError: it has parameters of other models only.

    >>> from tinygrad_cnn import nn, optim
    >>> model = nn.Linear(2, 2)
    >>> check_optimizer("Learner", model, optim.SGD(model.parameters(), lr=0.1))
    """
    if not isinstance(optimizer, Optimizer):
        raise DTypeError(f"{name}: the optimizer must be an Optimizer, got {optimizer!r}")
    own = {id(p) for p in model.parameters()}
    if not any(id(p) in own for group in optimizer.param_groups for p in group["params"]):
        raise ArgumentError(
            f"{name}: the optimizer has no parameter of this model; it needs model.parameters()"
        )
