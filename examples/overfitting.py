"""Over-fitting, and two ways against it, weight decay and dropout; and what batch norm does.

    python examples/overfitting.py                      # the digits of scikit-learn
    python examples/overfitting.py --data-dir PATH      # 300 images of MNIST

A deep net of six hidden layers learns 300 images by heart: it gets all of them right, and new ones
worse. You learn to see that in the distance between two curves, how weight decay and dropout make it
smaller, and that batch norm makes a net learn fast, and learn at all where weights start badly. Writes
overfitting.png and batch_norm.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import training
from claims import Claims

from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import ArrayDataset, digits, mnist
from tinygrad_cnn.train import History, Trainer
from viz.plots import figure, finish, look

HIDDEN, UNITS = 6, 100


def net(
    inputs: int, seed: int, *, std: float | None = None, dropout: float = 0.0, batch_norm: bool = False
) -> nn.Sequential:
    """Six layers of 100 ReLUs and ten scores; weights from N(0, std), or by He's rule."""
    rng = np.random.default_rng(seed)
    layers: list[nn.Module] = []
    for width in (inputs, *[UNITS] * (HIDDEN - 1)):
        layers.append(nn.Linear(width, UNITS, rng=rng))
        layers += [nn.BatchNorm1d(UNITS)] * batch_norm + [nn.ReLU()]
        layers += [nn.Dropout(dropout, rng=rng)] * (dropout > 0)
    model = nn.Sequential(*layers, nn.Linear(UNITS, 10, rng=rng))
    for layer in model:
        if isinstance(layer, nn.Linear):
            if std is None:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", rng=rng)
            else:
                nn.init.normal_(layer.weight, std=std, rng=rng)
            nn.init.zeros_(layer.bias)
    return model


def few_images(chosen: argparse.Namespace) -> tuple[ArrayDataset, ArrayDataset]:
    """300 images to learn (100 of the small digits), the others to test; each a row of pixels."""
    if chosen.data_dir is None:
        train, test, count = *digits(), 100
    else:
        train, test, count = mnist(chosen.data_dir), mnist(chosen.data_dir, train=False), 300
    images, labels = train[:count]
    test_images, test_labels = test[:2000]
    return (
        ArrayDataset(images.reshape(len(images), -1), labels),
        ArrayDataset(test_images.reshape(len(test_images), -1), test_labels),
    )


def trained(model: nn.Module, data: Any, lr: float, epochs: int, seed: int, decay: float = 0.0) -> History:
    """SGD on few images, four batches an epoch."""
    train, test = data
    optimizer = optim.SGD(model.parameters(), lr=lr, weight_decay=decay)
    trainer = Trainer(model, optimizer)
    return trainer.fit(
        train, epochs=epochs, batch_size=len(train) // 4, rng=seed, validation={"test": test}
    )


def against(claims: Claims, path: Path, data: Any, epochs: int, seed: int) -> None:
    """The same net as it is, with weight decay, and with dropout."""
    train, test = data
    inputs = train.arrays[0].shape[1]
    print(f"{HIDDEN} hidden layers, {len(train)} images to learn, {len(test):,} to test, {epochs} epochs:")
    runs = {
        "as it is": trained(net(inputs, seed), data, 0.05, epochs, seed),
        "weight decay 0.01": trained(net(inputs, seed), data, 0.05, epochs, seed, decay=0.01),
        "dropout 0.2": trained(net(inputs, seed, dropout=0.2), data, 0.05, epochs, seed),
    }
    ends = {}
    for name, history in runs.items():
        keys = ("train_accuracy", "test_accuracy", "train_loss", "test_loss")
        known, new, known_loss, new_loss = ends[name] = [history[key][-1] for key in keys]
        print(f"  {name:18s} accuracy {known:.1%} and {new:.1%}, loss {known_loss:.3f} and {new_loss:.3f}")
    plain, decayed, dropped = ends.values()
    learnt, new = plain[:2]
    claims.check(78, "as it is, it knows the images by heart", "above 99 %", learnt, holds=learnt > 0.99)
    claims.check(78, "but not new ones", "at least 5 points below", new, holds=new < learnt - 0.05)
    losses = [plain[3], decayed[3]]
    lower = losses[1] < losses[0]
    claims.check(78, "test loss without and with weight decay", "lower with it", losses, holds=lower)
    apart = [plain[0] - plain[1], dropped[0] - dropped[1]]
    nearer = apart[1] < apart[0]
    claims.check(37, "distance of the accuracies without and with dropout", "nearer", apart, holds=nearer)
    draw(runs, path)


