"""Cats and dogs: photographs from folders, changed at random, and four blocks that tell them apart.

    python examples/cats_dogs.py                      # drawn faces, in seconds
    python examples/cats_dogs.py --data-dir PATH      # photographs: PATH/train/cat/*.jpg, PATH/test/dog/...

A thousand photographs are few: a network learns them by heart. You learn to stream images from one
folder per class, what happens to a file that is damaged, to change images so that none is seen twice
alike, and what that is worth: the same network is trained without and with it, 80 epochs each, at
64×64 pixels (`--size 128` for larger ones). Which changes matter: cutting a part out of a somewhat
larger picture and mirroring it leave every pixel sharp. Turning and stretching pictures of 64×64 pixels
blurs them, as no photograph in the test is blurred, and gained less. Writes sheet.png, curves of each run,
comparison.png, histories and model.safetensors.
"""

from __future__ import annotations

import argparse
import tempfile
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import training
from claims import Claims
from drawn_faces import draw_faces

import viz
from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import (
    ArrayDataset,
    Augmented,
    CenterCrop,
    Compose,
    DataLoader,
    HorizontalFlip,
    ImageFolder,
    RandomCrop,
    Rotation,
    Shear,
    Shift,
    Transform,
    Zoom,
)
from tinygrad_cnn.serial import save_tensors
from tinygrad_cnn.train import History, LearningRate, ProgressBar, Trainer
from viz.plots import figure, finish, look

#: The changes of the source's pipeline, one by one.
SOURCE = (Rotation(20), Shift(0.2, 0.2), Shear(0.2), Zoom(0.5, separate=True), HorizontalFlip())
WIDTHS = (32, 64, 128, 256)


# --------------------------------------------------------------------------- data
def streaming(claims: Claims, folder: Path, size: int) -> None:
    """Batches read from files while they are asked for; only names are kept."""
    print("Images in one folder per class, read in batches:")
    data = ImageFolder(folder / "train", size, workers=2, one_hot=True)
    claims.check(68, "labels of the classes", True, data.class_indices == {"cat": 0, "dog": 1})
    loader = DataLoader(data, 20, shuffle=True, rng=0)
    images, labels = next(iter(loader))
    claims.check(68, "a batch of images: shape", [20, 3, size, size], list(images.shape))
    each = float(labels.sum() / 20)
    claims.check(68, "its labels, one-hot: shape, sum of a row", [20, 2, 1], [*labels.shape, each])
    print(f"  {data}\n  {len(loader)} batches; pixels from {images.min():.3g} to {images.max():.3g}")
    # A whole pass, and the most that arrays took meanwhile: not the sum of all images.
    tracemalloc.start()
    everything = sum(images.nbytes for images, _ in loader)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    sizes = [everything / 2**20, peak / 2**20]
    claims.check(68, "MiB of all images, and at once", "below half", sizes, holds=peak < everything / 2)
    with tempfile.TemporaryDirectory() as broken:
        draw_faces(Path(broken), 4, seed=0)
        Path(broken, "cat", "0.jpg").write_bytes(b"no picture")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            batches = list(DataLoader(ImageFolder(broken, size), 4))
        count = sum(len(labels) for _, labels in batches)
        claims.check(68, "of 8 files one is not an image: images that come", 7, count)
        named = any("cat/0.jpg" in str(warning.message) for warning in told)
        claims.check(68, "and the file is named in a warning", True, named)


def margins(size: int) -> int:
    """The side to read images at, of which parts of `size` pixels are cut out: a quarter more."""
    return size * 5 // 4


def cuts(size: int) -> Transform:
    """The changes to train with: a part at any place, mirrored or not."""
    return Compose(RandomCrop(size), HorizontalFlip())


def changes(claims: Claims, larger: np.ndarray, size: int, path: Path) -> None:
    """The source's changes one by one and all together, and ours, before and after."""
    print("\nChanges of images:")
    images = CenterCrop(size)(larger, rng=0)
    rows = [change(images, rng=0) for change in SOURCE]
    pairs = zip(SOURCE, rows, strict=True)
    again = all(bool((change(images, rng=0) == row).all()) for change, row in pairs)
    rows += [Compose(*SOURCE)(images, rng=1), *(cuts(size)(larger, rng=seed) for seed in (2, 3))]
    viz.sheet(images, np.clip(rows, 0, 1), path)
    claims.check(67, "the same seed, the same change", True, again)
    low, high = min(row.min() for row in rows), max(row.max() for row in rows)
    fits = all(row.shape == images.shape for row in rows) and low >= 0 and high <= 1 + 1e-6
    claims.check(67, "shape and range are kept", True, bool(fits))
    nothing = Compose(Rotation(0), Shift(0, 0), Shear(0), Zoom(0), HorizontalFlip(0))
    claims.check(67, "by 0, nothing changes", True, bool((nothing(images, rng=0) == images).all()))


