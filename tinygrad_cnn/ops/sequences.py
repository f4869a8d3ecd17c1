"""Recurrent layers over whole sequences, each one op: LSTM, GRU and Elman's network.

x is (T, N, I): T steps of N sequences. All sums of the inputs are one product; what then goes from step
to step is a kernel, and so is the way back. Recorded, the derivative is a graph of single steps.
"""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import OUT, Needs, Op, Result, Shape
from tinygrad_cnn.kernels.numpy import recurrent as formulas
from tinygrad_cnn.ops.activation import Tanh, relu_slope
from tinygrad_cnn.ops.fused import fused
from tinygrad_cnn.ops.linalg import Linear, MatMul
from tinygrad_cnn.ops.recurrent import gru_gates, lstm_gates
from tinygrad_cnn.ops.shape import Concatenate

__all__ = ["GRU", "LSTM", "RNN"]


class RecurrentLayer(Op):
    """Shared by the layers. The last operands are w_ih, w_hh, and b_ih and b_hh or neither of them."""

    wide = True
    family = "linear"

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        steps, count, _ = operands[0]
        weights = [shape for shape in operands if len(shape) == 2][-2:]
        return steps * count * sum(rows * columns for rows, columns in weights)


class LSTM(RecurrentLayer):
    """The states of long short-term memory after each step, and the last cell state: (T + 1, N, H).

    Operands: x (T, N, I), h and c (N, H), w_ih (4H, I), w_hh (4H, H), and b_ih and b_hh (4H,) or neither.
    A step is `LSTMGates` of x_t @ w_ih.T + b_ih + h @ w_hh.T + b_hh.
    """

    keep = (OUT, 0, 1, 2, 3, 4, 5, 6)

    def __init__(self, biased: bool) -> None:
        self.biased = biased
        self.keep = (OUT, *range(7 if biased else 5))

    def forward(self, x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, *biases: Any) -> Any:
        out, gates, cells = kernels.lstm(Linear().forward(x, w_ih, *_sum(biases)), h, c, w_hh)
        return Result(out, (gates, cells))

    def backward(self, g: Any, out: Any, x: Any, h: Any, *rest: Any, needs: Needs) -> tuple[Any, ...]:
        c, w_ih, w_hh, *biases, (gates, cells) = rest
        b = _sum(biases)[0] if biases else None
        dz, dh, dc = lstm_slope(g, out, x, h, c, w_ih, w_hh, b, gates, cells)
        dx, dw = _shares(dz, x, w_ih, needs[0], needs[3])
        dw_hh = _shares(dz, _befores(h, out[:-1]), None, False, needs[4])[1]
        return dx, dh, dc, dw, dw_hh, *_spread(dz, needs[5:])


@fused
def lstm_slope(
    g: Any, out: Any, x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b: Any, gates: Any, cells: Any
) -> tuple[Any, Any, Any]:
    """The derivatives of LSTM in the sums, h and c. `gates` and `cells` serve the kernel only."""
    z, transposed, last = Linear()(x, w_ih, *(() if b is None else (b,))), w_hh.T, c
    made, states, tops = [], [], []
    for t in range(len(x)):
        i, f, u, o = lstm_gates(z[t] + MatMul()(h if t == 0 else out[t - 1], transposed))
        last = f * last + i * u
        made.append(Concatenate(1)(i, f, u, o))
        states.append(last)
        tops.append(Tanh()(last))
    return formulas.lstm_back(g, made, states, tops, c, w_hh)


