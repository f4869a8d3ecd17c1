"""A small CNN from scratch, forwards only: what a network says before it has learnt anything.

    python examples/untrained_cnn.py                      # the digits of scikit-learn
    python examples/untrained_cnn.py --data-dir PATH      # 1,000 test images of MNIST

Convolution by 8 windows of 3×3, max-pool, softmax: each is a few lines of NumPy, written out here beside
the library's function. You learn the sizes 28 → 26 → 13, why the weights are divided, what the loss of
a guess is, and that an untrained network guesses: one in ten right, at a loss of ln 10. Writes
forward.png and guesses.png.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import training
from claims import Claims

from tinygrad_cnn import functional as F
from viz.plots import figure, finish, look


# --------------------------------------------------------------------------- by hand
def convolve(image: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """(h, w) and (8, 3, 3) to (h - 2, w - 2, 8): each window at each place, multiplied and added up."""
    h, w = image.shape
    result = np.zeros((h - 2, w - 2, len(windows)))
    for i in range(h - 2):
        for j in range(w - 2):
            result[i, j] = (image[i : i + 3, j : j + 3] * windows).sum(axis=(1, 2))
    return result


def max_pool(maps: np.ndarray) -> np.ndarray:
    """(h, w, n) to (h / 2, w / 2, n): the largest of 2×2 pixels; an odd row or column is left out."""
    h, w = maps.shape[0] // 2, maps.shape[1] // 2
    result = np.zeros((h, w, maps.shape[2]))
    for i in range(h):
        for j in range(w):
            result[i, j] = np.amax(maps[2 * i : 2 * i + 2, 2 * j : 2 * j + 2], axis=(0, 1))
    return result


def softmax(scores: np.ndarray) -> np.ndarray:
    """Shares that add up to 1; the largest score is taken off first, or exp would overflow."""
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


class Network:
    """Windows, pooling, and a dense layer of 13·13·8 inputs; all drawn at random, none learnt."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.windows = rng.normal(size=(8, 3, 3)) / 3  # Var = 1/9, one over the number of inputs
        self.weights = rng.normal(size=(13 * 13 * 8, 10)) / np.sqrt(13 * 13 * 8)
        self.biases = np.zeros(10)

    def forward(self, image: np.ndarray) -> np.ndarray:
        """Shares of the ten digits for one image of 28×28, from -0.5 to 0.5."""
        pooled = max_pool(convolve(image, self.windows))
        return softmax(pooled.reshape(-1) @ self.weights + self.biases)


# --------------------------------------------------------------------------- the parts of the page
def sizes(claims: Claims, network: Network, image: np.ndarray, path: Path) -> None:
    """One image through, by hand and by the library."""
    print("One image of 28×28, by hand and by the library:")
    maps = convolve(image, network.windows)
    claims.check(
        5,
        "8 windows of 3×3: shape, number of weights",
        [26, 26, 8, 72],
        [*maps.shape, network.windows.size],
    )
    theirs = F.conv2d(image[None, :, :, None], network.windows[:, None], data_format="NHWC")[0]
    apart = float(np.abs(theirs - maps).max())
    claims.check(5, "farthest from conv2d, channels last", "below 1e-12", apart, holds=apart < 1e-12)
    pooled = max_pool(maps)
    claims.check(8, "max-pool 2×2: shape", [13, 13, 8], list(pooled.shape))
    same = F.max_pool2d(maps[None], 2, data_format="NHWC")[0]
    claims.check(8, "farthest from max_pool2d", 0.0, float(np.abs(same - pooled).max()))
    others = [
        F.min_pool2d(maps[None], 2, data_format="NHWC"),
        F.avg_pool2d(maps[None], 2, data_format="NHWC"),
    ]
    ordered = bool((others[0] <= others[1]).all() and (others[1] <= same).all())
    claims.check(8, "least, mean, largest: in this order everywhere", True, ordered)
    shares = network.forward(image)
    claims.check(9, "softmax: the sum of the shares", 1.0, float(shares.sum()), within=1e-12)
    big = softmax(np.array([1e4, 0.0, -1e4]))
    claims.check(9, "of scores of 10,000, 0 and -10,000", [1.0, 0.0, 0.0], big.tolist())
    draw_forward(image, maps, pooled, shares, path)


