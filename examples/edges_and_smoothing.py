"""Sliding a kernel: over a signal, where it smooths, and over an image, where it finds edges.

    python examples/edges_and_smoothing.py

You learn what wide and narrow convolution are and how long their results get, that a moving average is
a convolution, what the flip is that tells convolution from correlation, and how nine numbers find
the edges of a photograph. Writes signal.png, step.png and photograph.png.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from claims import Claims, options
from scipy import signal
from sklearn.datasets import load_sample_image

from tinygrad_cnn import functional as F
from viz.plots import figure, finish, look

# Sobel's kernels: a difference in one direction, smoothed in the other one.
VERTICAL = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
HORIZONTAL = VERTICAL.T


def signals(claims: Claims, folder: Path) -> None:
    """Convolution of a signal of n numbers with a kernel of m."""
    print("Signals:")
    lengths = all(
        len(F.convolve1d(np.ones(n), np.ones(m), mode="narrow")) == n - m + 1
        and len(F.convolve1d(np.ones(n), np.ones(m), mode="wide")) == n + m - 1
        for n in range(1, 21)
        for m in range(1, n + 1)
    )
    claims.check(23, "lengths: narrow n-m+1, wide n+m-1, for all m <= n <= 20", True, lengths)
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=50), rng.normal(size=7)
    for mode, theirs in (("narrow", "valid"), ("wide", "full")):
        farthest = float(np.abs(F.convolve1d(x, w, mode=mode) - np.convolve(x, w, theirs)).max())
        claims.check(23, f"{mode}: farthest from np.convolve(..., '{theirs}')", 0.0, farthest, within=1e-12)

    t = np.linspace(0, 4 * np.pi, 200)
    noisy = np.sin(t) + rng.normal(0, 0.35, t.shape)
    m = 15
    average = F.convolve1d(noisy, np.full(m, 1 / m), mode="narrow")
    by_hand = np.array([noisy[i : i + m].mean() for i in range(len(noisy) - m + 1)])
    farthest = float(np.abs(average - by_hand).max())
    claims.check(
        23, f"kernel of {m} times 1/{m}: farthest from the mean of each window", 0.0, farthest, within=1e-12
    )
    wide = F.convolve1d(noisy, np.full(m, 1 / m), mode="wide")
    draw_signal(noisy, average, wide, folder / "signal.png")


def draw_signal(noisy: np.ndarray, average: np.ndarray, wide: np.ndarray, path: Path) -> None:
    """The signal under its narrow average, and what the wide one adds at the ends."""
    m = len(noisy) - len(average) + 1
    with look():
        drawn = figure("signal", (7.2, 3.8))
        axes = drawn.subplots()
        axes.plot(np.arange(200), noisy, color="#c3cfdd", linewidth=1, label="signal, n = 200")
        places = np.arange(len(wide)) - m // 2
        axes.plot(
            places, wide, color="#c2410c", linewidth=1.2, label=f"wide, {len(wide)}: zeros beyond the ends"
        )
        axes.plot(
            np.arange(len(average)) + m // 2,
            average,
            color="#3b6ea5",
            linewidth=2.2,
            label=f"narrow, {len(average)}",
        )
        axes.set_title(f"Moving average over m = {m}", loc="left")
        axes.set_ylim(None, 2.9)
        axes.legend(frameon=False, ncols=3, loc="upper center")
        finish("signal", drawn, path)


def step_image(claims: Claims, folder: Path) -> None:
    """An image that is dark on the left and bright on the right: one edge, from top to bottom."""
    print("\nSobel on a step:")
    image = np.zeros((8, 8))
    image[:, 4:] = 1
    upright, level = (F.correlate2d(image, kernel, mode="valid") for kernel in (VERTICAL, HORIZONTAL))
    claims.check(3, "vertical edges, each row", [0, 0, 4, 4, 0, 0], upright[0])
    claims.check(3, "all rows are alike", True, bool((upright == upright[0]).all()))
    claims.check(3, "horizontal edges: none", 0.0, float(np.abs(level).max()))
    with look():
        drawn = figure("step", (8.4, 2.9))
        panels = {"Image": image, "Vertical edges": upright, "Horizontal edges": level}
        for axes, (name, values) in zip(drawn.subplots(1, 3), panels.items(), strict=True):
            axes.imshow(
                values,
                cmap="gray" if name == "Image" else "Blues",
                vmin=0,
                vmax=1 if name == "Image" else 6,
            )
            for (row, column), value in np.ndenumerate(values):
                bright = value > 0.5 if name == "Image" else value < 4
                axes.text(
                    column,
                    row,
                    f"{value:.0f}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="#1a1a1a" if bright else "white",
                )
            axes.set_title(f"{name}, {values.shape[0]}×{values.shape[1]}", loc="left")
            axes.set_axis_off()
        finish("step", drawn, folder / "step.png")


def flipped_or_not(claims: Claims) -> None:
    """Convolution turns its kernel by half a turn; correlation, which networks use, does not."""
    print("\nConvolution and correlation:")
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(9, 11)), rng.normal(size=(3, 4))
    for mode in ("full", "same", "valid"):
        for ours, theirs in ((F.convolve2d, signal.convolve2d), (F.correlate2d, signal.correlate2d)):
            farthest = float(np.abs(ours(image, kernel, mode=mode) - theirs(image, kernel, mode)).max())
            claims.check(24, f"{ours.__name__}, {mode}: farthest from SciPy's", 0.0, farthest, within=1e-12)
    turned = F.correlate2d(image, kernel[::-1, ::-1])
    farthest = float(np.abs(F.convolve2d(image, kernel) - turned).max())
    claims.check(24, "convolution is correlation with the kernel turned round", 0.0, farthest, within=1e-12)
    spot = np.zeros((3, 3))
    spot[1, 1] = 1
    claims.check(
        24,
        "a single 1, convolved, shows the kernel itself",
        VERTICAL,
        F.convolve2d(spot, VERTICAL, mode="same"),
    )


def photograph(claims: Claims, folder: Path) -> None:
    """A mean filter and Sobel's on a photograph that comes with scikit-learn."""
    print("\nA photograph:")
    photo = load_sample_image("china.jpg")[::2, ::2].mean(axis=2) / 255
    blurred = F.correlate2d(photo, np.full((9, 9), 1 / 81), mode="same")
    inner = photo[:9, :9].mean()
    claims.check(
        24, "mean filter of 9×9: mean of the first whole window", inner, blurred[4, 4], within=1e-12
    )
    across, down = (F.correlate2d(photo, kernel, mode="same") for kernel in (VERTICAL, HORIZONTAL))
    farthest = float(np.abs(across - signal.correlate2d(photo, VERTICAL, "same")).max())
    claims.check(3, "Sobel on it: farthest from SciPy's", 0.0, farthest, within=1e-12)
    edges = np.hypot(across, down)[1:-1, 1:-1]
    panels = {
        "Photograph": photo,
        "Mean over 9×9": blurred,
        "Vertical edges": np.abs(across)[1:-1, 1:-1],
        "Strength of all edges": edges,
    }
    with look():
        drawn = figure("photograph", (8.4, 6.2))
        for axes, (name, values) in zip(drawn.subplots(2, 2).flat, panels.items(), strict=True):
            axes.imshow(
                values,
                cmap="gray_r" if "edges" in name else "gray",
                vmin=0,
                vmax=2 if "edges" in name else 1,
            )
            axes.set_title(name, loc="left")
            axes.set_axis_off()
        finish("photograph", drawn, folder / "photograph.png")


def main() -> None:
    """From a line of numbers to a photograph."""
    chosen = options(__doc__, "edges_and_smoothing").parse_args()
    claims = Claims(chosen.out)
    signals(claims, chosen.out)
    step_image(claims, chosen.out)
    flipped_or_not(claims)
    photograph(claims, chosen.out)
    claims.finish()


if __name__ == "__main__":
    main()
