"""The examples of sequences beside PyTorch: equal weights, equal batches, and the losses of some steps."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as T

import tinygrad_cnn
from tinygrad_cnn import optim

sys.path.insert(0, str(Path(tinygrad_cnn.__file__).parent.parent / "examples"))
import character_lstm
import gru_classifier
import small_transformer

#: By type; what agrees to the last digits in float64 needs few.
STEPS = {"float32": 20, "float64": 8}


class Writer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        letters = len(character_lstm.LETTERS)
        self.embedding = torch.nn.Embedding(letters, 16)
        self.lstm = torch.nn.LSTM(16, character_lstm.HIDDEN, batch_first=True)
        self.linear = torch.nn.Linear(character_lstm.HIDDEN, letters)

    def forward(self, letters):
        return self.linear(self.lstm(self.embedding(letters))[0])


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(gru_classifier.PIXELS, gru_classifier.HIDDEN, batch_first=True)
        self.linear = torch.nn.Linear(gru_classifier.HIDDEN, 10)

    def forward(self, rows):
        return self.linear(self.gru(rows)[0])[:, -1]


class Sorter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        letters, width = len(small_transformer.LETTERS), small_transformer.WIDTH
        self.letters = torch.nn.Embedding(letters, width)
        self.places = torch.nn.Embedding(small_transformer.LENGTH, width)
        layer = torch.nn.TransformerEncoderLayer(width, 4, 64, dropout=0.0, batch_first=True)
        self.encoder = torch.nn.TransformerEncoder(layer, 2)
        self.linear = torch.nn.Linear(width, letters)

    def forward(self, letters):
        return self.linear(
            self.encoder(self.letters(letters) + self.places(torch.arange(letters.shape[1])))
        )


def digits(rng):
    x, labels, _, _ = gru_classifier.images()
    some = rng.integers(0, len(x), gru_classifier.BATCH)
    return x[some], labels[some]


#: Example, its model and PyTorch's, batches, learning rate, and whether gradients are clipped.
CASES = {
    "character_lstm": (character_lstm, character_lstm.Writer, Writer, character_lstm.batch, 0.01, True),
    "gru_classifier": (gru_classifier, gru_classifier.Reader, Reader, digits, 0.01, False),
    "small_transformer": (
        small_transformer,
        small_transformer.Sorter,
        Sorter,
        small_transformer.batch,
        3e-3,
        False,
    ),
}


def losses(name, dtype, steps):
    """The losses of some steps, here and there."""
    example, ours, theirs, batch, lr, clipped = CASES[name]
    ours, theirs = ours(0), theirs()
    if dtype == "float64":  # in float32 what is rounded otherwise grows from step to step
        ours, theirs = ours.double(), theirs.double()
    theirs.load_state_dict(
        {k: torch.from_numpy(v.copy()) for k, v in ours.state_dict().items()}, strict=True
    )
    here, there = optim.Adam(ours.parameters(), lr=lr), torch.optim.Adam(theirs.parameters(), lr=lr)
    rng, curves = np.random.default_rng(0), []
    for _ in range(steps):
        x, target = batch(rng)
        x = x.astype(dtype) if x.dtype.kind == "f" else x
        scores = theirs(torch.from_numpy(x))
        loss = T.cross_entropy(
            scores.reshape(-1, scores.shape[-1]), torch.from_numpy(target).reshape(-1).long()
        )
        there.zero_grad()
        loss.backward()
        if clipped:
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        there.step()
        curves.append((example.step(ours, here, x, target), loss.item()))
    return np.array(curves).T


@pytest.mark.parametrize(("dtype", "near"), [("float32", 2e-3), ("float64", 1e-12)])
@pytest.mark.parametrize("name", CASES)
def test_the_losses_are_pytorchs(name, dtype, near):
    mine, wanted = losses(name, dtype, STEPS[dtype])
    assert wanted[-1] < wanted[0]
    np.testing.assert_allclose(mine, wanted, rtol=near)
