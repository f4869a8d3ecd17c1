"""The best of all: a network of 114,778 parameters that reads 99.65 % of MNIST, and why.

    python examples/best_of_all.py                      # the digits of scikit-learn
    python examples/best_of_all.py --data-dir PATH      # MNIST's four IDX files, 15 epochs: 99.65 %

Four things make the difference, none of them size. Batch norm after each convolution lets the learning
rate be large; the learning rate climbs and falls once; labels are softened, so that no score must grow
for ever; and no image is seen twice alike: each is moved, turned, slanted and zoomed a little, anew in
every epoch. Writes sheet.png, rate.png, misread.png, curves.png, history.json and model.safetensors.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import training
from claims import Claims

import viz
from tinygrad_cnn import functional as F
from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import Augmented, Compose, DataLoader, Rotation, Shear, Shift, Zoom
from tinygrad_cnn.serial import save_tensors
from tinygrad_cnn.train import Callback, Checkpoint, LearningRate, ProgressBar, Trainer
from viz.plots import figure, finish, look

MOST = 200_000  # parameters
CHANGES = Compose(
    Rotation(10, fill=0.0), Shift(0.07, 0.07, fill=0.0), Shear(0.1, fill=0.0), Zoom(0.1, fill=0.0)
)


def network(seed: int) -> nn.Sequential:
    """Seven convolutions of 16-16, 32-32 and 64-64-64 maps, with a pooling after each group."""
    rng = np.random.default_rng(seed)

    def conv(inputs: int, outputs: int) -> list[nn.Module]:
        layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False, rng=rng)  # batch norm has a bias
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", rng=rng)
        return [layer, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        *conv(1, 16), *conv(16, 16), nn.MaxPool2d(2),
        *conv(16, 32), *conv(32, 32), nn.MaxPool2d(2),
        *conv(32, 64), *conv(64, 64), *conv(64, 64), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3, rng=rng), nn.Linear(576, 10, rng=rng),
    )  # fmt: skip


def soft(scores: object, labels: object) -> object:
    """Cross-entropy to labels of 0.955 for the digit and 0.005 for each other one."""
    return F.cross_entropy(scores, labels, label_smoothing=0.05)


class Rates(Callback):
    """The learning rate of each batch, for the picture."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        """Note it."""
        self.rates.append(trainer.optimizer.param_groups[0]["lr"])


def sheet(claims: Claims, images: np.ndarray, path: Path) -> None:
    """Draw what the network gets to see of ten digits, in five epochs."""
    rows = [CHANGES(images, rng=epoch) for epoch in range(5)]
    viz.sheet(images, np.clip(rows, 0, 1), path)
    changed = [float(np.abs(row - images).mean()) for row in rows]
    claims.check(
        67, "mean change of a pixel, in five epochs", "each above 0", changed, holds=min(changed) > 0
    )
    again = bool((CHANGES(images, rng=3) == rows[3]).all())
    claims.check(67, "the same seed, the same change", True, again)


def train(task: training.Task, seed: int, folder: Path, resume: bool) -> tuple[Trainer, list[float]]:
    """SGD with Nesterov's momentum, batches of 128, one cycle up to a rate of 0.1."""
    model = network(seed)
    # Weights decay; biases, and the scales of batch norms, are left alone.
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 5e-4},
        {"params": [p for p in model.parameters() if p.ndim == 1]},
    ]
    optimizer = optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
    batch_size = 128 if len(task.train) > 10_000 else 32
    data = Augmented(*task.train.arrays, transform=CHANGES, seed=seed)
    # A thread makes the next batches while this one is learnt from.
    loader = DataLoader(data, batch_size, shuffle=True, drop_last=True, rng=seed, prefetch=2)
    cycle = optim.OneCycleLR(optimizer, 0.1, epochs=task.epochs, steps_per_epoch=len(loader), pct_start=0.2)
    rates = Rates()
    callbacks = [ProgressBar(leave=False), rates, LearningRate(cycle, every="batch", record=False)]
    trainer = Trainer(
        model, optimizer, soft, callbacks=[*callbacks, training.Lines(), Checkpoint(folder / "state")]
    )
    if resume:
        trainer.load(folder / "state" / "last.safetensors")
    trainer.fit(loader, epochs=task.epochs, validation={"test": task.test})
    return trainer, rates.rates


def misread(trainer: Trainer, task: training.Task, path: Path) -> None:
    """The digits that it still gets wrong."""
    images, labels = task.test.arrays
    found = trainer.predict(images).argmax(axis=1)
    wrong = np.flatnonzero(found != labels)
    print(f"  {len(wrong)} of {len(labels):,} test images are read wrongly")
    with look():
        drawn = figure("misread", (8.0, 4.4))
        panels = drawn.subplots(4, 10).ravel()
        for axes in panels:
            axes.set_axis_off()
        for axes, k in zip(panels, wrong, strict=False):
            axes.imshow(images[k, 0], cmap="gray_r", vmin=0, vmax=1)
            axes.set_title(f"{found[k]}, not {labels[k]}", fontsize=8)
        finish("misread", drawn, path)


def draw_rate(rates: list[float], path: Path) -> None:
    """The one cycle."""
    with look():
        drawn = figure("rate", (5.4, 2.8))
        axes = drawn.subplots()
        axes.plot(range(1, len(rates) + 1), rates, color="#3b6ea5")
        axes.set_title("Learning rate: once up, once down", loc="left")
        axes.set_xlabel("batch")
        finish("rate", drawn, path)


def main() -> None:
    """Show the changes, train, look at the mistakes."""
    parser = training.options(__doc__, "best_of_all", 15, quick="few images, few epochs")
    parser.add_argument("--resume", action="store_true", help="go on from state/last.safetensors")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(
        chosen,
        epochs=15,
        bar=0.9965,
        quick_epochs=4 if chosen.quick else 30,
        quick_bar=0.6,
        quick_images=640,
    )
    model = network(chosen.seed)
    print(nn.summary(model, (1, 1, 28, 28)))
    count = training.parameters(model)
    claims.check(78, "parameters", f"below {MOST:,}", count, holds=count < MOST)
    sheet(claims, task.test.arrays[0][:10], chosen.out / "sheet.png")
    print(f"\nTraining, one cycle, {task.epochs} epochs, {os.cpu_count()} processors:")
    trainer, rates = train(task, chosen.seed, chosen.out, chosen.resume)
    task.judge(claims, 78, "best of all", training.report(trainer, chosen.out))
    if rates:
        draw_rate(rates, chosen.out / "rate.png")
    misread(trainer, task, chosen.out / "misread.png")
    save_tensors(chosen.out / "model.safetensors", trainer.model.state_dict())
    claims.finish()


if __name__ == "__main__":
    main()
