"""Distances between distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import linalg
from tinygrad_cnn.torch.distributions.continuous import Exponential, Normal, Uniform
from tinygrad_cnn.torch.distributions.counts import Poisson
from tinygrad_cnn.torch.distributions.discrete import Bernoulli, Categorical
from tinygrad_cnn.torch.distributions.shares import Beta, Dirichlet, Gamma
from tinygrad_cnn.torch.distributions.vectors import Independent, MultivariateNormal

_FORMULAS: dict[tuple[type, type], Callable[[Any, Any], Any]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Any], Any]:
    """Give a pair of kinds its formula: a decorator for a function of p and q.

    >>> register_kl(Poisson, Poisson).__name__
    'put'
    """

    def put(formula: Any) -> Any:
        _FORMULAS[type_p, type_q] = formula
        return formula

    return put


def kl_divergence(p: Any, q: Any) -> Any:
    """Measure how far q is from p, in nats: the mean of log p - log q under p.

    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    for a in type(p).__mro__:
        for b in type(q).__mro__:
            if (a, b) in _FORMULAS:
                return _FORMULAS[a, b](p, q)
    raise NotImplementedError(f"kl_divergence: no formula for {type(p).__name__} and {type(q).__name__}")


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio, gap = (p.scale / q.scale) ** 2, ((p.loc - q.loc) / q.scale) ** 2
    return 0.5 * (ratio + gap - 1 - F.log(ratio))


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Any:
    return F.sum(p.probs * (p.logits - q.logits), -1)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    a, b = p.probs, q.probs
    return a * (a / b).log() + (1 - a) * ((1 - a) / (1 - b)).log()


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    ratio = ((q.high - q.low) / (p.high - p.low)).log()
    beyond = (q.low._array > p.low._array) | (q.high._array < p.high._array)
    return F.where(beyond, math.inf, ratio)


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    return F.sum(kl_divergence(p.base_dist, q.base_dist), tuple(range(-p._n, 0)))


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    spread = F.lgamma(b) - F.lgamma(a) + (a - b) * F.digamma(a)
    return b * (p.rate / q.rate).log() + spread + (q.rate - p.rate) * a / p.rate


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    whole = F.lgamma(F.sum(a, -1)) - F.lgamma(F.sum(b, -1))
    gap = F.digamma(a) - F.digamma(F.sum(a, -1, True))
    return whole - F.sum(F.lgamma(a) - F.lgamma(b), -1) + F.sum((a - b) * gap, -1)


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    shares = [Dirichlet(F.stack([d.concentration1, d.concentration0], axis=-1)) for d in (p, q)]
    return _dirichlet(*shares)


@register_kl(MultivariateNormal, MultivariateNormal)
def _vectors(p: Any, q: Any) -> Any:
    n = p.loc._array.shape[-1]
    logs = [F.sum(F.log(F.diagonal(d.scale_tril, 0, -2, -1)), -1) for d in (p, q)]
    inner = linalg.solve(q.scale_tril, p.scale_tril)
    gap = linalg.solve(q.scale_tril, F.expand_dims(q.loc - p.loc, -1))
    return logs[1] - logs[0] + 0.5 * (F.sum(inner**2, (-2, -1)) + F.sum(gap**2, (-2, -1)) - n)
