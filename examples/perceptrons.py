"""Perceptrons: three gates that one of them can be, and a fourth, XOR, that needs two layers.

    python examples/perceptrons.py

A perceptron adds up weighted inputs and says 1 if the sum is above a threshold: it cuts the plane
along a straight line. You learn which gates are such a cut, why XOR is none, how two layers make it
all the same, and that a small net finds its own way there. Writes gates.png.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from claims import Claims, options

from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from viz.plots import figure, finish, look

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
TABLES = {"AND": [0, 0, 0, 1], "NAND": [1, 1, 1, 0], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}
GATES = {"AND": (0.5, 0.5, -0.7), "NAND": (-0.5, -0.5, 0.7), "OR": (1.0, 1.0, -0.5)}


# --------------------------------------------------------------------------- one perceptron
def perceptron(x: np.ndarray, w1: float, w2: float, b: float) -> np.ndarray:
    """1 where w1·x1 + w2·x2 + b > 0, else 0, for points x (..., 2)."""
    return (w1 * x[..., 0] + w2 * x[..., 1] + b > 0).astype(np.float32)


# --------------------------------------------------------------------------- two layers
def xor_of_gates(x: np.ndarray) -> np.ndarray:
    """Not both, but one of them: AND of what NAND and OR say."""
    hidden = np.stack([perceptron(x, *GATES["NAND"]), perceptron(x, *GATES["OR"])], axis=-1)
    return perceptron(hidden, *GATES["AND"])


# --------------------------------------------------------------------------- looking for one that is XOR
def best_single(numbers: np.ndarray) -> tuple[int, tuple[float, float, float]]:
    """Count how many of XOR's four rows the best of all (w1, w2, b) gets right, and which that is.

    No grid could prove that nothing lies between its points, but four lines of algebra do: XOR wants
    b <= 0, w1 + b > 0, w2 + b > 0 and w1 + w2 + b <= 0. The two in the middle add up to
    w1 + w2 + 2b > 0, so that w1 + w2 + b > -b >= 0: the last one is violated.
    """
    w1, w2, b = (axis.ravel() for axis in np.meshgrid(numbers, numbers, numbers, indexing="ij"))
    right = sum(
        (perceptron(x, w1, w2, b) == wanted).astype(int)
        for x, wanted in zip(INPUTS, TABLES["XOR"], strict=True)
    )
    # Of the best, the one whose line keeps the most distance from the four points.
    sums = np.abs(np.stack([w1 * x + w2 * y + b for x, y in INPUTS])).min(axis=0)
    best = int(np.argmax(right + sums / (1 + np.abs(sums).max())))
    return int(right[best]), (float(w1[best]), float(w2[best]), float(b[best]))


def trained(hidden: int, steps: int, seed: int) -> nn.Module:
    """A net of one layer (hidden 0) or two, shown XOR's table again and again.

    A step has no slope to follow, so the hidden units are smooth (tanh), and the threshold comes
    only after training.
    """
    rng = np.random.default_rng(seed)
    if hidden:
        model: nn.Module = nn.Sequential(
            nn.Linear(2, hidden, rng=rng), nn.Tanh(), nn.Linear(hidden, 1, rng=rng)
        )
    else:
        model = nn.Linear(2, 1, rng=rng)
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    wanted = np.array(TABLES["XOR"], dtype=np.float32)[:, None]
    for _ in range(steps):
        loss = F.binary_cross_entropy_with_logits(model(Tensor(INPUTS)), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def decides(model: nn.Module, x: np.ndarray) -> np.ndarray:
    """1 where the net's score is above 0."""
    scores = model(Tensor(x.reshape(-1, 2).astype(np.float32))).numpy()
    return (scores > 0).astype(np.float32).reshape(x.shape[:-1])


# --------------------------------------------------------------------------- the picture
def draw(panels: list[tuple[str, str, Callable[[np.ndarray], np.ndarray]]], path: Any) -> None:
    """The side on which each says 1, and the four inputs: filled where the gate's table has a 1."""
    side = np.linspace(-0.5, 1.5, 400)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    with look():
        drawn = figure("perceptrons", (8.4, 5.9))
        for axes, (title, gate, function) in zip(drawn.subplots(2, 3).flat, panels, strict=True):
            z = function(plane)
            axes.contourf(side, side, z, levels=[-0.5, 0.5, 1.5], colors=["#ffffff", "#dbe7f3"])
            if z.min() < z.max():
                axes.contour(side, side, z, levels=[0.5], colors="#3b6ea5", linewidths=1.3)
            said = function(INPUTS)
            for point, wanted, got in zip(INPUTS, TABLES[gate], said, strict=True):
                colour = "#1a1a1a" if got == wanted else "#c2410c"
                axes.plot(*point, "o", ms=10, mec=colour, mfc=colour if wanted else "white", mew=1.8)
                if got != wanted:
                    axes.annotate(
                        "wrong", point, (0, 10), textcoords="offset points", ha="center", color=colour
                    )
            axes.set_title(title, loc="left")
            axes.set_aspect("equal")
            axes.set_xticks([0, 1])
            axes.set_yticks([0, 1])
            axes.set_xlabel("x1", labelpad=-6)
            axes.set_ylabel("x2", labelpad=-4, rotation=0)
        finish("perceptrons", drawn, path)


def main() -> None:
    """Check the gates, look for XOR, train it, draw all six."""
    parser = options(__doc__, "perceptrons", quick="a coarser grid")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    claims = Claims(chosen.out)

    print("Three gates, each one perceptron (w1, w2, b):")
    for gate, weights in [*GATES.items(), ("AND", (1.0, 1.0, -1.0))]:
        claims.check(
            41, f"{gate} by {weights}, for 00 01 10 11", TABLES[gate], perceptron(INPUTS, *weights)
        )

    print("\nXOR:")
    numbers = np.linspace(-2, 2, 41 if chosen.quick else 161)
    right, weights = best_single(numbers)
    tried = f"{len(numbers) ** 3:,} settings of (w1, w2, b)"
    claims.check(42, f"rows of XOR that the best of {tried} gets right: never all 4", 3, right)
    claims.check(42, "AND of NAND and OR, for 00 01 10 11", TABLES["XOR"], xor_of_gates(INPUTS))
    line, net = trained(0, 200, chosen.seed), trained(4, 200, chosen.seed)
    correct = [int((decides(model, INPUTS) == TABLES["XOR"]).sum()) for model in (line, net)]
    claims.check(
        42, "rows that a trained single layer gets right", "at most 3", correct[0], holds=correct[0] < 4
    )
    claims.check(42, "rows that a trained net of two layers gets right", 4, correct[1])

    panels = [
        (gate, gate, lambda x, weights=weights: perceptron(x, *weights)) for gate, weights in GATES.items()
    ]
    panels += [
        ("One perceptron: 3 of 4", "XOR", lambda x: perceptron(x, *weights)),
        ("AND of NAND and OR", "XOR", xor_of_gates),
        ("XOR, learned by 2-4-1", "XOR", lambda x: decides(net, x)),
    ]
    draw(panels, chosen.out / "gates.png")
    claims.finish()


if __name__ == "__main__":
    main()
