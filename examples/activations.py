"""Activations, and how a network ends: plain for numbers, sigmoid for yes or no, softmax for one of many.

    python examples/activations.py

Between two layers stands a bend, without which any number of layers would be one matrix. You learn the
curves in use and their slopes, which backward() multiplies by, how softmax turns scores into shares, and
which end fits which question. Writes curves.png and heads.png.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from claims import Claims, options

from tinygrad_cnn import Tensor, grad, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import digits
from viz.plots import figure, finish, look

CURVES = {
    "Step": F.step, "Sigmoid": F.sigmoid, "tanh": F.tanh,
    "ReLU": F.relu, "Leaky ReLU, slope 0.1": lambda x: F.leaky_relu(x, 0.1), "GELU": F.gelu,
}  # fmt: skip


# --------------------------------------------------------------------------- the curves
def curves(claims: Claims, folder: Path) -> None:
    """Values in three digits, extremes without a warning, and the picture."""
    print("Curves:")
    points = np.array([-1.0, 0.0, 1.0, 2.0])
    claims.check(43, "step at -1, 0, 1, 2", [0, 0, 1, 1], F.step(points))
    claims.check(43, "sigmoid at 1 and 2", [0.731, 0.880], F.sigmoid(points[2:]), within=1e-3)
    claims.check(43, "ReLU at -1, 0, 1, 2", [0, 0, 1, 2], F.relu(points))
    with np.errstate(all="raise", under="ignore"):  # the plain formula 1/(1+exp(-x)) overflows here
        claims.check(
            43, "sigmoid at -1000 and 1000, without a warning", [0, 1], F.sigmoid(np.array([-1e3, 1e3]))
        )

    xs = np.linspace(-4, 4, 801)
    with look():
        drawn = figure("activations", (9.0, 5.2))
        for axes, (name, function) in zip(
            drawn.subplots(2, 3, sharex=True).flat, CURVES.items(), strict=True
        ):
            x = Tensor(xs, requires_grad=True)
            y = function(x)
            slope = grad(y.sum(), x).numpy()
            axes.axhline(0, color="#cccccc", linewidth=0.8)
            axes.plot(xs, slope, color="#c2410c", linewidth=1.2, linestyle="--", label="its slope")
            axes.plot(xs, y.numpy(), color="#3b6ea5", linewidth=2, label="value")
            if name == "Step":
                axes.plot(xs, F.sigmoid(xs), color="#8a9bb0", linewidth=1.4, label="sigmoid, smooth")
            axes.set_title(name, loc="left")
            axes.set_ylim((-1.15, 1.15) if name in ("Step", "Sigmoid", "tanh") else (-0.7, 4.1))
        handles, labels = drawn.axes[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        finish("activations", drawn, folder / "curves.png")


# --------------------------------------------------------------------------- three ends
def softmax_is_safe(claims: Claims) -> None:
    """Shares that add up to 1; only differences of scores count, so the largest can be taken off first."""
    print("\nSoftmax:")
    scores = np.array([0.3, 2.9, 4.0])
    shares = F.softmax(scores, axis=-1)
    claims.check(45, "of 0.3, 2.9, 4.0", [0.01821127, 0.24519181, 0.73659691], shares, within=1e-8)
    claims.check(45, "their sum", 1.0, shares.sum(), within=1e-12)
    with np.errstate(over="raise", invalid="raise"):
        large = F.softmax(np.array([1e4, 1e4 - 1, -1e4]), axis=-1)
    claims.check(
        9, "at scores of 10,000, where exp overflows", [0.73105858, 0.26894142, 0], large, within=1e-8
    )


def fitted(model: nn.Module, loss: Any, x: np.ndarray, target: np.ndarray, steps: int) -> nn.Module:
    """The model after some steps over all of the data at once."""
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    for _ in range(steps):
        value = loss(model(Tensor(x)), target)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return model


def heads(claims: Claims, folder: Path, seed: int, steps: int) -> None:
    """One layer each, with three ends: a line through points, "is it a 3?", "which digit is it?"."""
    print("\nThree questions, one layer each:")
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (60, 1)).astype(np.float32)
    t = (1.5 * x + 0.5 + rng.normal(0, 0.15, x.shape)).astype(np.float32)
    line = fitted(nn.Linear(1, 1, rng=rng), nn.MSELoss(), x, t, 200)
    found = [line.weight.item(), line.bias.item()]
    claims.check(
        45, "identity: slope and offset of points around 1.5x + 0.5", [1.5, 0.5], found, within=0.1
    )

    (images, labels), (test_images, test_labels) = (part.arrays for part in digits())
    train, test = images.reshape(len(images), -1), test_images.reshape(len(test_images), -1)
    is_three = (labels == 3).astype(np.float32)[:, None]
    yes_no = fitted(nn.Linear(64, 1, rng=rng), nn.BCEWithLogitsLoss(), train, is_three, steps)
    chance = F.sigmoid(yes_no(Tensor(test)).numpy()[:, 0])
    right = float(((chance > 0.5) == (test_labels == 3)).mean())
    claims.check(
        45, 'sigmoid above 0.5: "is it a 3?", held-back digits', "above 95 %", right, holds=right > 0.95
    )

    which = fitted(nn.Linear(64, 10, rng=rng), nn.CrossEntropyLoss(), train, labels, steps)
    shares = F.softmax(which(Tensor(test)).numpy(), axis=1)
    right = float((shares.argmax(axis=1) == test_labels).mean())
    claims.check(45, "softmax, largest share: which digit is it?", "above 90 %", right, holds=right > 0.9)
    largest = float(np.abs(shares.sum(axis=1) - 1).max())
    claims.check(
        45, "the shares add up to 1; largest difference", "below 1e-6", largest, holds=largest < 1e-6
    )
    unsure = int(np.argsort(shares.max(axis=1))[20])  # an image that it is in two minds about
    draw_heads(
        (x, t, found),
        (chance, test_labels == 3),
        (test_images[unsure, 0], shares[unsure]),
        folder / "heads.png",
    )


def draw_heads(line: Any, binary: Any, many: Any, path: Path) -> None:
    """The three results side by side."""
    with look():
        drawn = figure("heads", (10.4, 3.5))
        left, middle, right = drawn.subplots(1, 3)
        x, t, (slope, offset) = line
        left.plot(x, t, "o", color="#8a9bb0", markersize=4)
        left.plot([-1, 1], [offset - slope, offset + slope], color="#c2410c", linewidth=1.8)
        left.set_title("Identity: a number", loc="left")
        left.set_xlabel("x")

        chance, yes = binary
        bins = np.linspace(0, 1, 26)
        middle.hist(chance[~yes], bins, color="#8a9bb0", label="other digits")
        middle.hist(chance[yes], bins, color="#c2410c", alpha=0.85, label="threes")
        middle.axvline(0.5, ymax=0.8, color="#1a1a1a", linewidth=1, linestyle=":")
        middle.set_yscale("log")
        middle.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        middle.set_title('Sigmoid: "is it a 3?"', loc="left")
        middle.set_xlabel("sigmoid of the score")
        middle.set_ylabel("images")
        middle.legend(frameon=False, loc="upper center")

        image, shares = many
        right.bar(range(10), shares, color="#3b6ea5")
        right.set_xticks(range(10))
        right.set_ylim(0, 1)
        right.set_title("Softmax: which digit?", loc="left")
        right.set_xlabel("digit")
        right.set_ylabel("share")
        inset = right.inset_axes(
            (0.02, 0.58, 0.4, 0.4) if shares[:4].max() < 0.5 else (0.6, 0.58, 0.4, 0.4)
        )
        inset.imshow(image, cmap="gray_r")
        inset.set_xticks([])
        inset.set_yticks([])
        finish("heads", drawn, path)


def main() -> None:
    """Curves, softmax, and the three ends."""
    parser = options(__doc__, "activations", quick="fewer steps of training")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    curves(claims, chosen.out)
    softmax_is_safe(claims)
    heads(claims, chosen.out, chosen.seed, 100 if chosen.quick else 400)
    claims.finish()


if __name__ == "__main__":
    main()
