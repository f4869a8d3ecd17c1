"""`torch.distributions`: the distributions that policies and generative models use."""

from tinygrad_cnn.torch.distributions.continuous import Cauchy as Cauchy
from tinygrad_cnn.torch.distributions.continuous import Exponential as Exponential
from tinygrad_cnn.torch.distributions.continuous import Laplace as Laplace
from tinygrad_cnn.torch.distributions.continuous import Normal as Normal
from tinygrad_cnn.torch.distributions.continuous import Uniform as Uniform
from tinygrad_cnn.torch.distributions.counts import Binomial as Binomial
from tinygrad_cnn.torch.distributions.counts import Geometric as Geometric
from tinygrad_cnn.torch.distributions.counts import Multinomial as Multinomial
from tinygrad_cnn.torch.distributions.counts import Poisson as Poisson
from tinygrad_cnn.torch.distributions.discrete import Bernoulli as Bernoulli
from tinygrad_cnn.torch.distributions.discrete import Categorical as Categorical
from tinygrad_cnn.torch.distributions.discrete import OneHotCategorical as OneHotCategorical
from tinygrad_cnn.torch.distributions.distances import kl_divergence as kl_divergence
from tinygrad_cnn.torch.distributions.distances import register_kl as register_kl
from tinygrad_cnn.torch.distributions.families import Distribution as Distribution
from tinygrad_cnn.torch.distributions.positive import Chi2 as Chi2
from tinygrad_cnn.torch.distributions.positive import Gumbel as Gumbel
from tinygrad_cnn.torch.distributions.positive import HalfNormal as HalfNormal
from tinygrad_cnn.torch.distributions.positive import LogNormal as LogNormal
from tinygrad_cnn.torch.distributions.positive import StudentT as StudentT
from tinygrad_cnn.torch.distributions.shares import Beta as Beta
from tinygrad_cnn.torch.distributions.shares import Dirichlet as Dirichlet
from tinygrad_cnn.torch.distributions.shares import Gamma as Gamma
from tinygrad_cnn.torch.distributions.transforms import AffineTransform as AffineTransform
from tinygrad_cnn.torch.distributions.transforms import ComposeTransform as ComposeTransform
from tinygrad_cnn.torch.distributions.transforms import ExpTransform as ExpTransform
from tinygrad_cnn.torch.distributions.transforms import SigmoidTransform as SigmoidTransform
from tinygrad_cnn.torch.distributions.transforms import TanhTransform as TanhTransform
from tinygrad_cnn.torch.distributions.transforms import Transform as Transform
from tinygrad_cnn.torch.distributions.transforms import TransformedDistribution as TransformedDistribution
from tinygrad_cnn.torch.distributions.vectors import Independent as Independent
from tinygrad_cnn.torch.distributions.vectors import MultivariateNormal as MultivariateNormal
from tinygrad_cnn.torch.refusals import guard as _guard

__all__ = [
    "AffineTransform", "Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2", "ComposeTransform",
    "Dirichlet", "Distribution", "ExpTransform", "Exponential", "Gamma", "Geometric", "Gumbel", "HalfNormal",
    "Independent", "Laplace", "LogNormal", "Multinomial", "MultivariateNormal", "Normal", "OneHotCategorical",
    "Poisson", "SigmoidTransform", "StudentT", "TanhTransform", "Transform", "TransformedDistribution",
    "Uniform", "kl_divergence", "register_kl",
]  # fmt: skip
__getattr__ = _guard("torch.distributions", globals())
