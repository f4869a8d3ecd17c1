"""Shared by the examples that train: options, data of one size, a line an epoch, and a bar to reach.

Without --data-dir they train on the 8×8 digits of scikit-learn, enlarged to MNIST's size, which takes
seconds and needs no download. With it they train on MNIST by the whole recipe, and `Task.judge` asks
for the accuracy that the recipe reaches.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import claims
import numpy as np

import viz
from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import ArrayDataset, DataLoader, digits, mnist
from tinygrad_cnn.train import Callback, ProgressBar, Trainer

try:
    import resource
except ImportError:  # there is none on Windows
    resource = None  # type: ignore[assignment]


def options(doc: str | None, name: str, epochs: int, quick: str) -> argparse.ArgumentParser:
    """The parser of an example that trains: --quick, --out, --data-dir, --epochs and --seed."""
    parser = claims.options(doc, name, quick)
    parser.add_argument("--data-dir", type=Path, help="folder of MNIST's four IDX files")
    parser.add_argument("--epochs", type=int, help=f"passes over the data (the recipe has {epochs})")
    parser.add_argument("--seed", type=int, default=1)
    return parser


@dataclass(frozen=True)
class Task:
    """Images to train on and to test on, how long, and the accuracy to reach."""

    train: ArrayDataset
    test: ArrayDataset
    epochs: int
    bar: float
    whole: bool  # MNIST, all of it, for as long as the recipe says

    def judge(self, claims: claims.Claims, row: int, what: str, accuracy: float) -> None:
        """The accuracy beside the bar, which is lower for small data or few epochs."""
        of = "MNIST's test images" if self.whole else f"{len(self.test):,} test images"
        words = f"at least {self.bar:.2%}" + ("" if self.whole else ", short of the whole recipe")
        claims.check(row, f"{what}: accuracy on {of}", words, accuracy, holds=accuracy >= self.bar)


def task(
    chosen: argparse.Namespace, *, epochs: int, bar: float, quick_epochs: int, quick_bar: float,
    quick_images: int = 2000, padding: int = 0,
) -> Task:  # fmt: skip
    """The data of the options, at 28×28 pixels and a frame of zeros, and the recipe for it.

    Args:
        chosen: what `options` parsed.   epochs, bar: of the whole recipe on MNIST.
        quick_epochs: for --quick, and for the digits of scikit-learn.
        quick_bar: what anything less than the whole recipe must reach.
        quick_images: how many to train on with --quick, at most.   padding: pixels of frame.
    """
    if chosen.data_dir is None:
        train, test = (
            ArrayDataset(enlarged(images), labels) for images, labels in (p.arrays for p in digits())
        )
    else:
        train, test = mnist(chosen.data_dir, train=True), mnist(chosen.data_dir, train=False)
    if chosen.quick:
        train, test = ArrayDataset(*train[:quick_images]), ArrayDataset(*test[:1000])
    if padding:
        train, test = (
            ArrayDataset(framed(part.arrays[0], padding), part.arrays[1]) for part in (train, test)
        )
    usual = quick_epochs if chosen.quick or chosen.data_dir is None else epochs
    wanted = chosen.epochs or usual
    whole = chosen.data_dir is not None and not chosen.quick and wanted >= epochs
    return Task(train, test, wanted, bar if whole else quick_bar, whole)


def enlarged(images: np.ndarray) -> np.ndarray:
    """Images of 8×8 pixels as 28×28: each pixel three by three, and a frame of two."""
    return framed(images.repeat(3, axis=2).repeat(3, axis=3), 2)


def framed(images: np.ndarray, width: int) -> np.ndarray:
    """Images with a frame of zeros."""
    return np.pad(images, ((0, 0), (0, 0), (width, width), (width, width)))


class Lines(Callback):
    """A line after each epoch: loss, accuracy, seconds."""

    def on_epoch_begin(self, trainer: Trainer) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        measured = "  ".join(
            f"{name.replace('_', ' ')} {value:.2%}"
            if "accuracy" in name
            else f"{name.replace('_', ' ')} {value:.4f}"
            for name, value in logs.items()
            if name != "lr"
        )
        seconds = time.perf_counter() - self.started
        print(f"  epoch {trainer.epoch:3d}/{trainer.epochs}  {measured}  {seconds:.1f} s", flush=True)


def fit(
    model: nn.Module, optimizer: optim.Optimizer, task: Task, batch_size: int, seed: int,
    callbacks: tuple[Callback, ...] = (),
) -> Trainer:  # fmt: skip
    """Train on shuffled batches, test after each epoch, and say how it goes.

    Few images come in batches of 32 at most, for more steps.
    """
    trainer = Trainer(model, optimizer, callbacks=[ProgressBar(leave=False), *callbacks, Lines()])
    size = batch_size if len(task.train) > 10_000 else min(batch_size, 32)
    loader = DataLoader(task.train, size, shuffle=True, rng=seed)
    trainer.fit(loader, epochs=task.epochs, validation={"test": task.test})
    return trainer


def report(trainer: Trainer, folder: Path, name: str = "") -> float:
    """Write history and curves, say the peak of memory, and give the accuracy of the last epoch."""
    if trainer.ending == "interrupted":
        raise SystemExit("Interrupted: nothing is judged")
    trainer.history.save(folder / f"{name}history.json")
    viz.curves(trainer.history, folder / f"{name}curves.png")
    print(f"  {parameters(trainer.model):,} parameters; {memory()}")
    return float(trainer.history["test_accuracy"][-1])


def parameters(model: nn.Module) -> int:
    """Count the numbers that a model learns."""
    return sum(p.size for p in model.parameters())


def memory() -> str:
    """The most memory that this program has held, in words."""
    if resource is None:
        return "peak memory not known on this system"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"peak memory {peak / (2**20 if sys.platform == 'darwin' else 2**10):,.0f} MiB"
