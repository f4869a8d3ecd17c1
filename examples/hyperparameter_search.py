"""Hyper-parameter search: draw learning rate and weight decay at random, on a scale of powers of ten.

    python examples/hyperparameter_search.py                      # the digits of scikit-learn
    python examples/hyperparameter_search.py --data-dir PATH      # MNIST's four IDX files
    python examples/hyperparameter_search.py --workers 4          # four processes share the trials

Nobody can say which learning rate fits. You learn to hold back a part of the training images to judge
by (the test images are for the very end), to draw powers of ten and not numbers, to train each draw
for a short while, to read the table from the best to the worst, and to look closer around the best.
Trials know nothing of each other, so processes share them, by joblib; all is drawn before, and the results
are the same for any number of workers.
Writes search.png and curves.png.
"""

from __future__ import annotations

import argparse
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import training
from claims import Claims
from joblib import Parallel, delayed, parallel_config

from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import ArrayDataset, digits, mnist, split
from tinygrad_cnn.train import NaNStop, Trainer
from viz.plots import figure, finish, look


class Trial(NamedTuple):
    """One draw, and what came of it."""

    lr: float
    decay: float
    curve: list[float]  # accuracy on the images held back, epoch by epoch

    @property
    def accuracy(self) -> float:
        """At the end."""
        return self.curve[-1]


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number whose logarithm is even between those of low and high."""
    return float(10 ** rng.uniform(np.log10(low), np.log10(high)))


def net(inputs: int, seed: int) -> nn.Sequential:
    """Two hidden layers of 100."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(inputs, 100, rng=rng), nn.ReLU(), nn.Linear(100, 100, rng=rng), nn.ReLU(),
        nn.Linear(100, 10, rng=rng),
    )  # fmt: skip


def trained(
    train: ArrayDataset, judge: ArrayDataset, lr: float, decay: float, epochs: int, seed: int
) -> Trainer:
    """SGD with momentum, always from the same weights and in the same order."""
    model = net(train.arrays[0].shape[1], seed)
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=decay)
    trainer = Trainer(model, optimizer, callbacks=[NaNStop()])
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a rate that is too large may lead to infinity
        trainer.fit(train, epochs=epochs, batch_size=50, rng=seed, validation=judge)
    return trainer


def tried(
    parts: tuple[ArrayDataset, ArrayDataset], lr: float, decay: float, epochs: int, seed: int
) -> Trial:
    """A trial; each runs in a process of its own choice, and draws nothing from the others."""
    trainer = trained(*parts, lr, decay, epochs, seed)
    curve = trainer.history.get("val_accuracy", [])
    # What was stopped because its loss ran away is of no use, whatever it knew before.
    return Trial(lr, decay, [*curve, 0.0] if trainer.stop_reason else curve)


def search(
    parts: tuple[ArrayDataset, ArrayDataset], trials: int, epochs: int, seed: int,
    rates: tuple[float, float], decays: tuple[float, float], workers: int = 1,
) -> list[Trial]:  # fmt: skip
    """Trials at random, from the best to the worst."""
    rng = np.random.default_rng(seed)
    drawn = [(log_uniform(rng, *rates), log_uniform(rng, *decays)) for _ in range(trials)]
    with parallel_config("loky", inner_max_num_threads=1) if workers > 1 else nullcontext():
        found = Parallel(workers)(delayed(tried)(parts, lr, decay, epochs, seed) for lr, decay in drawn)
    return sorted(found, key=lambda trial: -trial.accuracy)


def table(trials: list[Trial], rows: int = 10) -> None:
    """The best of them, and the worst."""
    print("   rank  learning rate  weight decay  accuracy")
    shown = [*enumerate(trials[:rows], 1), *([(len(trials), trials[-1])] if len(trials) > rows else [])]
    for rank, trial in shown:
        print(f"  {rank:5d}  {trial.lr:13.2e}  {trial.decay:12.2e}  {trial.accuracy:8.2%}")


