"""Random generators: one by default, seeded by `manual_seed`, and any other where one is given."""

from __future__ import annotations

import numpy as np

from tinygrad_cnn.errors import DTypeError

#: What an `rng` argument takes: a generator, a seed for a new one, or None for the default one.
Seed = np.random.Generator | int | None

_default = np.random.default_rng()


def manual_seed(seed: int) -> np.random.Generator:
    """Start the default generator anew: weights, dropout and shuffling then repeat exactly.

    Args:
        seed: an integer of at least 0.
    Returns:
        The default generator.

    >>> first = manual_seed(1).random()
    >>> first == manual_seed(1).random()
    True
    """
    global _default
    _default = np.random.default_rng(seed)
    return _default


def generator(rng: Seed = None) -> np.random.Generator:
    """The generator that an `rng` argument stands for.

    Raises:
        DTypeError: neither a generator, nor an integer, nor None.

    >>> generator(7).integers(10) == generator(7).integers(10)
    np.True_
    """
    if rng is None:
        return _default
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        return np.random.default_rng(int(rng))
    raise DTypeError(f"rng: a numpy.random.Generator, a seed or None fits, got {rng!r}")
