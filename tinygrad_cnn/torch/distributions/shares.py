"""Distributions of waiting times and of shares."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.distributions.families import Distribution, parameter
from tinygrad_cnn.torch.generators import default_generator
from tinygrad_cnn.torch.tensors import Tensor


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

    @property
    def mode(self) -> Any:
        """(a - 1) / rate, at least 0."""
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        stream = default_generator.numpy_stream()
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
        stream = default_generator.numpy_stream()
        a, b = self.concentration1._array, self.concentration0._array
        return Tensor.detached(stream.beta(a, b, self._shape(sample_shape)).astype(a.dtype))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        a, b = self.concentration1, self.concentration0
        whole = F.lgamma(a + b) - F.lgamma(a) - F.lgamma(b)
        return (a - 1) * value.log() + (b - 1) * F.log1p(-value) + whole

    @property
    def variance(self) -> Any:
        """a·b / ((a + b)²·(a + b + 1))."""
        a, b = self.concentration1, self.concentration0
        return a * b / ((a + b) ** 2 * (a + b + 1))

    def entropy(self) -> Any:
        """log B(a, b) - (a - 1)·ψ(a) - (b - 1)·ψ(b) + (a + b - 2)·ψ(a + b)."""
        a, b = self.concentration1, self.concentration0
        size = F.lgamma(a) + F.lgamma(b) - F.lgamma(a + b)
        return size - (a - 1) * F.digamma(a) - (b - 1) * F.digamma(b) + (a + b - 2) * F.digamma(a + b)


class Dirichlet(Distribution):
    """Shares that sum to 1; draws come from another stream than PyTorch's.

    >>> Dirichlet(Tensor([1.0, 1.0])).log_prob(Tensor([0.5, 0.5]))
    tensor(0.)
    """

    def __init__(self, concentration: Any, validate_args: Any = None) -> None:
        self.concentration = concentration
        super().__init__(concentration._array.shape[:-1], concentration._array.shape[-1:])

    @property
    def mean(self) -> Any:
        """a / sum a."""
        return self.concentration / F.sum(self.concentration, -1, True)

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        stream = default_generator.numpy_stream()
        drawn = stream.standard_gamma(self.concentration._array, self._shape(sample_shape))
        shares = drawn / drawn.sum(-1, keepdims=True)
        return Tensor.detached(shares.astype(self.concentration._array.dtype))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        a = self.concentration
        return F.sum((a - 1) * value.log(), -1) + F.lgamma(F.sum(a, -1)) - F.sum(F.lgamma(a), -1)

    def entropy(self) -> Any:
        """log B(a) - (n - a₀)·ψ(a₀) - sum (a - 1)·ψ(a)."""
        a, n = self.concentration, self.concentration._array.shape[-1]
        whole = F.sum(a, -1)
        return (
            F.sum(F.lgamma(a), -1) - F.lgamma(whole)
            - (n - whole) * F.digamma(whole) - F.sum((a - 1) * F.digamma(a), -1)
        )  # fmt: skip
