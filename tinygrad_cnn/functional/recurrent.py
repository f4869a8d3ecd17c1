"""Steps of recurrent networks: the next state from an input and the state before."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.activation import relu, tanh
from tinygrad_cnn.functional.arguments import Operand, T, choice, floating
from tinygrad_cnn.functional.linalg import linear

__all__ = ["gru_cell", "lstm_cell", "rnn_cell"]


def rnn_cell(
    x: Operand[T],
    h: Operand[T],
    w_ih: Operand[T],
    w_hh: Operand[T],
    b_ih: Operand[T] | None = None,
    b_hh: Operand[T] | None = None,
    *,
    nonlinearity: str = "tanh",
) -> T:
    """One step of Elman's network: h' = tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).

    Args:
        x: (..., I) float, the input.   h: (..., H) float, the state.
        w_ih: (H, I).   w_hh: (H, H).   b_ih, b_hh: (H,) or None.
        nonlinearity: 'tanh' or 'relu'.
    Returns:
        (..., H), the new state.
    Raises:
        ShapeError: sizes that do not fit.   DTypeError: an operand is not float.
        ArgumentError: another nonlinearity.
    Source: Elman 1990, "Finding structure in time".
    >>> rnn_cell([[1.0]], [[0.5]], [[2.0]], [[1.0]], nonlinearity="relu")
    array([[2.5]], dtype=float32)
    """
    choice("rnn_cell", "nonlinearity", nonlinearity, ("tanh", "relu"))
    x, y = _sums("rnn_cell", 1, x, h, w_ih, w_hh, b_ih, b_hh)
    return tanh(x + y) if nonlinearity == "tanh" else relu(x + y)


def lstm_cell(
    x: Operand[T],
    h: Operand[T],
    c: Operand[T],
    w_ih: Operand[T],
    w_hh: Operand[T],
    b_ih: Operand[T] | None = None,
    b_hh: Operand[T] | None = None,
) -> tuple[T, T]:
    """One step of a network with long short-term memory.

        i, f, u, o = σ(z_i), σ(z_f), tanh(z_u), σ(z_o)   with z = x @ w_ih.T + b_ih + h @ w_hh.T + b_hh
        c' = f·c + i·u,   h' = o·tanh(c')

    Args:
        x: (..., I) float, the input.
        h: (..., P) float, the hidden state.   c: (..., H) float, the cell state.
        w_ih: (4H, I).   w_hh: (4H, P); both hold the rows of i, f, u, o, in this order.
        b_ih, b_hh: (4H,) or None.
    Returns:
        h' and c', each (..., H).
    Raises:
        ShapeError: sizes that do not fit.   DTypeError: an operand is not float.
    Source: Hochreiter & Schmidhuber 1997, "Long short-term memory"; forget gate by Gers et al. 2000.
    >>> x, h, c = np.ones((1, 2)), np.zeros((1, 1)), np.ones((1, 1))
    >>> h, c = lstm_cell(x, h, c, np.zeros((4, 2)), np.zeros((4, 1)))
    >>> c.tolist(), h.round(3).tolist()
    ([[0.5]], [[0.231]])
    """
    c = floating("lstm_cell", c, "c")
    x, y = _sums("lstm_cell", 4, x, h, w_ih, w_hh, b_ih, b_hh)
    z, size = x + y, c.shape[-1] if c.ndim else 0
    if c.shape[:-1] != z.shape[:-1] or 4 * size != z.shape[-1]:
        raise ShapeError(f"lstm_cell: c has shape {c.shape}, {(*z.shape[:-1], z.shape[-1] // 4)} fits")
    both = ops.LSTMGates()(z, c)
    return both[..., :size], both[..., size:]


def gru_cell(
    x: Operand[T],
    h: Operand[T],
    w_ih: Operand[T],
    w_hh: Operand[T],
    b_ih: Operand[T] | None = None,
    b_hh: Operand[T] | None = None,
) -> T:
    """One step of a network with gated recurrent units.

        r, u = σ(x_r + y_r), σ(x_u + y_u)   with x' = x @ w_ih.T + b_ih, y = h @ w_hh.T + b_hh
        n = tanh(x_n + r·y_n),   h' = (1 - u)·n + u·h

    Args:
        x: (..., I) float, the input.   h: (..., H) float, the state.
        w_ih: (3H, I).   w_hh: (3H, H); both hold the rows of r, u, n, in this order.
        b_ih, b_hh: (3H,) or None.
    Returns:
        (..., H), the new state.
    Raises:
        ShapeError: sizes that do not fit.   DTypeError: an operand is not float.
    Source: Cho et al. 2014, arXiv:1406.1078, with the reset gate after the product, as in cuDNN.
    >>> gru_cell(np.ones((1, 2)), np.ones((1, 1)), np.zeros((3, 2)), np.zeros((3, 1))).tolist()
    [[0.5]]
    """
    h = floating("gru_cell", h, "h")
    x, y = _sums("gru_cell", 3, x, h, w_ih, w_hh, b_ih, b_hh)
    if h.shape != (*x.shape[:-1], x.shape[-1] // 3):
        raise ShapeError(f"gru_cell: h has shape {h.shape}, {(*x.shape[:-1], x.shape[-1] // 3)} fits")
    return ops.GRUGates()(x, y, h)


def _sums(
    name: str, gates: int, x: Operand[T], h: Operand[T], w_ih: Operand[T], w_hh: Operand[T],
    b_ih: Operand[T] | None, b_hh: Operand[T] | None,
) -> tuple[T, T]:  # fmt: skip
    """The two products of a step, checked to fit each other."""
    x, h = floating(name, x), floating(name, h, "h")
    rows, columns = _rows(name, "w_ih", w_ih), _rows(name, "w_hh", w_hh)
    if rows != columns or rows % gates:
        raise ShapeError(
            f"{name}: w_ih has {rows} rows and w_hh {columns}; the same number fits"
            + (f", {gates} times the size of the state" if gates > 1 else "")
        )
    if x.shape[:-1] != h.shape[:-1]:
        raise ShapeError(
            f"{name}: x {x.shape} and the state {h.shape} differ in the axes before their last one"
        )
    return linear(x, w_ih, b_ih), linear(h, w_hh, b_hh)


def _rows(name: str, which: str, w: Any) -> int:
    shape = floating(name, w, which).shape
    if len(shape) != 2:
        raise ShapeError(f"{name}: {which} has shape {shape}, a matrix fits")
    return int(shape[0])
