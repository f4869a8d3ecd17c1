"""Residual and inception blocks: a way past each layer, and windows of several sizes side by side.

    python examples/residual_and_inception.py                      # the digits of scikit-learn
    python examples/residual_and_inception.py --data-dir PATH      # MNIST's four IDX files, 3 epochs

You learn that a deep stack of layers forgets its input while one with shortcuts does not, what the two
kinds of block consist of, which of their parameters are where, and how they look as graphs: a sum that
closes each residual block, four branches that join in each inception block. Writes residual.png,
inception.png, depth.png, curves.png and history.json.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import training
from claims import Claims

import viz
from tinygrad_cnn import Tensor, grad, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import models
from tinygrad_cnn.nn.models import BasicBlock, Inception
from viz.plots import figure, finish, look


# --------------------------------------------------------------------------- the blocks
def residual(claims: Claims, path: Path) -> None:
    """relu(branch(x) + x): with its last weights at 0, the block is only relu(x)."""
    print("A residual block, 16 maps to 16:")
    block = BasicBlock(16, 16, rng=0)
    claims.check(
        59,
        "parameters: two 3×3 convolutions, two batch norms",
        2 * 16 * 16 * 9 + 4 * 16,
        training.parameters(block),
    )
    x = np.random.default_rng(0).random((2, 16, 8, 8)).astype(np.float32)
    block.bn2.weight.data[:] = 0.0
    claims.check(
        59, "with a branch that says 0 the block changes nothing", True, bool((block(x).numpy() == x).all())
    )
    smaller = BasicBlock(16, 32, stride=2, rng=0)
    claims.check(59, "with stride 2 to 32 maps: shape", [2, 32, 4, 4], list(smaller(x).shape))
    drawn = viz.graph(smaller, inputs=x, title="A residual block that halves the image")
    drawn.render(path)
    sums = sum(box.name == "Add" or "Add" in box.name for box in drawn.model.boxes)
    claims.check(59, "sums in the drawing that close the block", "one at least", sums, holds=sums >= 1)


def inception(claims: Claims, path: Path) -> None:
    """1×1, 3×3, 5×5 and a pooling, each on the same maps, joined along the channels."""
    print("\nAn inception block, 192 maps to 64 + 128 + 32 + 32:")
    block = Inception(192, 64, 96, 128, 16, 32, 32, rng=0)
    x = np.random.default_rng(0).random((1, 192, 8, 8)).astype(np.float32)
    claims.check(59, "shape", [1, 256, 8, 8], list(block(x).shape))
    branches = [block.branch1, block.branch2, block.branch3, block.branch4]
    maps = [branch(x).shape[1] for branch in branches]
    claims.check(59, "maps of the four branches", [64, 128, 32, 32], maps)
    joined = np.concatenate([branch(x).numpy() for branch in branches], axis=1)
    claims.check(
        59, "the block is its branches side by side", True, bool((joined == block(x).numpy()).all())
    )
    # A 1×1 convolution first: 16 maps for the 5×5 windows to look at, not 192.
    direct, narrowed = 192 * 32 * 25, 192 * 16 + 16 * 32 * 25
    found = sum(p.size for name, p in block.branch3.named_parameters() if "conv" in name)
    claims.check(59, f"weights of the 5×5 branch; {direct:,} without the 1×1 before it", narrowed, found)
    viz.render(block, path, inputs=x, title="An inception block")


# --------------------------------------------------------------------------- depth
class Stack(nn.Module):
    """Layers of 8 maps one after the other; with `shortcut`, each adds to what it was given."""

    def __init__(self, depth: int, shortcut: bool, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.layers = nn.ModuleList([nn.Conv2d(8, 8, 3, padding=1, rng=rng) for _ in range(depth)])
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Through all of them."""
        for layer in self.layers:
            y = F.relu(layer(x))
            x = x + y if self.shortcut else y
        return x


def depth(claims: Claims, path: Path, seed: int) -> None:
    """Measure how much of the gradient arrives at the input, for stacks of 1 to 40 layers."""
    print("\nGradient of the result with respect to the input, by depth:")
    depths = (1, 2, 5, 10, 20, 40)
    rng = np.random.default_rng(seed)
    image, g = (
        rng.normal(size=(1, 8, 8, 8)).astype(np.float32),
        rng.normal(size=(1, 8, 8, 8)).astype(np.float32),
    )
    arrived: dict[str, list[float]] = {"layer after layer": [], "with shortcuts": []}
    for shortcut, norms in zip((False, True), arrived.values(), strict=True):
        for count in depths:
            x = Tensor(image, requires_grad=True)
            slope = grad(Stack(count, shortcut, seed)(x), x, Tensor(g)).numpy()
            norms.append(float(np.linalg.norm(slope) / np.linalg.norm(g)))
    plain, past = (norms[-1] for norms in arrived.values())
    claims.check(
        59, "share that passes 40 layers without shortcuts", "below 1e-6", plain, holds=plain < 1e-6
    )
    claims.check(59, "and with them", "above 0.1", past, holds=past > 0.1)
    with look():
        drawn = figure("depth", (6.0, 3.6))
        axes = drawn.subplots()
        for (name, norms), colour in zip(arrived.items(), ("#8a9bb0", "#c2410c"), strict=True):
            axes.semilogy(depths, np.maximum(norms, 1e-30), marker="o", color=colour, label=name)
        axes.set_title("Share of the gradient that reaches the input", loc="left")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0e}")
        axes.set_xlabel("layers")
        axes.legend(frameon=False)
        finish("depth", drawn, path)


# --------------------------------------------------------------------------- training
def network(seed: int) -> nn.Sequential:
    """A convolution, a residual block, an inception block, and the mean of each map."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        OrderedDict(
            stem=nn.Sequential(
                nn.Conv2d(1, 16, 3, padding=1, rng=rng), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)
            ),
            residual=BasicBlock(16, 32, stride=2, rng=rng),
            inception=Inception(32, 16, 16, 32, 4, 8, 8, rng=rng),
            mean=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            scores=nn.Linear(64, 10, rng=rng),
        )
    )


def learn(claims: Claims, folder: Path, task: training.Task, seed: int) -> None:
    """A small network of both; and the counts of well-known ones."""
    small, large = models.small_resnet(rng=0), models.resnet18(rng=0)
    counts = [training.parameters(model) for model in (small, large)]
    claims.check(59, "parameters of ResNet-20 and ResNet-18", [272_474, 11_689_512], counts)
    print(f"\nTraining a network of one of each, {task.epochs} epochs:")
    model = network(seed)
    print(nn.summary(model, (1, 1, 28, 28)))
    trainer = training.fit(model, optim.Adam(model.parameters(), lr=3e-3), task, 64, seed)
    task.judge(claims, 59, "residual and inception", training.report(trainer, folder))


def main() -> None:
    """Blocks, depth, training."""
    parser = training.options(__doc__, "residual_and_inception", 3, quick="few images, few epochs")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(
        chosen, epochs=3, bar=0.985, quick_epochs=5 if chosen.quick else 12, quick_bar=0.4, quick_images=640
    )
    residual(claims, chosen.out / "residual.png")
    inception(claims, chosen.out / "inception.png")
    depth(claims, chosen.out / "depth.png", chosen.seed)
    learn(claims, chosen.out, task, chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()
