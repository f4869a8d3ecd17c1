"""A network that writes: an LSTM guesses the next letter of a text, and then goes on alone.

    python examples/character_lstm.py

The text counts in words, "one, two, ... twenty-one, ...", so you can see at once whether what the
network writes is right. You learn how letters become vectors (`nn.Embedding`), how a state is carried
from letter to letter (`nn.LSTM`), why long gradients are clipped, and how a text is drawn letter by
letter from the network's own guesses. Writes loss.png.
"""

from __future__ import annotations

from itertools import pairwise

import claims
import numpy as np

from tinygrad_cnn import Tensor, nn, no_grad, optim
from tinygrad_cnn import functional as F
from viz.plots import figure, finish, look

ONES = "one two three four five six seven eight nine".split()  # noqa: SIM905
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # noqa: SIM905
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
STEPS, BATCH, HIDDEN = 48, 16, 64


def words() -> list[str]:
    """The numbers from one to ninety-nine."""
    return [*ONES, *TEENS, *(t + ("-" + o if o else "") for t in TENS for o in ("", *ONES))]


TEXT = ", ".join(words()) + ". "
LETTERS = sorted(set(TEXT))


class Writer(nn.Module):
    """Letters to vectors, an LSTM over them, and a score for each letter that may come next."""

    def __init__(self, rng: int | np.random.Generator | None = None) -> None:
        rng = np.random.default_rng(rng)
        self.embedding = nn.Embedding(len(LETTERS), 16, rng=rng)
        self.lstm = nn.LSTM(16, HIDDEN, batch_first=True, rng=rng)
        self.linear = nn.Linear(HIDDEN, len(LETTERS), rng=rng)

    def forward(self, letters, state=None):  # type: ignore[no-untyped-def]
        """Scores (N, T, letters) of the next letter, and the state after the last one."""
        y, state = self.lstm(self.embedding(letters), state)
        return self.linear(y), state


def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pieces of the text, which goes round, and the same pieces one letter later."""
    codes = np.array([LETTERS.index(letter) for letter in TEXT])
    places = rng.integers(0, len(codes), BATCH)[:, None] + np.arange(STEPS + 1)
    pieces = codes[places % len(codes)]
    return pieces[:, :-1], pieces[:, 1:]


def step(model: nn.Module, optimizer: optim.Optimizer, x: np.ndarray, target: np.ndarray) -> float:
    """One step of training; the loss, in nats a letter."""
    scores, _ = model(Tensor(x))
    loss = F.cross_entropy(scores.reshape(-1, len(LETTERS)), target.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optim.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.item())


def written(model: nn.Module, start: str, count: int, rng: np.random.Generator, warmth: float = 0.5) -> str:
    """The text that the network writes after a start: each letter is drawn from its guesses."""
    text, state = start, None
    with no_grad():
        given = np.array([[LETTERS.index(letter) for letter in start]])
        for _ in range(count):
            scores, state = model(Tensor(given), state)
            chances = F.softmax(scores[0, -1] / warmth).numpy().astype(float)
            letter = rng.choice(len(LETTERS), p=chances / chances.sum())
            text += LETTERS[letter]
            given = np.array([[letter]])
    return text


def counted(text: str) -> int:
    """Count the words in a text that are followed by the right one."""
    known = words()
    found = [word.strip(" ,.") for word in text.split(", ")][:-1]
    pairs = [(a, b) for a, b in pairwise(found) if a in known]
    return sum(b == known[(known.index(a) + 1) % len(known)] for a, b in pairs)


def main() -> None:
    """Train, write, and draw the loss."""
    parser = claims.options(__doc__, "character_lstm", "fewer steps")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    steps = 150 if chosen.quick else 600
    rng, model = np.random.default_rng(chosen.seed), Writer(chosen.seed)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for number in range(1, steps + 1):
        losses.append(step(model, optimizer, *batch(rng)))
        if number % (steps // 5) == 0:
            print(f"step {number:4d}  loss {losses[-1]:.3f}  {written(model, 'seven, ', 40, rng)!r}")
    text = written(model, "thirty, ", 120, rng)
    print(f"\nAfter 'thirty, ' it writes:\n  {text}")
    print(f"{counted(text)} numbers follow the right one")
    with look():
        drawn = figure("character_lstm", (5.0, 3.0))
        axes = drawn.subplots()
        axes.plot(range(1, steps + 1), losses, color="#c2410c", label="LSTM")
        axes.axhline(np.log(len(LETTERS)), color="#8a9bb0", label="any letter is as likely")
        axes.set_xlabel("step")
        axes.set_ylabel("loss, nats a letter")
        axes.legend(frameon=False)
        finish("character_lstm", drawn, chosen.out / "loss.png")


if __name__ == "__main__":
    main()
