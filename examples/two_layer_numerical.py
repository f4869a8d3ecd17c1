"""A two-layer net trained by measured slopes: right, and hopelessly slow, as you see before you wait.

    python examples/two_layer_numerical.py [--whole-step]

Measuring the slope of each weight takes two runs of the whole net. You learn what that costs for the
784-50-10 net of the textbooks, which seems stuck and never prints a line, see a tiny net that does
train this way, and find the same gradient by one backward(). Writes training.png.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from claims import Claims, options
from numerical_gradient import numerical_gradient
from tqdm import tqdm

from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import digits
from viz.plots import figure, finish, look

Weights = dict[str, np.ndarray]


def new_weights(inputs: int, hidden: int, outputs: int, seed: int) -> Weights:
    """Small random matrices (out, in), biases of 0; float64, because differences need its digits."""
    rng = np.random.default_rng(seed)
    return {
        "w1": rng.normal(0, 1 / np.sqrt(inputs), (hidden, inputs)),
        "b1": np.zeros(hidden),
        "w2": rng.normal(0, 1 / np.sqrt(hidden), (outputs, hidden)),
        "b2": np.zeros(outputs),
    }


def loss_of(weights: dict[str, Tensor] | Weights, x: np.ndarray, labels: np.ndarray):
    """One run of the net: linear, sigmoid, linear, and cross-entropy with softmax."""
    hidden = F.sigmoid(F.linear(x, weights["w1"], weights["b1"]))
    return F.cross_entropy(F.linear(hidden, weights["w2"], weights["b2"]), labels)


def measured_gradient(
    weights: Weights, x: np.ndarray, labels: np.ndarray, tell: Callable[[], object]
) -> Weights:
    """The slope of each weight by two runs; `tell` is called after each run."""

    def loss(_: np.ndarray) -> float:  # the array that changed is one of the weights
        value = float(loss_of(weights, x, labels))
        tell()
        return value

    return {name: numerical_gradient(loss, array) for name, array in weights.items()}


def size(weights: Weights) -> int:
    """Count the numbers to learn."""
    return sum(array.size for array in weights.values())


def large_net(claims: Claims, whole_step: bool) -> None:
    """Measure one step of 784-50-10, from a few hundred runs."""
    print("784-50-10 with batches of 100:")
    weights = new_weights(784, 50, 10, seed=1)
    rng = np.random.default_rng(0)
    x, labels = rng.random((100, 784)), np.arange(100) % 10  # the time does not depend on what they show
    claims.check(51, "parameters", 39_760, size(weights))
    claims.check(51, "runs of the net per step, two for each", 79_520, 2 * size(weights))
    started, runs = time.perf_counter(), 300
    for _ in range(runs):
        loss_of(weights, x, labels)
    seconds = (time.perf_counter() - started) / runs * 2 * size(weights)
    print(f"  from {runs} runs: one step takes {seconds:.0f} s, and 10,000 steps {seconds / 8.64:.1f} days")
    if whole_step:
        with tqdm(total=2 * size(weights), desc="one step", disable=None) as bar:
            started = time.perf_counter()
            measured_gradient(weights, x, labels, bar.update)
        print(f"  one whole step took {time.perf_counter() - started:.0f} s")


def tiny_net(claims: Claims, folder: Path, steps: int, seed: int) -> None:
    """Digits shrunk to 4×4 pixels, 6 hidden units: small enough to train by measuring."""
    images, labels = digits()[0].arrays
    x = F.avg_pool2d(images.astype(np.float64), 2).reshape(len(images), 16)
    x = (x - x.mean()) / x.std()  # so that a few steps go a long way
    weights = new_weights(16, 6, 10, seed)
    runs = 2 * size(weights)
    print(f"\n16-6-10 with batches of 50: {size(weights)} parameters, {runs} runs per step")

    batch = slice(0, 50)
    by_measuring = measured_gradient(weights, x[batch], labels[batch], lambda: None)
    tensors = {name: Tensor(array, requires_grad=True) for name, array in weights.items()}
    loss_of(tensors, x[batch], labels[batch]).backward()
    farthest = max(float(np.abs(by_measuring[name] - t.grad.numpy()).max()) for name, t in tensors.items())
    claims.check(
        51, "farthest from backward(), of all slopes", "below 1e-7", farthest, holds=farthest < 1e-7
    )

    rng, losses = np.random.default_rng(seed), []
    started = time.perf_counter()
    with tqdm(total=steps * runs, desc="runs", unit_scale=True, disable=None) as bar:
        for step in range(1, steps + 1):
            batch = rng.choice(len(x), 50, replace=False)
            losses.append(float(loss_of(weights, x[batch], labels[batch])))
            for name, slope in measured_gradient(weights, x[batch], labels[batch], bar.update).items():
                weights[name] -= 1.0 * slope
            if step in (1, steps // 4, steps // 2, steps):
                each = (time.perf_counter() - started) / step
                eta = f"ETA {each * (steps - step):.1f} s"
                tqdm.write(f"  step {step:3d}/{steps}  loss {losses[-1]:.3f}  {each:.3f} s a step  {eta}")
    first, last = float(np.mean(losses[:5])), float(np.mean(losses[-5:]))
    claims.check(
        51, "loss, first and last five steps: it falls", "falls", [first, last], holds=last < first
    )
    draw(losses, runs, folder / "training.png")


def draw(losses: list[float], runs: int, path: Path) -> None:
    """The loss of each batch."""
    with look():
        drawn = figure("training", (6.4, 3.6))
        axes = drawn.subplots()
        axes.plot(range(1, len(losses) + 1), losses, color="#3b6ea5", linewidth=1.4)
        axes.set_title(f"16-6-10 by measured slopes: {len(losses) * runs:,} runs of the net", loc="left")
        axes.set_xlabel("step")
        axes.set_ylabel("loss of the batch")
        axes.set_ylim(0, 1.1 * max(losses))
        finish("training", drawn, path)


def main() -> None:
    """The cost of the large net, and a tiny one that trains."""
    parser = options(__doc__, "two_layer_numerical", quick="fewer steps of the tiny net")
    parser.add_argument("--whole-step", action="store_true", help="go through one step of the large net")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    large_net(claims, chosen.whole_step)
    tiny_net(claims, chosen.out, 30 if chosen.quick else 300, chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()
