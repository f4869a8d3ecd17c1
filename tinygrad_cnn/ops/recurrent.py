"""Gates of recurrent cells: what follows the two products of a step, in one op each.

The derivatives compute the gates again from what the op was given: that costs less memory than
keeping them, and a long sequence has many steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import Op
from tinygrad_cnn.ops.activation import Sigmoid, Tanh
from tinygrad_cnn.ops.shape import Concatenate

__all__ = ["GRUGates", "LSTMGates"]


class LSTMGates(Op):
    """z (..., 4H) and cell state c (..., H) -> the new hidden state and cell state, side by side (..., 2H).

    z holds the sums for input gate i, forget gate f, candidate u and output gate o, in this order:
    c' = σ(f) c + σ(i) tanh(u) and h' = σ(o) tanh(c').
    """

    word = "LSTM gates"
    wide = True
    keep = (0, 1)
    family = "activation"

    def forward(self, z: Any, c: Any) -> Any:
        i, f, u, o = lstm_gates(z)
        new = f * c + i * u
        return np.concatenate([o * Tanh()(new), new], axis=-1)

    def backward(self, g: Any, z: Any, c: Any) -> tuple[Any, ...]:
        size = c.shape[-1]
        i, f, u, o = lstm_gates(z)
        t = Tanh()(f * c + i * u)
        gh = g[..., :size]
        dc = g[..., size:] + gh * o * (1 - t * t)
        parts = dc * u * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - u * u), gh * t * o * (1 - o)
        return Concatenate(z.ndim - 1)(*parts), dc * f


class GRUGates(Op):
    """Sums x, y (..., 3H) from the input and from the state h (..., H) -> the new state (..., H).

    Each holds the parts for reset gate r, update gate u and candidate n, in this order:
    n = tanh(x_n + σ(x_r + y_r) y_n) and h' = (1 - σ(x_u + y_u)) n + σ(x_u + y_u) h.
    """

    word = "GRU gates"
    wide = True
    keep = (0, 1, 2)
    family = "activation"

    def forward(self, x: Any, y: Any, h: Any) -> Any:
        _, u, n = gru_gates(x, y)
        return n + u * (h - n)

    def backward(self, g: Any, x: Any, y: Any, h: Any) -> tuple[Any, ...]:
        size = h.shape[-1]
        r, u, n = gru_gates(x, y)
        dn = g * (1 - u) * (1 - n * n)
        du = g * (h - n) * u * (1 - u)
        dr = dn * y[..., 2 * size :] * r * (1 - r)
        join = Concatenate(x.ndim - 1)
        return join(dr, du, dn), join(dr, du, dn * r), g * u


def lstm_gates(z: Any) -> tuple[Any, Any, Any, Any]:
    """Input gate, forget gate, candidate and output gate from their sums."""
    size = z.shape[-1] // 4
    both = Sigmoid()(z[..., : 2 * size])
    u, o = Tanh()(z[..., 2 * size : 3 * size]), Sigmoid()(z[..., 3 * size :])
    return both[..., :size], both[..., size:], u, o


def gru_gates(x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Reset gate, update gate and candidate from the sums of input and state."""
    size = x.shape[-1] // 3
    both = Sigmoid()(x[..., : 2 * size] + y[..., : 2 * size])
    r, u = both[..., :size], both[..., size:]
    return r, u, Tanh()(x[..., 2 * size :] + r * y[..., 2 * size :])
