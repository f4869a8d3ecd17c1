"""Distributions of labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.distributions.families import Checked, Distribution, parameter
from tinygrad_cnn.torch.drawing import bernoulli, multinomial
from tinygrad_cnn.torch.nn.losses import binary_cross_entropy_with_logits
from tinygrad_cnn.torch.tensors import Tensor


def _eps(x: Any) -> float:
    return float(np.finfo(x._array.dtype).eps)


class Categorical(Distribution):
    """Labels with given probabilities or logits.

    >>> Categorical(Tensor([0.25, 0.75])).log_prob(Tensor.detached(np.array(1)))
    tensor(-0.2877)
    """

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        self._by_logits = probs is None
        if probs is not None:
            if Checked.validates and validate_args is not False and (probs._array < 0).any():
                raise ValueError(
                    f"Expected parameter probs of Categorical to be not negative, but found:\n{probs}"
                )
            self.probs = probs / F.sum(probs, -1, True)
            self.logits = F.log(F.clip(self.probs, _eps(probs), 1 - _eps(probs)))
        else:
            self.logits = logits - F.logsumexp(logits, -1, True)
            self.probs = F.softmax(self.logits, -1)
        super().__init__(self.logits._array.shape[:-1])

    @property
    def param_shape(self) -> Any:
        """The shape of the probabilities."""
        return self.logits.shape

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        n = self.probs._array.shape[-1]
        count = int(np.prod(tuple(sample_shape), dtype=int))
        drawn = multinomial(F.reshape(self.probs.detach(), (-1, n)), count, True)
        return F.reshape(drawn.T, self._shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability."""
        places = value._array.astype(np.int64)
        shape = np.broadcast_shapes(places.shape, self.logits._array.shape[:-1])
        logits = F.broadcast_to(self.logits, (*shape, self.logits._array.shape[-1]))
        return F.squeeze(F.take_along_axis(logits, np.broadcast_to(places, shape)[..., None], -1), -1)

    @property
    def mean(self) -> Any:
        """NaN: labels are no numbers."""
        return Tensor.detached(np.full(self.batch_shape, np.nan, self.probs._array.dtype))

    variance = mean

    @property
    def mode(self) -> Any:
        """The likeliest label."""
        return F.argmax(self.probs, -1)

    def enumerate_support(self, expand: bool = True) -> Any:
        """All labels, in a first dimension."""
        n, batch = self.probs._array.shape[-1], self.batch_shape
        labels = np.arange(n).reshape(n, *[1] * len(batch))
        return Tensor.detached(np.broadcast_to(labels, (n, *batch)).copy() if expand else labels)

    def entropy(self) -> Any:
        """-sum p·log p."""
        least = float(np.finfo(self.logits._array.dtype).min)
        return -F.sum(F.clip(self.logits, least, None) * self.probs, -1)


class OneHotCategorical(Categorical):
    """Labels as vectors with a 1."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        super().__init__(probs, logits)
        self._labels = Categorical(probs, logits)
        self.event_shape = self.probs.shape[-1:]

    @property
    def mean(self) -> Any:
        """The probabilities."""
        return self.probs

    @property
    def variance(self) -> Any:
        """p·(1 - p)."""
        return self.probs * (1 - self.probs)

    @property
    def mode(self) -> Any:
        """The likeliest label, as a vector."""
        return self._vectors(self._labels.mode)

    def _vectors(self, labels: Any) -> Any:
        """Labels as vectors with a 1."""
        return Tensor.detached(
            np.eye(self.probs._array.shape[-1], dtype=self.probs._array.dtype)[labels._array]
        )

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        return self._vectors(self._labels.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability."""
        return super().log_prob(F.argmax(value, -1))


class Trials(Distribution):
    """Base of distributions of trials, which have a probability, or its logit."""

    def __init__(self, probs: Any, logits: Any) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        self._by_logits = probs is None
        (given,) = parameter(logits if probs is None else probs)
        self.probs = F.sigmoid(given) if probs is None else given
        kept = F.clip(self.probs, _eps(self.probs), 1 - _eps(self.probs))
        self.logits = given if probs is None else F.log(kept) - F.log1p(-kept)
        super().__init__(self.probs._array.shape)


class Bernoulli(Trials):
    """1 with a probability, 0 otherwise.

    >>> Bernoulli(Tensor([0.5])).log_prob(Tensor([1.0]))
    tensor([-0.6931])
    """

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        super().__init__(probs, logits)

    @property
    def mean(self) -> Any:
        """The probability."""
        return self.probs

    @property
    def variance(self) -> Any:
        """p·(1 - p)."""
        return self.probs * (1 - self.probs)

    @property
    def mode(self) -> Any:
        """The likelier of 0 and 1; NaN where neither is."""
        p = self.probs._array
        return Tensor.detached(np.where(p == 0.5, np.nan, p >= 0.5).astype(p.dtype))

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        return bernoulli(self.probs.detach().expand(self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability."""
        logits = F.broadcast_to(
            self.logits, np.broadcast_shapes(self.logits._array.shape, value._array.shape)
        )
        return -binary_cross_entropy_with_logits(
            logits, value.expand(logits._array.shape), reduction="none"
        )

    def entropy(self) -> Any:
        """-p·log p - (1 - p)·log(1 - p)."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