def draw_forward(
    image: np.ndarray, maps: np.ndarray, pooled: np.ndarray, shares: np.ndarray, path: Path
) -> None:
    """The image, eight maps, eight halves, ten shares."""
    with look():
        drawn = figure("forward", (9.0, 4.4))
        panels = drawn.subplots(3, 8)
        for axes in panels.ravel():
            axes.set_axis_off()
        panels[0, 0].imshow(image, cmap="gray")
        panels[0, 0].set_title("28×28", loc="left")
        for k in range(8):
            panels[1, k].imshow(maps[..., k], cmap="gray")
            panels[2, k].imshow(pooled[..., k], cmap="gray")
        panels[1, 0].set_title("26×26 × 8", loc="left")
        panels[2, 0].set_title("13×13 × 8", loc="left")
        bars = drawn.add_subplot(panels[0, 0].get_gridspec()[0, 2:])
        bars.bar(range(10), 100 * shares, color="#3b6ea5")
        bars.axhline(10, color="#8c8c8c", linewidth=0.8, linestyle=":")
        bars.set_xticks(range(10))
        bars.set_title("share of each digit, %", loc="left")
        finish("forward", drawn, path)


def guess(claims: Claims, network: Network, images: np.ndarray, labels: np.ndarray, path: Path) -> None:
    """The loss and the accuracy of a network that knows nothing."""
    print(f"\n{len(images):,} images through the untrained network:")
    shares = np.stack([network.forward(image) for image in images])
    losses = -np.log(shares[np.arange(len(labels)), labels])
    right = float((shares.argmax(axis=1) == labels).mean())
    theirs = float(F.cross_entropy(np.log(shares), labels))
    claims.check(
        9, "mean of -ln(share of the label), and cross_entropy", float(losses.mean()), theirs, within=1e-9
    )
    claims.check(10, "accuracy (the source: about 10 %)", "5 to 20 %", right, holds=0.05 <= right <= 0.2)
    loss = float(losses.mean())
    claims.check(10, "mean loss, near ln 10 = 2.303", "2.2 to 2.5", loss, holds=2.2 <= loss <= 2.5)
    for start in range(0, len(images), max(1, len(images) // 5)):
        part = slice(start, start + max(1, len(images) // 5))
        found = (shares[part].argmax(axis=1) == labels[part]).mean()
        print(f"  images {start + 1:5d} on: loss {losses[part].mean():.3f}, accuracy {found:.1%}")
    with look():
        drawn = figure("guesses", (6.4, 3.4))
        axes = drawn.subplots()
        counts = np.bincount(shares.argmax(axis=1), minlength=10)
        axes.bar(range(10), 100 * counts / len(labels), color="#3b6ea5")
        axes.set_xticks(range(10))
        axes.set_title(
            f"What the untrained network says, % of the images ({right:.1%} are right)", loc="left"
        )
        finish("guesses", drawn, path)


def main() -> None:
    """One image, then many."""
    parser = training.options(__doc__, "untrained_cnn", 1, quick="fewer images")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    task = training.task(chosen, epochs=1, bar=0.0, quick_epochs=1, quick_bar=0.0)
    count = 300 if chosen.quick else 1000
    images, labels = task.test.arrays[0][:count, 0] - 0.5, task.test.arrays[1][:count]
    network = Network(chosen.seed)
    sizes(claims, network, images[0], chosen.out / "forward.png")
    guess(claims, network, images, labels, chosen.out / "guesses.png")
    claims.finish()


if __name__ == "__main__":
    main()
