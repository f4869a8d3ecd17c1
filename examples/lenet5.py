"""LeNet-5 as it was published in 1998: maps that see some of the maps before, and poolings that learn.

    python examples/lenet5.py                      # the digits of scikit-learn
    python examples/lenet5.py --data-dir PATH      # MNIST's four IDX files, 15 epochs: 98.9 %

You learn how a table says which maps of C3 see which of S2, where the 60,000 weights are, that a
connection that is not there gets no gradient, how sub-sampling with a weight and a bias differs from
pooling, and what ten fixed drawings do at the output in place of a linear layer; both are trained.
Writes table.png, graph.png, features.png, and curves and history of both.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import training
from claims import Claims

import viz
from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.nn import models
from tinygrad_cnn.train import LearningRate, ProgressBar, Trainer
from viz.plots import figure, finish, look

#: The parameters that the paper states, layer by layer: 60,000 in all.
PUBLISHED = {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48120, "f6": 10164}


def counts(claims: Claims) -> None:
    """Where the weights are."""
    print("Layers, for images of 32×32:")
    model = models.lenet5(rng=0)
    print(nn.summary(model, (1, 1, 32, 32)))
    found = [training.parameters(getattr(model, name)) for name in PUBLISHED]
    claims.check(29, "parameters of C1, S2, C3, S4, C5, F6", list(PUBLISHED.values()), found)
    claims.check(29, "parameters in all", 60_000, training.parameters(model))
    dense = models.lenet5(output="dense", rng=0)
    claims.check(29, "with a linear layer in place of the drawings", 60_850, training.parameters(dense))


def connections(claims: Claims, path: Path) -> None:
    """The table of C3: as a picture, and what is not in it."""
    print("\nThe table of C3, 16 maps that see 3, 4 or all 6 of the maps of S2:")
    table = models.lenet5_table()
    claims.check(27, "kernels · 25 + biases = 60 · 25 + 16", 1516, int(table.sum()) * 25 + len(table))
    layer = nn.ConnectionConv2d(table, 5, rng=0)
    # A full convolution whose other kernels are 0 computes the same.
    full = nn.Conv2d(6, 16, 5, rng=0)
    full.weight.data[:] = 0.0
    full.weight.data[table] = layer.weight.numpy()
    full.bias.data[:] = layer.bias.numpy()
    x = Tensor(np.random.default_rng(0).normal(size=(2, 6, 14, 14)).astype(np.float32), requires_grad=True)
    farthest = float(np.abs(layer(x).numpy() - full(x).numpy()).max())
    claims.check(
        27, "farthest from a full convolution with zeros", "below 1e-4", farthest, holds=farthest < 1e-4
    )

    # Map 0 of C3 sees maps 0, 1 and 2 of S2: the others get no gradient from it.
    layer(x)[:, 0].sum().backward()
    reached = np.abs(x.grad.numpy()).sum(axis=(0, 2, 3)) > 0
    claims.check(27, "maps of S2 that map 0 of C3 sends a gradient to", table[0].tolist(), reached.tolist())
    optimizer = optim.SGD(layer.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    layer(x).sum().backward()
    optimizer.step()
    claims.check(
        27, "weights after a step: those of the table, and no others", [60, 5, 5], list(layer.weight.shape)
    )
    with look():
        drawn = figure("table", (5.4, 2.6))
        axes = drawn.subplots()
        axes.imshow(table.T, cmap="Blues", vmin=0, vmax=1.4)
        axes.set_title("Which maps of S2 (rows) each map of C3 (columns) sees", loc="left")
        axes.set_xticks(range(16))
        axes.set_yticks(range(6))
        axes.set_xticks(np.arange(15) + 0.5, minor=True)
        axes.set_yticks(np.arange(5) + 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="both", length=0)
        finish("table", drawn, path)


def sub_sampling(claims: Claims) -> None:
    """f(weight · mean + bias), one weight and one bias a map."""
    print("\nSub-sampling of 2×2 pixels that learns:")
    layer = nn.SubSampling2d(2, activation=nn.ScaledTanh(), dtype="float64")
    layer.weight.data[:], layer.bias.data[:] = (2.0, -1.0), (0.5, 0.25)
    x = np.random.default_rng(0).normal(size=(1, 2, 4, 4))
    means = x.reshape(1, 2, 2, 2, 2, 2).mean(axis=(3, 5))
    by_hand = 1.7159 * np.tanh(2 / 3 * (means * [[[2.0]], [[-1.0]]] + [[[0.5]], [[0.25]]]))
    farthest = float(np.abs(layer(x).numpy() - by_hand).max())
    claims.check(28, "farthest from the formula", "below 1e-12", farthest, holds=farthest < 1e-12)
    claims.check(
        28,
        "weights and biases of S2 and S4",
        [12, 32],
        [training.parameters(nn.SubSampling2d(n)) for n in (6, 16)],
    )
    # d loss / d weight is the sum of (slope · mean) over the map: without an activation, of the means.
    plain = nn.SubSampling2d(2, dtype="float64")
    plain(x).sum().backward()
    claims.check(
        28, "d sum / d weight = sum of the means; d bias = 4 places",
        [*means.sum(axis=(0, 2, 3)), 4.0, 4.0],
        [*plain.weight.grad.numpy(), *plain.bias.grad.numpy()],
        within=1e-12,
    )  # fmt: skip
    overlapping = nn.SubSampling2d(2, kernel_size=3, stride=1, down="max", dtype="float64")(x)
    claims.check(
        28, "overlapping windows of 3, stride 1, maximum: shape", [1, 2, 2, 2], list(overlapping.shape)
    )


#: Output, highest learning rate, loss, and the bar on MNIST.
OUTPUTS = {
    "dense": (0.02, F.cross_entropy, 0.989),
    "rbf": (0.003, models.lenet5_loss, 0.985),
}


def scaled(images: np.ndarray) -> np.ndarray:
    """Paper -0.1 and ink 1.175: mean 0 and variance 1 on MNIST, as the paper has it."""
    return 1.275 * images - 0.1


def learn(claims: Claims, folder: Path, task: training.Task, output: str, seed: int) -> None:
    """SGD with momentum; ten scores of a linear layer, or ten drawings that F6 must come near."""
    rate, loss, bar = OUTPUTS[output]
    print(f"\nTraining with output {output!r}, SGD with momentum, {task.epochs} epochs:")
    model = models.lenet5(rng=seed, output=output)
    images, labels = task.train.arrays
    test = (scaled(task.test.arrays[0]), task.test.arrays[1])
    loader = DataLoader(
        (scaled(images), labels), 64 if len(images) > 10_000 else 32, shuffle=True, rng=seed
    )
    optimizer = optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    # Far from all drawings the slopes are large: the rate climbs first, or F6 saturates for good.
    cycle = optim.OneCycleLR(
        optimizer, rate, epochs=task.epochs, steps_per_epoch=len(loader), cycle_momentum=False
    )
    schedule = LearningRate(cycle, every="batch", record=False)
    callbacks = [ProgressBar(leave=False), schedule, training.Lines()]
    trainer = Trainer(model, optimizer, loss, callbacks=callbacks)
    trainer.fit(loader, epochs=task.epochs, validation={"test": test})
    right = training.report(trainer, folder, f"{output}-")
    replace(task, bar=bar if task.whole else task.bar).judge(claims, 29, f"LeNet-5, {output}", right)
    if output == "rbf":
        pictures(model, test[0][:1], test[1][:1], folder)


def pictures(model: nn.Module, image: np.ndarray, label: np.ndarray, folder: Path) -> None:
    """The maps of one digit, and the graph of a step."""
    viz.feature_maps(model, image, folder / "features.png", layers=["c1", "s2", "c3", "s4"])
    loss = models.lenet5_loss(model.train()(Tensor(image, name="image")), label)
    loss.name = "loss"
    model.zero_grad()
    loss.backward()
    viz.render(loss, folder / "graph.png", title="LeNet-5 of 1998, one training step")
    nearest = int(model.eval()(Tensor(image)).numpy().argmax())
    print(f"  the first test image is a {label[0]}; the nearest drawing is that of {nearest}")


def main() -> None:
    """Counts, the table, sub-sampling, training."""
    parser = training.options(__doc__, "lenet5", 15, quick="few images, few epochs")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(
        chosen, epochs=15, bar=0.989, quick_epochs=4 if chosen.quick else 10, quick_bar=0.8, padding=2
    )
    counts(claims)
    connections(claims, chosen.out / "table.png")
    sub_sampling(claims)
    for output in OUTPUTS:
        learn(claims, chosen.out, task, output, chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()
