"""Distances between distributions."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.distributions.continuous import Independent, Normal
from tinygrad_cnn.torch.distributions.discrete import Bernoulli, Categorical


def kl_divergence(p: Any, q: Any) -> Any:
    """How far q is from p, in nats: the mean of log p - log q under p.

    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    if isinstance(p, Normal) and isinstance(q, Normal):
        ratio, gap = (p.scale / q.scale) ** 2, ((p.loc - q.loc) / q.scale) ** 2
        return 0.5 * (ratio + gap - 1 - F.log(ratio))
    if isinstance(p, Categorical) and isinstance(q, Categorical):
        return F.sum(p.probs * (p.logits - q.logits), -1)
    if isinstance(p, Bernoulli) and isinstance(q, Bernoulli):
        a, b = p.probs, q.probs
        return a * (a / b).log() + (1 - a) * ((1 - a) / (1 - b)).log()
    if isinstance(p, Independent) and isinstance(q, Independent):
        return F.sum(kl_divergence(p.base_dist, q.base_dist), tuple(range(-p._n, 0)))
    raise NotImplementedError(f"kl_divergence: no formula for {type(p).__name__} and {type(q).__name__}")
