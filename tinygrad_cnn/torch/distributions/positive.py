"""Distributions of positive numbers, and those with other tails than the normal one's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.distributions.continuous import Normal
from tinygrad_cnn.torch.distributions.families import Distribution, LocationScale, parameter
from tinygrad_cnn.torch.distributions.shares import Gamma
from tinygrad_cnn.torch.drawing import rand, randn

_EULER = 0.57721566490153286060


class LogNormal(Distribution):
    """Numbers whose logarithm is normal.

    >>> from tinygrad_cnn.torch import Tensor
    >>> LogNormal(0.0, 1.0).log_prob(Tensor([1.0]))
    tensor([-0.9189])
    """

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.base_dist = Normal(loc, scale)
        self.loc, self.scale = self.base_dist.loc, self.base_dist.scale
        super().__init__(self.base_dist.batch_shape)

    @property
    def mean(self) -> Any:
        """exp(loc + scale²/2)."""
        return (self.loc + self.scale**2 / 2).exp()

    @property
    def variance(self) -> Any:
        """(exp scale² - 1)·exp(2·loc + scale²)."""
        return F.expm1(self.scale**2) * (2 * self.loc + self.scale**2).exp()

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        return self.base_dist.rsample(sample_shape).exp()

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        return self.base_dist.log_prob(value.log()) - value.log()

    def entropy(self) -> Any:
        """The normal one's + loc."""
        return self.base_dist.entropy() + self.loc


class HalfNormal(Distribution):
    """Sizes of normal numbers around 0.

    >>> from tinygrad_cnn.torch import Tensor
    >>> HalfNormal(1.0).log_prob(Tensor([0.0]))
    tensor([-0.2258])
    """

    def __init__(self, scale: Any, validate_args: Any = None) -> None:
        self.base_dist = Normal(0, scale)
        self.scale = self.base_dist.scale
        super().__init__(self.base_dist.batch_shape)

    @property
    def mean(self) -> Any:
        """scale·sqrt(2/π)."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Any:
        """0."""
        return self.scale * 0

    @property
    def variance(self) -> Any:
        """scale²·(1 - 2/π)."""
        return self.scale**2 * (1 - 2 / math.pi)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        return self.base_dist.rsample(sample_shape).abs()

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        return F.where(value._array >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def entropy(self) -> Any:
        """The normal one's - log 2."""
        return self.base_dist.entropy() - math.log(2)


class Gumbel(LocationScale):
    """Gumbel's numbers, the largest of many.

    >>> from tinygrad_cnn.torch import Tensor
    >>> Gumbel(0.0, 1.0).log_prob(Tensor([0.0]))
    tensor([-1.])
    """

    @property
    def mean(self) -> Any:
        """loc + 0.5772·scale."""
        return self.loc + self.scale * _EULER

    @property
    def mode(self) -> Any:
        """The place."""
        return self.loc

    @property
    def variance(self) -> Any:
        """(π·scale)²/6."""
        return (math.pi / math.sqrt(6) * self.scale) ** 2

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        info = np.finfo(self.loc._array.dtype)
        u = info.tiny + rand(self._shape(sample_shape), dtype=self.loc.dtype) * float(
            1 - info.eps - info.tiny
        )
        return self.loc - self.scale * (-u.log()).log()

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        y = (self.loc - value) / self.scale
        return y - y.exp() - self.scale.log()

    def entropy(self) -> Any:
        """log scale + 1.5772."""
        return self.scale.log() + (1 + _EULER)


class Chi2(Gamma):
    """Sums of squares of normal numbers.

    >>> from tinygrad_cnn.torch import Tensor
    >>> Chi2(2.0).log_prob(Tensor([2.0]))
    tensor([-1.6931])
    """

    def __init__(self, df: Any, validate_args: Any = None) -> None:
        (self.df,) = parameter(df)
        super().__init__(0.5 * self.df, 0.5)


class StudentT(Distribution):
    """Student's numbers of some degrees of freedom; draws come from another stream than PyTorch's.

    >>> from tinygrad_cnn.torch import Tensor
    >>> StudentT(1.0).log_prob(Tensor([0.0]))
    tensor([-1.1447])
    """

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: Any = None) -> None:
        self.df, self.loc, self.scale = parameter(df, loc, scale)
        super().__init__(self.df._array.shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw."""
        shape = self._shape(sample_shape)
        spread = Chi2(self.df).sample(sample_shape) / self.df
        return self.loc + self.scale * randn(shape, dtype=self.loc.dtype) / spread.sqrt()

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        df, y = self.df, (value - self.loc) / self.scale
        whole = (
            self.scale.log() + 0.5 * (df * math.pi).log() + F.lgamma(0.5 * df) - F.lgamma(0.5 * (df + 1))
        )
        return -0.5 * (df + 1) * F.log1p(y**2 / df) - whole
