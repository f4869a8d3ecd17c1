"""A Sequential of small layers on images as (n, h, w, c): forwards through a list, and backwards.

    python examples/sequential_nhwc.py                      # the digits of scikit-learn
    python examples/sequential_nhwc.py --data-dir PATH      # MNIST's four IDX files, 1 epoch: 98 %

One of the sources writes each layer with `forward_pass` and `backward_pass`, keeps dW and db in it, and
lays images out with their channels last. You build that here in a page, on the library's operations
and their derivatives, see that it agrees with autograd and with channels first, and train it with
gradient descent, RMSProp and Adam. Writes cnn_acc.png, cnn_loss.png, cm.png and history.json.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import training
from claims import Claims

import viz
from tinygrad_cnn import Tensor, grad, nn, no_grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.train import History, accuracy
from viz.plots import figure, finish, look


# --------------------------------------------------------------------------- layers
class Layer:
    """A function of x and of some weights: `forward_pass` keeps what `backward_pass` needs.

    The slopes come from `grad`, the library's walk over what was recorded; each layer sees only its own
    part of the network, as in the source.
    """

    def __init__(self, function: Callable[..., Any], **weights: np.ndarray) -> None:
        self.function, self.weights = function, weights
        self.slopes: dict[str, np.ndarray] = {}

    def forward_pass(self, x: np.ndarray, training: bool) -> np.ndarray:
        """A batch onwards."""
        if not training:
            return self.function(x, training=False, **self.weights)
        self.x = Tensor(x, requires_grad=True)
        self.held = {name: Tensor(w, requires_grad=True) for name, w in self.weights.items()}
        self.y = self.function(self.x, training=True, **self.held)
        return self.y.numpy()

    def backward_pass(self, dA: np.ndarray) -> np.ndarray:  # noqa: N803
        """From the slope of the result to those of the weights, which are kept, and of x."""
        dx, *found = grad(self.y, [self.x, *self.held.values()], Tensor(dA))
        self.slopes = {f"d{name}": slope.numpy() for name, slope in zip(self.held, found, strict=True)}
        del self.x, self.y, self.held  # the graph of this layer is not needed any more
        return dx.numpy()


def conv(channels: int, filters: int, rng: np.random.Generator) -> Layer:
    """Kernels of 3×3 over all channels: [n, h, w, c] to [n, h, w, filters]."""
    w = rng.normal(0, np.sqrt(2 / (9 * channels)), (filters, channels, 3, 3)).astype(np.float32)
    return Layer(
        lambda x, training, W, b: F.conv2d(x, W, b, padding=1, data_format="NHWC"),  # noqa: N803
        W=w, b=np.zeros(filters, np.float32),
    )  # fmt: skip


def relu() -> Layer:
    """The positive part."""
    return Layer(lambda x, training: F.relu(x))


def max_pool() -> Layer:
    """The largest of 2×2 pixels: the slope goes back to where it stood."""
    return Layer(lambda x, training: F.max_pool2d(x, 2, data_format="NHWC"))


def dropout(rate: float, rng: np.random.Generator) -> Layer:
    """Zeros at random while training, the rest made larger; nothing afterwards."""
    return Layer(lambda x, training: F.dropout(x, rate, training=training, rng=rng))


def flatten() -> Layer:
    """[n, h, w, c] to [n, h·w·c]."""
    return Layer(lambda x, training: x.reshape(len(x), -1))


def dense(inputs: int, outputs: int, rng: np.random.Generator) -> Layer:
    """x W + b."""
    w = rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32)
    zeros = np.zeros(outputs, np.float32)
    return Layer(lambda x, training, W, b: x @ W + b, W=w, b=zeros)  # noqa: N803


class Sequential:
    """A list of layers, a loss at its end, and an optimizer that is told each weight and its slope."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers

    def forward_pass(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Scores."""
        for layer in self.layers:
            x = layer.forward_pass(x, training)
        return x

    def backward_pass(self, dA: np.ndarray) -> np.ndarray:  # noqa: N803
        """The same list in reverse."""
        for layer in reversed(self.layers):
            dA = layer.backward_pass(dA)
        return dA

    def train_step(self, x: np.ndarray, labels: np.ndarray, update: Update) -> float:
        """Forwards, backwards, and a step of every weight."""
        scores = Tensor(self.forward_pass(x, training=True), requires_grad=True)
        loss = F.cross_entropy(scores, labels)
        self.backward_pass(grad(loss, scores).numpy())
        for position, layer in enumerate(self.layers):
            for name, weight in layer.weights.items():
                update(f"{position}.{name}", weight, layer.slopes[f"d{name}"])
        return loss.item()

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Scores in evaluation, 250 images at a time."""
        with no_grad():
            return np.concatenate([self.forward_pass(x[i : i + 250]) for i in range(0, len(x), 250)])


def network(rng: np.random.Generator) -> Sequential:
    """Conv 32, conv 64, each with ReLU, pooling and dropout; dense 128 and 10; for 28×28 pixels."""
    return Sequential([
        conv(1, 32, rng), relu(), max_pool(), dropout(0.25, rng),
        conv(32, 64, rng), relu(), max_pool(), dropout(0.25, rng),
        flatten(), dense(7 * 7 * 64, 128, rng), relu(), dropout(0.25, rng),
        dense(128, 10, rng),
    ])  # fmt: skip


# --------------------------------------------------------------------------- optimizers
class Update:
    """Gradient descent, RMSProp or Adam, each with what it remembers of each weight."""

    def __init__(self, kind: str, lr: float) -> None:
        self.kind, self.lr = kind, lr
        self.seen: dict[str, tuple[int, Any, Any]] = {}

    def __call__(self, name: str, weight: np.ndarray, slope: np.ndarray) -> None:
        """One step of one weight, in place."""
        if self.kind == "GD":
            weight -= self.lr * slope
            return
        t, m, v = self.seen.get(name, (0, 0.0, 0.0))
        if self.kind == "RMSProp":
            v = 0.9 * v + 0.1 * slope**2
            weight -= self.lr * slope / (np.sqrt(v) + 1e-8)
        else:
            m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
            weight -= self.lr * (m / (1 - 0.9 ** (t + 1))) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
        self.seen[name] = (t + 1, m, v)


RATES = {"GD": 0.1, "RMSProp": 0.001, "Adam": 0.001}


# --------------------------------------------------------------------------- checks
def agreement(claims: Claims) -> None:
    """The list of layers beside the library's network, channels last beside channels first."""
    print("The list of layers beside nn.Sequential with channels first:")
    rng = np.random.default_rng(0)
    ours = Sequential([
        conv(3, 4, rng), relu(), max_pool(), conv(4, 5, rng), relu(), max_pool(),
        flatten(), dense(20, 3, rng),
    ])  # fmt: skip
    x, labels = rng.normal(size=(6, 8, 8, 3)).astype(np.float32), np.arange(6) % 3
    theirs = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(20, 3),
    )  # fmt: skip
    last = ours.layers[-1].weights
    # Flattened, [n, 2, 2, 5] and [n, 5, 2, 2] have another order: so have the rows of the dense weights.
    columns = last["W"].reshape(2, 2, 5, 3).transpose(3, 2, 0, 1).reshape(3, 20)
    values = [*ours.layers[0].weights.values(), *ours.layers[3].weights.values(), columns, last["b"]]
    for parameter, value in zip(theirs.parameters(), values, strict=True):
        parameter.data[...] = value
    same = float(np.abs(ours.forward_pass(x) - theirs(x.transpose(0, 3, 1, 2)).numpy()).max())
    claims.check(34, "farthest of NHWC from NCHW, transposed", "below 1e-5", same, holds=same < 1e-5)

    scores = Tensor(ours.forward_pass(x, training=True), requires_grad=True)
    ours.backward_pass(grad(F.cross_entropy(scores, labels), scores).numpy())
    F.cross_entropy(theirs(Tensor(x.transpose(0, 3, 1, 2))), labels).backward()
    slopes = [*ours.layers[0].slopes.values(), *ours.layers[3].slopes.values()]
    pairs = zip(slopes, list(theirs.parameters())[:4], strict=True)
    same = max(float(np.abs(slope - p.grad.numpy()).max()) for slope, p in pairs)
    claims.check(33, "farthest of dW and db from autograd's", "below 1e-5", same, holds=same < 1e-5)


