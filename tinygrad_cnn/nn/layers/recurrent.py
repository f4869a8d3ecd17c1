"""Recurrent layers: a cell applied to each element of a sequence, in several layers and directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import choice, flag, floating, integer, number
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.layers.packed_sequence import PackedSequence
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.rng import Seed, generator

__all__ = ["GRU", "LSTM", "RNN"]

#: What a step makes of an input and the state before: the state after. A state is one or two arrays.
State = tuple[Any, ...]
Step = Callable[[Any, State], State]


class Recurrent(Module):
    """Shared by RNN, LSTM and GRU: their options and parameters, and the way through a sequence.

    Layer k of direction d has `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk`, `bias_hh_lk`, with `_reverse`
    behind the names of the direction that reads from the end. All start uniform in ±1/sqrt(hidden_size).
    """

    gates = 1  # rows of a weight per unit of the state
    states = 1  # arrays that make a state

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int, bias: bool, batch_first: bool,
        dropout: float, bidirectional: bool, proj_size: int, rng: Seed, dtype: DTypeLike,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        self.input_size = integer(name, "input_size", input_size, 1)
        self.hidden_size = integer(name, "hidden_size", hidden_size, 1)
        self.num_layers = integer(name, "num_layers", num_layers, 1)
        self.bias = flag(name, "bias", bias)
        self.batch_first = flag(name, "batch_first", batch_first)
        self.dropout = number(name, "dropout", dropout, 0, 1)
        self.bidirectional = flag(name, "bidirectional", bidirectional)
        self.proj_size = integer(name, "proj_size", proj_size, 0)
        self.rng = None if rng is None else generator(rng)
        bound = self.hidden_size**-0.5
        for k in range(self.num_layers):
            for suffix in self.suffixes(k):
                for parameter, shape in self._shapes(k).items():
                    made = Parameter(filled(name, shape, dtype))
                    init.uniform_(made, -bound, bound, rng=self.rng)
                    setattr(self, f"{parameter}{suffix}", made)

    def suffixes(self, layer: int) -> tuple[str, ...]:
        """The endings of the parameters' names, for each direction of a layer."""
        return (f"_l{layer}", f"_l{layer}_reverse")[: 1 + self.bidirectional]

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        rows, out = self.gates * self.hidden_size, self.proj_size or self.hidden_size
        columns = self.input_size if layer == 0 else out * (1 + self.bidirectional)
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, columns), "weight_hh": (rows, out)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        return shapes

    def step(self, suffix: str) -> Step:
        """The step of one layer and direction; written by subclasses."""
        raise NotImplementedError

    def _weights(self, suffix: str) -> tuple[Any, ...]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return tuple(getattr(self, name + suffix, None) for name in names)

    def _operands(self, suffix: str) -> tuple[Any, ...]:
        return tuple(w for w in self._weights(suffix) if w is not None)

    def forward(self, x: Any, hx: Any = None) -> tuple[Any, Any]:
        """The states of the last layer at every step, and the last state of every layer.

        Args:
            x: (T, N, input_size), (N, T, input_size) with `batch_first`, (T, input_size), or packed.
            hx: the first state of every layer and direction, (D·num_layers, N, hidden_size); zeros if None.
                An LSTM takes a pair of them.
        Returns:
            (T, N, D·hidden_size), laid out as x; and the last state, shaped as hx.
        Raises:
            ShapeError: x or hx has another shape.

        >>> y, h = RNN(3, 2, rng=0).forward(np.zeros((5, 1, 3), "float32"))
        >>> y.shape, h.shape
        ((5, 1, 2), (1, 1, 2))
        """
        name = type(self).__name__
        packed = x if isinstance(x, PackedSequence) else None
        x = floating(name, x.data if packed is not None else x)
        flat = packed is None and x.ndim == 2
        if x.shape[-1:] != (self.input_size,) or x.ndim != (2 if packed is not None or flat else 3):
            raise ShapeError(f"{name}: x has shape {x.shape}, {self._fitting()} fits")
        if packed is not None:
            steps = packed.steps()
        else:
            steps = x[:, None] if flat else x.swapaxes(0, 1) if self.batch_first else x
        if not len(steps):
            raise ShapeError(f"{name}: x has shape {x.shape}, a sequence of at least 1 step fits")
        order = None if packed is None else packed.sorted_indices
        state = self._first(hx, steps[0], flat, order)
        outputs, state = self._layers(steps, state)
        if packed is not None and packed.unsorted_indices is not None:
            state = tuple(part[:, packed.unsorted_indices] for part in state)
        if flat:
            state = tuple(part[:, 0] for part in state)
        last = state[0] if self.states == 1 else state
        if packed is not None:
            return packed._replace(data=F.concatenate(outputs)), last
        if flat:
            return outputs[:, 0], last
        return outputs.swapaxes(0, 1) if self.batch_first else outputs, last

    def _fitting(self) -> str:
        kinds = "(N, T, {0}) or (T, {0})" if self.batch_first else "(T, N, {0}) or (T, {0})"
        return kinds.format(self.input_size)

    def _first(self, hx: Any, like: Any, flat: bool, order: Any) -> State:
        """The first states, each (D·num_layers, N, size), checked; the hidden one, then the cell's."""
        name, directions = type(self).__name__, self.num_layers * (1 + self.bidirectional)
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)[: self.states]
        shapes = [(directions, len(like), size) for size in sizes]
        if hx is None:
            return tuple(np.zeros(shape, like.dtype) for shape in shapes)
        given = (hx,) if self.states == 1 else tuple(hx)
        if len(given) != self.states:
            raise ShapeError(f"{name}: hx holds {len(given)} arrays, a pair (h_0, c_0) fits")
        state = []
        for part, shape in zip(given, shapes, strict=True):
            part = floating(name, part, "hx")
            fits = (shape[0], shape[2]) if flat else shape
            if part.shape != fits:
                raise ShapeError(f"{name}: hx has shape {part.shape}, {fits} fits")
            part = part[:, None] if flat else part
            state.append(part if order is None else part[:, order])
        return tuple(state)

    def _layers(self, steps: Any, first: State) -> tuple[Any, State]:
        """All layers, each on the results of the one below: lists of steps if packed, else (T, N, ...)."""
        ends: list[State] = []
        packed = isinstance(steps, list)
        for k in range(self.num_layers):
            if k and self.dropout and self.training:
                steps = (
                    [F.dropout(x, self.dropout, rng=self.rng) for x in steps]
                    if packed
                    else F.dropout(steps, self.dropout, rng=self.rng)
                )
            results = []
            for d, suffix in enumerate(self.suffixes(k)):
                begin = tuple(part[k * (1 + self.bidirectional) + d] for part in first)
                outputs, end = self._through(suffix, steps, begin, reverse=d == 1)
                results.append(outputs)
                ends.append(end)
            if len(results) == 1:
                steps = results[0]
            elif packed:
                steps = [F.concatenate(z, -1) for z in zip(*results, strict=True)]
            else:
                steps = F.concatenate(results, -1)
        return steps, tuple(F.stack(parts) for parts in zip(*ends, strict=True))

    def _through(self, suffix: str, steps: Any, state: State, reverse: bool) -> tuple[Any, State]:
        """One layer and direction: step by step if packed, else as one op over the whole sequence."""
        if isinstance(steps, list):
            return run(self.step(suffix), steps, state, reverse)
        outputs, end = self.whole(suffix, steps[::-1] if reverse else steps, state)
        return (outputs[::-1] if reverse else outputs), end

    def whole(self, suffix: str, x: Any, state: State) -> tuple[Any, State]:
        """All steps (T, N, ...) of one layer and direction, and the last state.

        >>> y, (h,) = RNN(1, 2, rng=0).whole("_l0", np.zeros((3, 1, 1), "f4"), (np.zeros((1, 2), "f4"),))
        >>> y.shape, h.shape
        ((3, 1, 2), (1, 2))
        """
        outputs, end = run(self.step(suffix), list(x), state, False)
        return F.stack(outputs), end

    def extra_repr(self) -> str:
        """The options that are not the usual ones.

        >>> LSTM(3, 2, num_layers=2)
        LSTM(3, 2, num_layers=2)
        """
        usual = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        usual["proj_size"] = 0
        options = [f"{k}={getattr(self, k)}" for k, value in usual.items() if getattr(self, k) != value]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *options])


