"""Distributions of `torch.distributions`: densities sum to 1, and draws have the means they should."""

import numpy as np
import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.torch import distributions as D

#: Over whole numbers, and over real ones: a distribution, and where nearly all of it lies.
COUNTS = [D.Poisson(2.0), D.Geometric(0.4), D.Binomial(5, 0.3), D.Bernoulli(0.3)]
REALS = [
    (D.Normal(0.5, 2.0), -20, 20), (D.LogNormal(0.0, 0.5), 1e-6, 20), (D.HalfNormal(1.5), 0, 12),
    (D.Gumbel(0.5, 1.0), -8, 25), (D.Chi2(3.0), 1e-6, 60), (D.StudentT(5.0), -60, 60), (D.Gamma(2.0, 1.5), 1e-6, 25),
    (D.Beta(2.0, 3.0), 1e-6, 1 - 1e-6), (D.Laplace(0.0, 1.0), -25, 25), (D.Exponential(1.5), 0, 20),
    (D.TransformedDistribution(D.Normal(0.0, 0.5), [D.TanhTransform(), D.AffineTransform(1.0, 2.0)]), -0.9999, 2.9999),
]  # fmt: skip


def _name(d):
    return type(d[0] if isinstance(d, tuple) else d).__name__


@pytest.mark.parametrize("found", COUNTS, ids=_name)
def test_the_probabilities_of_counts_sum_to_1_with_the_mean_and_variance_that_are_told(found):
    n = 2 if isinstance(found, D.Bernoulli) else 6 if isinstance(found, D.Binomial) else 60
    k = np.arange(n, dtype=np.float64)
    p = np.exp(found.log_prob(torch.tensor(k)).numpy())
    mean = (p * k).sum()
    assert np.isclose(p.sum(), 1, atol=1e-5) and np.isclose(mean, found.mean.item(), atol=1e-4)
    assert np.isclose((p * (k - mean) ** 2).sum(), found.variance.item(), atol=1e-3)


@pytest.mark.parametrize("case", REALS, ids=_name)
def test_a_density_integrates_to_1_and_draws_have_its_mean(case):
    found, low, high = case
    x = np.linspace(low, high, 20001)
    p = np.exp(found.log_prob(torch.tensor(x)).numpy())
    assert np.isclose(np.trapezoid(p, x), 1, atol=2e-3)
    torch.manual_seed(0)
    mean = np.trapezoid(p * x, x)
    assert np.isclose(found.sample((4000,)).numpy().mean(), mean, atol=0.2)


def test_draws_of_several_labels_sum_to_their_number_and_shares_to_1():
    torch.manual_seed(0)
    assert D.Multinomial(7, torch.tensor([0.2, 0.3, 0.5])).sample((4,)).sum(-1).tolist() == [7.0] * 4
    assert torch.allclose(D.Dirichlet(torch.tensor([1.0, 2.0, 3.0])).sample((4,)).sum(-1), torch.ones(4))


@pytest.mark.parametrize(
    "p, q",
    [
        (D.Exponential(1.0), D.Exponential(2.0)), (D.Gamma(2.0, 1.0), D.Gamma(3.0, 2.0)), (D.Beta(2.0, 3.0), D.Beta(3.0, 2.0)),
        (D.Normal(0.0, 1.0), D.Normal(1.0, 2.0)),
    ],
    ids=lambda d: type(d).__name__,
)  # fmt: skip
def test_a_distance_is_the_integral_of_its_definition(p, q):
    x = np.linspace(1e-5, 1 - 1e-5, 40001) if isinstance(p, D.Beta) else np.linspace(-12, 40, 40001)
    if isinstance(p, (D.Exponential, D.Gamma)):
        x = np.linspace(1e-5, 40, 40001)
    a, b = (d.log_prob(torch.tensor(x)).numpy() for d in (p, q))
    assert np.isclose(np.trapezoid(np.exp(a) * (a - b), x), D.kl_divergence(p, q).item(), atol=2e-3)


def test_a_pair_without_a_formula_is_told_and_can_be_given_one():
    with pytest.raises(NotImplementedError, match="no formula for Normal and Poisson"):
        D.kl_divergence(D.Normal(0.0, 1.0), D.Poisson(1.0))


def test_a_distribution_prints_what_it_was_made_of():
    assert repr(D.Normal(0, 1)) == "Normal(loc: 0.0, scale: 1.0)"
    assert repr(D.Categorical(torch.ones(3))) == "Categorical(probs: torch.Size([3]))"
    assert repr(D.Bernoulli(logits=torch.ones(1))).startswith("Bernoulli(logits: ")
    assert D.Normal(torch.zeros(2), torch.ones(2)).expand((3, 2)).batch_shape == (3, 2)
