"""The softmax of very many classes, in which rare ones share a place in the first list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    TensorLike,
    flag,
    integer,
    is_several,
    number,
    on_host,
    shape_of,
)
from tinygrad_cnn.nn.containers.collections import ModuleList
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class OutputAndLoss(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` gives: the log probability of each target, and the loss."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log probabilities of very many classes, sorted from frequent to rare, at the cost of few.

    Frequent classes, below cutoffs[0], have scores of their own in the head. The others lie in clusters,
    cutoffs[i-1] up to cutoffs[i]; the head scores a cluster as one class, and its tail the classes in it:

        log p(c) = log_softmax(head(x))[c]                                        of a frequent class
        log p(c) = log_softmax(head(x))[cluster] + log_softmax(tail(x))[c - start]    of another

    Tail i maps x to in_features // div_value**(i+1) units, and those to its classes, without biases. It
    is computed for the samples of its cluster alone. loss = -mean of log p(target).

    Args:
        in_features: length of a row of x.   n_classes: number of classes.
        cutoffs: where clusters start: rising, at least 1 and below n_classes.
        div_value: by which each tail is narrower than the one before; above 0.
        head_bias: whether the head adds a bias.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, in_features) and target (N,) integers -> output (N,) and loss (); or x (in_features,) and
        a target () -> output () and loss ().
    Raises:
        OutOfRangeError: a target that is no class.
        ArgumentError: cutoffs that do not fit, or a tail left without units.
        DTypeError: targets or sizes that are not integers.   ShapeError: x and target that do not fit.
    Source: Grave, Joulin, Cissé, Grangier & Jégou 2017, arXiv:1609.04309.

    >>> layer = AdaptiveLogSoftmaxWithLoss(16, 100, [10, 40], rng=0)
    >>> output, loss = layer(np.ones((3, 16), "float32"), np.array([4, 99, 17]))
    >>> output.shape, loss.shape
    ((3,), ())
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0,
        head_bias: bool = False, *, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        name, draws = "AdaptiveLogSoftmaxWithLoss", generator(rng)
        self.in_features = integer(name, "in_features", in_features, 1)
        self.n_classes = integer(name, "n_classes", n_classes, 2)
        self.cutoffs = _cutoffs(cutoffs, self.n_classes)
        self.div_value = number(name, "div_value", div_value)
        self.head_bias = flag(name, "head_bias", head_bias)
        if self.div_value <= 0:
            raise ArgumentError(f"{name}: div_value must be above 0, got {self.div_value}")
        self._starts = (*self.cutoffs, self.n_classes)
        units = [int(self.in_features // self.div_value ** (k + 1)) for k in range(len(self.cutoffs))]
        if min(units) < 1:
            raise ArgumentError(
                f"{name}: {self.in_features} features, divided by {self.div_value:g} for each cluster, "
                f"leave tails of {units} units; a smaller div_value, or fewer cutoffs, fit"
            )
        first = self._starts[0]
        self.head = Linear(self.in_features, first + len(units), self.head_bias, rng=draws, dtype=dtype)
        self.tail = ModuleList(
            Sequential(
                Linear(self.in_features, width, False, rng=draws, dtype=dtype),
                Linear(width, self._starts[k + 1] - self._starts[k], False, rng=draws, dtype=dtype),
            )
            for k, width in enumerate(units)
        )

    def forward(self, x: Tensor, target: TensorLike) -> OutputAndLoss:
        """The log probability of each sample's target, `output`, and minus their mean, `loss`.

        >>> layer = AdaptiveLogSoftmaxWithLoss(4, 10, [3], rng=0)
        >>> layer.forward(np.zeros((2, 4), "float32"), np.array([0, 9])).output.shape
        (2,)
        """
        labels = self._labels(x, target)
        if labels.ndim == 0:
            output, loss = self.forward(F.reshape(x, (1, -1)), labels[None])
            return OutputAndLoss(F.reshape(output, ()), loss)
        clusters = np.searchsorted(self.cutoffs, labels, side="right")  # 0 is the head itself
        places = np.where(clusters == 0, labels, self._starts[0] + clusters - 1)
        output = -F.cross_entropy(self.head(x), places, reduction="none")
        for k, tail in enumerate(self.tail):
            rows = np.flatnonzero(clusters == k + 1)
            if rows.size:
                scores = tail(F.take(x, rows, 0))
                inside = -F.cross_entropy(scores, labels[rows] - self._starts[k], reduction="none")
                output = F.index_add(output, 0, rows, inside)
        return OutputAndLoss(output, -F.mean(output))

    def log_prob(self, x: TensorLike) -> Tensor:
        """The log probabilities of all classes, (N, n_classes), of x (N, in_features).

        >>> layer = AdaptiveLogSoftmaxWithLoss(4, 10, [3], rng=0)
        >>> np.exp(layer.log_prob(np.ones((2, 4), "float32")).numpy()).sum(axis=1).round(5)
        array([1., 1.], dtype=float32)
        """
        return self._all(x, F.log_softmax(self.head(self._rows("log_prob", x)), -1))

    def predict(self, x: TensorLike) -> Tensor:
        """The likeliest class of each sample, (N,) integers; tails are computed where one may hold it.

        >>> AdaptiveLogSoftmaxWithLoss(4, 10, [3], rng=0).predict(np.ones((2, 4), "float32")).shape
        (2,)
        """
        head = F.log_softmax(self.head(self._rows("predict", x)), -1)
        found = F.argmax(head, -1)
        rows = np.flatnonzero(on_host(found) >= self._starts[0])
        if not rows.size:
            return found
        likeliest = F.argmax(self._all(F.take(x, rows, 0), F.take(head, rows, 0)), -1)
        return F.index_copy(found, 0, rows, likeliest)

    def extra_repr(self) -> str:
        """Nothing: the layers below tell their sizes.

        >>> AdaptiveLogSoftmaxWithLoss(4, 10, [3]).extra_repr()
        ''
        """
        return ""

    def _all(self, x: Any, head: Any) -> Any:
        first = self._starts[0]
        parts = [F.take(head, np.arange(first), 1)]
        for k, tail in enumerate(self.tail):
            parts.append(F.take(head, np.array([first + k]), 1) + F.log_softmax(tail(x), -1))
        return F.concatenate(parts, 1)

    def _rows(self, method: str, x: Any) -> Any:
        name = f"AdaptiveLogSoftmaxWithLoss.{method}"
        shape = shape_of(x, name)
        if len(shape) != 2:
            raise ShapeError(f"{name}: x of shape (N, {self.in_features}) fits, got {shape}")
        return x

    def _labels(self, x: Any, target: Any) -> NDArray[Any]:
        name, labels = "AdaptiveLogSoftmaxWithLoss", np.asarray(on_host(target))
        shape = shape_of(x, name)
        if len(shape) not in (1, 2) or labels.shape != shape[:-1]:
            raise ShapeError(
                f"{name}: x of shape (N, {self.in_features}) and targets (N,) fit, or one of each; got "
                f"{shape} and {labels.shape}"
            )
        if labels.dtype.kind not in "iu":
            raise DTypeError(f"{name}: targets must be integers, got dtype {labels.dtype}")
        if labels.size and not 0 <= labels.min() <= labels.max() < self.n_classes:
            raise OutOfRangeError(
                f"{name}: targets run from {labels.min()} to {labels.max()}, {self.n_classes} classes are "
                f"0 to {self.n_classes - 1}"
            )
        return labels.astype(np.int64)


def _cutoffs(given: Any, classes: int) -> tuple[int, ...]:
    name = "AdaptiveLogSoftmaxWithLoss"
    if not is_several(given):
        raise DTypeError(f"{name}: cutoffs are several integers, such as [10, 100], got {given!r:.80}")
    found = tuple(integer(name, "cutoffs", one) for one in given)
    if not found or list(found) != sorted(set(found)) or found[0] < 1 or found[-1] >= classes:
        raise ArgumentError(
            f"{name}: cutoffs must rise, from at least 1 to at most n_classes - 1 = {classes - 1}, "
            f"got {list(found)}"
        )
    return found
