"""Recurrent layers: each an operator of ONNX, whose gates stand in another order."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.onnx.exporters.registry import exporter
from tinygrad_cnn.onnx.exporters.target import Target


def _weights(to: Target, order: tuple[int, ...], operands: tuple[str, ...]) -> list[str]:
    """w_ih, w_hh and the biases as ONNX wants them: (1, rows, ...), the gates in its order."""
    named = []
    for name in operands:
        if len(order) > 1:
            gates = to.nodes_of("Split", [name], len(order), axis=0, num_outputs=len(order))
            name = to.node("Concat", [gates[k] for k in order], axis=0)
        named.append(name)
    biases = [to.node("Concat", named[2:], axis=0)] if named[2:] else []
    return [to.node("Unsqueeze", [name, to.ints(0)]) for name in [*named[:2], *biases]]


def _layer(
    to: Target, kind: str, x: str, weights: list[str], states: list[str], **options: Any
) -> list[str]:
    """Write the operator; its results for all steps and its last states, for its one direction."""
    first = [to.node("Unsqueeze", [state, to.ints(0)]) for state in states]
    w, r, *b = weights
    size = to.operand_shape(1)[-1]
    outputs = to.nodes_of(
        kind, [x, w, r, *(b or [""]), "", *first], 1 + len(states), hidden_size=size, **options
    )
    axes = [1] + [0] * len(states)
    return [to.node("Squeeze", [y, to.ints(axis)]) for y, axis in zip(outputs, axes, strict=True)]


@exporter(ops.LSTM)
def _lstm(to: Target, op: ops.LSTM, x: str, h: str, c: str, *weights: str) -> str:
    made = _weights(to, (0, 3, 1, 2), weights)  # i, o, f, u
    y, _, last = _layer(to, "LSTM", x, made, [h, c])
    return to.node("Concat", [y, to.node("Unsqueeze", [last, to.ints(0)])], axis=0)


@exporter(ops.GRU)
def _gru(to: Target, op: ops.GRU, x: str, h: str, *weights: str) -> str:
    made = _weights(to, (1, 0, 2), weights)  # u, r, n
    return _layer(to, "GRU", x, made, [h], linear_before_reset=1)[0]


@exporter(ops.RNN)
def _rnn(to: Target, op: ops.RNN, x: str, h: str, *weights: str) -> str:
    made = _weights(to, (0,), weights)
    return _layer(to, "RNN", x, made, [h], activations=["Relu" if op.rectified else "Tanh"])[0]
