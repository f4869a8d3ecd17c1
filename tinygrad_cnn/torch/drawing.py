"""Random tensors, from PyTorch's stream of numbers."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.generators import of
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.shapes import new_sizes
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torch.views import fill


def _made(array: Any, requires_grad: bool, device: Any) -> Any:
    devices.check(device)
    made = Tensor.detached(array)
    return made.requires_grad_() if requires_grad else made


def _kind(dtype: Any) -> Any:
    return dtypes.get_default_dtype().dtype if dtype is None else dtypes.to_numpy(dtype)


def _drawn(called: str) -> Any:
    def function(
        *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
        layout: Any = None, pin_memory: bool = False, **named: Any,
    ) -> Any:  # fmt: skip
        shape = new_sizes((named.pop("size"),) if "size" in named else size)
        if named:
            raise TypeError(f"{called}() got an unexpected keyword argument {next(iter(named))!r}")
        draw = of(generator).uniform if called == "rand" else of(generator).normal
        return _made(draw(prod(shape), _kind(dtype)).reshape(shape), requires_grad, device)

    words = {
        "rand": "Uniform numbers from 0 to below 1.",
        "randn": "Normal numbers of mean 0 and variance 1.",
    }
    function.__name__, function.__doc__ = called, words[called]
    return name(called, method=False)(function)


rand, randn = _drawn("rand"), _drawn("randn")


@name(method=False)
def rand_like(
    input: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Any:
    """Uniform numbers in the shape and type of another tensor."""
    return rand(input._array.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


@name(method=False)
def randn_like(
    input: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Any:
    """Normal numbers in the shape and type of another tensor."""
    return randn(input._array.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


@name(method=False)
def randint(
    *limits: Any,
    low: Any = None,
    high: Any = None,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """Whole numbers from `low` to below `high`."""
    given = list(limits)
    if size is None:
        size = given.pop()
    if high is not None:
        bounds = [given[0] if given else (low or 0), high]
    else:
        bounds = [0, *given] if len(given) == 1 else given
    shape = new_sizes((size,))
    drawn = of(generator).integers(int(bounds[0]), int(bounds[1]), prod(shape)).reshape(shape)
    return _made(drawn.astype(np.int64 if dtype is None else dtypes.to_numpy(dtype)), requires_grad, device)


@name(method=False)
def randint_like(
    input: Any, low: int, high: int | None = None, *, dtype: Any = None, device: Any = None
) -> Any:
    """Whole numbers in the shape and type of another tensor."""
    first, last = (0, low) if high is None else (low, high)
    return randint(first, last, input._array.shape, dtype=dtype or input.dtype, device=device)


@name(method=False)
def randperm(
    n: int, *, generator: Any = None, dtype: Any = None, device: Any = None, pin_memory: bool = False
) -> Any:
    """The numbers below n in a random order."""
    devices.check(device)
    if n < 0:
        raise RuntimeError(f"randperm: n must not be negative, got {n}")
    return Tensor.detached(
        of(generator).permutation(int(n)).astype(np.int64 if dtype is None else dtypes.to_numpy(dtype))
    )


@name(method=False)
def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """Normal numbers of given means and deviations."""
    means, stds = (x._array if isinstance(x, Tensor) else x for x in (mean, std))
    if np.size(stds) and np.min(stds) < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {np.min(stds):g}")
    shape: Any = (
        np.broadcast_shapes(np.shape(means), np.shape(stds)) if size is None else new_sizes((size,))
    )
    kind = (
        means.dtype if isinstance(mean, Tensor) else stds.dtype if isinstance(std, Tensor) else _kind(dtype)
    )
    drawn = of(generator).normal(prod(shape), kind).reshape(shape)
    return _made((drawn * stds + means).astype(kind), requires_grad, device)


@name(method=False)
def bernoulli(input: Any, p: float | None = None, *, generator: Any = None) -> Any:
    """1 with the probability that each element says, 0 otherwise."""
    array = input._array
    chance = array if p is None else p
    if not np.all((chance >= 0) & (chance <= 1)):
        raise RuntimeError("bernoulli: probabilities between 0 and 1 fit; some are outside, or NaN")
    drawn = of(generator).uniform(array.size, array.dtype if p is None else np.float64).reshape(array.shape)
    return Tensor.detached((drawn < chance).astype(array.dtype))


@name("bernoulli", function=False)
def bernoulli_method(input: Any, p: float | None = None, *, generator: Any = None) -> Any:
    """1 with a probability, 0 otherwise."""
    return bernoulli(input, p, generator=generator)


@name("poisson", method=False)
def poisson(input: Any, generator: Any = None) -> Any:
    """Poisson's numbers of given means; another stream than PyTorch's."""
    stream = of(generator).numpy_stream()
    return Tensor.detached(stream.poisson(input._array).astype(input._array.dtype))


@name("multinomial")
def multinomial(input: Any, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Any:
    """Places drawn by their weights."""
    weights = np.atleast_2d(input._array)
    if (weights < 0).any() or not np.isfinite(weights).all() or (weights.sum(-1) <= 0).any():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0, or sums to 0")
    stream = of(generator)
    if not replacement or num_samples == 1:
        if not replacement and num_samples > weights.shape[-1]:
            raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
        race = weights / stream.exponential(weights.size).reshape(weights.shape).astype(weights.dtype)
        found = np.argsort(-race, -1, kind="stable")[:, :num_samples]
    else:
        total = np.cumsum(weights, -1, dtype=np.float64)
        total /= total[:, -1:]
        found = np.stack(
            [np.searchsorted(row, stream.uniform(num_samples, np.float64), "right") for row in total]
        )
        found = np.minimum(found, weights.shape[-1] - 1)
    return Tensor.detached(found.reshape(*input._array.shape[:-1], num_samples).astype(np.int64))


# --------------------------------------------------------------------------- in place
def _in_place(called: str, draw: Any, doc: str) -> None:
    draw.__name__, draw.__doc__ = called, doc
    name(called, function=False)(draw)


def _normal(x: Any, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
    return fill(x, of(generator).normal(x._array.size, x._array.dtype).reshape(x._array.shape) * std + mean)


def _uniform(x: Any, a: float = 0, b: float = 1, *, generator: Any = None, **named: Any) -> Any:
    a, b = named.get("from", a), named.get("to", b)
    drawn = of(generator).uniform(x._array.size, x._array.dtype).reshape(x._array.shape)
    kind = drawn.dtype.type
    return fill(x, drawn * (kind(b) - kind(a)) + kind(a))


def _bernoulli(x: Any, p: Any = 0.5, *, generator: Any = None) -> Any:
    if isinstance(p, Tensor):
        return fill(x, bernoulli(p, generator=generator)._array)
    return fill(x, of(generator).bernoulli(float(p), x._array.size).reshape(x._array.shape))


def _exponential(x: Any, lambd: float = 1, *, generator: Any = None) -> Any:
    return fill(x, of(generator).exponential(x._array.size).reshape(x._array.shape) / lambd)


def _random(x: Any, low: Any = None, high: Any = None, *, generator: Any = None) -> Any:
    count, kind = x._array.size, x._array.dtype
    if low is not None:
        first, last = (0, low) if high is None else (low, high)
        return fill(x, of(generator).integers(int(first), int(last), count).reshape(x._array.shape))
    stream = of(generator)
    words = stream.long_words(count) if kind in (np.int64, np.float64) else stream.words(count)
    if kind.kind == "f":
        limit = 2 ** (np.finfo(kind).nmant + 1) + 1
    else:
        limit = 2 if kind.kind == "b" else dtypes.iinfo(x.dtype).max + 1
    return fill(x, (words % np.uint64(limit)).astype(kind).reshape(x._array.shape))


def _cauchy(x: Any, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Any:
    u = of(generator).uniform(x._array.size, np.float64).reshape(x._array.shape)
    return fill(x, median + sigma * np.tan(np.pi * (u - 0.5)))


def _log_normal(x: Any, mean: float = 1, std: float = 2, *, generator: Any = None) -> Any:
    return fill(
        x, np.exp(of(generator).normal(x._array.size, np.float64).reshape(x._array.shape) * std + mean)
    )


def _geometric(x: Any, p: float, *, generator: Any = None) -> Any:
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    u = of(generator).uniform(x._array.size, np.float64).reshape(x._array.shape)
    return fill(x, np.ceil(np.log(u) / np.log1p(-p)))


_in_place("normal_", _normal, "Fill with normal numbers.")
_in_place("uniform_", _uniform, "Fill with uniform numbers.")
_in_place("bernoulli_", _bernoulli, "Fill with 1 by a probability, with 0 otherwise.")
_in_place("exponential_", _exponential, "Fill with numbers of an exponential density.")
_in_place("random_", _random, "Fill with whole numbers.")
_in_place("cauchy_", _cauchy, "Fill with numbers of Cauchy's density.")
_in_place("geometric_", _geometric, "Fill with the number of tries until a success.")
_in_place("log_normal_", _log_normal, "Fill with numbers whose logarithm is normal.")
