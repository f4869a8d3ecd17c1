"""Distributions of vectors."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import linalg
from tinygrad_cnn.torch.distributions.families import Distribution
from tinygrad_cnn.torch.drawing import randn

_HALF_LOG = 0.5 * math.log(2 * math.pi)


class MultivariateNormal(Distribution):
    """Normal vectors of a mean and a covariance.

    >>> from tinygrad_cnn.torch import eye, zeros
    >>> MultivariateNormal(zeros(2), eye(2)).log_prob(zeros(2))
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

    @property
    def covariance_matrix(self) -> Any:
        """The covariance of the elements."""
        return F.matmul(self.scale_tril, F.swapaxes(self.scale_tril, -1, -2))

    @property
    def variance(self) -> Any:
        """The variance of each element."""
        return F.sum(self.scale_tril**2, -1)

    @property
    def mode(self) -> Any:
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

    @property
    def mode(self) -> Any:
        """The modes."""
        return self.base_dist.mode

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

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.base_dist.variance