def run(step: Step, steps: list[Any], state: State, reverse: bool) -> tuple[list[Any], State]:
    """The states after each step, and the last state of every sequence.

    Packed sequences end one after the other: the state loses the rows of those that ended, and in
    the other direction gains the first states of those that begin.
    """
    first, ended, outputs = state, [], []
    if reverse:
        state = tuple(part[: len(steps[-1])] for part in state)
    for x in reversed(steps) if reverse else steps:
        have, want = len(state[0]), len(x)
        if want < have:
            ended.append(tuple(part[want:] for part in state))
            state = tuple(part[:want] for part in state)
        elif want > have:
            state = tuple(F.concatenate([s, f[have:want]]) for s, f in zip(state, first, strict=True))
        state = step(x, state)
        outputs.append(state[0])
    if ended:
        parts = zip(state, *reversed(ended), strict=True)
        state = tuple(F.concatenate(rows) for rows in parts)
    return (outputs[::-1] if reverse else outputs), state


class RNN(Recurrent):
    """Elman's recurrent network: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh).

    Args:
        input_size, hidden_size: features of x and of the state.   num_layers: one upon the other.
        nonlinearity: 'tanh' or 'relu'.   bias: whether to add two.
        batch_first: x is (N, T, I), not (T, N, I).
        dropout: probability between layers, in training.   bidirectional: a second direction, from the end.
        rng: seed or generator of weights and dropout.   dtype: a float type.
    Shapes:
        x (T, N, input_size), hx (D·num_layers, N, hidden_size) -> (T, N, D·hidden_size) and as hx.
    Raises:
        ArgumentError: a size below 1, dropout outside [0, 1], or another nonlinearity.
    Source: Elman 1990, "Finding structure in time".

    >>> y, h = RNN(3, 2, num_layers=2, rng=0)(np.zeros((5, 1, 3), "float32"))
    >>> y.shape, h.shape
    ((5, 1, 2), (2, 1, 2))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh",
        bias: bool = True, batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        self.nonlinearity = choice("RNN", "nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, rng, dtype
        )

    def step(self, suffix: str) -> Step:
        """One step of a layer and direction.

        >>> RNN(1, 1, rng=0).step("_l0")(np.zeros((1, 1), "f4"), (np.zeros((1, 1), "f4"),))[0].shape
        (1, 1)
        """
        w_ih, w_hh, b_ih, b_hh = self._weights(suffix)
        kind = self.nonlinearity
        return lambda x, state: (F.rnn_cell(x, state[0], w_ih, w_hh, b_ih, b_hh, nonlinearity=kind),)

    def whole(self, suffix: str, x: Any, state: State) -> tuple[Any, State]:
        """All steps of one layer and direction, and the last state; see `Recurrent.whole`."""
        out = ops.RNN(self.nonlinearity == "relu")(x, *state, *self._operands(suffix))
        return out, (out[-1],)


class LSTM(Recurrent):
    """Long short-term memory; the equations stand at `functional.lstm_cell`.

    Args:
        input_size, hidden_size: features of x and of the state.   num_layers: one upon the other.
        bias: whether to add two.   batch_first: x is (N, T, I), not (T, N, I).
        dropout: probability between layers, in training.   bidirectional: a second direction, from the end.
        proj_size: features that the hidden state is projected to; 0 for none.
        rng: seed or generator of weights and dropout.   dtype: a float type.
    Shapes:
        x (T, N, input_size), hx a pair of (D·num_layers, N, hidden_size)
        -> (T, N, D·hidden_size) and as hx.
    Raises:
        ArgumentError: a size below 1, dropout outside [0, 1], or proj_size not below hidden_size.
    Source: Hochreiter & Schmidhuber 1997; projections by Sak et al. 2014, arXiv:1402.1128.

    >>> y, (h, c) = LSTM(3, 2, bidirectional=True, rng=0)(np.zeros((5, 1, 3), "float32"))
    >>> y.shape, h.shape, c.shape
    ((5, 1, 4), (2, 1, 2), (2, 1, 2))
    """

    gates, states = 4, 2

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        if integer("LSTM", "proj_size", proj_size, 0) >= integer("LSTM", "hidden_size", hidden_size, 1):
            raise ArgumentError(f"LSTM: proj_size {proj_size} fits below hidden_size {hidden_size} only")
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            rng,
            dtype,
        )

    def step(self, suffix: str) -> Step:
        """One step of a layer and direction.

        >>> state = np.zeros((1, 1), "f4"), np.zeros((1, 1), "f4")
        >>> len(LSTM(1, 1, rng=0).step("_l0")(np.zeros((1, 1), "f4"), state))
        2
        """
        weights, projection = self._weights(suffix), getattr(self, f"weight_hr{suffix}", None)

        def step(x: Any, state: State) -> State:
            h, c = F.lstm_cell(x, *state, *weights)
            return (h if projection is None else F.linear(h, projection)), c

        return step

    def whole(self, suffix: str, x: Any, state: State) -> tuple[Any, State]:
        """All steps of one layer and direction, and the last state; see `Recurrent.whole`."""
        if self.proj_size:
            return super().whole(suffix, x, state)
        out = ops.LSTM(self.bias)(x, *state, *self._operands(suffix))
        return out[:-1], (out[-2], out[-1])


class GRU(Recurrent):
    """Gated recurrent units; the equations stand at `functional.gru_cell`.

    Args:
        input_size, hidden_size: features of x and of the state.   num_layers: one upon the other.
        bias: whether to add two.   batch_first: x is (N, T, I), not (T, N, I).
        dropout: probability between layers, in training.   bidirectional: a second direction, from the end.
        rng: seed or generator of weights and dropout.   dtype: a float type.
    Shapes:
        x (T, N, input_size), hx (D·num_layers, N, hidden_size) -> (T, N, D·hidden_size) and as hx.
    Raises:
        ArgumentError: a size below 1, or dropout outside [0, 1].
    Source: Cho et al. 2014, arXiv:1406.1078.

    >>> y, h = GRU(3, 2, batch_first=True, rng=0)(np.zeros((1, 5, 3), "float32"))
    >>> y.shape, h.shape
    ((1, 5, 2), (1, 1, 2))
    """

    gates = 3

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, *,
        rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, rng, dtype
        )

    def step(self, suffix: str) -> Step:
        """One step of a layer and direction.

        >>> GRU(1, 1, rng=0).step("_l0")(np.zeros((1, 1), "f4"), (np.zeros((1, 1), "f4"),))[0].shape
        (1, 1)
        """
        weights = self._weights(suffix)
        return lambda x, state: (F.gru_cell(x, state[0], *weights),)

    def whole(self, suffix: str, x: Any, state: State) -> tuple[Any, State]:
        """All steps of one layer and direction, and the last state; see `Recurrent.whole`."""
        out = ops.GRU(self.bias)(x, *state, *self._operands(suffix))
        return out, (out[-1],)
