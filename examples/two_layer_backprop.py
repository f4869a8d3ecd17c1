"""A two-layer net by back-propagation, written out by hand: a list of layers, walked there and back.

    python examples/two_layer_backprop.py                      # the 8×8 digits of scikit-learn
    python examples/two_layer_backprop.py --data-dir PATH      # MNIST's four IDX files: 97 %

Each layer keeps what it will need, and turns the slope of its result into those of its input and its
weights. You learn that back-propagation is this and a reversed loop, check it against measured slopes
and against the library, train with it, and see what one ReLU too many does. Writes loss.png and
trailing_relu.png.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from claims import Claims, options
from numerical_gradient import numerical_gradient

from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import digits, mnist
from viz.plots import figure, finish, look


# --------------------------------------------------------------------------- layers
class Affine:
    """x @ w + b."""

    def __init__(self, w: np.ndarray, b: np.ndarray) -> None:
        self.w, self.b = w, b

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, inputs) to (N, outputs)."""
        self.x = x
        return x @ self.w + self.b

    def backward(self, g: np.ndarray) -> np.ndarray:
        """The slope of x; those of w and b are kept."""
        self.dw = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.w.T


class Relu:
    """The positive part."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """0 where x is not above 0."""
        self.passes = x > 0
        return x * self.passes

    def backward(self, g: np.ndarray) -> np.ndarray:
        """A new array: to write zeros into g itself would change it for everybody else who holds it."""
        return g * self.passes


class SoftmaxWithLoss:
    """Softmax and cross-entropy in one, whose slope is the plain difference to the one-hot label."""

    def forward(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Mean of -ln(share of the label)."""
        self.shares, self.labels = F.softmax(x, axis=1), labels
        return float(-np.log(self.shares[np.arange(len(labels)), labels] + 1e-12).mean())

    def backward(self) -> np.ndarray:
        """(softmax - one-hot) / N."""
        g = self.shares.copy()
        g[np.arange(len(g)), self.labels] -= 1
        return g / len(g)


class TwoLayerNet:
    """Affine, ReLU, affine, and a loss. `trailing_relu` puts the mistake of one source back in."""

    def __init__(
        self, inputs: int, hidden: int, outputs: int, seed: int, trailing_relu: bool = False
    ) -> None:
        rng = np.random.default_rng(seed)
        self.layers: OrderedDict[str, Any] = OrderedDict()
        self.layers["affine1"] = Affine(rng.normal(0, 0.01, (inputs, hidden)), np.zeros(hidden))
        self.layers["relu"] = Relu()
        self.layers["affine2"] = Affine(rng.normal(0, 0.01, (hidden, outputs)), np.zeros(outputs))
        if trailing_relu:
            self.layers["relu2"] = Relu()
        self.last = SoftmaxWithLoss()

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Scores: forward through all layers."""
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """The mean loss of a batch."""
        return self.last.forward(self.predict(x), labels)

    def gradient(self, x: np.ndarray, labels: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Each weight with its slope: once forward, and then the same layers in reverse."""
        self.loss(x, labels)
        g = self.last.backward()
        for layer in reversed(self.layers.values()):
            g = layer.backward(g)
        first, second = self.layers["affine1"], self.layers["affine2"]
        return [(first.w, first.dw), (first.b, first.db), (second.w, second.dw), (second.b, second.db)]

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Share of the images whose largest score is at their label."""
        return float((self.predict(x).argmax(axis=1) == labels).mean())


def trained(
    net: TwoLayerNet, x: np.ndarray, labels: np.ndarray, steps: int, seed: int, lr: float
) -> list[float]:
    """Mini-batches of 100, drawn at random; the loss of each."""
    rng, losses = np.random.default_rng(seed), []
    for _ in range(steps):
        batch = rng.choice(len(x), 100)
        pairs = net.gradient(x[batch], labels[batch])
        losses.append(-float(np.log(net.last.shares[np.arange(100), labels[batch]] + 1e-12).mean()))
        for weight, slope in pairs:
            weight -= lr * slope
    return losses


# --------------------------------------------------------------------------- the parts of the page
def check_gradient(claims: Claims, x: np.ndarray, labels: np.ndarray) -> None:
    """The reversed loop beside measured slopes, and beside the library's walk."""
    print("Slopes of a 64-12-10 net, three images:")
    net = TwoLayerNet(64, 12, 10, seed=0)
    net.layers["affine1"].w *= 30  # away from 0, where every ReLU would sit on its kink
    x, labels = x[:3], labels[:3]
    pairs = [(weight, slope.copy()) for weight, slope in net.gradient(x, labels)]
    farthest = max(
        float(np.abs(numerical_gradient(lambda _: net.loss(x, labels), w) - slope).max())
        for w, slope in pairs
    )
    claims.check(58, "farthest from the measured slopes", "below 1e-6", farthest, holds=farthest < 1e-6)

    w1, b1, w2, b2 = tensors = [Tensor(weight, requires_grad=True) for weight, _ in pairs]
    F.cross_entropy(F.relu(x @ w1 + b1) @ w2 + b2, labels).backward()
    farthest = max(
        float(np.abs(t.grad.numpy() - slope).max()) for t, (_, slope) in zip(tensors, pairs, strict=True)
    )
    claims.check(
        58, "farthest from backward() of the library", "below 1e-10", farthest, holds=farthest < 1e-10
    )
    relu, g = Relu(), np.ones(3)
    relu.forward(np.array([-1.0, 0.0, 1.0]))
    relu.backward(g)
    claims.check("D5", "Relu.backward leaves the slope that it was given as it was", [1, 1, 1], g)


