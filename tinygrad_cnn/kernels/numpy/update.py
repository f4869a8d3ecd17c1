"""The steps of optimizers in plain NumPy, in place, with temporaries no larger than a block.

`p` is the parameter, `g` its gradient, which is only read, and `v` and `m` running means; all of one
shape. Each array is carried from memory once.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels.numpy.blocks import each_block

Array = NDArray[Any]


def sgd(
    p: Array, g: Array, v: Array | None,
    lr: float, momentum: float, kept: float, decay: float, nesterov: bool,
) -> None:  # fmt: skip
    """One step of gradient descent, with momentum if there is a `v`.

    g <- g + decay * p     v <- momentum * v + kept * g     p <- p - lr * v
                                               nesterov:    p <- p - lr * (g + momentum * v)
    """

    def work(p: Array, g: Array, v: Array | None = None) -> None:
        if decay:
            g = g + decay * p
        if v is not None:
            v *= momentum
            v += kept * g if kept != 1 else g
            g = g + momentum * v if nesterov else v
        p -= lr * g

    each_block(work, *((p, g) if v is None else (p, g, v)))


def adam(
    p: Array, g: Array, m: Array, v: Array, largest: Array | None, step: int,
    lr: float, beta1: float, beta2: float, eps: float, decay: float, shrink: float,
) -> None:  # fmt: skip
    """One step of Adam, the `step`-th (from 1); with `largest` the variant amsgrad.

    p <- p * shrink        g <- g + decay * p
    m <- beta1 * m + (1 - beta1) * g          v <- beta2 * v + (1 - beta2) * g²
    p <- p - lr * (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + eps)
    """
    unbiased, rate = sqrt(1 - beta2**step), lr / (1 - beta1**step)

    def work(p: Array, g: Array, m: Array, v: Array, largest: Array | None = None) -> None:
        if shrink != 1:
            p *= shrink
        if decay:
            g = g + decay * p
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        if largest is not None:
            v = np.maximum(largest, v, out=largest)
        root = np.sqrt(v)
        root /= unbiased
        root += eps
        p -= rate * (m / root)

    each_block(work, *((p, g, m, v) if largest is None else (p, g, m, v, largest)))


class Rates(NamedTuple):
    """The factors of `adaptive`; see there.

    Attributes:
        keep_mean, new_mean: of the running mean m.   keep_square, new_square: of that of squares, v.
        unbiased: what the root of v is divided by.   eps: added to it.
        decay: share of p in the gradient.   shrink: factor of p.
        of_gradient, of_mean: lengths of the step along g and along m.
    """

    keep_mean: float
    new_mean: float
    keep_square: float
    new_square: float
    unbiased: float
    eps: float
    decay: float
    shrink: float
    of_gradient: float
    of_mean: float


def adaptive(p: Array, g: Array, m: Array | None, v: Array, rates: Rates, by_root: bool) -> None:
    """One step of the optimizers that divide by the root of a mean square.

    p <- p * shrink        g <- g + decay * p
    m <- keep_mean * m + new_mean * g         v <- keep_square * v + new_square * g²
    p <- p - (of_gradient * g + of_mean * m) / (sqrt(v) / unbiased + eps)

    Without `m` its terms are left out, and without `by_root` nothing is divided by.
    """

    def work(p: Array, g: Array, v: Array, m: Array | None = None) -> None:
        if rates.shrink != 1:
            p *= rates.shrink
        if rates.decay:
            g = g + rates.decay * p
        v *= rates.keep_square
        v += rates.new_square * (g * g)
        along = rates.of_gradient * g
        if m is not None:
            m *= rates.keep_mean
            m += rates.new_mean * g
            along += rates.of_mean * m
        if by_root:
            root = np.sqrt(v)
            root /= rates.unbiased
            root += rates.eps
            along /= root
        p -= along

    each_block(work, *((p, g, v) if m is None else (p, g, v, m)))