def layers(claims: Claims) -> None:
    """Show what the source says of each kind of layer."""
    print("\nLayer by layer:")
    rng = np.random.default_rng(0)
    y = F.conv2d(np.zeros((2, 6, 7, 3)), np.zeros((4, 3, 3, 3)), data_format="NHWC")
    claims.check(35, "[2, 6, 7, 3] and four 3×3×3 kernels: shape", [2, 4, 5, 4], list(y.shape))
    try:
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(8, 4, 3))(np.zeros((1, 3, 8, 8), np.float32))
        said = "nothing"
    except ShapeError as error:
        said = str(error)
    claims.check(
        35, "a wrong number of channels: the error", "names the layer, 4 and 8", said,
        holds=said.startswith("1: ") and "has 4 channels" in said and "expects 8" in said,
    )  # fmt: skip
    pool, x, g = max_pool(), rng.normal(size=(2, 6, 6, 3)), rng.random((2, 3, 3, 3))
    pool.forward_pass(x, training=True)
    sums = [float(slope.sum()) for slope in (g, pool.backward_pass(g))]
    claims.check(36, "max-pool: sum of the slopes before and after", sums[0], sums[1], within=1e-9)
    (drop, again), ones = (
        [dropout(0.25, np.random.default_rng(5)) for _ in range(2)],
        np.ones((99, 9, 9, 9)),
    )
    masks = [layer.forward_pass(ones, training=True) for layer in (drop, again)]
    claims.check(37, "dropout: mean of ones while training", 1.0, float(masks[0].mean()), within=0.02)
    claims.check(37, "dropout: the same mask from the same seed", True, bool((masks[0] == masks[1]).all()))
    untouched = bool((drop.forward_pass(ones, training=False) == ones).all())
    claims.check(37, "dropout: unchanged afterwards", True, untouched)
    flat = flatten()
    shape = flat.backward_pass(flat.forward_pass(x, training=True)).shape
    claims.check(38, "flatten there and back: shape", [2, 6, 6, 3], list(shape))
    full, x, g = dense(5, 2, rng), rng.normal(size=(4, 5)).astype(np.float32), np.ones((4, 2), np.float32)
    full.forward_pass(x, training=True)
    same = float(np.abs(full.backward_pass(g) - g @ full.weights["W"].T).max())
    same = max(same, float(np.abs(full.slopes["dW"] - x.T @ g).max()))
    claims.check(38, "dense: farthest from the written formulas", "below 1e-6", same, holds=same < 1e-6)


