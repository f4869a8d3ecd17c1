"""Optimizers: four ways down a long valley, each a rule of two lines; and what one wrong word does.

    python examples/optimizers.py

x²/20 + y² is a valley that is steep across and nearly flat along. You learn how SGD zigzags in it, how
momentum rolls on, how AdaGrad and Adam scale each direction by its own past, and see the four of them
train the same net. Writes paths.png and training.png.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from claims import Claims, options

import viz
from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import DataLoader, digits
from viz.plots import figure, finish, look

State = dict[str, Any]
START = (-7.0, 2.0)


def valley(x: Any, y: Any) -> Any:
    """Steep in y, nearly flat in x."""
    return x**2 / 20 + y**2


# --------------------------------------------------------------------------- the rules, by hand
def sgd(w: np.ndarray, g: np.ndarray, state: State, lr: float) -> None:
    """Downhill."""
    w -= lr * g


def momentum(w: np.ndarray, g: np.ndarray, state: State, lr: float) -> None:
    """A speed that keeps nine tenths of itself."""
    state["v"] = 0.9 * state.get("v", 0.0) - lr * g
    w += state["v"]


def adagrad(w: np.ndarray, g: np.ndarray, state: State, lr: float) -> None:
    """Shorter steps where slopes have been large."""
    state["h"] = state.get("h", 0.0) + g * g
    w -= lr * g / (np.sqrt(state["h"]) + 1e-7)


def broken_adagrad(w: np.ndarray, g: np.ndarray, state: State, lr: float) -> None:
    """One source steps along h, a sum of squares, and not along g: it only ever goes one way."""
    state["h"] = state.get("h", 0.0) + g * g
    w -= lr * state["h"] / (np.sqrt(state["h"]) + 1e-7)


def adam(w: np.ndarray, g: np.ndarray, state: State, lr: float) -> None:
    """Means of the slope and of its square, freed of their start at 0."""
    t = state["t"] = state.get("t", 0) + 1
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
    state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * g * g
    w -= lr * (state["m"] / (1 - 0.9**t)) / (np.sqrt(state["v"] / (1 - 0.999**t)) + 1e-8)


Rule = Callable[[np.ndarray, np.ndarray, State, float], None]
# By name: the rule above, the library's class, and the learning rate for the valley.
RULES: dict[str, tuple[Rule, Callable[..., optim.Optimizer], float]] = {
    "SGD": (sgd, optim.SGD, 0.95),
    "Momentum": (momentum, lambda p, lr: optim.SGD(p, lr=lr, momentum=0.9), 0.1),
    "AdaGrad": (adagrad, lambda p, lr: optim.Adagrad(p, lr=lr, eps=1e-7), 1.5),
    "Adam": (adam, optim.Adam, 0.3),
}


# --------------------------------------------------------------------------- the valley
def way_by_hand(rule: Rule, lr: float, steps: int) -> np.ndarray:
    """Points of the way, (steps + 1, 2), with the slope written out."""
    w, state = np.array(START), {}
    points = [w.copy()]
    for _ in range(steps):
        rule(w, np.array([w[0] / 10, 2 * w[1]]), state, lr)
        points.append(w.copy())
    return np.stack(points)


def way(make: Callable[..., optim.Optimizer], lr: float, steps: int) -> np.ndarray:
    """The same by the library: slopes by backward(), the step by an Optimizer."""
    w = Tensor(np.array(START), requires_grad=True)
    optimizer = make([w], lr=lr)
    points = [w.numpy().copy()]
    for _ in range(steps):
        loss = valley(w[0], w[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        points.append(w.numpy().copy())
    return np.stack(points)


def paths(claims: Claims, folder: Path) -> None:
    """100 steps by hand and by the library; the first 30 as a picture."""
    print("Down the valley from (-7, 2):")
    ways = {}
    for name, (rule, make, lr) in RULES.items():
        taken = way(make, lr, 100)
        farthest = float(np.abs(taken - way_by_hand(rule, lr, 100)).max())
        claims.check(66, f"{name}, 100 steps: farthest from the rule by hand", 0.0, farthest, within=1e-10)
        ways[f"{name}, lr {lr:g}"] = taken[:31]
    ends = [float(valley(*points[-1])) for points in ways.values()]
    start = valley(*START)
    claims.check(
        66, f"heights after 30 steps, from {start:g}", "all below 0.3", ends, holds=max(ends) < 0.3
    )
    viz.surface(valley, ways, folder / "paths.png", bounds=((-8, 8), (-4, 4)))


# --------------------------------------------------------------------------- a net
def net(seed: int) -> nn.Module:
    """64-50-10."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 50, rng=rng), nn.ReLU(), nn.Linear(50, 10, rng=rng))


