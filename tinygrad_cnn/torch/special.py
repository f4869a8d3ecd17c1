"""`torch.special`: functions of `torch` under their names of mathematics."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.mixing import floats, tensor_of
from tinygrad_cnn.torch.refusals import guard
from tinygrad_cnn.torch.registry import FUNCTIONS

_NAMES = (
    "digamma", "erf", "erfc", "erfinv", "exp2", "expm1", "i0", "log1p", "log_softmax", "logit", "logsumexp",
    "polygamma", "round", "sinc", "softmax", "xlogy",
)  # fmt: skip
globals().update({name: FUNCTIONS[name] for name in _NAMES})
expit, gammaln, psi = FUNCTIONS["sigmoid"], FUNCTIONS["lgamma"], FUNCTIONS["digamma"]
multigammaln = FUNCTIONS["mvlgamma"]


def xlog1py(input: Any, other: Any) -> Any:
    """input·log(1 + other), 0 where input is 0."""
    return FUNCTIONS["xlogy"](tensor_of(input), tensor_of(other) + 1)


def entr(input: Any) -> Any:
    """-x log x, and -inf below 0.

    >>> from tinygrad_cnn import torch
    >>> entr(torch.tensor([0.0, 1.0])).tolist()
    [0.0, -0.0]
    """
    x = floats(input)
    found = F.where(x._array == 0, 0.0, -FUNCTIONS["xlogy"](x, x))
    return F.where(x._array < 0, -math.inf, found)


def ndtr(input: Any) -> Any:
    """The share of the normal distribution below x."""
    return 0.5 * (1 + F.erf(floats(input) * math.sqrt(0.5)))


def ndtri(input: Any) -> Any:
    """The number below which a share of the normal distribution lies."""
    return math.sqrt(2) * F.erfinv(2 * floats(input) - 1)


def log_ndtr(input: Any) -> Any:
    """The logarithm of `ndtr`; below -5 by the tail's series."""
    x = floats(input)
    low = x._array < -5
    far = F.where(low, x, -5.0)
    square = far * far
    series = 1 - 1 / square + 3 / square**2 - 15 / square**3 + 105 / square**4
    tail = -0.5 * square - F.log(-far) - 0.5 * math.log(2 * math.pi) + F.log(series)
    return F.where(low, tail, F.log(ndtr(F.where(low, 0.0, x))))


__all__ = [
    "entr", "expit", "gammaln", "log_ndtr", "multigammaln", "ndtr", "ndtri", "psi", "xlog1py", *_NAMES,
]  # fmt: skip
__getattr__ = guard("torch.special", globals())