def data(chosen: argparse.Namespace) -> tuple[ArrayDataset, ArrayDataset, ArrayDataset]:
    """Images to learn, images to judge by, and test images; each a row of pixels."""
    if chosen.data_dir is None:
        train, test = digits()
    else:
        train = ArrayDataset(*mnist(chosen.data_dir)[: 2000 if chosen.quick else 5000])
        test = mnist(chosen.data_dir, train=False)
    learn, judge = split(train, 0.2, rng=0, stratify=True)
    rows = [ArrayDataset(p.arrays[0].reshape(len(p), -1), p.arrays[1]) for p in (learn, judge, test)]
    return rows[0], rows[1], rows[2]


def draw(coarse: list[Trial], fine: list[Trial], folder: Path) -> None:
    """Where the trials lie and how good they are; and the curves of the best."""
    with look():
        drawn = figure("search", (6.4, 4.0))
        axes = drawn.subplots()
        for trials, marker in ((coarse, "o"), (fine, "s")):
            shown = axes.scatter(
                [t.lr for t in trials], [t.decay for t in trials], c=[100 * t.accuracy for t in trials],
                marker=marker, cmap="viridis", vmin=0, vmax=100, edgecolor="white", s=60,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:.0e}")
            axis.set_minor_formatter(lambda value, _: "")
        axes.set_xticks([1e-6, 1e-4, 1e-2, 1])
        axes.set_xlabel("learning rate")
        axes.set_ylabel("weight decay")
        axes.set_title("Accuracy, %; squares: the closer look", loc="left")
        drawn.colorbar(shown)
        finish("search", drawn, folder / "search.png")
        drawn = figure("curves", (9.0, 4.2))
        panels = drawn.subplots(2, 5, sharex=True, sharey=True).ravel()
        for rank, (axes, trial) in enumerate(zip(panels, coarse, strict=False), 1):
            axes.plot(range(1, len(trial.curve) + 1), 100 * np.array(trial.curve), color="#3b6ea5")
            axes.set_title(f"{rank}: lr {trial.lr:.1e}", loc="left", fontsize=9)
            axes.set_ylim(0, 100)
        finish("curves", drawn, folder / "curves.png")


def main() -> None:
    """Wide, then close, then the test images once."""
    parser = training.options(__doc__, "hyperparameter_search", 20, quick="fewer trials, fewer epochs")
    parser.add_argument("--trials", type=int, help="how many (60; with --quick 15)")
    parser.add_argument("--workers", type=int, default=1, help="processes that share the trials (1)")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    learn, judge, test = data(chosen)
    epochs, trials = (
        chosen.epochs or (5 if chosen.quick else 20),
        chosen.trials or (15 if chosen.quick else 60),
    )
    print(f"{trials} draws, {len(learn):,} images to learn, {len(judge):,} to judge by, {epochs} epochs:")
    coarse = search((learn, judge), trials, epochs, chosen.seed, (1e-6, 1.0), (1e-8, 1e-1), chosen.workers)
    table(coarse)
    best, worst = coarse[0], coarse[-1]
    ratio = [best.accuracy, worst.accuracy]
    claims.check(
        78,
        "accuracy of the best and of the worst draw",
        "above 85 %, below 40 %",
        ratio,
        holds=best.accuracy > 0.85 and worst.accuracy < 0.4,
    )
    good = min(trial.lr for trial in coarse if trial.accuracy > best.accuracy - 0.05)
    claims.check(78, "least rate within 5 points of the best", "above 0.0003", good, holds=good > 3e-4)

    print(f"\nCloser, within a factor of three of the best, {trials // 3} draws:")
    around = [(value / 3, value * 3) for value in (best.lr, best.decay)]
    fine = search(
        (learn, judge), trials // 3, epochs, chosen.seed + 1, around[0], around[1], chosen.workers
    )
    table(fine, rows=5)
    middle = [float(np.median([trial.accuracy for trial in trials])) for trials in (coarse, fine)]
    claims.check(
        78, "median of the first look, and of the closer", "better", middle, holds=middle[0] < middle[1]
    )
    chosen_one = max(best, fine[0], key=lambda trial: trial.accuracy)
    final = trained(learn, judge, chosen_one.lr, chosen_one.decay, epochs, chosen.seed).evaluate(test)
    claims.check(
        78,
        "the best of all on the test images, looked at once",
        "above 85 %",
        final["accuracy"],
        holds=final["accuracy"] > 0.85,
    )
    draw(coarse, fine, chosen.out)
    print(f"  {training.memory()}")
    claims.finish()


if __name__ == "__main__":
    main()
