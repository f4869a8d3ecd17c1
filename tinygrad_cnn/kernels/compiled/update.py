"""Compiled steps of optimizers: every array is read and written once, and there are no temporaries."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, over, plain
from tinygrad_cnn.kernels.numpy.update import Rates

Array = NDArray[Any]

ZERO = np.float32(0)


@kernel("void(float32[::1], float32[::1], float32, float32, int64, int64)")
def descend(p, g, lr, decay, start, stop):
    p, g = p[start:stop], g[start:stop]
    for i in range(p.size):
        p[i] -= lr * (g[i] + decay * p[i] if decay != ZERO else g[i])  # without decay no 0 * inf


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32, float32, float32, float32, boolean,"
    " int64, int64)"
)
def descend_with_momentum(p, g, v, lr, momentum, kept, decay, nesterov, start, stop):
    p, g, v = p[start:stop], g[start:stop], v[start:stop]
    for i in range(p.size):
        slope = g[i] + decay * p[i] if decay != ZERO else g[i]
        v[i] = momentum * v[i] + kept * slope
        p[i] -= lr * (slope + momentum * v[i] if nesterov else v[i])


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], boolean,"
    " float32[::1], int64, int64)"
)
def adapt(p, g, m, v, largest, amsgrad, options, start, stop):
    rate, beta1, beta2, unbiased = options[0], options[1], options[2], options[3]
    rest1, rest2, eps, decay, shrink = options[4], options[5], options[6], options[7], options[8]
    p, g, m = p[start:stop], g[start:stop], m[start:stop]
    v, largest = v[start:stop], largest[start:stop]
    for i in range(p.size):
        old = p[i] * shrink
        slope = g[i] + decay * old if decay != ZERO else g[i]
        m[i] = beta1 * m[i] + rest1 * slope
        v[i] = beta2 * v[i] + rest2 * (slope * slope)
        square = v[i]
        if amsgrad:
            square = square if square >= largest[i] or square != square else largest[i]
            largest[i] = square
        p[i] = old - rate * (m[i] / (np.sqrt(square) / unbiased + eps))


@inlined
def rates_of(n):
    """The numbers of `Rates` by name."""
    return Rates(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9])


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32[::1], boolean, boolean, float32[::1],"
    " int64, int64)"
)
def step_adaptively(p, g, v, m, has_mean, by_root, numbers, start, stop):
    """`m` is any array where there is no mean."""
    p, g, v, m, rates = p[start:stop], g[start:stop], v[start:stop], m[start:stop], rates_of(numbers)
    for i in range(p.size):
        old = p[i] * rates.shrink
        slope = g[i] + rates.decay * old if rates.decay != ZERO else g[i]
        square = rates.keep_square * v[i] + rates.new_square * (slope * slope)
        along = rates.of_gradient * slope
        v[i] = square
        if has_mean:
            mean = rates.keep_mean * m[i] + rates.new_mean * slope
            m[i] = mean
            along += rates.of_mean * mean
        p[i] = old - (along / (np.sqrt(square) / rates.unbiased + rates.eps) if by_root else along)


def adaptive(p: Array, g: Array, m: Array | None, v: Array, rates: Rates, by_root: bool) -> None:
    """See the reference."""
    if not _fit(g, p, m, v):
        reference.adaptive(p, g, m, v, rates, by_root)
        return
    arrays = p.reshape(-1), plain(g).reshape(-1), v.reshape(-1), (v if m is None else m).reshape(-1)
    numbers = np.array(rates, FLOAT32)
    over(p.size, 28 * p.size, step_adaptively, *arrays, m is not None, by_root, numbers)


def sgd(
    p: Array, g: Array, v: Array | None,
    lr: float, momentum: float, kept: float, decay: float, nesterov: bool,
) -> None:  # fmt: skip
    """See the reference."""
    if not _fit(g, p, v):
        reference.sgd(p, g, v, lr, momentum, kept, decay, nesterov)
    elif v is None:
        over(p.size, 12 * p.size, descend, p.reshape(-1), plain(g).reshape(-1), float(lr), float(decay))
    else:
        arrays = p.reshape(-1), plain(g).reshape(-1), v.reshape(-1)
        rates = map(float, (lr, momentum, kept, decay))
        over(p.size, 20 * p.size, descend_with_momentum, *arrays, *rates, bool(nesterov))


def adam(
    p: Array, g: Array, m: Array, v: Array, largest: Array | None, step: int,
    lr: float, beta1: float, beta2: float, eps: float, decay: float, shrink: float,
) -> None:  # fmt: skip
    """See the reference."""
    if not _fit(g, p, m, v, largest):
        reference.adam(p, g, m, v, largest, step, lr, beta1, beta2, eps, decay, shrink)
        return
    rate, unbiased = lr / (1 - beta1**step), sqrt(1 - beta2**step)
    options = np.array([rate, beta1, beta2, unbiased, 1 - beta1, 1 - beta2, eps, decay, shrink], FLOAT32)
    most = v if largest is None else largest
    arrays = p.reshape(-1), plain(g).reshape(-1), m.reshape(-1), v.reshape(-1), most.reshape(-1)
    over(p.size, 28 * p.size, adapt, *arrays, largest is not None, options)


def _fit(g: Array, *written: Array | None) -> bool:
    """Whether all are float32 of g's shape, and those written to are plain memory."""
    shape = g.shape
    for a in written:
        if a is not None and not (a.dtype == FLOAT32 and a.shape == shape and a.flags.carray):
            return False
    return g.dtype == FLOAT32
