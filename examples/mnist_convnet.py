"""The ConvNet of a PyTorch tutorial on MNIST, by its exact recipe: 9,098 parameters, about 98 %.

    python examples/mnist_convnet.py --data-dir PATH       # the folder of MNIST's four IDX files
    ... --device auto                                      # on a GPU if there is one

Conv 1→8 (3×3, padding 1), ReLU, max-pool 2, conv 8→16, ReLU, max-pool 2, linear 784→10. Weights
start from N(0, 0.01), biases from 0; batches of 128, SGD with learning rate 0.05, 10 epochs.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from tinygrad_cnn import Tensor, device, manual_seed, nn, no_grad, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import ArrayDataset, DataLoader, mnist


def build_model(*, recipe: bool = True) -> nn.Sequential:
    """The network, with the recipe's starting weights, or with the layers' own, which learn sooner."""
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(784, 10),
    )
    for name, parameter in model.named_parameters() if recipe else ():
        if name.endswith("weight"):
            nn.init.normal_(parameter, 0.0, 0.01)
        else:
            nn.init.constant_(parameter, 0.0)
    return model


@no_grad()
def accuracy(model: nn.Module, data: ArrayDataset) -> float:
    """Share of the images whose largest score is at their label."""
    correct = 0
    place = next(iter(model.parameters())).device
    for images, labels in DataLoader(data, 1000, device=place):
        correct += int((model(Tensor(images)).cpu().numpy().argmax(axis=1) == labels).sum())
    return correct / len(data)


def main() -> None:
    """Train by the recipe, and tell accuracy and time after each epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of the four IDX files")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, or auto: a GPU if there is one")
    parser.add_argument("--quick", action="store_true", help="the first 20 batches of one epoch")
    options = parser.parse_args()

    manual_seed(options.seed)
    train, test = mnist(options.data_dir, train=True), mnist(options.data_dir, train=False)
    if options.quick:
        train, options.epochs = ArrayDataset(*train[: 20 * 128]), 1
    place = device(options.device)
    model = build_model().to(place)
    print(f"{sum(p.size for p in model.parameters()):,} parameters, seed {options.seed}")
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    loader = DataLoader(train, 128, shuffle=True, rng=options.seed, device=place)
    seconds = []
    for epoch in range(1, options.epochs + 1):
        started = time.perf_counter()
        for batch, (images, labels) in enumerate(loader):
            loss = F.cross_entropy(model(Tensor(images)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if batch % 50 == 0:
                print(
                    f"Epoch: {epoch:03d}/{options.epochs:03d} | Batch {batch:03d}/{len(loader):03d} | "
                    f"Cost: {loss:.4f}"
                )
        seconds.append(time.perf_counter() - started)
        print(f"Epoch: {epoch:03d} | test accuracy {accuracy(model, test):.2%} | {seconds[-1]:.1f} s")
    print(f"Median of {np.median(seconds):.1f} s an epoch, {sum(seconds) / 60:.1f} minutes of training")


if __name__ == "__main__":
    main()
