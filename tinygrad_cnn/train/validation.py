"""How `fit` validates: after which epochs, on how many batches; and the weights of its samples."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data import DataLoader, Dataset
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.train.batches import as_numbers


@dataclass(frozen=True)
class Validation:
    """When and how much is validated.

    Attributes:
        steps: batches of each data set; None for all.   every: after each epoch whose number this
            divides; or the numbers of the epochs, from 1.
    """

    steps: int | None = None
    every: int | frozenset[int] = 1

    def after(self, epoch: int) -> bool:
        """Whether to validate after an epoch; the first is 1.

        >>> [Validation(every=2).after(k) for k in (1, 2)], Validation(every=frozenset({1})).after(2)
        ([False, True], False)
        """
        return epoch % self.every == 0 if isinstance(self.every, int) else epoch in self.every


def validation_of(steps: Any, every: Any) -> Validation:
    """`validation_steps` and `validation_freq`, checked.

    Raises:
        DTypeError: not integers.   ArgumentError: numbers below 1, or no epoch.

    >>> validation_of(None, [1, 5]).after(5)
    True
    """
    count = None if steps is None else integer("fit", "validation_steps", steps, 1)
    if not isinstance(every, Collection) or isinstance(every, (str, bytes)):
        return Validation(count, integer("fit", "validation_freq", every, 1))
    if not every:
        raise ArgumentError(
            "fit: validation_freq names no epoch; leave it out, or give some, such as [1, 5]"
        )
    return Validation(count, frozenset(integer("fit", "validation_freq", one, 1) for one in every))


def sample_weights(given: Any, x: Any, y: Any) -> NDArray[Any] | None:
    """`sample_weight`, checked beside x and y.

    Raises:
        ArgumentError: x and y are no arrays, or a weight is below 0 or not finite.
        ShapeError: not one weight a sample.   DTypeError: no numbers.

    >>> sample_weights([1, 2], np.zeros((2, 3)), [0, 1])
    array([1., 2.], dtype=float32)
    """
    if given is None:
        return None
    if y is None or (isinstance(x, (DataLoader, Dataset)) and not isinstance(x, (list, np.ndarray))):
        raise ArgumentError(
            "fit: sample_weight is for arrays x and y; a dataset, a DataLoader or a generator has none: "
            "use its own loss, or class_weight"
        )
    weights, samples = as_numbers(given), len(as_numbers(y))
    if weights.dtype.kind not in "iuf":
        raise DTypeError(f"fit: sample_weight must hold numbers, got dtype {weights.dtype}")
    if weights.shape != (samples,):
        raise ShapeError(
            f"fit: sample_weight needs one number a sample, ({samples},), got {tuple(weights.shape)}"
        )
    if not bool((np.isfinite(weights) & (weights >= 0)).all()):
        raise ArgumentError("fit: sample_weight: finite numbers of at least 0 fit")
    return weights.astype(np.float32)
