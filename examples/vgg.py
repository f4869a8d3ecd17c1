"""VGG: windows of 3×3 in runs, halved by poolings; 138 million parameters, or a thin one that trains.

    python examples/vgg.py                      # the digits of scikit-learn
    python examples/vgg.py --data-dir PATH      # MNIST's four IDX files, padded to 32×32, 6 epochs: 99 %

You learn how a whole family of networks is five runs of one kind of layer, count the parameters of
VGG-16 and VGG-19 before any memory is taken for them, see the repeated blocks folded in the drawing,
and train a VGG-16 whose widths are divided by 8. Writes graph.png, blocks.png, curves.png and
history.json.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import training
from claims import Claims

import viz
from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.nn import models
from tinygrad_cnn.train import LearningRate, ProgressBar, Trainer


def counts(claims: Claims) -> None:
    """Parameters from the plan alone: nothing is made, so 553 MB are not needed."""
    print("Networks for 224×224 pixels and 1,000 classes:")
    published = {11: 132_863_336, 13: 133_047_848, 16: 138_357_544, 19: 143_667_240}
    for depth, count in published.items():
        plan = models.vgg_plan(depth)
        claims.check(65, f"VGG-{depth}: parameters", count, models.parameter_count(plan))
    shapes = models.state_shapes(models.vgg_plan(16))
    windows = {shape[2:] for shape in shapes.values() if len(shape) == 4}
    claims.check(65, "sizes of the windows in VGG-16", [[3, 3]], [list(shape) for shape in windows])
    layers = [sum(len(s) == dims for s in shapes.values()) for dims in (4, 2)]
    claims.check(65, "VGG-16: convolutions, linear layers", [13, 3], layers)
    runs = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
    for depth, lengths in runs.items():
        names = models.vgg_plan(depth)["features"].values()
        found = "".join(
            "c" if part.func is nn.Conv2d else "p" * (part.func is nn.MaxPool2d) for part in names
        )
        claims.check(
            65,
            f"VGG-{depth}: convolutions before each pooling",
            list(lengths),
            list(map(len, found[:-1].split("p"))),
        )


def thin(claims: Claims, folder: Path) -> None:
    """Widths divided by 8, for 32×32 pixels: the drawing folds what repeats."""
    print("\nA thin VGG-16, for 32×32 pixels:")
    model = models.thin_vgg(rng=0).eval()
    print(nn.summary(model, (1, 1, 32, 32)))
    x, sides = np.zeros((1, 1, 32, 32), np.float32), []
    for layer in model.features:
        x = layer(x)
        sides += [x.shape[2]] * isinstance(layer, nn.MaxPool2d)
    claims.check(65, "sides after the poolings", [16, 8, 4, 2, 1], sides)

    # Drawn as published, without batch norm; the image is noise, or every ReLU would be called dead.
    image = np.random.default_rng(0).normal(size=(1, 1, 32, 32)).astype(np.float32)
    model = models.thin_vgg(batch_norm=False, rng=0).eval()
    whole = viz.graph(model, inputs=image, fold=False, max_nodes=None)
    folded = viz.graph(
        model, inputs=image, fold=True, max_nodes=24, title="A thin VGG-16, repeated blocks folded"
    )
    boxes = [len(whole.model.boxes), len(folded.model.boxes)]
    claims.check(
        65,
        "boxes of the drawing, in full and folded",
        "fewer than half",
        boxes,
        holds=boxes[1] < boxes[0] / 2,
    )
    claims.check(
        65,
        "the drawing says how often a block repeats",
        True,
        "×2" in folded.source or "×3" in folded.source,
    )
    folded.render(folder / "graph.png")
    viz.render(model, folder / "blocks.png", inputs=image, depth=1, title="features, then the classifier")


def learn(claims: Claims, folder: Path, task: training.Task, seed: int) -> None:
    """Adam with one cycle of the learning rate."""
    print(f"\nTraining the thin VGG-16, Adam with one cycle to 0.003, {task.epochs} epochs:")
    model = models.thin_vgg(rng=seed, dropout=0.3)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    # Few images: small batches, for more steps.
    batch_size = 100 if len(task.train) > 10_000 else 32
    loader = DataLoader(task.train, batch_size, shuffle=True, rng=seed)
    cycle = optim.OneCycleLR(
        optimizer, 0.003, epochs=task.epochs, steps_per_epoch=len(loader), cycle_momentum=False
    )
    schedule = LearningRate(cycle, every="batch", record=False)
    trainer = Trainer(model, optimizer, callbacks=[ProgressBar(leave=False), schedule, training.Lines()])
    trainer.fit(loader, epochs=task.epochs, validation={"test": task.test})
    task.judge(claims, 65, "thin VGG-16", training.report(trainer, folder))


def main() -> None:
    """Counts, the drawing, training."""
    parser = training.options(__doc__, "vgg", 6, quick="few images, few epochs")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(
        chosen,
        epochs=6,
        bar=0.99,
        quick_epochs=4 if chosen.quick else 10,
        quick_bar=0.3,
        quick_images=640,
        padding=2,
    )
    counts(claims)
    thin(claims, chosen.out)
    learn(claims, chosen.out, task, chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()