def draw(runs: dict[str, History], path: Path) -> None:
    """Accuracy on known and on new images, a panel for each net."""
    with look():
        drawn = figure("overfitting", (9.0, 3.2))
        panels = drawn.subplots(1, len(runs), sharey=True)
        for axes, (name, history) in zip(panels, runs.items(), strict=True):
            for part, colour in (("train", "#8a9bb0"), ("test", "#c2410c")):
                values = 100 * np.array(history[f"{part}_accuracy"])
                axes.plot(
                    range(1, len(values) + 1), values, color=colour, label=f"{part}: {values[-1]:.1f}"
                )
            axes.set_title(name, loc="left")
            axes.set_xlabel("epoch")
            axes.legend(frameon=False, loc="lower right")
        panels[0].set_ylabel("accuracy, %")
        finish("overfitting", drawn, path)


def batch_norm(claims: Claims, path: Path, data: Any, epochs: int, seed: int) -> None:
    """Nets whose weights start with several spreads, with and without batch norm."""
    inputs = data[0].arrays[0].shape[1]
    spreads = (0.2, 0.14, 0.1, 0.03, 0.01, 0.003)
    print(f"\nWith and without batch norm, weights from N(0, std), {epochs} epochs of SGD 0.05:")
    found: dict[float, dict[str, list[float]]] = {}
    for std in spreads:
        with np.errstate(over="ignore", invalid="ignore"):  # large weights may run away without it
            found[std] = {
                name: trained(net(inputs, seed, std=std, batch_norm=norm), data, 0.05, epochs, seed)[
                    "train_accuracy"
                ]
                for name, norm in (("without", False), ("with batch norm", True))
            }
        ends = [values[-1] for values in found[std].values()]
        print(f"  std {std:<6g} train accuracy {ends[0]:7.2%} without, {ends[1]:7.2%} with it")
    small = found[0.01]["without"][-1]
    claims.check(78, "without it, weights of 0.01 learn nothing", "below 30 %", small, holds=small < 0.3)
    least = min(curves["with batch norm"][-1] for curves in found.values())
    claims.check(78, "with it, every start learns: the least", "above 70 %", least, holds=least > 0.7)
    with look():
        drawn = figure("batch_norm", (9.0, 5.0))
        panels = drawn.subplots(2, 3, sharex=True, sharey=True).ravel()
        for axes, (std, curves) in zip(panels, found.items(), strict=True):
            for (name, values), colour in zip(curves.items(), ("#8a9bb0", "#c2410c"), strict=True):
                axes.plot(range(1, len(values) + 1), 100 * np.array(values), color=colour, label=name)
            axes.set_title(f"std {std:g}", loc="left")
        for axes in panels[3:]:
            axes.set_xlabel("epoch")
        for axes in panels[::3]:
            axes.set_ylabel("train accuracy, %")
        panels[0].legend(frameon=False)
        finish("batch_norm", drawn, path)


def main() -> None:
    """Three ways, then batch norm."""
    parser = training.options(__doc__, "overfitting", 200, quick="fewer epochs")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    data = few_images(chosen)
    epochs = chosen.epochs or (120 if chosen.quick else 200)
    against(claims, chosen.out / "overfitting.png", data, epochs, chosen.seed)
    batch_norm(claims, chosen.out / "batch_norm.png", data, max(1, epochs // 3), chosen.seed)
    print(f"  {training.memory()}")
    claims.finish()


if __name__ == "__main__":
    main()
