"""Functions with a random draw, and the generator that they draw from by default."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import floating, number
from tinygrad_cnn.rng import Seed, generator


def dropout(x: Any, p: float = 0.5, training: bool = True, *, rng: Seed = None) -> Any:
    """Zero each element with probability p and scale the others by 1 / (1 - p), in training.

    The expectation of the result is x; outside training it is x itself.

    Args:
        x: float array or Tensor.   p: probability of zero, in [0, 1].
        rng: a NumPy generator or a seed; None draws from the default generator (`manual_seed`).
    Returns:
        Shape and dtype of x.
    Raises:
        ArgumentError: p out of its range.   DTypeError: x is not float.
    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    >>> dropout(np.ones(6), 0.5, rng=0)
    array([2., 2., 2., 0., 0., 0.])
    """
    x = floating("dropout", x)
    p = number("dropout", "p", p, 0, 1)
    if not training or p == 0:
        return x
    draw = generator(rng).random(x.shape, dtype=np.float32)
    return ops.Dropout(draw >= p, p)(x)
