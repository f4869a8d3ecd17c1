"""Element-wise work in plain NumPy: relu, sigmoid, dropout and their derivatives, in one pass each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.kernels.numpy.blocks import each_block, laid_like

Array = NDArray[Any]

#: Up to so many bytes the formula itself takes less time than preparing a result and going through blocks.
FEW_BYTES = 1 << 16
#: Integers as wide as each float type. Choosing by bits is many times as fast as `np.where` on masks
#: without a pattern, and unlike a product with the mask it makes no NaN of inf where nothing passes.
_BITS = {"e": np.int16, "f": np.int32, "d": np.int64}


def filled(mask: Array, bits: Any) -> Array:
    """All bits set where the mask is true, none elsewhere: integers of type `bits`.

    >>> filled(np.array([True, False]), np.int16)
    array([-1,  0], dtype=int16)
    """
    out: Array = np.negative(mask, dtype=bits, casting="unsafe")
    return out


def gate(x: Array, mask: Array, out: Array | None = None) -> Array:
    """x where the mask is true, exactly 0 elsewhere, also where x is inf or NaN. They broadcast.

    With `out`, of x's type and the result's shape, the result is written there.

    >>> gate(np.array([1.0, np.inf]), np.array([True, False]))
    array([1., 0.])
    """
    bits = _BITS.get(x.dtype.char)
    if bits is not None and type(x) not in devices.ON_DEVICES:
        into = None if out is None else out.view(bits)
        return np.asarray(np.bitwise_and(x.view(bits), filled(mask, bits), out=into)).view(x.dtype)
    chosen = np.where(mask, x, x.dtype.type(0))
    if out is not None:
        out[...] = chosen
    return chosen


def choose(mask: Array, a: Any, b: Any) -> Array:
    """`np.where(mask, a, b)`, for any layout and broadcasting.

    >>> choose(np.array([True, False]), np.array([np.inf, 1.0]), 2.0)
    array([inf,  2.])
    """
    dtype = np.result_type(a, b)
    bits = _BITS.get(dtype.char)
    if bits is None or type(mask) in devices.ON_DEVICES:
        return np.where(mask, a, b)
    first, second = np.asarray(a, dtype).view(bits), np.asarray(b, dtype).view(bits)
    return np.asarray(second ^ ((first ^ second) & filled(mask, bits))).view(dtype)


def relu(x: Array) -> Array:
    """max(x, 0); NaN stays."""
    if x.nbytes <= FEW_BYTES:
        return devices.as_array(np.maximum(x, 0))
    y = np.empty_like(x)
    each_block(lambda x, y: np.maximum(x, 0, out=y), x, y)
    return y


def relu_slope(g: Array, y: Array) -> Array:
    """The derivative of `relu` from its result: g where y > 0, exactly 0 elsewhere."""
    if y.nbytes <= FEW_BYTES or g.shape != y.shape:
        return gate(g, y > 0)
    g = laid_like(g, y)
    dx = np.empty_like(y, g.dtype)
    each_block(lambda y, g, dx: gate(g, y > 0, out=dx), y, g, dx)
    return dx


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), without overflow and with full relative precision at both ends."""
    # Neither exponent is above 0. The numerator is 1 for x >= 0, else e^x: two exponentials take a quarter
    # of the time of one and a choice by a mask without a pattern.
    if x.nbytes <= FEW_BYTES:
        return devices.as_array(np.exp(np.minimum(x, 0)) / (1 + np.exp(-abs(x))))
    y = np.empty_like(x)

    def work(x: Array, y: Array) -> None:
        np.exp(np.minimum(x, 0, out=y), out=y)
        other = np.absolute(x, out=np.empty_like(y))
        np.exp(np.negative(other, out=other), out=other)
        other += 1
        y /= other

    each_block(work, x, y)
    return y


def sigmoid_slope(g: Array, y: Array) -> Array:
    """The derivative of `sigmoid` from its result: g * (y * (1 - y))."""
    if y.nbytes <= FEW_BYTES or g.shape != y.shape:
        out: Array = g * (y * (1 - y))
        return out
    g = laid_like(g, y)
    dx = np.empty_like(y, np.result_type(g, y))

    def work(y: Array, g: Array, dx: Array) -> None:
        np.subtract(1, y, out=dx)
        np.multiply(dx, y, out=dx)
        np.multiply(dx, g, out=dx)

    each_block(work, y, g, dx)
    return dx


def dropout(x: Array, mask: Array, scale: float) -> Array:
    """x * mask * scale: the mask is boolean, of x's shape or one that broadcasts to it."""
    if mask.shape != x.shape:
        kept: Array = x * mask
        return kept if scale == 1 else kept * scale
    mask = laid_like(mask, x)
    y = np.empty_like(x)

    def work(x: Array, y: Array, mask: Array) -> None:
        np.multiply(x, mask, out=y)
        if scale != 1:
            y *= scale

    each_block(work, x, y, mask)
    return y
