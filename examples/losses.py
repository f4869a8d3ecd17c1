"""Losses: how wrong a guess is, as one number; and labels as numbers or as rows with a single 1.

    python examples/losses.py [--data-dir PATH]       # PATH: MNIST's four IDX files, to check its sizes too

You learn the two losses that nearly every network uses, what one-hot means and that both forms of a
label give the same loss and the same gradient, and why cross-entropy wants shares that add up to 1.
Writes losses.png and one_hot.png.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import numpy as np
from claims import Claims, options

from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import digits, mnist, read_idx, write_idx
from viz.plots import figure, finish, look

# Ten shares for an image of a 2: one guess says so, the other one says 7.
GOOD = np.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])
BAD = np.array([0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0])


def cross_entropy_error(y: np.ndarray, label: int) -> float:
    """-ln of the share of the right class. The little summand keeps ln from minus infinity."""
    return -float(np.log(y[label] + 1e-7))


def two_losses(claims: Claims, folder: Path) -> None:
    """A good and a bad guess under both losses."""
    print("An image of a 2, a guess that says 2, and one that says 7:")
    one_hot = np.eye(10)[2]
    pairs = ((GOOD, 0.0975, 0.510825), (BAD, 0.5975, 2.302584))
    for guess, half_square, entropy in pairs:
        what = f"with a share of {guess[2]:g} for the 2"
        claims.check(
            46,
            f"half squared error, {what}",
            half_square,
            F.half_squared_error(guess, one_hot),
            within=1e-9,
        )
        claims.check(46, f"cross-entropy, {what}", entropy, cross_entropy_error(guess, 2), within=1e-6)

    share = np.linspace(0.001, 1, 500)
    with look():
        drawn = figure("losses", (6.4, 4.0))
        axes = drawn.subplots()
        axes.plot(share, -np.log(share), color="#c2410c", linewidth=2, label="cross-entropy, -ln p")
        axes.plot(
            share,
            0.5 * (1 - share) ** 2,
            color="#3b6ea5",
            linewidth=2,
            label="half squared error, ½(1 - p)²",
        )
        for guess, _, entropy in pairs:
            axes.plot(guess[2], entropy, "o", color="#c2410c")
            axes.annotate(
                f"p = {guess[2]:g}: {entropy:.3f}", (guess[2], entropy), (8, 4), textcoords="offset points"
            )
        axes.set_title("Loss over the share p of the right class", loc="left")
        axes.set_xlabel("p")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 5)
        axes.legend(frameon=False)
        finish("losses", drawn, folder / "losses.png")


def both_forms(claims: Claims, folder: Path) -> None:
    """Labels, and the same labels as one-hot rows: one loss, one gradient."""
    print("\nScores of 6 digits, with labels and with one-hot rows:")
    labels = digits()[0].arrays[1][::250]
    one_hot = np.eye(10)[labels]
    claims.check(
        77, f"one-hot row of the label {labels[0]}", [int(k == labels[0]) for k in range(10)], one_hot[0]
    )
    scores = np.random.default_rng(0).normal(size=(6, 10))
    results = []
    for target in (labels, one_hot):
        x = Tensor(scores, requires_grad=True)
        loss = F.cross_entropy(x, target)
        loss.backward()
        results.append((loss.item(), x.grad.numpy()))
    (loss, slope), (other_loss, other_slope) = results
    claims.check(46, "loss with one-hot rows equals loss with labels", loss, other_loss, within=1e-12)
    difference = float(np.abs(slope - other_slope).max())
    claims.check(46, "largest difference of the gradients", 0.0, difference, within=1e-12)
    expected = (F.softmax(scores, axis=1) - one_hot) / 6
    difference = float(np.abs(slope - expected).max())
    claims.check(46, "gradient is (softmax - one-hot) / N; difference", 0.0, difference, within=1e-12)

    with look():
        drawn = figure("one_hot", (6.0, 3.0))
        axes = drawn.subplots()
        axes.imshow(one_hot, cmap="Blues", vmax=1.4)
        for (row, column), value in np.ndenumerate(one_hot):
            axes.text(
                column, row, f"{value:.0f}", ha="center", va="center", color="white" if value else "#8c8c8c"
            )
        axes.set_yticks(range(6), [f"label {label}" for label in labels])
        axes.set_xticks(range(10))
        axes.set_title("Six labels as one-hot rows", loc="left")
        finish("one_hot", drawn, folder / "one_hot.png")


def sigmoid_is_no_share(claims: Claims) -> None:
    """Sigmoids in the place of softmax: a net can please cross-entropy by saying yes to everything."""
    print("\nA net that answers yes to all ten digits (a defect in one of the sources):")
    labels = np.arange(100) % 10
    scores = np.full((100, 10), 20.0)
    shares = F.sigmoid(scores)
    loss = float(-np.log(shares[np.arange(100), labels]).mean())
    claims.check(
        "D10", "cross-entropy of sigmoids: as if all were well", "below 1e-8", loss, holds=loss < 1e-8
    )
    with_softmax = float(F.cross_entropy(scores, labels))
    claims.check("D10", "with softmax: ln 10, it knows nothing", np.log(10), with_softmax, within=1e-9)


def flags(claims: Claims, data_dir: Path | None) -> None:
    """Show what normalize, flatten and one_hot do, on a few images in MNIST's file format."""
    print("\nReading MNIST's format:")
    images, labels = digits()[1].arrays
    enlarged = np.kron(images[:20, 0] * 255, np.ones((3, 3)))  # 8×8 to 24×24, framed to 28×28
    framed = np.pad(enlarged, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        write_idx(f"{folder}/t10k-images-idx3-ubyte", framed)
        write_idx(f"{folder}/t10k-labels-idx1-ubyte", labels[:20].astype(np.uint8))
        plain = mnist(folder, train=False, normalize=False).arrays
        flat = mnist(folder, train=False, flatten=True, one_hot=True).arrays
    claims.check(77, "normalize=False: the bytes of the file", True, bool((plain[0][:, 0] == framed).all()))
    claims.check(77, "normalize=True: from 0 to 1", [0, 1], [float(flat[0].min()), float(flat[0].max())])
    claims.check(
        77, "flatten=True, one_hot=True: shapes", [[20, 784], [20, 10]], [flat[0].shape, flat[1].shape]
    )
    claims.check(77, "one-hot rows hold the labels", True, bool((flat[1].argmax(axis=1) == plain[1]).all()))
    if data_dir is None:
        print("  (with --data-dir, the sizes and the checksum of MNIST itself)")
        return
    train, test = mnist(data_dir, train=True), mnist(data_dir, train=False)
    claims.check(77, "images of MNIST", [60_000, 10_000], [len(train), len(test)])
    with tempfile.TemporaryDirectory() as folder:  # written again without compression
        pixels = mnist(data_dir, train=False, normalize=False).arrays[0][:, 0]
        write_idx(f"{folder}/images", pixels)
        assert np.array_equal(read_idx(f"{folder}/images"), pixels)
        digest = hashlib.md5(Path(folder, "images").read_bytes()).hexdigest()
    claims.check(
        77,
        "md5 of the uncompressed test images",
        "2646ac64...",
        digest,
        holds=digest.startswith("2646ac64"),
    )


def main() -> None:
    """The parts in order."""
    parser = options(__doc__, "losses")
    parser.add_argument("--data-dir", type=Path, help="folder of MNIST's four IDX files")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    two_losses(claims, chosen.out)
    both_forms(claims, chosen.out)
    sigmoid_is_no_share(claims)
    flags(claims, chosen.data_dir)
    claims.finish()


if __name__ == "__main__":
    main()
