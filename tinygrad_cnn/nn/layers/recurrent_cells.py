"""Cells: one step of a recurrent layer, for loops of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import choice, flag, floating, integer
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class Cell(Module):
    """Shared by the cells: sizes, weights uniform in ±1/sqrt(hidden_size), and a first state of zeros."""

    gates = 1  # rows of a weight per unit of the state

    def __init__(self, input_size: int, hidden_size: int, bias: bool, rng: Seed, dtype: DTypeLike) -> None:
        name = type(self).__name__
        self.input_size = integer(name, "input_size", input_size, 1)
        self.hidden_size = integer(name, "hidden_size", hidden_size, 1)
        rows, draws = self.gates * self.hidden_size, generator(rng)
        self.weight_ih = Parameter(filled(name, (rows, self.input_size), dtype))
        self.weight_hh = Parameter(filled(name, (rows, self.hidden_size), dtype))
        self.bias_ih = self.bias_hh = None
        if flag(name, "bias", bias):
            self.bias_ih, self.bias_hh = (Parameter(filled(name, rows, dtype)) for _ in range(2))
        self.bias = self.bias_ih is not None
        for parameter in self.parameters():
            init.uniform_(parameter, -(self.hidden_size**-0.5), self.hidden_size**-0.5, rng=draws)

    def weights(self) -> tuple[Any, ...]:
        """The four parameters, in the order that the functions take them.

        >>> len(RNNCell(1, 1).weights())
        4
        """
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def started(self, x: Any, *states: Any) -> tuple[Any, ...]:
        """x, and the states, or zeros for those that are None.

        >>> RNNCell(1, 2).started(np.ones((3, 1)), None)[1].shape
        (3, 2)
        """
        name = type(self).__name__
        x = floating(name, x)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            fits = f"(N, {self.input_size}) or ({self.input_size},)"
            raise ShapeError(f"{name}: x has shape {x.shape}, {fits} fits")
        zeros = np.zeros((*x.shape[:-1], self.hidden_size), x.dtype)
        return x, *(zeros if state is None else state for state in states)

    def extra_repr(self) -> str:
        """The sizes, and what is not usual.

        >>> GRUCell(3, 2, bias=False)
        GRUCell(3, 2, bias=False)
        """
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(Cell):
    """One step of `RNN`; see `functional.rnn_cell`.

    Args:
        input_size, hidden_size: features of x and of the state.   bias: whether to add two.
        nonlinearity: 'tanh' or 'relu'.   rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, input_size), h (N, hidden_size) -> (N, hidden_size); without the axis N too.
    Raises:
        ArgumentError: a size below 1, or another nonlinearity.
    Source: Elman 1990, "Finding structure in time".

    >>> RNNCell(3, 2, rng=0)(np.zeros((1, 3), "float32")).shape
    (1, 2)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        self.nonlinearity = choice("RNNCell", "nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(input_size, hidden_size, bias, rng, dtype)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        """The new state; the one before is zeros if None.

        >>> RNNCell(1, 1, rng=0).forward(np.zeros((2, 1), "float32")).shape
        (2, 1)
        """
        x, h = self.started(x, hx)
        return F.rnn_cell(x, h, *self.weights(), nonlinearity=self.nonlinearity)


class LSTMCell(Cell):
    """One step of `LSTM`; see `functional.lstm_cell`.

    Args:
        input_size, hidden_size: features of x and of the state.   bias: whether to add two.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, input_size), h and c (N, hidden_size) -> h and c (N, hidden_size); without the axis N too.
    Raises:
        ArgumentError: a size below 1.
    Source: Hochreiter & Schmidhuber 1997, "Long short-term memory".

    >>> h, c = LSTMCell(3, 2, rng=0)(np.zeros((1, 3), "float32"))
    >>> h.shape, c.shape
    ((1, 2), (1, 2))
    """

    gates = 4

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, rng, dtype)

    def forward(self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The new hidden state and cell state; those before are zeros if hx is None.

        >>> len(LSTMCell(1, 1, rng=0).forward(np.zeros((2, 1), "float32")))
        2
        """
        x, h, c = self.started(x, *((None, None) if hx is None else hx))
        return F.lstm_cell(x, h, c, *self.weights())


class GRUCell(Cell):
    """One step of `GRU`; see `functional.gru_cell`.

    Args:
        input_size, hidden_size: features of x and of the state.   bias: whether to add two.
        rng: seed or generator of the weights.   dtype: a float type.
    Shapes:
        x (N, input_size), h (N, hidden_size) -> (N, hidden_size); without the axis N too.
    Raises:
        ArgumentError: a size below 1.
    Source: Cho et al. 2014, arXiv:1406.1078.

    >>> GRUCell(3, 2, rng=0)(np.zeros((1, 3), "float32")).shape
    (1, 2)
    """

    gates = 3

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, rng, dtype)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        """The new state; the one before is zeros if None.

        >>> GRUCell(1, 1, rng=0).forward(np.zeros((2, 1), "float32")).shape
        (2, 1)
        """
        x, h = self.started(x, hx)
        return F.gru_cell(x, h, *self.weights())
