"""A network that reads an image row by row, and says after each row which digit it sees.

    python examples/gru_classifier.py

A GRU takes the eight rows of a small digit one after the other. You learn how a sequence becomes one
decision (the state after the last row), and you see when the network knows enough: how often it is
right after one row, two, ... eight. Writes curves.png and rows.png.
"""

from __future__ import annotations

import claims
import numpy as np

from tinygrad_cnn import Tensor, nn, no_grad, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import digits
from viz.plots import figure, finish, look

ROWS, PIXELS, HIDDEN, BATCH = 8, 8, 32, 50


class Reader(nn.Module):
    """A GRU over rows of pixels, and a score for each digit."""

    def __init__(self, rng: int | np.random.Generator | None = None) -> None:
        rng = np.random.default_rng(rng)
        self.gru = nn.GRU(PIXELS, HIDDEN, batch_first=True, rng=rng)
        self.linear = nn.Linear(HIDDEN, 10, rng=rng)

    def forward(self, rows):  # type: ignore[no-untyped-def]
        """Scores (N, rows, 10) after each row."""
        y, _ = self.gru(rows)
        return self.linear(y)


def images() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images (N, 8, 8) and labels to learn from, and others to be tested with."""
    (x, labels), (test_x, test_labels) = (part.arrays for part in digits())
    return x.reshape(-1, ROWS, PIXELS), labels, test_x.reshape(-1, ROWS, PIXELS), test_labels


def step(model: nn.Module, optimizer: optim.Optimizer, x: np.ndarray, labels: np.ndarray) -> float:
    """One step of training by what is said after the last row; the loss."""
    loss = F.cross_entropy(model(Tensor(x))[:, -1], labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.item())


def accuracies(model: nn.Module, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The share of right answers after each row."""
    with no_grad():
        scores = model(Tensor(x)).numpy()
    found: np.ndarray = (scores.argmax(-1) == labels[:, None]).mean(0)
    return found


def main() -> None:
    """Train, test after each row, and draw both."""
    parser = claims.options(__doc__, "gru_classifier", "fewer epochs")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    x, labels, test_x, test_labels = images()
    rng, model = np.random.default_rng(chosen.seed), Reader(chosen.seed)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for epoch in range(1, 1 + (4 if chosen.quick else 15)):
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            some = order[start : start + BATCH]
            losses.append(step(model, optimizer, x[some], labels[some]))
        right = accuracies(model, test_x, test_labels)
        print(f"epoch {epoch:2d}  loss {losses[-1]:.3f}  right after the last row {right[-1]:.1%}")
    print("right after each row: " + "  ".join(f"{share:.0%}" for share in right))
    with look():
        drawn = figure("gru_curves", (5.0, 3.0))
        axes = drawn.subplots()
        axes.plot(range(1, len(losses) + 1), losses, color="#c2410c")
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        finish("gru_curves", drawn, chosen.out / "curves.png")
        drawn = figure("gru_rows", (5.0, 3.0))
        axes = drawn.subplots()
        axes.bar(range(1, ROWS + 1), 100 * right, color="#8a9bb0")
        axes.set_xlabel("rows read")
        axes.set_ylabel("right, %")
        finish("gru_rows", drawn, chosen.out / "rows.png")


if __name__ == "__main__":
    main()
