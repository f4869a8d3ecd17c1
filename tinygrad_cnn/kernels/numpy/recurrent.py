"""Recurrent layers over whole sequences, and their derivatives through time, in plain NumPy.

The walks back are written in what arrays and Tensors share: `ops.recurrent` runs them on Tensors where
a derivative is recorded. Sizes: T steps, N sequences, H units.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.kernels.numpy.activation import tanh
from tinygrad_cnn.kernels.numpy.pointwise import gate, relu, sigmoid

Array = NDArray[Any]


def lstm(z: Array, h: Array, c: Array, w: Array) -> tuple[Array, Array, Array]:
    """Long short-term memory from the sums z of the inputs; see `ops.LSTM`.

    Args:
        z: (T, N, 4H), may be written over.   h, c: (N, H), the first states.   w: (4H, H).
    Returns:
        hidden states and the last cell state (T + 1, N, H); gates (T, N, 4H); cell states (T, N, H).
    """
    steps, size = len(z), h.shape[-1]
    dtype = np.result_type(z, h, c, w)
    out = devices.empty((steps + 1, *h.shape), dtype, like=z)
    cells = devices.empty((steps, *h.shape), dtype, like=z)
    gates = devices.empty(z.shape, dtype, like=z)
    for t in range(steps):
        sums = z[t] + h @ w.T
        gates[t, :, : 2 * size] = sigmoid(sums[:, : 2 * size])
        gates[t, :, 2 * size : 3 * size] = tanh(sums[:, 2 * size : 3 * size])
        gates[t, :, 3 * size :] = sigmoid(sums[:, 3 * size :])
        i, f, u, o = parts(gates[t], 4)
        cells[t] = c = f * c + i * u
        out[t] = h = o * tanh(c)
    out[steps] = c
    return out, gates, cells


def lstm_slope(
    g: Array, out: Array, x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b: Array | None,
    gates: Array, cells: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The derivatives of an LSTM in the sums z, in h and in c; x, w_ih and b serve the formula only."""
    found: tuple[Array, Array, Array] = lstm_back(g, gates, cells, tanh(cells), c, w_hh)
    return found


def lstm_back(g: Any, gates: Any, cells: Any, tops: Any, c: Any, w: Any) -> tuple[Any, Any, Any]:
    """From the last step to the first; `tops` is tanh of the cell states."""
    dh, dc, slopes = None, g[len(cells)], []
    for t in reversed(range(len(cells))):
        i, f, u, o = parts(gates[t], 4)
        top, before = tops[t], c if t == 0 else cells[t - 1]
        gh = g[t] if dh is None else g[t] + dh
        dc = dc + gh * o * (1 - top * top)
        each = dc * u * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - u * u), gh * top * o * (1 - o)
        slopes.append(np.concatenate(each, axis=-1))
        dh, dc = slopes[-1] @ w, dc * f
    return np.stack(slopes[::-1]), dh, dc


def gru(z: Array, h: Array, w: Array, b: Array | None) -> tuple[Array, Array, Array]:
    """Gated recurrent units from the sums z of the inputs; see `ops.GRU`.

    Args:
        z: (T, N, 3H), may be written over.   h: (N, H).   w: (3H, H).   b: (3H,) or None.
    Returns:
        hidden states (T, N, H); gates (T, N, 3H); the state's share of each candidate (T, N, H).
    """
    size, dtype = h.shape[-1], np.result_type(z, h, w)
    out = devices.empty((len(z), *h.shape), dtype, like=z)
    inner = devices.empty((len(z), *h.shape), dtype, like=z)
    gates = devices.empty(z.shape, dtype, like=z)
    for t in range(len(z)):
        sums = h @ w.T if b is None else h @ w.T + b
        gates[t, :, : 2 * size] = sigmoid(z[t, :, : 2 * size] + sums[:, : 2 * size])
        inner[t] = sums[:, 2 * size :]
        r, u, n = parts(gates[t], 3)
        n[...] = tanh(z[t, :, 2 * size :] + r * inner[t])
        out[t] = h = n + u * (h - n)
    return out, gates, inner


def gru_slope(
    g: Array, out: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None,
    b_hh: Array | None, gates: Array, inner: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The derivatives of a GRU in the sums of inputs and of states, and in h; see `lstm_slope`."""
    found: tuple[Array, Array, Array] = gru_back(g, out, gates, inner, h, w_hh)
    return found


def gru_back(g: Any, out: Any, gates: Any, inner: Any, h: Any, w: Any) -> tuple[Any, Any, Any]:
    """From the last step to the first."""
    dh: Any = None
    inputs, states = [], []
    for t in reversed(range(len(inner))):
        r, u, n = parts(gates[t], 3)
        gh = g[t] if dh is None else g[t] + dh
        before = h if t == 0 else out[t - 1]
        dn = gh * (1 - u) * (1 - n * n)
        du = gh * (before - n) * u * (1 - u)
        dr = dn * inner[t] * r * (1 - r)
        inputs.append(np.concatenate([dr, du, dn], axis=-1))
        states.append(np.concatenate([dr, du, dn * r], axis=-1))
        dh = gh * u + states[-1] @ w
    return np.stack(inputs[::-1]), np.stack(states[::-1]), dh


def rnn(z: Array, h: Array, w: Array, rectified: bool) -> Array:
    """Elman's network from the sums z (T, N, H) of the inputs; see `ops.RNN`. z may be written over."""
    out = devices.empty((len(z), *h.shape), np.result_type(z, h, w), like=z)
    for t in range(len(z)):
        sums = z[t] + h @ w.T
        out[t] = h = relu(sums) if rectified else tanh(sums)
    return out


def rnn_slope(g: Array, out: Array, w: Array, rectified: bool) -> tuple[Array, Array]:
    """The derivatives of `rnn` in the sums and in the first state."""
    dh: Any = None
    slopes: list[Array] = []
    for t in reversed(range(len(out))):
        gh = g[t] if dh is None else g[t] + dh
        slopes.append(gate(gh, out[t] > 0) if rectified else gh * (1 - out[t] * out[t]))
        dh = slopes[-1] @ w
    return np.stack(slopes[::-1]), dh


def parts(z: Any, count: int) -> tuple[Any, ...]:
    """The last axis in so many parts."""
    size = z.shape[-1] // count
    return tuple(z[..., k * size : (k + 1) * size] for k in range(count))