class GRU(RecurrentLayer):
    """The states of gated recurrent units after each step: (T, N, H).

    Operands: x (T, N, I), h (N, H), w_ih (3H, I), w_hh (3H, H), and b_ih and b_hh (3H,) or neither.
    A step is `GRUGates` of x_t @ w_ih.T + b_ih and h @ w_hh.T + b_hh.
    """

    keep = (OUT, 0, 1, 2, 3, 4, 5)

    def __init__(self, biased: bool) -> None:
        self.biased = biased
        self.keep = (OUT, *range(6 if biased else 4))

    def forward(self, x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
        z = Linear().forward(x, w_ih, *(() if b_ih is None else (b_ih,)))
        out, gates, inner = kernels.gru(z, h, w_hh, b_hh)
        return Result(out, (gates, inner))

    def backward(self, g: Any, out: Any, x: Any, h: Any, *rest: Any, needs: Needs) -> tuple[Any, ...]:
        w_ih, w_hh, *biases, (gates, inner) = rest
        b_ih, b_hh = biases or (None, None)
        dz, dy, dh = gru_slope(g, out, x, h, w_ih, w_hh, b_ih, b_hh, gates, inner)
        dx, dw = _shares(dz, x, w_ih, needs[0], needs[2])
        dw_hh = _shares(dy, _befores(h, out), None, False, needs[3])[1]
        return dx, dh, dw, dw_hh, *_spread(dz, needs[4:5]), *_spread(dy, needs[5:])


@fused
def gru_slope(
    g: Any, out: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, gates: Any, inner: Any
) -> tuple[Any, Any, Any]:
    """The derivatives of GRU in both sums and in h. `gates` and `inner` serve the kernel only."""
    z, transposed, size = Linear()(x, w_ih, *(() if b_ih is None else (b_ih,))), w_hh.T, h.shape[-1]
    made, within = [], []
    for t in range(len(x)):
        y = MatMul()(h if t == 0 else out[t - 1], transposed)
        y = y if b_hh is None else y + b_hh
        made.append(Concatenate(1)(*gru_gates(z[t], y)))
        within.append(y[..., 2 * size :])
    return formulas.gru_back(g, out, made, within, h, w_hh)


class RNN(RecurrentLayer):
    """The states of Elman's network after each step: (T, N, H).

    Operands: x (T, N, I), h (N, H), w_ih (H, I), w_hh (H, H), and b_ih and b_hh (H,) or neither. A step
    is tanh, or relu, of x_t @ w_ih.T + b_ih + h @ w_hh.T + b_hh.
    """

    keep = (OUT, 0, 1, 2, 3)

    def __init__(self, rectified: bool) -> None:
        self.rectified = rectified

    def forward(self, x: Any, h: Any, w_ih: Any, w_hh: Any, *biases: Any) -> Any:
        return kernels.rnn(Linear().forward(x, w_ih, *_sum(biases)), h, w_hh, self.rectified)

    def backward(
        self, g: Any, out: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, *, needs: Needs
    ) -> tuple[Any, ...]:
        dz, dh = rnn_slope(g, out, w_hh, self.rectified)
        dx, dw = _shares(dz, x, w_ih, needs[0], needs[2])
        dw_hh = _shares(dz, _befores(h, out), None, False, needs[3])[1]
        return dx, dh, dw, dw_hh, *_spread(dz, needs[4:])


@fused
def rnn_slope(g: Any, out: Any, w: Any, rectified: bool) -> tuple[Any, Any]:
    """The derivatives of RNN in the sums and in the first state."""
    dh: Any = None
    slopes: list[Any] = []
    for t in reversed(range(len(out))):
        gh = g[t] if dh is None else g[t] + dh
        slopes.append(relu_slope(gh, out[t]) if rectified else gh * (1 - out[t] * out[t]))
        dh = MatMul()(slopes[-1], w)
    return Concatenate(0)(*(slope[None] for slope in reversed(slopes))), dh


def _sum(biases: Any) -> tuple[Any, ...]:
    """Both biases as one, or nothing."""
    return (biases[0] + biases[1],) if biases else ()


def _befores(h: Any, out: Any) -> Any:
    """The state before each step."""
    return Concatenate(0)(h[None], out[:-1]) if len(out) > 1 else h[None]


def _shares(dz: Any, x: Any, w: Any, wants_x: bool, wants_w: bool) -> tuple[Any, Any]:
    """The derivatives of x @ w.T in x and w, summed over steps and sequences."""
    flat, rows = dz.reshape((-1, dz.shape[-1])), x.reshape((-1, x.shape[-1]))
    dx = MatMul()(flat, w).reshape(x.shape) if wants_x else None
    return dx, MatMul()(flat.T, rows) if wants_w else None


def _spread(dz: Any, needs: Needs) -> tuple[Any, ...]:
    """The derivatives in biases."""
    total = dz.sum(axis=(0, 1)) if any(needs) else None
    return tuple(total if need else None for need in needs)
