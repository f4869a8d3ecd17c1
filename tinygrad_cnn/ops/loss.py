"""Losses, each one op with its reduction, so that logarithm and exponential never meet an overflow.

`x` is the prediction and `t` the target. Labels, class weights and margins are constants.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from tinygrad_cnn import devices, kernels
from tinygrad_cnn.graph import Needs, Result
from tinygrad_cnn.ops.activation import LogSoftmax, Sigmoid, Softmax
from tinygrad_cnn.ops.elementwise import Exp, Log
from tinygrad_cnn.ops.families import Loss
from tinygrad_cnn.ops.fused import fused
from tinygrad_cnn.ops.index import AddAlongAxis, Index
from tinygrad_cnn.ops.rectifier import Hardtanh

__all__ = [
    "AbsoluteError", "BinaryCrossEntropy", "BinaryCrossEntropyWithLogits", "HingeEmbedding", "Huber",
    "KLDivergence", "MultiMargin", "NegativeLogLikelihood", "SoftTargetCrossEntropy", "SoftmaxCrossEntropy",
    "SquaredError",
]  # fmt: skip

#: The least denominator of binary cross-entropy's derivative: 1e-12 in single precision, as in PyTorch.
EPSILON = float(np.float32(1e-12))


class ElementLoss(Loss):
    """Shared by losses of single elements: the reduction, and how its gradient is shared out."""

    keep: tuple[int, ...] = (0, 1)

    def __init__(self, reduction: str) -> None:
        self.reduction = reduction

    def reduced(self, losses: Any) -> Result:
        """The losses, their sum, or their mean, which is NaN if there are none; and their number."""
        size = losses.size
        if self.reduction == "none":
            return Result(losses, size)
        if self.reduction == "sum":
            return Result(losses.sum(), size)
        return Result(losses.sum() / size if size else losses.sum() * np.nan, size)

    def shared(self, g: Any, size: int) -> Any:
        """The gradient of each of `size` losses, from the gradient of the reduced ones."""
        return g / max(size, 1) if self.reduction == "mean" else g


def opposite(slope: Any, needs: Needs) -> tuple[Any, ...]:
    """The gradients of a function of x - t, from that in x."""
    return slope, -slope if needs[1] else None


class SquaredError(ElementLoss):
    """factor * (x - t)²."""

    word = "MSELoss"

    def __init__(self, reduction: str, factor: float = 1.0) -> None:
        super().__init__(reduction)
        self.factor = factor

    def forward(self, x: Any, t: Any) -> Any:
        d = x - t
        d = d * d
        return self.reduced(d if self.factor == 1 else self.factor * d)

    def backward(self, g: Any, x: Any, t: Any, size: int, *, needs: Needs) -> tuple[Any, ...]:
        return opposite(self.shared(g, size) * (2 * self.factor * (x - t)), needs)


class AbsoluteError(ElementLoss):
    """|x - t|, with derivative 0 where they are equal."""

    word = "L1Loss"

    def forward(self, x: Any, t: Any) -> Any:
        return self.reduced(abs(x - t))

    def backward(self, g: Any, x: Any, t: Any, size: int, *, needs: Needs) -> tuple[Any, ...]:
        return opposite(self.shared(g, size) * _sign(x - t), needs)


class Huber(ElementLoss):
    """factor * (½d² where |d| < delta, else delta·(|d| - ½delta)), with d = x - t."""

    word = "HuberLoss"

    def __init__(self, reduction: str, delta: float, factor: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta, self.factor = delta, factor

    def forward(self, x: Any, t: Any) -> Any:
        return self.reduced(kernels.huber(x - t, self.delta, self.factor))

    def backward(self, g: Any, x: Any, t: Any, size: int, *, needs: Needs) -> tuple[Any, ...]:
        slope = Hardtanh(-self.delta, self.delta)(x - t)  # an infinite d has a finite slope
        return opposite(self.shared(g, size) * (self.factor * slope), needs)


class BinaryCrossEntropy(ElementLoss):
    """-weight * (t·ln x + (1 - t)·ln(1 - x)), each logarithm at least -100.

    The denominator of the derivative in x is at least 1e-12.
    """

    word = "BCELoss"

    def __init__(self, reduction: str, weight: Any = None) -> None:
        super().__init__(reduction)
        self._weight = weight

    def forward(self, x: Any, t: Any) -> Any:
        with np.errstate(divide="ignore"):  # ln 0 is what the clamp is for
            yes, no = np.maximum(np.log(x), -100), np.maximum(kernels.log1p(-x), -100)
        losses = -(t * yes + (1 - t) * no)
        return self.reduced(losses if self._weight is None else devices.beside(self._weight, x) * losses)

    def backward(self, g: Any, x: Any, t: Any, size: int, *, needs: Needs) -> tuple[Any, ...]:
        g = (
            self.shared(g, size)
            if self._weight is None
            else self.shared(g, size) * devices.beside(self._weight, g)
        )
        q = x * (1 - x)
        safe = q * (q >= EPSILON) + EPSILON * _cast(q < EPSILON, q)
        dx = g * ((x - t) / safe) if needs[0] else None
        if not needs[1]:
            return dx, None
        with np.errstate(divide="ignore"):
            return dx, g * (Log()(1 - x) - Log()(x))


class BinaryCrossEntropyWithLogits(ElementLoss):
    """weight * ((1 - t)·x + (1 + (pos_weight - 1)·t) · ln(1 + e^-x)), without overflow."""

    word = "BCEWithLogitsLoss"

    def __init__(self, reduction: str, weight: Any = None, pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self._weight, self._pos_weight = weight, pos_weight

    def forward(self, x: Any, t: Any) -> Any:
        soft = kernels.softplus(-x, 1.0, inf)  # ln(1 + e^-x)
        losses = (1 - t) * x + (soft if self._pos_weight is None else self.positive(t) * soft)
        return self.reduced(losses if self._weight is None else devices.beside(self._weight, x) * losses)

    def backward(self, g: Any, x: Any, t: Any, size: int, *, needs: Needs) -> tuple[Any, ...]:
        g = (
            self.shared(g, size)
            if self._weight is None
            else self.shared(g, size) * devices.beside(self._weight, g)
        )
        dx = dt = None
        if needs[0]:
            # 1 - sigmoid(x) = sigmoid(-x), which keeps its digits for a large x
            away = Sigmoid()(-x)
            dx = g * (1 - t - (away if self._pos_weight is None else self.positive(t) * away))
        if needs[1]:
            dt = g * -x
            if self._pos_weight is not None:  # at the target 1 this very loss is ln(1 + e^-x)
                soft = BinaryCrossEntropyWithLogits("none")(x, devices.ones(x.shape, x.dtype, like=x))
                dt = dt + g * ((devices.beside(self._pos_weight, g) - 1) * soft)
        return dx, dt

    def positive(self, t: Any) -> Any:
        """The weight of ln(1 + e^-x): 1 - t + pos_weight · t."""
        return 1 + (devices.beside(self._pos_weight, t) - 1) * t


class KLDivergence(ElementLoss):
    """t·(ln t - x), 0·ln 0 being 0; with log_target e^t·(t - x)."""

    word = "KLDivLoss"

    def __init__(self, reduction: str, log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, x: Any, t: Any) -> Any:
        if self.log_target:
            return self.reduced(np.exp(t) * (t - x))
        return self.reduced(t * np.log(t + (t == 0)) - t * x)

    def backward(self, g: Any, x: Any, t: Any, size: int, *, needs: Needs) -> tuple[Any, ...]:
        g = self.shared(g, size)
        if self.log_target:
            p = Exp()(t)
            return g * -p, g * (p * (t - x + 1)) if needs[1] else None
        if not needs[1]:
            return g * -t, None
        with np.errstate(divide="ignore", invalid="ignore"):
            return g * -t, g * (Log()(t) + t / t - x)  # t / t: NaN where t is 0, as in PyTorch


class HingeEmbedding(ElementLoss):
    """x where the sign is 1, max(0, margin - x) where it is -1; at the kink the slope is -1."""

    word = "HingeEmbeddingLoss"
    keep = (0,)

    def __init__(self, signs: Any, margin: float, reduction: str) -> None:
        super().__init__(reduction)
        self._like = signs == 1
        self.margin = margin

    def forward(self, x: Any) -> Any:
        return self.reduced(np.where(devices.beside(self._like, x), x, np.maximum(self.margin - x, 0)))

    def backward(self, g: Any, x: Any, size: int) -> tuple[Any, ...]:
        same = devices.beside(self._like, x)
        inside = _cast(x <= self.margin, x) * ~same
        return (self.shared(g, size) * (same - inside),)


# --------------------------------------------------------------------------- losses of classes
class LabelLoss(Loss):
    """Shared by losses of integer labels. Classes lie along axis 1.

    labels int (N, ...), negative where ignored; weight (N, ...), 0 there and otherwise what each
    loss counts, its share of a mean included.
    """

    def __init__(self, labels: Any, weight: Any, reduction: str) -> None:
        self._labels, self._weight, self.reduction = labels, weight, reduction

    def negated(self, scores: Any) -> Any:
        """Minus the score of each label, weighted and reduced; 0 where ignored, even if a score is NaN."""
        labels, weight = devices.beside(self._labels, scores), devices.beside(self._weight, scores)
        places = np.maximum(labels, 0)
        if scores.ndim == 2:  # a half of the time
            picked = scores[devices.arange(0, len(scores), like=scores), places]
        else:
            picked = np.take_along_axis(scores, np.expand_dims(places, 1), 1).squeeze(1)
        losses = np.where(labels < 0, 0, -picked * weight)
        return losses if self.reduction == "none" else losses.sum()

    def shared(self, g: Any) -> Any:
        """The gradient of each loss, with an axis for the classes: (N, 1, ...)."""
        count, *places = self._weight.shape
        return (g * devices.beside(self._weight, g)).reshape((count, 1, *places))


class SoftmaxCrossEntropy(LabelLoss):
    """-log softmax(x)[label] along axis 1, times a weight per sample, summed unless 'none'."""

    word = "CrossEntropyLoss"
    keep = (0,)

    def forward(self, x: Any) -> Any:
        losses = kernels.cross_entropy(x, self._labels, self._weight)
        return losses if self.reduction == "none" else losses.sum()

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (cross_entropy_slope(x, self._labels, self.shared(g)),)


@fused
def cross_entropy_slope(x: Any, labels: Any, share: Any) -> Any:
    """(softmax(x) - one_hot(labels)) * share: SoftmaxCrossEntropy's derivative."""
    return (Softmax(1)(x) - kernels.one_hot(devices.beside(labels, x), x.shape, x.dtype)) * share