def learn(claims: Claims, folder: Path, data: Any, steps: int, seed: int, on_mnist: bool) -> None:
    """Train, print the loss on the way, and draw it."""
    x, labels, test_x, test_labels = data
    net = TwoLayerNet(x.shape[1], 50, 10, seed)
    print(f"\n{x.shape[1]}-50-10, {steps:,} batches of 100, learning rate 0.1:")
    losses = trained(net, x, labels, steps, seed, lr=0.1)
    tenths = [float(np.mean(part)) for part in np.array_split(losses, 10)]
    print("  loss, mean of each tenth: " + " ".join(f"{mean:.3f}" for mean in tenths))
    if not on_mnist or steps >= 10_000:
        claims.check(52, "loss of the last tenth", "below 0.2", tenths[-1], holds=tenths[-1] < 0.2)
    claims.check(
        52,
        "it falls from the first to the last tenth",
        "falls",
        [tenths[0], tenths[-1]],
        holds=tenths[-1] < tenths[0],
    )
    right = net.accuracy(test_x, test_labels)
    if on_mnist and steps >= 10_000:
        claims.check(58, "test accuracy on MNIST", "at least 96.8 %", right, holds=right >= 0.968)
    else:
        claims.check(58, "accuracy on images held back", "at least 90 %", right, holds=right >= 0.9)

    smooth = np.convolve(losses, np.full(50, 1 / 50), mode="valid")
    with look():
        drawn = figure("loss", (6.4, 3.8))
        axes = drawn.subplots()
        axes.plot(losses, color="#c3cfdd", linewidth=0.6, label="each batch")
        axes.plot(np.arange(len(smooth)) + 25, smooth, color="#3b6ea5", linewidth=1.8, label="mean of 50")
        axes.axhline(0.2, color="#8c8c8c", linewidth=0.8, linestyle=":")
        axes.set_title(f"Loss: {right:.1%} of the test images right in the end", loc="left")
        axes.set_xlabel("batch")
        axes.set_ylim(0, None)
        axes.legend(frameon=False)
        finish("loss", drawn, folder / "loss.png")


def one_relu_too_many(claims: Claims, folder: Path, data: Any, steps: int) -> None:
    """A ReLU before softmax: scores below 0 become 0 and get no slope, and classes die."""
    print("\nThe same net with a ReLU before softmax (a defect in one of the sources), three seeds:")
    x, labels, test_x, test_labels = data
    right: dict[str, list[float]] = {"as it should be": [], "a ReLU before softmax": []}
    silent, seeds = [], (1, 2, 3)
    for name, found in right.items():
        for seed in seeds:
            net = TwoLayerNet(x.shape[1], 50, 10, seed, trailing_relu=name.startswith("a ReLU"))
            trained(net, x, labels, steps, seed, lr=0.1)
            found.append(net.accuracy(test_x, test_labels))
            if name.startswith("a ReLU"):
                silent.append(float((net.predict(test_x) == 0).all(axis=1).mean()))
    good, bad = right.values()
    claims.check(
        "D2",
        "accuracy without and with it, mean of three seeds",
        "worse with it",
        [float(np.mean(good)), float(np.mean(bad))],
        holds=np.mean(bad) < np.mean(good) - 0.05,
    )
    print("  with it, seed by seed: " + ", ".join(f"{value:.1%}" for value in bad))
    print("  images for which all ten scores are 0: " + ", ".join(f"{share:.1%}" for share in silent))

    with look():
        drawn = figure("trailing_relu", (6.4, 3.6))
        axes = drawn.subplots()
        for k, ((name, found), colour) in enumerate(
            zip(right.items(), ("#3b6ea5", "#c2410c"), strict=True)
        ):
            places = np.arange(3) + 0.38 * (k - 0.5)
            bars = axes.bar(places, np.array(found) * 100, 0.36, color=colour, label=name)
            axes.bar_label(bars, fmt="%.1f", fontsize=9, padding=1)
        axes.set_xticks(range(3), [f"seed {seed}" for seed in seeds])
        axes.set_ylim(0, 118)
        axes.set_yticks(range(0, 101, 20))
        axes.set_ylabel("test accuracy, %")
        axes.set_title("One ReLU too many", loc="left")
        axes.legend(frameon=False, loc="upper right", ncols=2)
        finish("trailing_relu", drawn, folder / "trailing_relu.png")


def main() -> None:
    """Check, train, and break it."""
    parser = options(__doc__, "two_layer_backprop", quick="fewer batches")
    parser.add_argument("--data-dir", type=Path, help="folder of MNIST's four IDX files")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    small = [array.reshape(len(array), -1).squeeze() for part in digits() for array in part.arrays]
    if chosen.data_dir is None:
        data = small
    else:
        data = [
            a for train in (True, False) for a in mnist(chosen.data_dir, train=train, flatten=True).arrays
        ]
    steps = 10_000 if not chosen.quick else 1_000 if chosen.data_dir is None else 3_000
    check_gradient(claims, small[0].astype(np.float64), small[1])
    learn(claims, chosen.out, data, steps, chosen.seed, chosen.data_dir is not None)
    one_relu_too_many(claims, chosen.out, data, steps)
    claims.finish()


if __name__ == "__main__":
    main()