def in_memory(folder: Path, size: int) -> ArrayDataset:
    """All images of a folder, decoded once: 1,000 of 80×80 pixels take 77 MB."""
    batches = list(DataLoader(ImageFolder(folder, size, workers=2), 100))
    return ArrayDataset(*(np.concatenate(field) for field in zip(*batches, strict=True)))


def middles(data: ArrayDataset, size: int) -> ArrayDataset:
    """The middle of every image: what is tested on, and trained on without changes."""
    images, labels = data.arrays
    return ArrayDataset(CenterCrop(size)(images, rng=0), labels)


# --------------------------------------------------------------------------- training
class Standardised(nn.Module):
    """Pixels minus their mean, over their spread, then the layers: what it needs to know is in it."""

    def __init__(self, layers: nn.Sequential, images: np.ndarray) -> None:
        self.mean = nn.Buffer(images.mean(axis=(0, 2, 3)).reshape(1, 3, 1, 1))
        self.std = nn.Buffer(images.std(axis=(0, 2, 3)).reshape(1, 3, 1, 1))
        self.layers = layers

    def forward(self, x: object) -> object:
        """Scores."""
        return self.layers((x - self.mean.data) / self.std.data)


def network(images: np.ndarray, widths: tuple[int, ...], seed: int) -> nn.Module:
    """Four blocks of convolution, batch norm, ReLU and pooling; the mean of each map; two scores."""
    rng = np.random.default_rng(seed)
    layers: list[nn.Module] = []
    for inputs, outputs in zip((3, *widths), widths, strict=False):
        conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False, rng=rng)
        layers += [conv, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3, rng=rng)]
    return Standardised(nn.Sequential(*layers, nn.Linear(widths[-1], 2, rng=rng)), images)


def trained(
    parts: tuple[ArrayDataset, ArrayDataset], changed: bool, seed: int, widths: tuple[int, ...],
    chosen: argparse.Namespace,
) -> Trainer:  # fmt: skip
    """Adam from 0.001 down half a cosine, batches of 50."""
    (train, test), epochs = parts, chosen.epochs
    model = network(train.arrays[0], widths, seed)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    schedule = LearningRate(optim.CosineAnnealingLR(optimizer, epochs), record=False)
    trainer = Trainer(model, optimizer, callbacks=[ProgressBar(leave=False), schedule, training.Lines()])
    cut = Augmented(*train.arrays, transform=cuts(chosen.size), seed=seed)
    loader = DataLoader(cut if changed else middles(train, chosen.size), 50, shuffle=True, rng=seed)
    trainer.fit(loader, epochs=epochs, validation={"test": test})
    return trainer


def judged(history: History) -> float:
    """Test accuracy, mean of the last five epochs: of 200 photographs, one is half a point."""
    return float(np.mean(history["test_accuracy"][-5:]))


def compare(claims: Claims, parts: tuple[ArrayDataset, ArrayDataset], chosen: argparse.Namespace) -> None:
    """The same network, seeds and epochs, without and with changes."""
    photographs = chosen.data_dir is not None and not chosen.quick
    widths = WIDTHS if photographs else (8, 16, 32, 32)
    found: dict[str, list[History]] = {}
    for name in chosen.ways:
        for seed in chosen.seeds:
            print(f"\n{chosen.size}×{chosen.size} pixels, {name} changes, seed {seed}:")
            trainer = trained(parts, name == "with", seed, widths, chosen)
            training.report(trainer, chosen.out, f"{name}-{seed}-")
            found.setdefault(name, []).append(trainer.history)
    save_tensors(chosen.out / "model.safetensors", trainer.model.state_dict())
    counts = [len(trainer.history), trainer.history.epochs]
    claims.check(71, "histories: loss and accuracy of both parts; epochs", [4, chosen.epochs], counts)
    means = {}
    for name, histories in found.items():
        rights = [judged(history) for history in histories]
        means[name] = float(np.mean(rights))
        print(f"  {name:8s} mean of the last five epochs, by seed: {', '.join(f'{r:.2%}' for r in rights)}")
    judge(claims, means, whole=photographs and chosen.epochs >= 80, size=chosen.size)
    draw(found, chosen.out / "comparison.png")


