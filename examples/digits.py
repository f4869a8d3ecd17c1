"""Train a small CNN on real handwritten digits, and draw the computation graph of one step.

    python examples/digits.py                                   # the 8×8 digits of scikit-learn
    python examples/digits.py --data mnist --data-dir PATH      # MNIST's four IDX files

Writes model.safetensors, graph.png, curves.png, confusion.png and history.json under runs/.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

import viz
from tinygrad_cnn import Tensor, manual_seed, nn, no_grad, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import ArrayDataset, DataLoader, digits, mnist
from tinygrad_cnn.serial import save_tensors, writing

History = dict[str, list[float]]


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


def train_one_epoch(
    model: nn.Module, loader: DataLoader, optimizer: optim.Optimizer, rng: np.random.Generator, bar: tqdm
) -> tuple[float, float]:
    """One pass over the training data; its mean loss and accuracy, as they were on the way."""
    model.train()
    total_loss, correct, seen = 0.0, 0, 0
    for images, labels in loader:
        logits = model(Tensor(shifted(images, rng)))
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(labels)
        correct += int((logits.numpy().argmax(axis=1) == labels).sum())
        seen += len(labels)
        bar.update()
        bar.set_postfix(loss=f"{total_loss / seen:.4f}", accuracy=f"{correct / seen:.2%}", refresh=False)
    return total_loss / seen, correct / seen


@no_grad()
def predict(model: nn.Module, images: np.ndarray, batch_size: int = 500) -> np.ndarray:
    """The scores of the ten classes for each image."""
    model.eval()
    batches = [images[i : i + batch_size] for i in range(0, len(images), batch_size)]
    return np.concatenate([model(Tensor(batch)).numpy() for batch in batches])


def evaluate(model: nn.Module, data: ArrayDataset) -> tuple[float, float]:
    """Mean loss and accuracy on a data set."""
    images, labels = data.arrays
    logits = predict(model, images)
    loss = float(F.cross_entropy(logits, labels))
    return loss, float((logits.argmax(axis=1) == labels).mean())


def fit(
    model: nn.Module, optimizer: optim.Optimizer, train: ArrayDataset, test: ArrayDataset, *,
    epochs: int, batch_size: int, seed: int,
) -> History:  # fmt: skip
    """Train for some epochs, and note loss and accuracy on both sets after each."""
    history: History = {key: [] for key in ("train_loss", "train_accuracy", "test_loss", "test_accuracy")}
    loader, rng = DataLoader(train, batch_size, shuffle=True, rng=seed), np.random.default_rng(seed)
    lr = optimizer.defaults["lr"]
    for epoch in range(1, epochs + 1):
        # From large steps to small ones along half a cosine: first find the valley, then settle in it.
        for group in optimizer.param_groups:
            group["lr"] = lr * (1 + math.cos(math.pi * (epoch - 1) / epochs)) / 2
        # The bar is for people: in a pipe or a log (disable=None) only the line after it appears.
        with tqdm(total=len(loader), desc=f"epoch {epoch}/{epochs}", disable=None, leave=False) as bar:
            started = time.perf_counter()
            numbers = (*train_one_epoch(model, loader, optimizer, rng, bar), *evaluate(model, test))
        for values, number in zip(history.values(), numbers, strict=True):
            values.append(number)
        print(
            f"epoch {epoch:3d}/{epochs}  train loss {numbers[0]:.4f}  train accuracy {numbers[1]:7.2%}  "
            f"test accuracy {numbers[3]:7.2%}  {time.perf_counter() - started:5.2f} s",
            flush=True,
        )
    return history


def write_results(
    folder: Path, model: nn.Module, history: History, train: ArrayDataset, test: ArrayDataset
) -> list[Path]:
    """The model, its history, and three pictures; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "model.safetensors", folder / "history.json"]
    save_tensors(paths[0], model.state_dict())
    with writing(paths[1]) as temporary:
        temporary.write_text(json.dumps(history, indent=2) + "\n")

    # One more step, backward included, so that the drawing knows the gradients.
    images, labels = train[:16]
    model.train().zero_grad()
    loss = F.cross_entropy(model(Tensor(images, name="images")), labels)
    loss.name = "loss"
    loss.backward()
    paths.append(viz.render(loss, folder / "graph.png", title="Training step of the digits CNN"))

    viz.curves(history, folder / "curves.png")
    test_images, test_labels = test.arrays
    viz.confusion(test_labels, predict(model, test_images).argmax(axis=1), folder / "confusion.png")
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
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    history = fit(model, optimizer, train, test, epochs=epochs, batch_size=32, seed=options.seed)
    print(
        f"\nTest accuracy {history['test_accuracy'][-1]:.2%} on {len(test):,} images never trained on, "
        f"after {time.perf_counter() - started:.1f} s.\n\nWritten:"
    )
    for path in write_results(folder, model, history, train, test):
        print(f"  {path}")
    command = f"{os.path.relpath(sys.executable)} {os.path.relpath(__file__)}"
    print(
        f"\nTry next:\n  open {folder / 'graph.png'}, and follow an image from the top to the loss\n"
        f"  {command} --data mnist --data-dir PATH    (the four IDX files of MNIST)\n"
        f"  change build_model() in {os.path.relpath(__file__)}, and run it again"
    )


if __name__ == "__main__":
    main()