# --------------------------------------------------------------------------- training
def trained(kind: str, task: training.Task, seed: int) -> tuple[Sequential, History, list[float]]:
    """A network, its history, and the loss of each batch."""
    net, update = network(np.random.default_rng(seed)), Update(kind, RATES[kind])
    history, losses = History(), []
    images, labels = task.test.arrays
    loader = DataLoader(task.train, 64, shuffle=True, rng=seed)
    for epoch in range(1, task.epochs + 1):
        started = time.perf_counter()
        for x, y in loader:
            losses.append(net.train_step(channels_last(x), y, update))
        scores = net.predict(channels_last(images))
        loss, right = float(np.mean(losses[-len(loader) :])), accuracy(scores, labels)
        measured = {"val_loss": float(F.cross_entropy(scores, labels)), "val_accuracy": right}
        history.append({"train_loss": loss, **measured})
        seconds = time.perf_counter() - started
        print(
            f"  {kind:8s} epoch {epoch}/{task.epochs}  loss {loss:.4f}  test accuracy {right:.2%}  "
            f"{seconds:.1f} s",
            flush=True,
        )
    return net, history, losses


def channels_last(images: np.ndarray) -> np.ndarray:
    """[n, c, h, w] to [n, h, w, c]."""
    return images.transpose(0, 2, 3, 1)


def learn(claims: Claims, folder: Path, task: training.Task, seed: int) -> None:
    """Three optimizers, and the pictures that the source draws."""
    print(f"\nTraining, batches of 64, {task.epochs} epoch(s) each:")
    found = {kind: trained(kind, task, seed) for kind in RATES}
    net, history, _ = found["Adam"]
    task.judge(claims, 39, "Adam, 0.001", history["val_accuracy"][-1])
    for kind in ("GD", "RMSProp"):
        _, its_history, losses = found[kind]
        if task.whole:
            right = its_history["val_accuracy"][-1]
            claims.check(
                39, f"{kind}: accuracy (the source: 90 %)", "at least 90 %", right, holds=right >= 0.9
            )
        else:
            ends = [float(np.mean(part)) for part in (losses[:5], losses[-5:])]
            claims.check(
                39, f"{kind}: loss, first and last 5 batches", "falls", ends, holds=ends[1] < ends[0]
            )
    history.save(folder / "history.json")
    tenths = {
        kind: [float(np.mean(part)) for part in np.array_split(f[2], 20)] for kind, f in found.items()
    }
    draw(tenths, "Loss while training", "twentieth of the batches", folder / "cnn_loss.png")
    rights = {kind: [100 * right for right in f[1]["val_accuracy"]] for kind, f in found.items()}
    draw(rights, "Accuracy on images held back, %", "epoch", folder / "cnn_acc.png")
    images, labels = task.test.arrays
    viz.confusion(labels, net.predict(channels_last(images)).argmax(axis=1), folder / "cm.png")
    print(f"  {training.memory()}")


def draw(curves: dict[str, list[float]], title: str, along: str, path: Path) -> None:
    """A line for each optimizer."""
    with look():
        drawn = figure(path.stem, (6.4, 3.8))
        axes = drawn.subplots()
        for (kind, values), colour in zip(curves.items(), ("#8a9bb0", "#3b6ea5", "#c2410c"), strict=True):
            label = f"{kind}, learning rate {RATES[kind]:g}: {values[-1]:.3g}"
            axes.plot(
                range(1, len(values) + 1), values, marker="o", markersize=4, color=colour, label=label
            )
        axes.set_title(title, loc="left")
        axes.set_xlabel(along)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False)
        finish(path.stem, drawn, path)


def main() -> None:
    """Agreement, layers, training."""
    parser = training.options(__doc__, "sequential_nhwc", 1, quick="few images")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(chosen, epochs=1, bar=0.98, quick_epochs=2, quick_bar=0.6, quick_images=800)
    agreement(claims)
    layers(claims)
    learn(claims, chosen.out, task, chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()
