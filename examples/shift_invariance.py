"""The accuracy that is left when the digits move: convolution and pooling beside dense layers.

    python examples/shift_invariance.py                      # the digits of scikit-learn
    python examples/shift_invariance.py --data-dir PATH      # MNIST's four IDX files, 3 epochs

It is often said that a CNN does not mind where a thing stands. You learn how far that is true: three
networks are trained on digits in the middle and tested on digits moved by up to six pixels, turned, and
made smaller. A dense net loses most; convolution with pooling loses less; with the largest value over
all places at its end, in place of a dense layer, it loses least. None is indifferent. Writes
accuracy.png, moved.png and history.json.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import training
from claims import Claims

import viz
from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import ArrayDataset
from tinygrad_cnn.data.affine import resample
from tinygrad_cnn.train import Evaluator, History
from viz.plots import figure, finish, look


def dense(seed: int) -> nn.Sequential:
    """784-100-10: every pixel has weights of its own."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100, rng=rng), nn.ReLU(), nn.Linear(100, 10, rng=rng))


def features(rng: np.random.Generator, last: int) -> list[nn.Module]:
    """Two convolutions and two poolings: the same windows everywhere."""
    return [
        nn.Conv2d(1, 16, 5, padding=2, rng=rng), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, last, 5, padding=2, rng=rng), nn.ReLU(), nn.MaxPool2d(2),
    ]  # fmt: skip


def pooled(seed: int) -> nn.Sequential:
    """... and a dense layer on 7×7 places, which knows where each is."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(*features(rng, 16), nn.Flatten(), nn.Linear(784, 10, rng=rng))


def anywhere(seed: int) -> nn.Sequential:
    """... a third convolution, and the largest over all places: it cannot know where a thing was."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        *features(rng, 32), nn.Conv2d(32, 64, 3, padding=1, rng=rng), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 10, rng=rng),
    )  # fmt: skip


NETWORKS: dict[str, Callable[[int], nn.Sequential]] = {
    "dense": dense, "convolution and pooling": pooled, "largest of all places": anywhere,
}  # fmt: skip
COLOURS = dict(zip(NETWORKS, ("#8a9bb0", "#3b6ea5", "#c2410c"), strict=True))


# --------------------------------------------------------------------------- the changes
def moved(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Images pushed by whole pixels; what leaves is lost, what enters is 0."""
    height, width = images.shape[2:]
    room = max(abs(down), abs(right))
    framed = training.framed(images, room)
    return framed[:, :, room - down : room - down + height, room - right : room - right + width]


def through(images: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Images resampled through a matrix of places."""
    return np.stack([resample("shift_invariance", image, matrix, 0.0) for image in images])


def turned(images: np.ndarray, degrees: float) -> np.ndarray:
    """Images turned about their middle."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return through(images, np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]))


def scaled(images: np.ndarray, factor: float) -> np.ndarray:
    """Images made smaller (below 1) or larger."""
    return through(images, np.diag([1 / factor, 1 / factor, 1]))


def all_ways(images: np.ndarray, pixels: int) -> list[np.ndarray]:
    """Images moved by so many pixels up, down, left and right."""
    if pixels == 0:
        return [images]
    return [moved(images, *way) for way in ((pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels))]


CHANGES: dict[str, tuple[tuple[float, ...], Callable[[np.ndarray, float], list[np.ndarray]]]] = {
    "moved, pixels": ((0, 1, 2, 3, 4, 5, 6), lambda images, n: all_ways(images, int(n))),
    "turned, degrees": ((0, 10, 20, 30, 40), lambda images, n: [turned(images, n), turned(images, -n)]),
    "size, share": ((0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2), lambda images, n: [scaled(images, n)]),
}  # fmt: skip


# --------------------------------------------------------------------------- the parts of the page
def measured(model: nn.Module, test: ArrayDataset) -> dict[str, list[float]]:
    """Accuracy under each change."""
    images, labels = test.arrays
    judge = Evaluator(model)
    return {
        name: [
            float(np.mean([judge.evaluate(x, labels)["accuracy"] for x in change(images, amount)]))
            for amount in amounts
        ]
        for name, (amounts, change) in CHANGES.items()
    }


def learn(claims: Claims, task: training.Task, seed: int) -> dict[str, dict[str, list[float]]]:
    """Train the three on digits as they are, and test them on changed ones."""
    test = ArrayDataset(*task.test[: 1000 if task.whole else 200])
    found = {}
    for name, build in NETWORKS.items():
        print(f"\n{name}:")
        model = build(seed)
        trainer = training.fit(model, optim.Adam(model.parameters(), lr=2e-3), task, 64, seed)
        task.judge(claims, 32, name, trainer.history["test_accuracy"][-1])
        found[name] = measured(model, test)
        for change, values in found[name].items():
            print(
                f"  {change:16s} "
                + " ".join(f"{n:g}: {v:.1%} " for n, v in zip(CHANGES[change][0], values, strict=True))
            )
    return found


def compare(claims: Claims, found: dict[str, dict[str, list[float]]]) -> None:
    """Who loses least."""
    print("\nHow much is left:")
    shifts = {name: rights["moved, pixels"] for name, rights in found.items()}
    left = {name: values[3] / values[0] for name, values in shifts.items()}
    dense_left, pooled_left, anywhere_left = left.values()
    claims.check(
        32, "share of the accuracy left after 3 pixels: dense, pooled, anywhere", "more and more",
        list(left.values()), holds=dense_left < pooled_left < anywhere_left,
    )  # fmt: skip
    one = shifts["convolution and pooling"]
    claims.check(
        32,
        "convolution and pooling: accuracy unmoved, and moved by a pixel",
        "within 10 points",
        one[:2],
        holds=one[0] - one[1] < 0.1,
    )
    claims.check(
        32, "but it is not indifferent: moved by 6 pixels", "below 80 %", one[6], holds=one[6] < 0.8
    )


def draw(found: dict[str, dict[str, list[float]]], path: Path) -> None:
    """A panel for each change."""
    with look():
        drawn = figure("accuracy", (9.6, 3.6))
        panels = drawn.subplots(1, len(CHANGES), sharey=True)
        for axes, (change, (amounts, _)) in zip(panels, CHANGES.items(), strict=True):
            for name, rights in found.items():
                values = 100 * np.array(rights[change])
                axes.plot(amounts, values, marker="o", markersize=4, color=COLOURS[name], label=name)
            axes.set_title(change, loc="left")
            axes.set_ylim(0, 102)
        panels[0].set_ylabel("test accuracy, %")
        panels[0].legend(frameon=False, loc="lower left", fontsize=9)
        finish("accuracy", drawn, path)


def main() -> None:
    """Train, change, compare."""
    parser = training.options(__doc__, "shift_invariance", 3, quick="few epochs")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(
        chosen, epochs=3, bar=0.95, quick_epochs=5 if chosen.quick else 15, quick_bar=0.5, quick_images=900
    )
    found = learn(claims, task, chosen.seed)
    compare(claims, found)
    draw(found, chosen.out / "accuracy.png")
    images = task.test.arrays[0][:8]
    rows = [moved(images, 0, 3), moved(images, 6, 0), turned(images, 30), scaled(images, 0.7)]
    viz.sheet(images, np.clip(rows, 0, 1), chosen.out / "moved.png")
    History(
        {
            f"{name}: {key}": values
            for name, rights in found.items()
            for key, values in rights.items()
            if key == "moved, pixels"
        }
    ).save(chosen.out / "history.json")
    print(f"  {training.memory()}")
    claims.finish()


if __name__ == "__main__":
    main()
