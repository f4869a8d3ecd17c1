"""Distributions of counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.distributions.discrete import Categorical, Trials
from tinygrad_cnn.torch.distributions.families import Distribution, parameter
from tinygrad_cnn.torch.drawing import poisson, rand
from tinygrad_cnn.torch.generators import default_generator
from tinygrad_cnn.torch.nn.losses import binary_cross_entropy_with_logits
from tinygrad_cnn.torch.pointwise import xlogy
from tinygrad_cnn.torch.tensors import Tensor


class Poisson(Distribution):
    """Count how often something of a rate happens.

    >>> Poisson(2.0).log_prob(Tensor([1.0]))
    tensor([-1.3069])
    """

    def __init__(self, rate: Any, validate_args: Any = None) -> None:
        (self.rate,) = parameter(rate)
        super().__init__(self.rate._array.shape)

    @property
    def mean(self) -> Any:
        """The rate."""
        return self.rate

    @property
    def variance(self) -> Any:
        """The rate."""
        return self.rate

    @property
    def mode(self) -> Any:
        """The rate, rounded down."""
        return self.rate.floor()

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        return poisson(self.rate.detach().expand(self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        """k·log rate - rate - log k!."""
        return xlogy(value, self.rate) - self.rate - F.lgamma(value + 1)


class Geometric(Trials):
    """Failures before the first success.

    >>> Geometric(0.5).log_prob(Tensor([1.0]))
    tensor([-1.3863])
    """

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        super().__init__(probs, logits)

    @property
    def mean(self) -> Any:
        """(1 - p) / p."""
        return 1 / self.probs - 1

    @property
    def variance(self) -> Any:
        """(1 - p) / p²."""
        return (1 / self.probs - 1) / self.probs

    @property
    def mode(self) -> Any:
        """0."""
        return self.probs * 0

    def entropy(self) -> Any:
        """That of one trial, over p."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        p = self.probs._array
        u = np.maximum(
            rand(self._shape(sample_shape), dtype=self.probs.dtype)._array, np.finfo(p.dtype).tiny
        )
        return Tensor.detached(np.floor(np.log(u) / np.log1p(-p)))

    def log_prob(self, value: Any) -> Any:
        """k·log(1 - p) + log p."""
        return value * F.log1p(-self.probs) + self.probs.log()


class Binomial(Trials):
    """Successes of a number of trials; draws come from another stream than PyTorch's.

    >>> Binomial(2, 0.5).log_prob(Tensor([1.0]))
    tensor([-0.6931])
    """

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: Any = None
    ) -> None:
        super().__init__(probs, logits)
        self.total_count, _ = parameter(total_count, self.probs)

    @property
    def mean(self) -> Any:
        """n·p."""
        return self.total_count * self.probs

    @property
    def variance(self) -> Any:
        """n·p·(1 - p)."""
        return self.total_count * self.probs * (1 - self.probs)

    @property
    def mode(self) -> Any:
        """(n + 1)·p, rounded down."""
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        stream = default_generator.numpy_stream()
        n, p = self.total_count._array.astype(np.int64), self.probs._array
        return Tensor.detached(stream.binomial(n, p, self._shape(sample_shape)).astype(p.dtype))

    def log_prob(self, value: Any) -> Any:
        """log of n over k, + k·log p + (n - k)·log(1 - p)."""
        n = self.total_count
        ways = F.lgamma(n + 1) - F.lgamma(value + 1) - F.lgamma(n - value + 1)
        return ways + value * self.logits - n * F.softplus(self.logits)


class Multinomial(Distribution):
    """Count how often each label came in a number of draws.

    >>> Multinomial(2, Tensor([0.5, 0.5])).log_prob(Tensor([1.0, 1.0]))
    tensor(-0.6931)
    """

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: Any = None
    ) -> None:
        self.total_count = total_count
        self._labels = Categorical(probs=probs, logits=logits)
        self.probs, self.logits = self._labels.probs, self._labels.logits
        super().__init__(self._labels.batch_shape, self.probs._array.shape[-1:])

    @property
    def mean(self) -> Any:
        """n·p."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        """n·p·(1 - p)."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        drawn = self._labels.sample((self.total_count, *sample_shape))._array
        ones = np.eye(self.probs._array.shape[-1], dtype=self.probs._array.dtype)
        return Tensor.detached(ones[drawn].sum(0))

    def log_prob(self, value: Any) -> Any:
        """log n! - sum log k! + sum k·log p."""
        ways = math.lgamma(self.total_count + 1) - F.sum(F.lgamma(value + 1), -1)
        return ways + F.sum(value * self.logits, -1)
