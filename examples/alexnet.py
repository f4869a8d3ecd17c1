"""A network after AlexNet: 47.7 million parameters for 224×224 pixels, its shapes, and one step.

    python examples/alexnet.py                      # drawn faces, one step of four images
    python examples/alexnet.py --data-dir PATH      # photographs, ten steps of 100, as the source has it

You learn to follow an image through windows that overlap, 224 → 54 → 26 → 12 → 10 → 4, where 47.7
million parameters sit (in two linear layers), why a library may count 2,772 more, and what memory a step
takes: weights, gradients, and what is kept for the way back. Writes shapes.png and history.json.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import training
from claims import Claims
from drawn_faces import draw_faces

from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import DataLoader, ImageFolder
from tinygrad_cnn.nn import models
from tinygrad_cnn.train import Trainer
from viz.plots import figure, finish, look

PIXELS = 224
MIB = 2**20


def counts(claims: Claims) -> None:
    """Parameters and sizes from the plan, before anything is made."""
    print("The network from its plan:")
    plan = models.alexnet_like_plan()
    shapes = models.state_shapes(plan)
    running = sum(
        shape[0] for name, shape in shapes.items() if name.endswith(("running_mean", "running_var"))
    )
    learnt = models.parameter_count(plan)
    claims.check(69, "parameters that it learns", 47_702_138, learnt)
    claims.check(
        69, "with running means and variances, which the source counts", 47_704_910, learnt + running
    )
    side, sides = PIXELS, []
    for part in plan["features"].values():
        layer = part()
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
            field = nn.receptive_field(layer)
            side = field.windows[0].output(0, side)
            sides.append(side)
    claims.check(69, "sides after each window layer", [54, 26, 26, 12, 12, 12, 10, 4], sides)
    head = sum(int(np.prod(shape)) for name, shape in shapes.items() if name.startswith("classifier"))
    claims.check(
        69,
        "share of the parameters in the linear layers",
        "above 90 %",
        head / learnt,
        holds=head > 0.9 * learnt,
    )


def one_step(claims: Claims, trainer: Trainer, images: np.ndarray, labels: np.ndarray) -> None:
    """A step of SGD, the most memory that it takes, and its loss."""
    print(f"\nOne step, {len(images)} images of {PIXELS}×{PIXELS}:")
    weights = sum(p.numpy().nbytes for p in trainer.model.parameters())
    # Weights are there already. A step needs as much again for gradients, and what is kept of each image.
    budget = 1.6 * weights + 16 * MIB * len(images)
    tracemalloc.start()
    started = time.perf_counter()
    measured = trainer.train_on_batch(images, labels)
    seconds = time.perf_counter() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"  weights {weights / MIB:,.0f} MiB, {seconds:.1f} s")
    claims.check(
        69, "MiB that the step takes beside the weights", f"below {budget / MIB:,.0f}", peak / MIB,
        holds=peak < budget,
    )  # fmt: skip
    loss = measured["loss"]
    claims.check(
        69, "loss of the first step, near ln 2 = 0.693", "0.4 to 1.5", loss, holds=0.4 < loss < 1.5
    )


def draw_shapes(model: nn.Sequential, image: np.ndarray, path: Path) -> None:
    """The maps as blocks: their side, and how many there are."""
    x, found = image, [("image", PIXELS, 3)]
    for layer in model.features:
        x = layer(x)
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
            found.append((type(layer).__name__.removesuffix("2d"), x.shape[2], x.shape[1]))
    with look():
        drawn = figure("shapes", (9.0, 3.4))
        axes = drawn.subplots()
        for k, (name, side, maps) in enumerate(found):
            axes.bar(k, side, width=0.75, color="#c2410c" if name == "MaxPool" else "#3b6ea5")
            axes.text(k, side + 4, f"{side}²\n× {maps}", ha="center", fontsize=8)
        axes.set_xticks(range(len(found)), [name for name, _, _ in found], fontsize=8)
        axes.set_ylim(0, 260)
        axes.set_title("Side of the maps after each layer with a window", loc="left")
        finish("shapes", drawn, path)


def main() -> None:
    """Counts, one step, and as many as the source has."""
    parser = training.options(__doc__, "alexnet", 1, quick="one step of two images")
    parser.add_argument("--batch", type=int, help="images a step (100 photographs, 4 drawn faces)")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    counts(claims)
    with tempfile.TemporaryDirectory() as drawn:
        folder = chosen.data_dir or Path(drawn)
        if chosen.data_dir is None:
            draw_faces(folder / "train", 4, seed=0)
        learn(claims, chosen, folder)
    claims.finish()


def learn(claims: Claims, chosen: argparse.Namespace, folder: Path) -> None:
    """compile(sgd, categorical_crossentropy, accuracy); fit_generator(steps_per_epoch=10, epochs=1)."""
    batch = chosen.batch or (2 if chosen.quick else 4 if chosen.data_dir is None else 100)
    model = models.alexnet_like(rng=chosen.seed)
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.01), callbacks=[training.Lines()])
    data = ImageFolder(folder / "train", PIXELS, workers=2, one_hot=True)
    loader = DataLoader(data, batch, shuffle=True, rng=chosen.seed)
    images, labels = next(iter(loader))
    one_step(claims, trainer, images[:8], labels[:8])
    draw_shapes(model.eval(), images[:1], chosen.out / "shapes.png")
    steps = 1 if chosen.data_dir is None or chosen.quick else 10
    epochs = chosen.epochs or 1
    print(f"\nfit, batches of {batch} read from files, {steps} step(s) an epoch:")
    history = trainer.fit(loader, epochs=epochs, steps_per_epoch=steps)
    losses = history["train_loss"]
    claims.check(70, "epochs in the history", epochs, len(losses))
    claims.check(70, "every loss is a number", True, bool(np.isfinite(losses).all()))
    history.save(chosen.out / "history.json")
    print(f"  {training.memory()}")


if __name__ == "__main__":
    main()
