"""Convolution and pooling by numbers: sizes, padding, stride, channels, and what each of them costs.

    python examples/convolution_arithmetic.py

You learn to work out one convolution by hand, the formula for the size of a result, how many weights
a layer has and how many a dense one would have, what pooling keeps, and that a moved image gives a
moved result. Writes arithmetic.png and moves.png.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from claims import Claims, options

from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import digits
from viz.plots import figure, finish, look

IMAGE = np.array([[1.0, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]])
KERNEL = np.array([[2.0, 0, 1], [0, 1, 2], [1, 0, 2]])


def one(image: np.ndarray, kernel: np.ndarray, **where: Any) -> np.ndarray:
    """One image under one kernel: the axes for a batch and for channels put on and taken off."""
    return F.conv2d(image[None, None], kernel[None, None], **where)[0, 0]


def by_hand(x: np.ndarray, w: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    """Convolution of (H, W) as its definition says: at each place, multiply and add up."""
    x = np.pad(x, padding)
    rows, columns = ((n - k) // stride + 1 for n, k in zip(x.shape, w.shape, strict=True))
    y = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[i * stride : i * stride + len(w), j * stride : j * stride + w.shape[1]]
            y[i, j] = (window * w).sum()
    return y


def output_size(size: int, kernel: int, padding: int = 0, stride: int = 1) -> int:
    """Count the places of the kernel along one axis."""
    return (size + 2 * padding - kernel) // stride + 1


# --------------------------------------------------------------------------- the parts of the page
def worked_examples(claims: Claims) -> None:
    """A 4×4 image under a 3×3 kernel, as on paper."""
    print("A 4×4 image and a 3×3 kernel:")
    claims.check(60, "convolution", [[15, 16], [6, 15]], one(IMAGE, KERNEL))
    with_bias = F.conv2d(IMAGE[None, None], KERNEL[None, None], np.array([3.0]))[0, 0]
    claims.check(60, "with bias 3", [[18, 19], [9, 18]], with_bias)
    padded = [[7, 12, 10, 2], [4, 15, 16, 10], [10, 6, 15, 6], [8, 10, 4, 3]]
    claims.check(60, "with one ring of zeros", padded, one(IMAGE, KERNEL, padding=1))
    large = np.array([[(column - row) % 4 for column in range(1, 8)] for row in range(7)], dtype=float)
    claims.check(
        60, "7×7 with stride 2, beside the loop", by_hand(large, KERNEL, 2), one(large, KERNEL, stride=2)
    )


def sizes(claims: Claims) -> None:
    """The formula for the size of a result, and the names of paddings."""
    print("\nSizes, (H + 2·padding - kernel) // stride + 1:")
    for (h, w), k, p, s, claimed in (
        ((4, 4), 3, 1, 1, [4, 4]),
        ((7, 7), 3, 0, 2, [3, 3]),
        ((28, 31), 5, 2, 3, [10, 11]),
    ):
        shape = one(np.zeros((h, w)), np.zeros((k, k)), padding=p, stride=s).shape
        claims.check(60, f"{h}×{w}, kernel {k}, padding {p}, stride {s}", claimed, shape)
    rng, agree = np.random.default_rng(0), True
    for n in range(3, 9):
        for k, s, p in ((k, s, p) for k in range(1, 4) for s in range(1, 4) for p in range(3)):
            x, w = rng.normal(size=(n, n)), rng.normal(size=(k, k))
            y = one(x, w, stride=s, padding=p)
            agree &= y.shape == (output_size(n, k, p, s),) * 2 and np.allclose(y, by_hand(x, w, s, p))
    claims.check(4, "sizes and values equal the loop, 162 cases", True, bool(agree))
    claims.check(4, "valid: 4×4 to 2×2", [2, 2], one(IMAGE, KERNEL, padding="valid").shape)
    claims.check(4, "same: 4×4 stays 4×4", [4, 4], one(IMAGE, KERNEL, padding="same").shape)
    claims.check(4, "padding (0, 1)", [2, 4], one(IMAGE, KERNEL, padding=(0, 1)).shape)


def channels(claims: Claims) -> None:
    """Several channels are added up, several filters give several results."""
    rng = np.random.default_rng(0)
    print("\nChannels, filters, batches:")
    batch, filters = rng.normal(size=(10, 3, 7, 7)), rng.normal(size=(5, 3, 3, 3))
    bias = rng.normal(size=5)
    y = F.conv2d(batch, filters, bias)
    claims.check(60, "(10,3,7,7) with 5 filters of (3,3,3)", [10, 5, 5, 5], y.shape)
    shifted = F.conv2d(batch, filters) + bias.reshape(5, 1, 1)
    claims.check(
        60,
        "a bias per filter, added as (5,1,1); difference",
        0.0,
        float(np.abs(y - shifted).max()),
        within=1e-12,
    )
    summed = sum(by_hand(batch[0, c], filters[2, c]) for c in range(3)) + bias[2]
    claims.check(
        60,
        "one result is a sum over channels; difference",
        0.0,
        float(np.abs(y[0, 2] - summed).max()),
        within=1e-12,
    )


def counts(claims: Claims) -> None:
    """Weights of a convolution beside those of a dense layer."""
    print("\nHow many weights:")
    # 30,720,000 weights take 117 MiB; the figures of the summary need no input.
    dense = nn.summary(nn.Linear(30_000, 1_024)).rows[0].parameters
    claims.check(
        1, "dense, 100×100×3 to 1,024: weights and biases", [30_720_000, 1_024], list(dense.values())
    )
    conv = nn.Conv2d(1, 8, 3, bias=False, rng=0)
    claims.check(5, "3×3, 8 filters: weights", 72, conv.weight.size)
    images = np.zeros((1, 1, 28, 28), dtype=np.float32)
    claims.check(5, "28×28 becomes", [1, 8, 26, 26], conv(Tensor(images)).shape)
    last = F.conv2d(images.transpose(0, 2, 3, 1), conv.weight.numpy(), data_format="NHWC")
    claims.check(5, "channels last", [1, 26, 26, 8], last.shape)
    # One filter of m = 5 over n = 100 numbers.
    slid = nn.Conv1d(1, 1, 5, rng=0)
    results = slid(Tensor(np.zeros((1, 1, 100), dtype=np.float32))).shape[-1]
    claims.check(25, "n(l) = n(l-1) - m + 1 for 100 and 5", 96, results)
    own, dense_size = nn.summary(slid).parameters, nn.Linear(100, results, bias=False).weight.size
    claims.check(25, "m + 1 instead of n(l)·n(l-1) parameters", [6, 9_600], [own, dense_size])
    rng, agree = np.random.default_rng(0), True
    for _ in range(20):
        before, after, u, v, h, w = rng.integers(1, 7, 6)
        layer = nn.Conv2d(int(before), int(after), (int(u), int(v)), rng=0)
        shape = layer(Tensor(np.zeros((1, before, h + u, w + v), dtype=np.float32))).shape
        agree &= nn.summary(layer).parameters == after * before * u * v + after
        agree &= shape == (1, after, h + 1, w + 1)
    claims.check(26, "n·n'·u·v + n parameters, size w-u+1 × h-v+1; 20 random layers", True, bool(agree))


def pooling(claims: Claims) -> None:
    """Largest, smallest and mean of each window: nothing to learn, channels stay."""
    print("\nPooling:")
    x = np.random.default_rng(0).normal(size=(1, 8, 26, 26))
    windows = x.reshape(1, 8, 13, 2, 13, 2)
    for function, reduce in ((F.max_pool2d, np.amax), (F.min_pool2d, np.amin), (F.avg_pool2d, np.mean)):
        farthest = float(np.abs(function(x, 2) - reduce(windows, axis=(3, 5))).max())
        claims.check(
            8,
            f"{function.__name__}: farthest from np.{reduce.__name__} of the windows",
            0.0,
            farthest,
            within=1e-12,
        )
    claims.check(8, "26×26×8 becomes 13×13×8", [1, 8, 13, 13], F.max_pool2d(x, 2).shape)
    odd = x[:, :, :, :25]
    sizes = [F.max_pool2d(odd, 2, ceil_mode=up).shape[3] for up in (False, True)]
    claims.check(8, "odd width 25: the last column is left out, or kept by ceil_mode", [12, 13], sizes)
    parameters = len(list(nn.MaxPool2d(2).parameters()))
    claims.check(
        61,
        "parameters, and channels before and after",
        [0, 8, 8],
        [parameters, 8, F.max_pool2d(x, 2).shape[1]],
    )


def draw_arithmetic(path: Path) -> None:
    """The worked example and three poolings, with their numbers."""
    pooled = {
        name: function(IMAGE[None, None], 2)[0, 0]
        for name, function in (("Max", F.max_pool2d), ("Min", F.min_pool2d), ("Mean", F.avg_pool2d))
    }
    panels = [
        ("Image", IMAGE),
        ("Kernel", KERNEL),
        ("Valid", one(IMAGE, KERNEL)),
        ("Same: a ring of zeros", one(IMAGE, KERNEL, padding="same")),
        ("Image in 2×2 windows", IMAGE),
        *((f"{name} of each", values) for name, values in pooled.items()),
    ]
    with look():
        drawn = figure("arithmetic", (9.4, 5.0))
        for k, (axes, (title, values)) in enumerate(zip(drawn.subplots(2, 4).flat, panels, strict=True)):
            colours = {1: "Oranges"}.get(k, "Blues")
            axes.imshow(
                values,
                cmap=colours,
                vmin=0,
                vmax=1.9 * values.max(),
                extent=(0, values.shape[1], len(values), 0),
            )
            for (row, column), value in np.ndenumerate(values):
                axes.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=11)
            if k == 4:
                axes.axhline(2, color="#1a1a1a", linewidth=1.6)
                axes.axvline(2, color="#1a1a1a", linewidth=1.6)
            # All panels count the same cells, so that a 2×2 result is half as wide as its image.
            axes.set_xlim(0, 4)
            axes.set_ylim(4, 0)
            axes.set_title(title, loc="left")
            axes.set_axis_off()
        finish("arithmetic", drawn, path)


def moves(claims: Claims, path: Path) -> None:
    """A moved image gives a moved result, and pooling swallows part of the move."""
    print("\nMoving an image by one pixel:")
    image = np.kron(digits()[0].arrays[0][3, 0], np.ones((3, 3)))
    image = np.pad(image.astype(np.float64), 4)
    moved = np.roll(image, 1, axis=1)
    kernel = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    first, second = one(image, kernel), one(moved, kernel)
    inner = float(np.abs(second[:, 1:] - first[:, :-1]).max())
    claims.check(2, "conv(moved x) is conv(x) moved, inside; difference", 0.0, inner, within=1e-12)
    row = np.array([1.0, 2, 0, 7, 1, 0, 0, 9, 2, 3, 0, 1, 3, 0, 1, 2]).reshape(4, 4)
    swapped = row[:, [1, 0, 3, 2]]  # each pixel moves inside its own window
    same = bool((F.max_pool2d(row[None, None], 2) == F.max_pool2d(swapped[None, None], 2)).all())
    claims.check(61, "a move inside the windows changes nothing after max-pooling", True, same)
    pooled = [F.max_pool2d(np.maximum(y, 0)[None, None], 4)[0, 0] for y in (first, second)]
    before = float(np.abs(second - first).mean() / np.abs(first).mean())
    after = float(np.abs(pooled[1] - pooled[0]).mean() / np.abs(pooled[0]).mean())
    claims.check(
        61,
        "relative change before and after pooling over 4×4",
        "smaller after",
        [before, after],
        holds=after < before,
    )
    panels = [
        ("Image", image),
        ("Vertical edges", np.maximum(first, 0)),
        ("Max over 4×4", pooled[0]),
        ("Moved by one pixel", moved),
        ("Edges, moved alike", np.maximum(second, 0)),
        ("Max: most of it stays", pooled[1]),
    ]
    with look():
        drawn = figure("moves", (7.6, 5.2))
        for axes, (title, values) in zip(drawn.subplots(2, 3).flat, panels, strict=True):
            axes.imshow(values, cmap="gray_r")
            axes.set_title(title, loc="left")
            axes.set_axis_off()
        finish("moves", drawn, path)


def main() -> None:
    """The parts in order."""
    chosen = options(__doc__, "convolution_arithmetic").parse_args()
    claims = Claims(chosen.out)
    worked_examples(claims)
    sizes(claims)
    channels(claims)
    counts(claims)
    pooling(claims)
    draw_arithmetic(chosen.out / "arithmetic.png")
    moves(claims, chosen.out / "moves.png")
    claims.finish()


if __name__ == "__main__":
    main()
