"""Train a small CNN on real handwritten digits, and draw the computation graph of one step.

    python examples/digits.py                                   # the 8×8 digits of scikit-learn
    python examples/digits.py --data mnist --data-dir PATH      # MNIST's four IDX files

Writes model.safetensors, graph.png, curves.png, confusion.png and history.json under runs/.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import viz
from tinygrad_cnn import Tensor, manual_seed, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import ArrayDataset, DataLoader, digits, mnist
from tinygrad_cnn.serial import save_tensors
from tinygrad_cnn.train import Callback, LearningRate, ProgressBar, Trainer


def build_model(image_size: int) -> nn.Sequential:
    """Conv, ReLU, max-pool, conv, ReLU, max-pool, linear: the shape of every small CNN."""
    smallest = image_size // 4  # two poolings halve the image twice
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * smallest * smallest, 10),
    )


def shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A batch moved by at most one pixel, so that the network learns shapes and not places."""
    down, right = rng.integers(0, 3, size=2)
    height, width = images.shape[2:]
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return framed[:, :, down : down + height, right : right + width]


def endless(loader: DataLoader, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pass after pass over the training data, each batch shifted anew."""
    while True:
        for images, labels in loader:
            yield shifted(images, rng), labels


class Lines(Callback):
    """A line after each epoch: what stays when the progress bar is gone, or there is none."""

    def on_epoch_begin(self, trainer: Trainer) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, trainer: Trainer, logs: dict[str, float]) -> None:
        print(
            f"epoch {trainer.epoch:3d}/{trainer.epochs}  train loss {logs['train_loss']:.4f}  "
            f"train accuracy {logs['train_accuracy']:7.2%}  test accuracy {logs['test_accuracy']:7.2%}  "
            f"{time.perf_counter() - self.started:5.2f} s",
            flush=True,
        )


def fit(model: nn.Module, train: ArrayDataset, test: ArrayDataset, epochs: int, seed: int) -> Trainer:
    """Train for some epochs, and note loss and accuracy on both sets after each."""
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    # From large steps to small ones along half a cosine: first find the valley, then settle in it.
    schedule = LearningRate(optim.CosineAnnealingLR(optimizer, epochs), record=False)
    # The bar is for people: in a pipe or a log only the lines appear.
    trainer = Trainer(model, optimizer, callbacks=[ProgressBar(leave=False), Lines(), schedule])
    # Few images: small batches, for more steps. Many: larger ones, which cost less each.
    loader = DataLoader(train, batch_size=32 if len(train) < 10_000 else 128, shuffle=True, rng=seed)
    batches = endless(loader, np.random.default_rng(seed))
    trainer.fit(batches, epochs=epochs, steps_per_epoch=len(loader), validation={"test": test})
    return trainer


def write_results(folder: Path, trainer: Trainer, train: ArrayDataset, test: ArrayDataset) -> list[Path]:
    """The model, its history, and three pictures; the files written."""
    model, history = trainer.model, trainer.history
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "model.safetensors", folder / "history.json"]
    save_tensors(paths[0], model.state_dict())
    history.save(paths[1])

    # One more step, backward included, so that the drawing knows the gradients.
    images, labels = train[:16]
    model.train().zero_grad()
    loss = F.cross_entropy(model(Tensor(images, name="images")), labels)
    loss.name = "loss"
    loss.backward()
    paths.append(viz.render(loss, folder / "graph.png", title="Training step of the digits CNN"))

    viz.curves(history, folder / "curves.png")
    test_images, test_labels = test.arrays
    viz.confusion(test_labels, trainer.predict(test_images).argmax(axis=1), folder / "confusion.png")
    return [*paths, folder / "curves.png", folder / "confusion.png"]


def main() -> None:
    """Read the options, train, evaluate, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=("digits", "mnist"), default="digits")
    parser.add_argument("--data-dir", type=Path, help="folder of MNIST's four IDX files")
    parser.add_argument("--epochs", type=int, help="passes over the data (digits 40, mnist 3)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="where to write (runs/digits or runs/mnist)")
    parser.add_argument("--quick", action="store_true", help="two epochs, to see that it works")
    options = parser.parse_args()
    if options.data == "mnist" and options.data_dir is None:
        parser.error("--data mnist needs --data-dir, the folder of the four IDX files")

    manual_seed(options.seed)
    if options.data == "mnist":
        train, test = mnist(options.data_dir, train=True), mnist(options.data_dir, train=False)
    else:
        train, test = digits()
    epochs = options.epochs or (2 if options.quick else 40 if options.data == "digits" else 3)
    folder = options.out or Path("runs", options.data)

    model = build_model(train.arrays[0].shape[-1])
    print(model)
    count = sum(p.size for p in model.parameters())
    print(f"{count:,} parameters, {len(train):,} images to train on, {len(test):,} held back\n")
    started = time.perf_counter()
    trainer = fit(model, train, test, epochs, options.seed)
    accuracy = trainer.history["test_accuracy"][-1]
    print(
        f"\nTest accuracy {accuracy:.2%} on {len(test):,} images never trained on, "
        f"after {time.perf_counter() - started:.1f} s.\n\nWritten:"
    )
    for path in write_results(folder, trainer, train, test):
        print(f"  {path}")
    command = f"{os.path.relpath(sys.executable)} {os.path.relpath(__file__)}"
    print(
        f"\nTry next:\n  open {folder / 'graph.png'}, and follow an image from the top to the loss\n"
        f"  {command} --data mnist --data-dir PATH    (the four IDX files of MNIST)\n"
        f"  change build_model() in {os.path.relpath(__file__)}, and run it again"
    )


if __name__ == "__main__":
    main()
