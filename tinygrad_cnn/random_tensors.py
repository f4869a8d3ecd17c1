"""Random Tensors: of the default generator, which `manual_seed` seeds, or of a seed or generator given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn.creation import make_tensor, shape_of
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import flag, integer, number, values
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors import Tensor


def rand(
    *shape: Any, rng: Seed = None, dtype: DTypeLike | None = None, requires_grad: bool = False
) -> Tensor:
    """Uniform numbers from 0 to below 1.

    Args:
        shape: ints, or one tuple.   rng: seed or generator; None for the default one.
        dtype: a float type.   requires_grad: whether it is learnt.
    Source: NumPy's `random.rand`.

    >>> rand(2, 3, rng=0).shape
    (2, 3)
    """
    size = _sizes("rand", shape)
    return make_tensor("rand", lambda kind: generator(rng).random(size).astype(kind), dtype, requires_grad)


def randn(
    *shape: Any, rng: Seed = None, dtype: DTypeLike | None = None, requires_grad: bool = False
) -> Tensor:
    """Normal numbers of mean 0 and variance 1; arguments as `rand`.

    >>> randn(4, rng=0).shape
    (4,)
    """
    size = _sizes("randn", shape)
    return make_tensor(
        "randn", lambda k: generator(rng).standard_normal(size).astype(k), dtype, requires_grad
    )


def rand_like(
    x: Any, *, rng: Seed = None, dtype: DTypeLike | None = None, requires_grad: bool = False
) -> Tensor:
    """`rand` in the shape of x, and in its dtype unless another is given.

    >>> rand_like(Tensor([1.0, 2.0]), rng=0).shape
    (2,)
    """
    kind = getattr(x, "dtype", None) if dtype is None else dtype
    return rand(np.shape(x), rng=rng, dtype=kind, requires_grad=requires_grad)


def randn_like(
    x: Any, *, rng: Seed = None, dtype: DTypeLike | None = None, requires_grad: bool = False
) -> Tensor:
    """`randn` in the shape of x, and in its dtype unless another is given.

    >>> randn_like(np.zeros(3), rng=0).dtype
    dtype('float64')
    """
    kind = getattr(x, "dtype", None) if dtype is None else dtype
    return randn(np.shape(x), rng=rng, dtype=kind, requires_grad=requires_grad)


def uniform(
    low: float = 0.0, high: float = 1.0, size: Any = (), *, rng: Seed = None, dtype: DTypeLike | None = None
) -> Tensor:
    """Uniform numbers from low to below high.

    >>> bool((uniform(2, 3, 5, rng=0) >= 2).all())
    True
    """
    first, last = number("uniform", "low", low), number("uniform", "high", high)
    return make_tensor(
        "uniform",
        lambda k: generator(rng).uniform(first, last, shape_of("uniform", size)).astype(k),
        dtype,
        False,
    )


def normal(
    loc: float = 0.0,
    scale: float = 1.0,
    size: Any = (),
    *,
    rng: Seed = None,
    dtype: DTypeLike | None = None,
) -> Tensor:
    """Normal numbers of mean loc and standard deviation scale.

    >>> normal(5.0, 0.0, 2)
    Tensor([5., 5.])
    """
    mean, deviation = number("normal", "loc", loc), number("normal", "scale", scale, 0)
    return make_tensor(
        "normal",
        lambda k: generator(rng).normal(mean, deviation, shape_of("normal", size)).astype(k),
        dtype,
        False,
    )


def randint(
    low: int, high: int | None = None, size: Any = (), *, rng: Seed = None, dtype: Any = np.int64
) -> Tensor:
    """Integers from low to below high; `randint(n)` from 0 to n - 1.

    Raises:
        ArgumentError: no integer is in between.

    >>> randint(3, 4, 2)
    Tensor([3, 3])
    """
    first, end = (0, low) if high is None else (low, high)
    first, end = integer("randint", "low", first), integer("randint", "high", end)
    if first >= end:
        raise ArgumentError(f"randint: low must be below high, got {first} and {end}")
    return make_tensor(
        "randint",
        lambda k: generator(rng).integers(first, end, shape_of("randint", size)).astype(k),
        dtype,
        False,
    )


def randperm(n: int, *, rng: Seed = None) -> Tensor:
    """The integers from 0 to n - 1 in a random order.

    >>> sorted(randperm(4, rng=0).tolist())
    [0, 1, 2, 3]
    """
    count = integer("randperm", "n", n, 0)
    return make_tensor(
        "randperm", lambda kind: generator(rng).permutation(count).astype(kind), np.int64, False
    )


def bernoulli(p: Any, *, rng: Seed = None) -> Tensor:
    """1 with the probability that each element of p gives, else 0; p's shape and float dtype.

    Raises:
        ArgumentError: a probability outside [0, 1].

    >>> bernoulli([0.0, 1.0])
    Tensor([0., 1.])
    """
    share = np.asarray(values(p))
    share = share if share.dtype == np.float64 and isinstance(p, np.ndarray) else share.astype(np.float32)
    if share.size and not (share.min() >= 0 and share.max() <= 1):
        raise ArgumentError("bernoulli: probabilities must lie in [0, 1]")
    return Tensor.detached((generator(rng).random(share.shape) < share).astype(share.dtype))


def multinomial(weights: Any, num_samples: int, replacement: bool = False, *, rng: Seed = None) -> Tensor:
    """Places drawn with the probabilities that weights, of any positive sum, give along the last axis.

    Args:
        weights: (K,) or (N, K), at least 0.   num_samples: draws from each row.
        replacement: whether a place may be drawn again.   rng: seed or generator.
    Returns:
        int64 (num_samples,) or (N, num_samples).
    Raises:
        ArgumentError: weights below 0 or without a sum, or more draws than places with a weight.
    Source: PyTorch's `multinomial`.

    >>> multinomial([0.0, 1.0], 2, replacement=True)
    Tensor([1, 1])
    """
    table, again = np.asarray(values(weights), np.float64), flag("multinomial", "replacement", replacement)
    count, rows = integer("multinomial", "num_samples", num_samples, 1), np.atleast_2d(table)
    if table.ndim not in (1, 2) or not (rows >= 0).all() or not (rows.sum(-1) > 0).all():
        raise ArgumentError("multinomial: weights need 1 or 2 axes, no element below 0, and a sum above 0")
    if not again and count > (rows > 0).sum(-1).min(initial=count):
        raise ArgumentError(f"multinomial: {count} draws without replacement, fewer places have a weight")
    draws = generator(rng)
    found = [draws.choice(rows.shape[1], count, again, row / row.sum()) for row in rows]
    return Tensor.detached(np.array(found, np.int64).reshape((*table.shape[:-1], count)))


def _sizes(function: str, shape: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as ints or as one tuple."""
    return shape_of(
        function, shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    )
