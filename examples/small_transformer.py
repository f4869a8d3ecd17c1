"""A Transformer that sorts: it sees eight letters in any order, and says them in the order of the alphabet.

    python examples/small_transformer.py

Every letter looks at every other one: that is attention, and it is all that this network has to sort
by. You learn how letters and their places become vectors, what `nn.TransformerEncoder` is made of, and
what a head of attention looks at, which is drawn. Writes loss.png and attention.png.
"""

from __future__ import annotations

import claims
import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import nn, no_grad, optim
from viz.plots import figure, finish, look

LETTERS, LENGTH, WIDTH, BATCH = "abcdefghijkl", 8, 32, 64


class Sorter(nn.Module):
    """Letters and places to vectors, two layers of a Transformer, and scores of letters at each place."""

    def __init__(self, rng: int | np.random.Generator | None = None) -> None:
        rng = np.random.default_rng(rng)
        self.letters = nn.Embedding(len(LETTERS), WIDTH, rng=rng)
        self.places = nn.Embedding(LENGTH, WIDTH, rng=rng)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 64, dropout=0.0, batch_first=True, rng=rng)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.linear = nn.Linear(WIDTH, len(LETTERS), rng=rng)

    def forward(self, letters):  # type: ignore[no-untyped-def]
        """Scores (N, 8, letters) of the sorted letters."""
        return self.linear(self.encoder(self.vectors(letters)))

    def vectors(self, letters):  # type: ignore[no-untyped-def]
        """Make the vectors that the Transformer is given: (N, 8, WIDTH)."""
        return self.letters(letters) + self.places(np.arange(LENGTH))

    def attention(self, letters):  # type: ignore[no-untyped-def]
        """Find how much each place looks at each letter in the first layer, over all heads: (N, 8, 8)."""
        x = self.vectors(letters)
        return self.encoder.layers[0].self_attn(x, x, x)[1]


def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Letters in any order, and the same ones sorted."""
    letters = rng.integers(0, len(LETTERS), (BATCH, LENGTH))
    return letters, np.sort(letters, axis=1)


def step(model: nn.Module, optimizer: optim.Optimizer, x: np.ndarray, target: np.ndarray) -> float:
    """One step of training; the loss, in nats a letter."""
    loss = F.cross_entropy(model(x).reshape(-1, len(LETTERS)), target.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.item())


def said(model: nn.Module, letters: np.ndarray) -> np.ndarray:
    """The letters that the network says."""
    with no_grad():
        found: np.ndarray = model(letters).numpy().argmax(-1)
    return found


def main() -> None:
    """Train, sort, and draw the loss and what is looked at."""
    parser = claims.options(__doc__, "small_transformer", "fewer steps")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    steps = 150 if chosen.quick else 800
    rng, model = np.random.default_rng(chosen.seed), Sorter(chosen.seed)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for number in range(1, steps + 1):
        losses.append(step(model, optimizer, *batch(rng)))
        if number % (steps // 5) == 0:
            letters, wanted = batch(rng)
            right = (said(model.eval(), letters) == wanted).mean()
            model.train()
            print(f"step {number:4d}  loss {losses[-1]:.3f}  letters right {right:.1%}")
    letters, _ = batch(rng)
    for row, found in zip(letters[:3], said(model.eval(), letters[:3]), strict=True):
        print("".join(LETTERS[i] for i in row), "->", "".join(LETTERS[i] for i in found))
    with look():
        drawn = figure("transformer_loss", (5.0, 3.0))
        axes = drawn.subplots()
        axes.plot(range(1, steps + 1), losses, color="#c2410c")
        axes.set_xlabel("step")
        axes.set_ylabel("loss, nats a letter")
        finish("transformer_loss", drawn, chosen.out / "loss.png")
        drawn = figure("transformer_attention", (3.6, 3.6))
        axes = drawn.subplots()
        with no_grad():
            axes.imshow(model.attention(letters[:1]).numpy()[0], cmap="Greys")
        axes.set_xticks(range(LENGTH), [LETTERS[i] for i in letters[0]])
        axes.set_yticks(range(LENGTH), [LETTERS[i] for i in np.sort(letters[0])])
        axes.set_xlabel("looks at")
        axes.set_ylabel("the place of")
        finish("transformer_attention", drawn, chosen.out / "attention.png")


if __name__ == "__main__":
    main()
