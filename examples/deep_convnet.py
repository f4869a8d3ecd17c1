"""DeepConvNet: six convolutions of 3×3, dropout, and what half the precision costs: nothing.

    python examples/deep_convnet.py                      # the digits of scikit-learn
    python examples/deep_convnet.py --data-dir PATH      # MNIST's four IDX files, 12 epochs: 99.3 %

You learn how small windows in depth replace large ones, train with Adam, look at windows before and
after, at the maps that a digit becomes, and at the digits that it reads wrongly; and evaluate the same
network with numbers of 16 bits. Writes filters.png, features.png, misread.png, curves.png,
history.json and model.safetensors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import training
from claims import Claims

import viz
from tinygrad_cnn import Tensor, nn, no_grad, optim
from tinygrad_cnn.data import ArrayDataset
from tinygrad_cnn.nn import models
from tinygrad_cnn.serial import save_tensors
from tinygrad_cnn.train import Evaluator
from viz.plots import figure, finish, look


def counts(claims: Claims) -> None:
    """The layers, and what depth saves."""
    print("DeepConvNet, for 28×28 pixels:")
    model = models.deep_convnet(rng=0)
    print(nn.summary(model, (1, 1, 28, 28)))
    widths = [layer.weight.shape[0] for layer in model if isinstance(layer, nn.Conv2d)]
    claims.check(78, "maps of the six convolutions", [16, 16, 32, 32, 64, 64], widths)
    claims.check(78, "parameters", 123_552, training.parameters(model))
    two = [nn.Conv2d(16, 16, 3), nn.Conv2d(16, 16, 3)]
    large = nn.Conv2d(16, 16, 5)
    claims.check(
        78, "two windows of 3×3 see 5×5 pixels", list(nn.receptive_field(large).size),
        list(nn.receptive_field(two).size),
    )  # fmt: skip
    fewer = [sum(map(training.parameters, two)), training.parameters(large)]
    claims.check(78, "and have fewer parameters than one of 5×5", "fewer", fewer, holds=fewer[0] < fewer[1])


def rounded(array: np.ndarray) -> np.ndarray:
    """To the nearest number of 16 bits."""
    return array.astype(np.float16)


def half_kept(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """Scores when weights and maps are kept in 16 bits, and added up in 32, as graphics cards do it."""
    copy = models.deep_convnet().eval()
    copy.load_state_dict({n: rounded(a).astype(np.float32) for n, a in model.state_dict().items()})
    scores = []
    with no_grad():
        for x in np.array_split(images, -(-len(images) // 250)):
            for layer in copy:
                x = rounded(layer(Tensor(x)).numpy()).astype(np.float32)
            scores.append(x)
    return np.concatenate(scores)


def half_throughout(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """Scores when every number has 16 bits, also in sums. Processors are slow at it."""
    copy = models.deep_convnet(dtype=np.float16)
    copy.load_state_dict({name: rounded(array) for name, array in model.state_dict().items()})
    return Evaluator(copy).predict(rounded(images))


def sixteen_bits(claims: Claims, model: nn.Module, test: ArrayDataset, few: int) -> None:
    """The accuracy with half the bits: kept so on all images, throughout on a few."""
    print("\nWith numbers of 16 bits in place of 32:")
    for what, images_of, way in (("kept", test, half_kept), ("throughout", test[:few], half_throughout)):
        images, labels = images_of.arrays if isinstance(images_of, ArrayDataset) else images_of
        full, small = Evaluator(model).predict(images), way(model, images)
        rights = [float((scores.argmax(axis=1) == labels).mean()) for scores in (full, small)]
        few_images = max(0.001, 1.5 / len(labels))  # where 0.1 % is less than an image, one may differ
        claims.check(
            78, f"accuracy on {len(labels):,} images, 32 bits and 16 {what}", "within 0.1 %", rights,
            holds=abs(rights[0] - rights[1]) <= few_images,
        )  # fmt: skip
        farthest = float(np.abs(full - small.astype(np.float32)).max())
        print(f"  scores from {full.min():.3g} to {full.max():.3g} differ by {farthest:.2g} at most")


def misread(model: nn.Module, test: ArrayDataset, path: Path) -> None:
    """The digits that it gets wrong, each with what it says and what is true."""
    images, labels = test.arrays
    found = Evaluator(model).predict(images).argmax(axis=1)
    wrong = np.flatnonzero(found != labels)[:20]
    print(f"  {int((found != labels).sum())} of {len(labels):,} test images are read wrongly")
    with look():
        drawn = figure("misread", (8.0, 2.2))
        panels = drawn.subplots(2, 10, squeeze=False).ravel()
        for axes in panels:
            axes.set_axis_off()
        for axes, k in zip(panels, wrong, strict=False):
            axes.imshow(images[k, 0], cmap="gray_r", vmin=0, vmax=1)
            axes.set_title(f"{found[k]}, not {labels[k]}", fontsize=8)
        finish("misread", drawn, path)


def learn(claims: Claims, folder: Path, task: training.Task, seed: int) -> None:
    """Adam, batches of 100."""
    print(f"\nTraining, Adam with 0.001, {task.epochs} epochs:")
    model = models.deep_convnet(rng=seed)
    before = model[0].weight.numpy().copy()
    trainer = training.fit(model, optim.Adam(model.parameters(), lr=1e-3), task, 100, seed)
    task.judge(claims, 78, "DeepConvNet", training.report(trainer, folder))
    viz.filters(model[0], folder / "filters.png", before=before)
    changed = float(np.abs(model[0].weight.numpy() - before).max())
    claims.check(
        78, "filters before and after training: largest change", "above 0", changed, holds=changed > 0
    )
    viz.feature_maps(model, task.test.arrays[0][0], folder / "features.png", layers=["1", "6", "11"])
    misread(model, task.test, folder / "misread.png")
    sixteen_bits(claims, model, task.test, few=1000 if task.whole else 20)
    save_tensors(folder / "model.safetensors", model.state_dict())


def main() -> None:
    """Counts, training, half precision."""
    parser = training.options(__doc__, "deep_convnet", 12, quick="few images, few epochs")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(
        chosen,
        epochs=12,
        bar=0.992,
        quick_epochs=3 if chosen.quick else 15,
        quick_bar=0.5,
        quick_images=800,
    )
    counts(claims)
    learn(claims, chosen.out, task, chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()
