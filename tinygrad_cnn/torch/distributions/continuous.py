"""Distributions of real numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import linalg
from tinygrad_cnn.torch.distributions.families import Distribution, parameter
from tinygrad_cnn.torch.drawing import normal, rand, randn
from tinygrad_cnn.torch.generators import default_generator
from tinygrad_cnn.torch.tensors import Tensor

_HALF_LOG = 0.5 * math.log(2 * math.pi)


class Normal(Distribution):
    """Normal numbers of a mean and a standard deviation.

    >>> Normal(0.0, 1.0).log_prob(Tensor([0.0]))
    tensor([-0.9189])
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.loc, self.scale = parameter(loc, scale)
        super().__init__(self.loc._array.shape)

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

    def entropy(self) -> Any:
        """1 - log rate."""
        return 1 - self.rate.log()


class Laplace(Distribution):
    """Laplace's numbers.

    >>> Laplace(0.0, 1.0).log_prob(Tensor([0.0]))
    tensor([-0.6931])
    """

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.loc, self.scale = parameter(loc, scale)
        super().__init__(self.loc._array.shape)

    @property
    def mean(self) -> Any:
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

    def entropy(self) -> Any:
        """1 + log(2·scale)."""
        return 1 + (2 * self.scale).log()


class Gamma(Distribution):
    """Waiting times for several events of a rate; draws come from another stream than PyTorch's.

    >>> Gamma(1.0, 2.0).log_prob(Tensor([0.5]))
    tensor([-0.3069])
    """

    def __init__(self, concentration: Any, rate: Any, validate_args: Any = None) -> None:
        self.concentration, self.rate = parameter(concentration, rate)
        super().__init__(self.rate._array.shape)

    @property
    def mean(self) -> Any:
        """a / rate."""
        return self.concentration / self.rate

    @property
    def variance(self) -> Any:
        """a / rate²."""
        return self.concentration / self.rate**2

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        stream = np.random.default_rng(int(default_generator.words(1)[0]))
        a, rate = self.concentration._array, self.rate._array
        return Tensor.detached(stream.gamma(a, 1 / rate, self._shape(sample_shape)).astype(a.dtype))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        a, rate = self.concentration, self.rate
        return a * rate.log() + (a - 1) * value.log() - rate * value - F.lgamma(a)

    def entropy(self) -> Any:
        """a - log rate + log Γ(a) + (1 - a)·ψ(a)."""
        a = self.concentration
        return a - self.rate.log() + F.lgamma(a) + (1 - a) * F.digamma(a)


class Cauchy(Distribution):
    """Numbers of a density with heavy tails.

    >>> Cauchy(0.0, 1.0).log_prob(Tensor([0.0]))
    tensor([-1.1447])
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.loc, self.scale = parameter(loc, scale)
        super().__init__(self.loc._array.shape)

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


class Beta(Distribution):
    """Beta's shares; draws come from another stream than PyTorch's."""

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: Any = None) -> None:
        self.concentration1, self.concentration0 = parameter(concentration1, concentration0)
        super().__init__(self.concentration1._array.shape)

    @property
    def mean(self) -> Any:
        """a / (a + b)."""
        return self.concentration1 / (self.concentration1 + self.concentration0)

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        stream = np.random.default_rng(int(default_generator.words(1)[0]))
        a, b = self.concentration1._array, self.concentration0._array
        return Tensor.detached(stream.beta(a, b, self._shape(sample_shape)).astype(a.dtype))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        a, b = self.concentration1, self.concentration0
        whole = F.lgamma(a + b) - F.lgamma(a) - F.lgamma(b)
        return (a - 1) * value.log() + (b - 1) * F.log1p(-value) + whole


class MultivariateNormal(Distribution):
    """Normal vectors of a mean and a covariance.

    >>> import numpy as np
    >>> MultivariateNormal(Tensor([0.0, 0.0]), Tensor.detached(np.eye(2, dtype="f4"))).log_prob(Tensor([0.0, 0.0]))
    tensor(-1.8379)
    """

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: Any = None,
    ) -> None:
        if precision_matrix is not None:
            covariance_matrix = linalg.inv(precision_matrix)
        self.loc = loc
        self.scale_tril = linalg.cholesky(covariance_matrix) if scale_tril is None else scale_tril
        super().__init__(loc._array.shape[:-1], loc._array.shape[-1:])

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.loc

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        noise = randn(self._shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + F.squeeze(F.matmul(self.scale_tril, F.expand_dims(noise, -1)), -1)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        gap = F.expand_dims(value - self.loc, -1)
        z = F.squeeze(linalg.solve(self.scale_tril, gap), -1)
        half_log_det = F.sum(F.log(F.diagonal(self.scale_tril, 0, -2, -1)), -1)
        return -0.5 * F.sum(z * z, -1) - half_log_det - self.loc._array.shape[-1] * _HALF_LOG

    def entropy(self) -> Any:
        """Half of the logarithm of det(2πe·covariance)."""
        n = self.loc._array.shape[-1]
        return F.sum(F.log(F.diagonal(self.scale_tril, 0, -2, -1)), -1) + n * (0.5 + _HALF_LOG)


class Independent(Distribution):
    """A distribution whose last batch dimensions belong to the event."""

    def __init__(
        self, base_distribution: Any, reinterpreted_batch_ndims: int, validate_args: Any = None
    ) -> None:
        self.base_dist, self._n = base_distribution, reinterpreted_batch_ndims
        shape = base_distribution.batch_shape
        super().__init__(
            shape[: len(shape) - self._n], (*shape[len(shape) - self._n :], *base_distribution.event_shape)
        )

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        return self.base_dist.rsample(sample_shape)

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw without gradients."""
        return self.base_dist.sample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        return F.sum(self.base_dist.log_prob(value), tuple(range(-self._n, 0)))

    def entropy(self) -> Any:
        """The summed entropies."""
        return F.sum(self.base_dist.entropy(), tuple(range(-self._n, 0)))

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.base_dist.mean
