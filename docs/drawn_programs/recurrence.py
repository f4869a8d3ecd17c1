"""Recurrent programs: cells in a loop, layers, an encoder with its decoder."""

from __future__ import annotations

import numpy as np

from drawn_programs.collection import Drawn, array, program
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F


class Elman(nn.Module):
    def __init__(self, features: int = 4, hidden: int = 8) -> None:
        self.inner = nn.Linear(features + hidden, hidden, rng=0)
        self.out = nn.Linear(hidden, 3, rng=1)

    def forward(self, x: Tensor) -> Tensor:
        h = Tensor(np.zeros((x.shape[0], 8), np.float32), name="h0")
        for t in range(x.shape[1]):
            h = F.tanh(self.inner(F.concatenate([x[:, t], h], axis=1)))
        return self.out(h)


@program
def unrolled_rnn() -> Drawn:
    """A recurrent network of twenty steps, written by hand."""
    return Elman(), {"inputs": array(2, 20, 4)}


@program
def rnn_cell_loop() -> Drawn:
    """An RNNCell in a loop, with an input and an output for each step."""
    cell, head = nn.RNNCell(4, 8, rng=0), nn.Linear(8, 2, rng=1)
    h, outputs = None, []
    for t in range(20):
        h = cell(Tensor(array(2, 4), name=f"x{t}"), h)
        outputs.append(head(h))
    return F.stack(outputs), {"names": {"cell": cell, "head": head}}


@program
def lstm_cell_loop() -> Drawn:
    """An LSTMCell in a loop."""
    cell = nn.LSTMCell(4, 8, rng=0)
    x, state = Tensor(array(12, 2, 4), name="x", requires_grad=True), None
    for t in range(12):
        state = cell(x[t], state)
    return state[0], {"names": {"cell": cell}}


@program
def lstm_layers() -> Drawn:
    """Two layers of an LSTM over ten steps."""
    return nn.LSTM(4, 8, num_layers=2, rng=0), {"inputs": array(10, 2, 4)}


@program
def bidirectional_gru() -> Drawn:
    """A GRU in both directions."""
    return nn.GRU(4, 6, bidirectional=True, rng=0), {"inputs": array(8, 2, 4)}


@program
def sequence_to_sequence() -> Drawn:
    """An encoder and a decoder, both recurrent, over six and four steps."""
    encoder, decoder = nn.GRUCell(3, 8, rng=0), nn.GRUCell(3, 8, rng=1)
    head = nn.Linear(8, 3, rng=2)
    source = Tensor(array(6, 2, 3), name="source")
    h = None
    for t in range(6):
        h = encoder(source[t], h)
    y, outputs = Tensor(np.zeros((2, 3), np.float32), name="start"), []
    for _ in range(4):
        h = decoder(y, h)
        y = head(h)
        outputs.append(y)
    return F.stack(outputs), {"names": {"encoder": encoder, "decoder": decoder, "head": head}}
