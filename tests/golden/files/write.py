"""Wrote the files of this folder, with the program of November 2026 (version 0.1.0).

They stay as they are: whatever a later version writes, it goes on reading these. To add files of a
later version, write them under other names.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import manual_seed, nn, optim
from tinygrad_cnn.serial import save_tensors
from tinygrad_cnn.train import (
    Callback,
    EarlyStopping,
    LearningRate,
    TopK,
    Trainer,
    save_checkpoint,
    save_model,
)

DRAWS = np.random.default_rng(3)
X, Y = DRAWS.standard_normal((22, 1, 6, 6)).astype("f4"), DRAWS.integers(0, 3, 22)
NOTES: dict[str, Any] = {
    "classes": ["a", "b", "c"], "size": (6, 6), "nested": [(1, 2.5), [None, True], {"k": (float("inf"),)}],
    "numbers": {3: np.float32(0.5), (1, 2): np.arange(3)}, "nothing": float("nan"),
}  # fmt: skip


class OfEverything(nn.Module):
    """Own parameters and buffers, plain values of each kind, a function, a generator, modules."""

    def __init__(self, width: int) -> None:
        self.scale = nn.Parameter(np.full((width,), 2.0, "f4"))
        self.seen = nn.Buffer(np.array(3))
        self.inner = nn.Linear(width, width)
        self.sizes = {"width": width, "steps": [1, 2.5, None], "bound": float("-inf"), "pair": (1, [2])}
        self.act = F.relu
        self.mask = np.array([[True, False]])
        self.rng = np.random.default_rng(11)

    def forward(self, x: Any) -> Any:
        return self.act(self.inner(x)) * self.scale


class StopAt(Callback):
    """Break a training off after a batch."""

    def __init__(self, epoch: int, batch: int) -> None:
        self.at = (epoch, batch)

    def on_batch_end(self, trainer: Trainer, loss: float) -> None:
        if (trainer.epoch, trainer.batch) == self.at:
            trainer.stop("here")


def of_everything() -> nn.Module:
    """A model of everything that a structure can hold."""
    manual_seed(1)
    layer, draws = nn.Linear(3, 3), np.random.default_rng(0)
    model = nn.Sequential(
        layer, nn.Dropout(0.5, rng=draws), nn.Sequential(layer, nn.Dropout(0.2, rng=draws)),
        OfEverything(3),
        nn.Hardtanh(-2.0, np.inf), nn.Linear(3, 3), nn.RBF([[1.0, 2.0, 0.0], [0.5, np.inf, 1.0]]),
    )  # fmt: skip
    model[5].weight = layer.weight
    model[5].bias.requires_grad_(False)
    return model


def trained(*callbacks: Callback) -> Trainer:
    """A training with generators, batch norm, a schedule by batches, metrics and a loss with an array."""
    manual_seed(7)
    shared = np.random.default_rng(5)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(),
        nn.Dropout(0.3, rng=shared), nn.Linear(64, 8), nn.Dropout(0.1, rng=shared), nn.Linear(8, 3),
    )  # fmt: skip
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    rate = LearningRate(optim.OneCycleLR(optimizer, 0.02, total_steps=40), every="batch")
    loss = nn.CrossEntropyLoss(np.array([1.0, 2.0, 3.0]), label_smoothing=0.1)
    return Trainer(model, optimizer, loss, ("accuracy", TopK(2), "f1"),
                   [rate, EarlyStopping("val_loss", 9, restore_best=False), *callbacks])  # fmt: skip


def scheduled() -> Trainer:
    """A training with groups, and schedules by epochs, one of them of two."""
    manual_seed(7)
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 3))
    groups = [{"params": list(model[1].parameters())}, {"params": list(model[3].parameters()), "lr": 0.5}]
    sgd = optim.SGD(groups, 0.1, 0.9, nesterov=True)
    two = optim.SequentialLR(
        sgd, [optim.LinearLR(sgd, 0.1, total_iters=2), optim.CosineAnnealingLR(sgd, 9)], [2]
    )
    return Trainer(model, sgd, F.cross_entropy, (), [
        LearningRate(two), LearningRate(optim.ReduceLROnPlateau(sgd, patience=0, factor=0.5),
                                        monitor="val_loss", record=False)])  # fmt: skip


def fit(trainer: Trainer, epochs: int) -> None:
    """Train on the data above."""
    trainer.fit(X, Y, epochs=epochs, batch_size=5, rng=9, validation=(X, Y))


def main(folder: Path) -> None:
    """Write all files."""
    nn.register(OfEverything)
    model, expected = of_everything(), {}
    save_model(folder / "model.safetensors", model, **NOTES)
    save_model(folder / "model.npz", model, **NOTES)
    (folder / "structure.json").write_text(nn.to_json(model, indent=1) + "\n")
    expected |= {f"model.{name}": value for name, value in model.state_dict().items()}
    expected["draws"] = model[1].rng.random(3)
    half = trained(StopAt(1, 3))
    fit(half, 3)
    half.save(folder / "training.npz", **NOTES)
    half.history.save(folder / "history.json")
    whole = trained()
    fit(whole, 3)
    expected |= {f"training.{name}": value for name, value in whole.model.state_dict().items()}
    first = scheduled()
    fit(first, 2)
    save_model(folder / "scheduled.npz", first)
    fit(first, 4)
    expected |= {f"scheduled.{name}": value for name, value in first.model.state_dict().items()}
    expected["scheduled_loss"] = np.array(first.history["val_loss"])
    save_checkpoint(folder / "checkpoint.npz", encoder=nn.Linear(2, 1), optimizer=first.optimizer,
                    rng=np.random.default_rng(4), epoch=3, notes=NOTES)  # fmt: skip
    save_tensors(folder / "expected.npz", expected)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
