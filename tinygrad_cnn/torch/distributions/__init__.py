"""`torch.distributions`: the distributions that policies and generative models use."""

from tinygrad_cnn.torch.distributions.continuous import Beta as Beta
from tinygrad_cnn.torch.distributions.continuous import Cauchy as Cauchy
from tinygrad_cnn.torch.distributions.continuous import Exponential as Exponential
from tinygrad_cnn.torch.distributions.continuous import Gamma as Gamma
from tinygrad_cnn.torch.distributions.continuous import Independent as Independent
from tinygrad_cnn.torch.distributions.continuous import Laplace as Laplace
from tinygrad_cnn.torch.distributions.continuous import MultivariateNormal as MultivariateNormal
from tinygrad_cnn.torch.distributions.continuous import Normal as Normal
from tinygrad_cnn.torch.distributions.continuous import Uniform as Uniform
from tinygrad_cnn.torch.distributions.discrete import Bernoulli as Bernoulli
from tinygrad_cnn.torch.distributions.discrete import Categorical as Categorical
from tinygrad_cnn.torch.distributions.discrete import OneHotCategorical as OneHotCategorical
from tinygrad_cnn.torch.distributions.distances import kl_divergence as kl_divergence
from tinygrad_cnn.torch.distributions.families import Distribution as Distribution
from tinygrad_cnn.torch.refusals import guard as _guard

__all__ = [
    "Bernoulli", "Beta", "Categorical", "Cauchy", "Distribution", "Exponential", "Gamma", "Independent", "Laplace",
    "MultivariateNormal", "Normal", "OneHotCategorical", "Uniform", "kl_divergence",
]  # fmt: skip
__getattr__ = _guard("torch.distributions", globals())