class NegativeLogLikelihood(LabelLoss):
    """-x[label] along axis 1, times a weight per sample, summed unless reduction is 'none'."""

    word = "NLLLoss"

    def forward(self, x: Any) -> Any:
        return Result(self.negated(x), x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        places = np.maximum(np.expand_dims(self._labels, 1), 0)  # what is ignored weighs 0
        return (AddAlongAxis(places, 1, shape[1], unique=True)(-self.shared(g)),)


class SoftTargetCrossEntropy(Loss):
    """-sum_k weight_k · t_k · log softmax(x)_k along axis 1, summed over all unless 'none'.

    x and t (N, K, ...); weight broadcasts against them.
    """

    word = "CrossEntropyLoss"
    keep = (0, 1)

    def __init__(self, weight: Any, reduction: str) -> None:
        self._weight, self.reduction = weight, reduction

    def forward(self, x: Any, t: Any) -> Any:
        losses = -(LogSoftmax(1).forward(x) * (t * devices.beside(self._weight, t)))
        return losses.sum(axis=1) if self.reduction == "none" else losses.sum()

    def backward(self, g: Any, x: Any, t: Any, *, needs: Needs) -> tuple[Any, ...]:
        if self.reduction == "none":
            g = g.reshape((g.shape[0], 1, *g.shape[1:]))
        dx = dt = None
        if needs[0]:
            share = t * devices.beside(self._weight, t)
            dx = g * (Softmax(1)(x) * share.sum(axis=1, keepdims=True) - share)
        if needs[1]:
            dt = g * (-devices.beside(self._weight, g) * LogSoftmax(1)(x))
        return dx, dt


class MultiMargin(Loss):
    """sum over k ≠ label of max(0, margin - x[label] + x[k])^p / K, times a weight per sample.

    x (N, K), labels int (N,), weight (N,). At the kink the derivative is 0.
    """

    word = "MultiMarginLoss"
    keep = (0,)

    def __init__(self, labels: Any, weight: Any, p: int, margin: float, reduction: str) -> None:
        self._labels, self._weight = labels, weight
        self.p, self.margin, self.reduction = p, margin, reduction

    def forward(self, x: Any) -> Any:
        z, others = self.excess(x)
        losses = (
            np.where(others, np.maximum(z, 0) ** self.p, 0).sum(axis=1)
            * devices.beside(self._weight, x)
            / x.shape[1]
        )
        return losses if self.reduction == "none" else losses.sum()

    def excess(self, x: Any) -> tuple[Any, Any]:
        """By how much each class breaks the margin, and a mask of those that are not the label."""
        rows, labels = devices.arange(0, x.shape[0], like=x), devices.beside(self._labels, x)
        others = devices.ones(x.shape, bool, like=x)
        others[rows, labels] = False
        own = Index((rows, labels))(x).reshape((x.shape[0], 1))
        return x - own + self.margin, others

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        z, others = self.excess(x)
        active = _cast(z > 0, x) * others
        slope = active if self.p == 1 else 2 * z * active
        share = (g * devices.beside(self._weight, g)).reshape((x.shape[0], 1)) * slope / x.shape[1]
        return (share - ~others * share.sum(axis=1, keepdims=True),)


def _cast(mask: Any, like: Any) -> Any:
    """A mask as numbers of another value's type, so that a Python number beside it widens nothing."""
    return mask.astype(like.dtype)


def _sign(d: Any) -> Any:
    """1, 0 or -1; 0 for NaN."""
    return _cast(d > 0, d) - _cast(d < 0, d)
