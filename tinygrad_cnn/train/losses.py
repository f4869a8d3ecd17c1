"""Losses and optimizers by name, losses of one output, and weights of classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import on_host, values
from tinygrad_cnn.optim import Optimizer

Array = NDArray[Any]
Loss = Callable[[Any, Any], Any]

#: Losses that have a second name here.
LOSSES: dict[str, Loss] = {
    "cross_entropy": F.cross_entropy, "nll_loss": F.nll_loss, "mse": F.mse_loss, "mse_loss": F.mse_loss,
    "mean_squared_error": F.mse_loss, "mae": F.l1_loss, "l1_loss": F.l1_loss,
    "mean_absolute_error": F.l1_loss, "huber": F.huber_loss, "huber_loss": F.huber_loss,
    "binary_cross_entropy": F.binary_cross_entropy, "binary_crossentropy": F.binary_cross_entropy,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
}  # fmt: skip
#: Losses whose targets are numbers, not classes.
_OF_NUMBERS: tuple[Any, ...] = (
    F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss, F.poisson_nll_loss, nn.MSELoss, nn.L1Loss,
    nn.HuberLoss, nn.SmoothL1Loss, nn.PoissonNLLLoss,
)  # fmt: skip
_OPTIMIZERS: dict[str, Any] = {
    name.lower(): cls
    for name, cls in vars(optim).items()
    if isinstance(cls, type) and issubclass(cls, Optimizer) and cls is not Optimizer
}


def loss_of(name: str, given: Any) -> Any:
    """A loss by its name; anything else as it is.

    Args:
        name: of the class that errors begin with.
    Raises:
        ArgumentError: an unknown name; of Keras's cross-entropies, which take probabilities, it says
            what to write.

    >>> loss_of("Trainer", "mse").__name__
    'mse_loss'
    """
    if not isinstance(given, str):
        return given
    if given in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        raise ArgumentError(
            f"{name}: {given!r} takes probabilities in Keras; here 'cross_entropy' takes scores, so leave "
            "out the softmax at the end of the model; labels may be integers or rows of probabilities"
        )
    if given not in LOSSES:
        raise ArgumentError(f"{name}: unknown loss {given!r}; {', '.join(LOSSES)} or a function fit")
    return LOSSES[given]


def optimizer_of(name: str, given: Any, model: Any) -> Any:
    """An optimizer by its name, of all parameters of a model; anything else as it is.

    Args:
        name: of the class that errors begin with.
    Raises:
        ArgumentError: an unknown name.

    >>> optimizer_of("Trainer", "adam", nn.Linear(2, 1)).defaults["lr"]
    0.001
    """
    if not isinstance(given, str):
        return given
    if given.lower() not in _OPTIMIZERS:
        known = ", ".join(sorted(cls.__name__ for cls in _OPTIMIZERS.values()))
        raise ArgumentError(f"{name}: unknown optimizer {given!r}; {known} or an Optimizer fit")
    return _OPTIMIZERS[given.lower()](model.parameters())


def usual_metrics(loss: Any) -> tuple[str, ...]:
    """Choose what is measured beside a loss where nothing else is said: accuracy, or nothing with numbers.

    >>> usual_metrics(F.cross_entropy), usual_metrics(F.mse_loss), usual_metrics(nn.L1Loss())
    (('accuracy',), (), ())
    """
    return () if loss in _OF_NUMBERS or type(loss) in _OF_NUMBERS else ("accuracy",)


def binary(loss: Any) -> str | None:
    """'probabilities' or 'scores', if a loss judges one number of each sample as one of two classes.

    >>> binary(F.binary_cross_entropy), binary(nn.BCEWithLogitsLoss()), binary(F.mse_loss)
    ('probabilities', 'scores', None)
    """
    if loss is F.binary_cross_entropy or type(loss) is nn.BCELoss:
        return "probabilities"
    if loss is F.binary_cross_entropy_with_logits or type(loss) is nn.BCEWithLogitsLoss:
        return "scores"
    return None


def fitting_targets(loss: Any, outputs: Any, targets: Any) -> Any:
    """Labels (N,) as the column of numbers that a binary loss of outputs (N, 1) takes; others as they are.

    >>> fitting_targets(F.binary_cross_entropy, np.zeros((2, 1), "float32"), [0, 1]).tolist()
    [[0.0], [1.0]]
    """
    if binary(loss) is None:
        return targets
    given, shape = devices.as_array(values(targets)), tuple(np.shape(values(outputs)))
    if given.shape == shape and given.dtype.kind == "f":
        return targets
    if given.shape != shape and (given.shape != shape[:1] or shape[1:] != (1,)):
        return targets
    return given.reshape(shape).astype(outputs.dtype)


def two_classes(kind: str, outputs: Any, targets: Any) -> tuple[Array, Array]:
    """Turn one output into what measures of classes take: scores of class 0 and class 1, and labels (N,).

    Args:
        kind: as `binary` gives it.   outputs: (N,) or (N, 1).   targets: 0 or 1, of either shape.

    >>> two_classes("probabilities", np.array([[0.25]]), [1])
    (array([[0.75, 0.25]]), array([1]))
    """
    scores = np.asarray(on_host(outputs)).reshape(-1)
    other = 1 - scores if kind == "probabilities" else -scores
    labels = np.asarray(on_host(targets)).reshape(-1)
    return np.stack([other, scores], axis=1), (labels > 0.5).astype(np.int64)


def class_weights(given: Any) -> Mapping[int, float] | None:
    """Weights by class, checked.

    Raises:
        DTypeError: no dict of numbers by integers.   ArgumentError: a weight below 0 or not finite.

    >>> class_weights({0: 1.0, 1: 2.5})
    {0: 1.0, 1: 2.5}
    """
    if given is None:
        return None
    if not isinstance(given, Mapping) or not all(
        isinstance(k, (int, np.integer)) and isinstance(v, (int, float, np.number))
        for k, v in given.items()
    ):
        raise DTypeError(f"fit: class_weight is a dict such as {{0: 1.0, 1: 5.0}}, got {given!r:.80}")
    if not all(np.isfinite(v) and v >= 0 for v in given.values()):
        raise ArgumentError(f"fit: class_weight: numbers of at least 0 fit, got {given!r:.80}")
    return {int(k): float(v) for k, v in given.items()}


def weighted(
    loss: Any, outputs: Any, targets: Any, weights: Mapping[int, float] | None, samples: Any = None
) -> Any:
    """The mean over samples of each one's loss times its weight and that of its class, 1 without one.

        (1 / N) · sum_n samples[n] · weights[labels[n]] · loss_n

    Args:
        loss: of functional, or a layer of one: with the option `reduction`.
        outputs, targets: of a batch; labels (N,) integers, or rows of probabilities (N, K).
        weights: by class, or None.   samples: (N,) one weight each, or None.
    Raises:
        ArgumentError: a loss without `reduction`.

    >>> scores = np.zeros((2, 2), "float32")
    >>> weighted(F.cross_entropy, scores, np.array([0, 1]), {1: 3.0}) / F.cross_entropy(scores, [0, 1])
    np.float32(2.0)
    """
    try:
        if isinstance(loss, nn.Module):
            options = vars(loss)
            before, options["reduction"] = options["reduction"], "none"
            try:
                each = loss(outputs, targets)
            finally:
                options["reduction"] = before
        else:
            each = loss(outputs, targets, reduction="none")
    except (TypeError, KeyError) as error:
        raise ArgumentError(
            f"fit: {'sample' if weights is None else 'class'}_weight needs a loss with the option "
            "reduction, such as cross_entropy"
        ) from error
    factors = np.ones(len(targets), np.float32)
    if weights is not None:
        factors = _by_class(weights, outputs, targets)
    if samples is not None:
        factors = factors * on_host(samples).astype(np.float32)
    return (each * factors.reshape(-1, *[1] * (len(each.shape) - 1))).mean()


def _by_class(weights: Mapping[int, float], outputs: Any, targets: Any) -> Array:
    labels = on_host(targets)
    if labels.ndim > 1 and labels.shape[-1] > 1 and labels.shape == tuple(outputs.shape):
        labels = labels.argmax(axis=1)
    labels = labels.reshape(len(labels), -1)[:, 0].astype(np.int64)
    return np.array([weights.get(int(k), 1.0) for k in labels], np.float32)
