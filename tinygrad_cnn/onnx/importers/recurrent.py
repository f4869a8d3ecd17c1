"""Recurrent layers: RNN, GRU and LSTM, in one or both directions.

Plain ones are one op over all steps; those with peepholes, other activations or lengths that differ go
step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array
from tinygrad_cnn.onnx.importers.registry import importer

Step = Callable[..., tuple[Any, ...]]


class _Layer(NamedTuple):
    """The weights and options of one direction of a layer.

    Attributes:
        w, r: weights of the input and of the state (gates * H, ...).
        wb, rb: their biases.   p: peepholes, or None.   activations: one per place.
    """

    w: Any
    r: Any
    wb: Any
    rb: Any
    p: Any
    activations: Sequence[Callable[[Any], Any]]


@importer("RNN", weights=(1, 2, 3))
def _rnn(call: Call, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None) -> Any:
    def step(layer: _Layer, taken: Any, h: Any) -> tuple[Any, ...]:
        return (layer.activations[0](taken + F.linear(h, layer.r, layer.rb)),)

    return _layer(call, x, (w, r, b, None), lengths, (h,), step, 1, ("Tanh",), _RNN)


@importer("GRU", weights=(1, 2, 3))
def _gru(call: Call, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None) -> Any:
    after = bool(call.get("linear_before_reset", 0))

    def step(layer: _Layer, taken: Any, h: Any) -> tuple[Any, ...]:
        size = layer.r.shape[1]
        f, g = layer.activations
        both = F.linear(h, layer.r[: 2 * size], layer.rb[: 2 * size])
        gates = f(taken[:, : 2 * size] + both)
        z, reset = gates[:, :size], gates[:, size:]
        rows, bias = layer.r[2 * size :], layer.rb[2 * size :]
        seen = reset * F.linear(h, rows, bias) if after else F.linear(reset * h, rows, bias)
        new = g(taken[:, 2 * size :] + seen)
        return ((1 - z) * new + z * h,)

    whole = _GRU if after else None
    return _layer(call, x, (w, r, b, None), lengths, (h,), step, 3, ("Sigmoid", "Tanh"), whole)


@importer("LSTM", weights=(1, 2, 3, 7))
def lstm(
    call: Call, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None, c: Any = None,
    p: Any = None,
) -> Any:  # fmt: skip
    """Gates in the order input, output, forget, candidate; peepholes where there are some."""
    coupled = bool(call.get("input_forget", 0))

    def step(layer: _Layer, taken: Any, h: Any, c: Any) -> tuple[Any, ...]:
        size = layer.r.shape[1]
        f, g, last = layer.activations
        gates = taken + F.linear(h, layer.r, layer.rb)
        i, o, forget, new = (gates[:, k * size : (k + 1) * size] for k in range(4))
        if layer.p is not None:
            i, forget = i + layer.p[:size] * c, forget + layer.p[2 * size :] * c
        i, forget = f(i), (1 - f(i)) if coupled else f(forget)
        c = forget * c + i * g(new)
        if layer.p is not None:
            o = o + layer.p[size : 2 * size] * c
        return f(o) * last(c), c

    whole = None if coupled or p is not None else _LSTM
    return _layer(call, x, (w, r, b, p), lengths, (h, c), step, 4, ("Sigmoid", "Tanh", "Tanh"), whole)


def _layer(
    call: Call, x: Any, weights: tuple[Any, ...], lengths: Any, states: tuple[Any, ...], step: Step,
    gates: int, names: Sequence[str], whole: _Whole | None,
) -> Any:  # fmt: skip
    """All directions: y (time, directions, batch, H), and the last states (directions, batch, H)."""
    w, r, b, p = weights
    batch_first = bool(call.get("layout", 0))
    if batch_first:
        x = F.swapaxes(x, 0, 1)
        states = tuple(None if s is None else F.swapaxes(s, 0, 1) for s in states)
    if x.ndim != 3 or w.ndim != 3 or r.ndim != 3 or r.shape[1] != gates * r.shape[2]:
        raise FormatError(f"x {x.shape}, w {w.shape} and r {r.shape} do not fit together")
    (time, batch), size = x.shape[:2], r.shape[2]
    count = 2 if call.get("direction", "forward") == "bidirectional" else 1
    if w.shape[0] != count:
        raise FormatError(f"w {w.shape} is not for {count} directions")
    functions = _activations(call, names, count)
    call.room((time, count, batch, size))
    if whole is not None and not _fits(x, w, r, b, states, lengths):
        whole = None
    results, ends = [], []
    for k in range(count):
        start = tuple(np.zeros((batch, size), x.dtype) if s is None else s[k] for s in states)
        backwards = k == 1 or call.get("direction", "forward") == "reverse"
        op = None if whole is None or call.get("clip") is not None else whole.op(_named(call, names, k))
        if op is not None and whole is not None:
            y, end = whole.through(op, x, w, r, b, k, start, backwards)
            results.append(y)
            ends.append(end)
            continue
        zeros = np.zeros(2 * gates * size, x.dtype)
        bias = zeros if b is None else b[k]
        half = gates * size
        layer = _Layer(w[k], r[k], bias[:half], bias[half:], None if p is None else p[k], functions[k])
        y, end = _direction(x, layer, start, step, lengths, backwards)
        results.append(y)
        ends.append(end)
    y = results[0][:, None] if count == 1 else F.stack(results, 1)
    parts = ([end[i] for end in ends] for i in range(len(states)))
    last = [part[0][None] if count == 1 else F.stack(part, 0) for part in parts]
    if batch_first:  # y (batch, time, directions, H), states (batch, directions, H)
        return F.transpose(y, (2, 0, 1, 3)), *(F.swapaxes(s, 0, 1) for s in last)
    return y, *last


class _Whole(NamedTuple):
    """A layer as one op over all steps.

    Attributes:
        ops: by the activations' names, as ONNX writes them by default or in lower case.
        order: which of ONNX's gates stands where.
    """

    ops: dict[tuple[str, ...], Callable[[bool], Any]]
    order: tuple[int, ...]

    def op(self, names: tuple[str, ...]) -> Callable[[bool], Any] | None:
        """Choose the op for these activations; None where there is none."""
        return self.ops.get(names)

    def through(
        self, op: Callable[[bool], Any], x: Any, w: Any, r: Any, b: Any, k: int, start: tuple[Any, ...],
        backwards: bool,
    ) -> tuple[Any, tuple[Any, ...]]:  # fmt: skip
        """Direction k: the states of all steps, and the last ones."""
        size = r.shape[2]
        gates = [np.arange(gate * size, (gate + 1) * size) for gate in self.order]
        rows: Any = np.concatenate(gates) if len(gates) > 1 else slice(0, size)
        later: Any = rows + len(rows) if len(gates) > 1 else slice(size, 2 * size)
        weights = [w[k, rows], r[k, rows], *(() if b is None else (b[k, rows], b[k, later]))]
        out = op(b is not None)(x[::-1] if backwards else x, *start, *weights)
        y = out if len(start) == 1 else out[:-1]  # behind an LSTM's states stands its last cell state
        return y[::-1] if backwards else y, (y[-1], *(() if len(start) == 1 else (out[-1],)))


_RNN = _Whole({("tanh",): lambda biased: ops.RNN(False), ("relu",): lambda biased: ops.RNN(True)}, (0,))
_GRU = _Whole({("sigmoid", "tanh"): ops.GRU}, (1, 0, 2))
_LSTM = _Whole({("sigmoid", "tanh", "tanh"): ops.LSTM}, (0, 2, 3, 1))


def _fits(x: Any, w: Any, r: Any, b: Any, states: tuple[Any, ...], lengths: Any) -> bool:
    """Whether sizes are exactly those of a plain layer, whose kernel looks at no bounds."""
    (time, batch, inputs), (count, rows, size) = x.shape, r.shape
    arrays = [a for a in (x, w, r, b, *states) if a is not None]
    return bool(
        time
        and batch
        and size
        and inputs
        and all(a.dtype == x.dtype and a.dtype in (np.float32, np.float64) for a in arrays)
        and w.shape == (count, rows, inputs)
        and (b is None or b.shape == (count, 2 * rows))
        and all(s is None or s.shape == (count, batch, size) for s in states)
        and (lengths is None or (array(lengths) == time).all())
    )


def _named(call: Call, names: Sequence[str], k: int) -> tuple[str, ...]:
    """The activations of direction k, in lower case."""
    given = list(call.get("activations") or ()) or [*names, *names]
    return tuple(name.lower() for name in given[k * len(names) : (k + 1) * len(names)])


def _direction(
    x: Any, layer: _Layer, states: tuple[Any, ...], step: Step, lengths: Any, backwards: bool
) -> tuple[Any, tuple[Any, ...]]:
    """One direction over all steps; a sample whose sequence is over keeps its state and gives zeros."""
    time = x.shape[0]
    sizes = None if lengths is None else array(lengths)
    if sizes is not None and (sizes == time).all():
        sizes = None
    taken = F.linear(x, layer.w, layer.wb)  # the products with the input, of all steps at once
    found: list[Any] = [None] * time
    for t in reversed(range(time)) if backwards else range(time):
        new = step(layer, taken[t], *states)
        if sizes is None:
            states, found[t] = new, new[0]
        else:
            goes = (t < sizes)[:, None].astype(x.dtype)
            states = tuple(goes * n + (1 - goes) * s for n, s in zip(new, states, strict=True))
            found[t] = new[0] * goes
    if not time:
        return np.zeros((0, *states[0].shape), x.dtype), states
    return F.stack(found, 0), states


# --------------------------------------------------------------------------- activations
#: By lower-case name: a function of x, alpha and beta, and the defaults of these.
_FUNCTIONS: dict[str, tuple[Callable[[Any, float, float], Any], float, float]] = {
    "relu": (lambda x, a, b: F.relu(x), 0, 0),
    "tanh": (lambda x, a, b: F.tanh(x), 0, 0),
    "sigmoid": (lambda x, a, b: F.sigmoid(x), 0, 0),
    "affine": (lambda x, a, b: x * a + b, 1, 0),
    "leakyrelu": (lambda x, a, b: F.leaky_relu(x, a), 0.01, 0),
    "thresholdedrelu": (lambda x, a, b: x * (array(x) > a).astype(x.dtype), 1, 0),
    "scaledtanh": (lambda x, a, b: F.tanh(x * b) * a, 1, 1),
    "hardsigmoid": (lambda x, a, b: F.clip(x * a + b, 0, 1), 0.2, 0.5),
    "elu": (lambda x, a, b: F.elu(x, a), 1, 0),
    "softsign": (lambda x, a, b: F.softsign(x), 0, 0),
    "softplus": (lambda x, a, b: F.softplus(x, 1.0, inf), 0, 0),
}


def _activations(call: Call, names: Sequence[str], count: int) -> list[list[Callable[[Any], Any]]]:
    """Per direction, the activations, with inputs clipped where the node says so."""
    given = list(call.get("activations") or list(names) * count)
    alphas, betas = (list(call.get(f"activation_{name}") or ()) for name in ("alpha", "beta"))
    limit = call.get("clip")
    if len(given) != len(names) * count:
        raise FormatError(f"{len(given)} activations for {count} directions with {len(names)} each")
    made = []
    for name in given:
        if name.lower() not in _FUNCTIONS:
            raise FormatError(f"there is no activation {name!r}")
        function, alpha, beta = _FUNCTIONS[name.lower()]
        if name.lower() in ("affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "hardsigmoid", "elu"):
            alpha = alphas.pop(0) if alphas else alpha
            if name.lower() in ("affine", "scaledtanh", "hardsigmoid"):
                beta = betas.pop(0) if betas else beta
        made.append(_bound(function, alpha, beta, limit))
    return [made[k * len(names) : (k + 1) * len(names)] for k in range(count)]


def _bound(function: Any, alpha: float, beta: float, limit: float | None) -> Callable[[Any], Any]:
    if limit is None:
        return lambda x: function(x, alpha, beta)
    return lambda x: function(F.clip(x, -limit, limit), alpha, beta)
