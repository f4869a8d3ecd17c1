"""Starting values of parameters, written in place; each function returns the tensor itself."""

from __future__ import annotations

from math import inf, prod, sqrt
from typing import TypeVar

from tinygrad_cnn.functional.arguments import number
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensor import Tensor

T = TypeVar("T", bound=Tensor)


def constant_(tensor: T, value: float) -> T:
    """All elements equal to `value`.

    >>> constant_(Tensor([1.0, 2.0]), 0)
    Tensor([0., 0.])
    """
    tensor._writable()[...] = number("constant_", "value", value, -inf, inf)
    return tensor


def uniform_(tensor: T, low: float = 0.0, high: float = 1.0, *, rng: Seed = None) -> T:
    """Elements uniform in [low, high).

    Args:
        tensor: what to fill.   low, high: the bounds.
        rng: seed or generator; None draws from the default generator.

    >>> bool((uniform_(Tensor([0.0] * 9), 2, 3, rng=0) >= 2).all())
    True
    """
    number("uniform_", "high", high, low, inf)
    tensor._writable()[...] = generator(rng).uniform(low, high, tensor.shape)
    return tensor


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, *, rng: Seed = None) -> T:
    """Elements normal with the given mean and standard deviation.

    Args:
        tensor: what to fill.   mean, std: of the distribution, std at least 0.
        rng: seed or generator; None draws from the default generator.

    >>> normal_(Tensor([0.0]), 5.0, 0.0, rng=0)
    Tensor([5.])
    """
    number("normal_", "std", std, 0, inf)
    tensor._writable()[...] = generator(rng).normal(mean, std, tensor.shape)
    return tensor


def default_(weight: Tensor, bias: Tensor | None, *, rng: Seed = None) -> None:
    """What Linear and Conv layers start with: weight and bias uniform in ±1/sqrt(fan_in).

    fan_in is the number of products in each sum: the elements of weight[0].

    Source: He et al. 2015, arXiv:1502.01852, with the slope √5 that PyTorch's layers use.

    >>> w, b = Tensor([[0.0] * 4]), Tensor([0.0])
    >>> default_(w, b, rng=0); bool((abs(w.numpy()) <= 0.5).all())
    True
    """
    draws, bound = generator(rng), 1 / sqrt(prod(weight.shape[1:]))
    for tensor in (weight, bias):
        if tensor is not None:
            uniform_(tensor, -bound, bound, rng=draws)
