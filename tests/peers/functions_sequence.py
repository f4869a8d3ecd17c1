"""Steps of recurrent networks, and attention, beside PyTorch's."""

import numpy as np
import torch
import torch.nn.functional as T

from tests.peers.compare import Entry, uniform
from tinygrad_cnn import functional as F


def step(gates, *, states=1, bias=True, batch=(3,)):
    """Operands of one step: x of 4 features, states of 2, weights and biases."""
    rows = 2 * gates
    shapes = [(*batch, 4), *[(*batch, 2)] * states, (rows, 4), (rows, 2), *[(rows,)] * (2 * bias)]
    return uniform(*shapes, low=-1, high=1)


def attended(mask=None, **options):
    """The attention of both sides, with the same mask and options."""
    there = None if mask is None else torch.from_numpy(mask)
    return (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, mask, **options),
        lambda q, k, v: T.scaled_dot_product_attention(q, k, v, there, **options),
    )


QKV = [uniform((2, 3, 4), (2, 5, 4), (2, 5, 2)), uniform((2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4))]
SOME = np.array([[1, 0, 0, 1, 0], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]], bool)
NONE = np.array([[1, 0, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], bool)  # a query that sees no key

TABLE = [
    Entry("rnn_cell", F.rnn_cell, torch.rnn_tanh_cell, [step(1)]),
    Entry(
        "rnn_cell",
        lambda *x: F.rnn_cell(*x, nonlinearity="relu"),
        lambda *x: torch.rnn_relu_cell(*x),
        [step(1)],
    ),
    Entry(
        "lstm_cell",
        F.lstm_cell,
        lambda x, h, c, *w: torch.lstm_cell(x, (h, c), *w),
        [step(4, states=2)],
    ),
    Entry("gru_cell", F.gru_cell, torch.gru_cell, [step(3)]),
    *[
        Entry("scaled_dot_product_attention", *attended(mask, **options), QKV)
        for mask, options in (
            (None, {}),
            (None, {"is_causal": True}),
            (None, {"scale": 0.3}),
            (SOME, {}),
            (NONE, {}),
        )
    ],
]