def trained(rule: Rule, lr: float, epochs: int, seed: int) -> tuple[list[float], float]:
    """Loss of each batch, and accuracy on digits held back, with one of the rules above."""
    train, test = digits()
    model, losses = net(seed), []
    parameters = list(model.parameters())
    states: list[State] = [{} for _ in parameters]
    loader = DataLoader(train, 100, shuffle=True, rng=seed)
    for _ in range(epochs):
        for images, labels in loader:
            loss = F.cross_entropy(model(Tensor(images)), labels)
            model.zero_grad()
            loss.backward()
            for parameter, state in zip(parameters, states, strict=True):
                rule(parameter.data, parameter.grad.numpy(), state, lr)
            losses.append(loss.item())
    images, labels = test.arrays
    return losses, float((model(Tensor(images)).numpy().argmax(axis=1) == labels).mean())


def training(claims: Claims, folder: Path, epochs: int, seed: int) -> None:
    """The four rules on digits, and AdaGrad as one source has it."""
    print(f"\nDigits, 64-50-10, {epochs} epochs:")
    rates = {"SGD": 0.1, "Momentum": 0.1, "AdaGrad": 0.05, "Adam": 0.005}
    results = {name: trained(RULES[name][0], lr, epochs, seed) for name, lr in rates.items()}
    for name, (_, right) in results.items():
        print(f"  {name:8s}  {right:.1%} of the test images")
    broken = trained(broken_adagrad, rates["AdaGrad"], epochs, seed)
    right = results["AdaGrad"][1]
    claims.check(
        "D1",
        "AdaGrad that steps along h (the source: 10.28 % on MNIST)",
        "below 30 %",
        broken[1],
        holds=broken[1] < 0.3,
    )
    claims.check("D1", "AdaGrad as published (92.87 % on MNIST)", "above 90 %", right, holds=right > 0.9)

    draw_training(results, rates, broken, folder / "training.png")


def draw_training(results: Any, rates: dict[str, float], broken: Any, path: Path) -> None:
    """The losses of all five, smoothed, with the accuracies in the legend."""
    colours = {"SGD": "#8a9bb0", "Momentum": "#3b6ea5", "AdaGrad": "#0f766e", "Adam": "#b7791f"}
    with look():
        drawn = figure("training", (6.8, 4.0))
        axes = drawn.subplots()
        for name, (losses, right) in results.items():
            smooth = np.convolve(losses, np.full(10, 0.1), mode="valid")
            axes.plot(
                np.arange(len(smooth)) + 5,
                smooth,
                color=colours[name],
                linewidth=1.6,
                label=f"{name}, lr {rates[name]:g}: {right:.1%}",
            )
        smooth = np.convolve(np.minimum(broken[0], 1e3), np.full(10, 0.1), mode="valid")
        axes.plot(
            np.arange(len(smooth)) + 5,
            smooth,
            color="#c2410c",
            linewidth=1.4,
            linestyle="--",
            label=f"AdaGrad along h: {broken[1]:.1%}",
        )
        axes.set_ylim(0, 3.6)
        axes.set_xlim(0, None)
        axes.set_title("Loss, mean of 10 batches; and accuracy in the end", loc="left")
        axes.set_xlabel("batch")
        axes.legend(frameon=False, fontsize=9, loc="upper right")
        finish("training", drawn, path)


def main() -> None:
    """Four ways, then a net."""
    parser = options(__doc__, "optimizers", quick="fewer epochs of training")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    paths(claims, chosen.out)
    training(claims, chosen.out, 15 if chosen.quick else 40, chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()
