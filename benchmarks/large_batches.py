"""Trials of the helps for large batches: `python -m benchmarks.large_batches`, minutes on one thread.

A small ConvNet learns scikit-learn's digits with SGD and momentum. n ranks make the batch n times as
large and the steps fewer; to the weights it is all one who goes through the batch, so one process tries it.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np

from tinygrad_cnn import Tensor, nn, no_grad, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import ArrayDataset, DataLoader, digits

EPOCHS, SEEDS = 20, (0, 1, 2)


class Way(NamedTuple):
    """A row of the table.

    Attributes:
        batch: images a step.   rate: of the optimizer, after the warm-up.
        warm_up: epochs in which the rate grows to that.   trust: LARS with this coefficient; 0 is SGD.
        falls: whether the rate falls afterwards, by a power of two, to 0 at the end.
    """

    batch: int
    rate: float
    warm_up: int = 0
    trust: float = 0.0
    falls: bool = False

    @property
    def words(self) -> str:
        """Say how the rate is chosen."""
        parts = ["linear scaling"] if self.batch > 16 and self.rate == 0.02 * self.batch / 16 else []
        parts += [f"LARS, trust {self.trust:g}"] if self.trust else []
        parts += [f"warm-up of {self.warm_up} epochs"] if self.warm_up else []
        parts += ["falling to 0"] if self.falls else []
        return ", ".join([f"{self.rate:g}", *parts])


WAYS = (
    Way(16, 0.02), Way(16, 0.02, falls=True),
    Way(128, 0.02), Way(128, 0.16), Way(128, 0.16, 5), Way(128, 0.16, 5, falls=True),
    Way(128, 0.16, 5, 0.1, True),
    Way(512, 0.02), Way(512, 0.64), Way(512, 0.64, 5), Way(512, 0.64, 5, falls=True),
    Way(512, 0.16, 5, falls=True), Way(512, 0.64, 5, 0.03, True), Way(512, 0.64, 5, 0.1, True),
    Way(1348, 0.16, 5, falls=True), Way(1348, 0.64, 5, falls=True), Way(1348, 0.64, 5, 0.1, True),
)  # fmt: skip


def accuracy(way: Way, train: ArrayDataset, test: ArrayDataset, seed: int) -> float:
    """The share of test images that are right after the training."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, rng=rng), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(256, 64, rng=rng), nn.ReLU(), nn.Linear(64, 10, rng=rng),
    )  # fmt: skip
    loader = DataLoader(train, way.batch, shuffle=True, rng=seed)
    weights = list(model.parameters())
    optimizer: optim.Optimizer = optim.SGD(weights, lr=way.rate, momentum=0.9)
    if way.trust:
        optimizer = optim.LARS(weights, lr=way.rate, momentum=0.9, trust_coefficient=way.trust)
    warm, steps, done = way.warm_up * len(loader), EPOCHS * len(loader), 0
    with np.errstate(all="ignore"):  # a rate that is too large may lead to infinity
        for _ in range(EPOCHS):
            for x, y in loader:
                rise = min(1.0, (done + 1) / warm) if warm else 1.0
                fall = (1 - max(0, done - warm) / (steps - warm)) ** 2 if way.falls else 1.0
                optimizer.param_groups[0]["lr"] = way.rate * rise * fall
                optimizer.zero_grad()
                F.cross_entropy(model(Tensor(x)), y).backward()
                optimizer.step()
                done += 1
        with no_grad():
            right = model(Tensor(test.arrays[0])).numpy().argmax(1) == test.arrays[1]
    return float(right.mean())


def main(batches: list[int]) -> None:
    """Print a row as soon as it is known; all batches if none is named."""
    train, test = digits()
    print(f"{len(train)} images, {EPOCHS} epochs\n\n| batch | rate | accuracy |\n|---|---|---|", flush=True)
    for way in WAYS:
        if not batches or way.batch in batches:
            found = (accuracy(way, train, test, seed) for seed in SEEDS)
            shares = ", ".join(f"{100 * share:.1f} %" for share in found)
            print(f"| {way.batch} | {way.words} | {shares} |", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
