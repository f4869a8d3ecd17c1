"""Distributions of real numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.distributions.families import Distribution, LocationScale, parameter
from tinygrad_cnn.torch.drawing import normal, rand, randn
from tinygrad_cnn.torch.generators import default_generator
from tinygrad_cnn.torch.tensors import Tensor

_HALF_LOG = 0.5 * math.log(2 * math.pi)


class Normal(LocationScale):
    """Normal numbers of a mean and a standard deviation.

    >>> Normal(0.0, 1.0).log_prob(Tensor([0.0]))
    tensor([-0.9189])
    """

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.loc

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.scale**2

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        shape = self._shape(sample_shape)
        return normal(self.loc.detach().expand(shape), self.scale.detach().expand(shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """mean + deviation · a standard draw."""
        return self.loc + self.scale * randn(self._shape(sample_shape), dtype=self.loc.dtype)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log() - _HALF_LOG

    def entropy(self) -> Any:
        """0.5 + 0.5·log 2π + log deviation."""
        return 0.5 + _HALF_LOG + self.scale.log()

    def cdf(self, value: Any) -> Any:
        """The probability of at most a value."""
        return 0.5 * (1 + F.erf((value - self.loc) / (self.scale * math.sqrt(2))))

    def icdf(self, value: Any) -> Any:
        """Find what a share of all draws is below."""
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    @property
    def mode(self) -> Any:
        """The likeliest value."""
        return self.loc


class Uniform(Distribution):
    """Uniform numbers between bounds.

    >>> Uniform(0.0, 2.0).log_prob(Tensor([1.0]))
    tensor([-0.6931])
    """

    def __init__(self, low: Any, high: Any, validate_args: Any = None) -> None:
        self.low, self.high = parameter(low, high)
        super().__init__(self.low._array.shape)

    @property
    def mean(self) -> Any:
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Any:
        """NaN: all values between are as likely."""
        return self.high * float("nan")

    @property
    def variance(self) -> Any:
        """(high - low)² / 12."""
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        return self.low + rand(self._shape(sample_shape), dtype=self.low.dtype) * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        inside = (value._array >= self.low._array) & (value._array < self.high._array)
        return F.where(inside, -(self.high - self.low).log(), -math.inf)

    def cdf(self, value: Any) -> Any:
        """The probability of at most a value."""
        return F.clip((value - self.low) / (self.high - self.low), 0.0, 1.0)

    def entropy(self) -> Any:
        """log(high - low)."""
        return (self.high - self.low).log()


class Exponential(Distribution):
    """Waiting times of a rate.

    >>> Exponential(1.0).log_prob(Tensor([2.0]))
    tensor([-2.])
    """

    def __init__(self, rate: Any, validate_args: Any = None) -> None:
        (self.rate,) = parameter(rate)
        super().__init__(self.rate._array.shape)

    @property
    def mean(self) -> Any:
        """1 / rate."""
        return 1 / self.rate

    @property
    def mode(self) -> Any:
        """0."""
        return self.rate * 0

    @property
    def variance(self) -> Any:
        """1 / rate²."""
        return 1 / self.rate**2

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        shape = self._shape(sample_shape)
        drawn = (
            default_generator.exponential(math.prod(shape)).reshape(shape).astype(self.rate._array.dtype)
        )
        return Tensor.detached(drawn) / self.rate

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        return self.rate.log() - self.rate * value

    def cdf(self, value: Any) -> Any:
        """The probability of at most a value."""
        return 1 - F.exp(-self.rate * value)

    def entropy(self) -> Any:
        """1 - log rate."""
        return 1 - self.rate.log()


class Laplace(LocationScale):
    """Laplace's numbers.

    >>> Laplace(0.0, 1.0).log_prob(Tensor([0.0]))
    tensor([-0.6931])
    """

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.loc

    @property
    def mode(self) -> Any:
        """The mean."""
        return self.loc

    @property
    def variance(self) -> Any:
        """2·scale²."""
        return 2 * self.scale**2

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        u = rand(self._shape(sample_shape), dtype=self.loc.dtype)._array * 2 - 1
        noise = -np.sign(u) * np.log1p(-np.minimum(np.abs(u), 1 - 1e-7))
        return self.loc + self.scale * Tensor.detached(noise.astype(self.loc._array.dtype))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Any) -> Any:
        """The probability of at most a value."""
        gap = value - self.loc
        return 0.5 - 0.5 * gap.sign() * F.expm1(-gap.abs() / self.scale)

    def entropy(self) -> Any:
        """1 + log(2·scale)."""
        return 1 + (2 * self.scale).log()


class Cauchy(LocationScale):
    """Numbers of a density with heavy tails.

    >>> Cauchy(0.0, 1.0).log_prob(Tensor([0.0]))
    tensor([-1.1447])
    """

    def rsample(self, sample_shape: Any = ()) -> Any:
        """loc + scale · a standard draw."""
        drawn: Any = Tensor.detached(np.zeros(self._shape(sample_shape), self.loc._array.dtype))
        return self.loc + drawn.cauchy_() * self.scale

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        return -math.log(math.pi) - self.scale.log() - F.log1p(((value - self.loc) / self.scale) ** 2)

    def entropy(self) -> Any:
        """log 4π + log scale."""
        return math.log(4 * math.pi) + self.scale.log()