def judge(claims: Claims, means: dict[str, float], whole: bool, size: int) -> None:
    """The bars: for the whole recipe, at 64×64 pixels, those that PyTorch reaches."""
    for name, mean in means.items():
        bar = 0.81 if whole and name == "with" and size == 64 else 0.55
        claims.check(67, f"accuracy {name} changes", f"at least {bar:.0%}", mean, holds=mean >= bar)
    if whole and len(means) == 2:
        gained = means["with"] - means["without"]
        claims.check(67, "gained by changes", "at least 4 points", gained, holds=gained >= 0.04)


def draw(found: dict[str, list[History]], path: Path) -> None:
    """Accuracy on known and on new images, a panel for each way."""
    with look():
        drawn = figure("comparison", (8.6, 3.4))
        panels = drawn.subplots(1, len(found), sharey=True, squeeze=False)[0]
        for axes, (name, histories) in zip(panels, found.items(), strict=True):
            for part, colour in (("train", "#8a9bb0"), ("test", "#c2410c")):
                for k, history in enumerate(histories):
                    values = 100 * np.array(history[f"{part}_accuracy"])
                    label = None if k else part
                    axes.plot(range(1, len(values) + 1), values, color=colour, linewidth=1.2, label=label)
            axes.set_title(f"{name} changes", loc="left")
            axes.set_xlabel("epoch")
        panels[0].set_ylabel("accuracy, %")
        panels[0].legend(frameon=False, loc="lower right")
        finish("comparison", drawn, path)


def same_weights(claims: Claims, images: np.ndarray, labels: np.ndarray) -> None:
    """Three ways to write the loop: from arrays, from a generator, batch by batch."""
    print("\nThree loops on the same eight batches:")
    states = []
    for way in ("fit", "generator", "train_on_batch"):
        model = network(images, (4, 4, 4, 4), seed=0)
        trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.05))
        batches = [(images[i : i + 8], labels[i : i + 8]) for i in range(0, 64, 8)]
        if way == "fit":
            trainer.fit(images[:64], labels[:64], epochs=1, batch_size=8, shuffle=False)
        elif way == "generator":
            trainer.fit((batch for batch in batches), epochs=2, steps_per_epoch=4)
        else:
            for x, y in batches:
                trainer.train_on_batch(x, y)
        states.append(model.state_dict())
    same = [all(bool((states[0][k] == other[k]).all()) for k in other) for other in states[1:]]
    claims.check(70, "weights after fit: those of the generator, of train_on_batch", [True, True], same)


def main() -> None:
    """Folders, changes, loops, and the comparison."""
    parser = training.options(__doc__, "cats_dogs", 80, quick="few images, few epochs")
    parser.add_argument("--size", type=int, help="pixels a side (64; drawn faces 32)")
    parser.add_argument("--seeds", type=int, nargs="+", help="of the runs to compare (1 2)")
    ways = ("without", "with")
    parser.add_argument("--ways", nargs="+", choices=ways, default=ways, help="without changes, with them")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    chosen.size = chosen.size or (64 if chosen.data_dir else 32)
    chosen.seeds = chosen.seeds or ([chosen.seed] if chosen.quick else [chosen.seed, chosen.seed + 1])
    chosen.epochs = chosen.epochs or (6 if chosen.quick else 80 if chosen.data_dir else 15)
    with tempfile.TemporaryDirectory() as drawn:
        folder = chosen.data_dir or Path(drawn)
        if chosen.data_dir is None:
            draw_faces(folder / "train", 100 if chosen.quick else 200, seed=0)
            draw_faces(folder / "test", 50, seed=1)
        streaming(claims, folder, chosen.size)
        train, test = (in_memory(folder / part, margins(chosen.size)) for part in ("train", "test"))
    test = middles(test, chosen.size)
    order = np.random.default_rng(0).permutation(len(train))
    train = ArrayDataset(*train[order[: 200 if chosen.quick else None]])
    changes(claims, train.arrays[0][:8], chosen.size, chosen.out / "sheet.png")
    same_weights(claims, *train[:64])
    compare(claims, (train, test), chosen)
    claims.finish()


if __name__ == "__main__":
    main()
