"""Losses that are minus the logarithm of a probability, as modules."""

from __future__ import annotations

from math import inf

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.checks import at_least, between
from tinygrad_cnn.nn.function_layer import option
from tinygrad_cnn.nn.layers.loss import REDUCTION, Loss

__all__ = ["CTCLoss", "GaussianNLLLoss", "PoissonNLLLoss"]


class PoissonNLLLoss(Loss, function=F.poisson_nll_loss):
    """Minus the logarithm of Poisson's probability of a count; see `functional.poisson_nll_loss`.

    Args:
        log_input: whether predictions are logarithms.   full: add Stirling's constant.
        eps: keeps the logarithm from 0.   reduction: 'mean', 'sum' or 'none'.

    >>> float(PoissonNLLLoss()([0.0], [3.0]))
    1.0
    """

    log_input: bool = True
    full: bool = False
    eps: float = option(default=1e-8, check=between(0, inf))
    reduction: str = option(default="mean", check=REDUCTION)


class GaussianNLLLoss(Loss, function=F.gaussian_nll_loss):
    """Minus the logarithm of a normal density; see `functional.gaussian_nll_loss`.

    Args:
        full: add the constant ½ ln 2π.   eps: the least variance.   reduction: 'mean', 'sum' or 'none'.

    >>> float(GaussianNLLLoss()([1.0], [3.0], [1.0]))
    2.0
    """

    full: bool = option(default=False, kw_only=True)
    eps: float = option(default=1e-6, check=between(0, inf), kw_only=True)
    reduction: str = option(default="mean", check=REDUCTION, kw_only=True)


class CTCLoss(Loss, function=F.ctc_loss):
    """Minus the logarithm of the probability of a sequence of labels; see `functional.ctc_loss`.

    Args:
        blank: the class that stands for no label.   reduction: 'mean', 'sum' or 'none'.
        zero_infinity: 0 instead of inf for labels that do not fit into the steps.

    >>> import numpy as np
    >>> p = np.log(np.full((2, 2), 0.5))
    >>> round(float(CTCLoss(reduction="sum")(p, np.array([1]), 2, 1)), 4)
    0.2877
    """

    blank: int = option(default=0, check=at_least(0))
    reduction: str = option(default="mean", check=REDUCTION)
    zero_infinity: bool = False
