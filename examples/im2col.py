"""im2col: all windows of an image as the columns of a matrix, so that a convolution is one product.

    python examples/im2col.py

Seven nested loops make a convolution plain, and slow. You learn how the windows become columns, that
col2im, which adds the columns back, is no inverse but the adjoint, and that convolution and pooling
by columns equal the loops. Writes columns.png and overlaps.png.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from claims import Claims, options

from tinygrad_cnn import functional as F
from viz.plots import figure, finish, look


# --------------------------------------------------------------------------- by loops
def im2col(x: np.ndarray, k: int, stride: int = 1, padding: int = 0) -> np.ndarray:
    """Images (N, C, H, W) to columns (N, C·k·k, windows)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    columns = [
        x[:, :, i : i + k, j : j + k].reshape(len(x), -1)
        for i in range(0, x.shape[2] - k + 1, stride)
        for j in range(0, x.shape[3] - k + 1, stride)
    ]
    return np.stack(columns, axis=2)


def col2im(
    columns: np.ndarray, shape: tuple[int, ...], k: int, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Each column added where im2col read it; pixels of several windows hold the sum."""
    n, c, h, w = shape
    x = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    places = [
        (i, j) for i in range(0, x.shape[2] - k + 1, stride) for j in range(0, x.shape[3] - k + 1, stride)
    ]
    for number, (i, j) in enumerate(places):
        x[:, :, i : i + k, j : j + k] += columns[:, :, number].reshape(n, c, k, k)
    return x[:, :, padding : padding + h, padding : padding + w]


def convolution_by_loops(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """The definition, with a loop for each of its seven letters."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    N, C, H, W = x.shape
    FN, _, k, _ = w.shape
    y = np.zeros((N, FN, (H - k) // stride + 1, (W - k) // stride + 1))
    for n in range(N):
        for f in range(FN):
            for i in range(y.shape[2]):
                for j in range(y.shape[3]):
                    for c in range(C):
                        for u in range(k):
                            for v in range(k):
                                y[n, f, i, j] += x[n, c, i * stride + u, j * stride + v] * w[f, c, u, v]
    return y


# --------------------------------------------------------------------------- by columns
def convolution_by_columns(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """Filters as rows, windows as columns: one product."""
    k = w.shape[2]
    y = w.reshape(len(w), -1) @ F.unfold(x, k, stride=stride, padding=padding)
    rows = (x.shape[2] + 2 * padding - k) // stride + 1
    return y.reshape(len(x), len(w), rows, -1)


def pooling_by_columns(x: np.ndarray, k: int, stride: int) -> np.ndarray:
    """The largest element of each window of each channel."""
    n, c, h, _ = x.shape
    columns = F.unfold(x, k, stride=stride).reshape(n, c, k * k, -1)
    return columns.max(axis=2).reshape(n, c, (h - k) // stride + 1, -1)


# --------------------------------------------------------------------------- the parts of the page
def shapes(claims: Claims) -> None:
    """The textbook's two cases; it puts the windows of all images below each other."""
    print("Shapes:")
    for n, rows in ((1, 9), (10, 90)):
        columns = F.unfold(np.zeros((n, 3, 7, 7)), 5)
        as_rows = columns.transpose(0, 2, 1).reshape(-1, columns.shape[1])
        claims.check(62, f"({n},3,7,7), windows of 5×5", [rows, 75], as_rows.shape)


def there_and_back(claims: Claims) -> None:
    """col2im of the columns counts, for each pixel, the windows that it lies in."""
    print("\nThere and back:")
    counted = F.fold(F.unfold(np.ones((1, 1, 4, 4)), 3), (4, 4), 3)[0, 0]
    claims.check(
        62,
        "4×4 of ones, windows of 3×3: overlap counts",
        [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]],
        counted,
    )
    rng = np.random.default_rng(0)
    worst = {"im2col": 0.0, "col2im": 0.0, "adjoint": 0.0}
    for _ in range(30):
        k, stride, padding = (int(v) for v in (rng.integers(1, 5), rng.integers(1, 4), rng.integers(0, 3)))
        n, c, h, w = (int(v) for v in rng.integers((1, 1, k, k), (4, 4, k + 6, k + 6)))
        x = rng.normal(size=(n, c, h, w))
        columns = F.unfold(x, k, stride=stride, padding=padding)
        y = rng.normal(size=columns.shape)
        back = F.fold(y, (h, w), k, stride=stride, padding=padding)
        for name, difference in (
            ("im2col", columns - im2col(x, k, stride, padding)),
            ("col2im", back - col2im(y, x.shape, k, stride, padding)),
            ("adjoint", (columns * y).sum() - (x * back).sum()),
        ):
            worst[name] = max(worst[name], float(np.abs(difference).max()))
    claims.check(
        62,
        "unfold equals the loop, 30 random cases; largest difference",
        0.0,
        worst["im2col"],
        within=1e-12,
    )
    claims.check(62, "fold equals the loop; largest difference", 0.0, worst["col2im"], within=1e-12)
    claims.check(
        62, "<col(x), y> - <x, col2im(y)>, the adjoint; largest", 0.0, worst["adjoint"], within=1e-10
    )


def equal_to_loops(claims: Claims) -> None:
    """Convolution and pooling by columns, beside the loops, and the time of both."""
    print("\nConvolution and pooling by columns:")
    rng = np.random.default_rng(1)
    worst = {"columns": 0.0, "library": 0.0, "pooling": 0.0}
    for _ in range(12):
        k, stride, padding = (int(v) for v in (rng.integers(1, 4), rng.integers(1, 3), rng.integers(0, 2)))
        n, c, f, size = (int(v) for v in rng.integers((1, 1, 1, k), (3, 4, 4, k + 4)))
        x, w = rng.normal(size=(n, c, size, size)), rng.normal(size=(f, c, k, k))
        y = convolution_by_loops(x, w, stride, padding)
        pooled = F.max_pool2d(x, k, stride)
        for name, difference in (
            ("columns", convolution_by_columns(x, w, stride, padding) - y),
            ("library", F.conv2d(x, w, stride=stride, padding=padding) - y),
            ("pooling", pooling_by_columns(x, k, stride) - pooled),
        ):
            worst[name] = max(worst[name], float(np.abs(difference).max()))
    claims.check(
        63,
        "by columns, beside seven loops, 12 random cases; largest difference",
        0.0,
        worst["columns"],
        within=1e-12,
    )
    claims.check(63, "F.conv2d beside the loops", 0.0, worst["library"], within=1e-12)
    claims.check(63, "max-pooling by columns beside F.max_pool2d", 0.0, worst["pooling"])

    x, w = rng.normal(size=(2, 3, 14, 14)), rng.normal(size=(8, 3, 3, 3))
    times = []
    for function in (convolution_by_loops, convolution_by_columns):
        started = time.perf_counter()
        function(x, w, 1, 1)
        times.append(1000 * (time.perf_counter() - started))
    print(f"  (2,3,14,14) under 8 filters: {times[0]:.0f} ms by loops, {times[1]:.2f} ms by columns")


def draw_overlaps(path: Path) -> None:
    """The counts of four kinds of windows, as numbers in a grid."""
    cases = {
        "3×3, stride 1": (3, 1, 0),
        "3×3, stride 2": (3, 2, 0),
        "2×2, stride 2": (2, 2, 0),
        "3×3, stride 1, padding 1": (3, 1, 1),
    }
    with look():
        drawn = figure("overlaps", (10.4, 3.0))
        for axes, (title, (k, stride, padding)) in zip(drawn.subplots(1, 4), cases.items(), strict=True):
            size = 6 if (6 - k) % stride == 0 else 7
            ones = F.unfold(np.ones((1, 1, size, size)), k, stride=stride, padding=padding)
            counted = F.fold(ones, (size, size), k, stride=stride, padding=padding)[0, 0]
            axes.imshow(counted, cmap="Blues", vmin=0, vmax=13)
            for (row, column), value in np.ndenumerate(counted):
                axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=10)
            axes.set_title(title, loc="left", fontsize=10)
            axes.set_axis_off()
        drawn.suptitle("In how many windows each pixel lies: col2im(im2col(1))", x=0.01, ha="left")
        finish("overlaps", drawn, path)


def draw_columns(path: Path) -> None:
    """A 4×4 image, and its four windows of 3×3 as columns, pixel by pixel in the same colours."""
    image = np.arange(1, 17, dtype=float).reshape(1, 1, 4, 4)
    columns = F.unfold(image, 3)[0]
    with look():
        drawn = figure("columns", (6.4, 4.1))
        left, right = drawn.subplots(1, 2, width_ratios=(4, 4))
        for axes, values in ((left, image[0, 0]), (right, columns)):
            axes.imshow(
                values, cmap="viridis", vmin=1, vmax=16, alpha=0.55, aspect="equal" if axes is left else 0.5
            )
            for (row, column), value in np.ndenumerate(values):
                axes.text(column, row, f"{value:.0f}", ha="center", va="center")
            axes.set_axis_off()
            axes.set_anchor("N")
        for k, (row, column) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
            if k == 0:
                left.plot(
                    [-0.5, 2.5, 2.5, -0.5, -0.5],
                    [-0.5, -0.5, 2.5, 2.5, -0.5],
                    color="#c2410c",
                    linewidth=2.5,
                    clip_on=False,
                )
                right.plot(
                    [-0.5, 0.5, 0.5, -0.5, -0.5],
                    [-0.5, -0.5, 8.5, 8.5, -0.5],
                    color="#c2410c",
                    linewidth=2.5,
                    clip_on=False,
                )
            right.text(k, 8.9, f"({row},{column})", ha="center", va="top", fontsize=9, color="#555555")
        left.set_title("Image", loc="left")
        right.set_title("Windows as columns", loc="left")
        finish("columns", drawn, path)


def main() -> None:
    """The parts in order."""
    chosen = options(__doc__, "im2col").parse_args()
    claims = Claims(chosen.out)
    shapes(claims)
    there_and_back(claims)
    equal_to_loops(claims)
    draw_overlaps(chosen.out / "overlaps.png")
    draw_columns(chosen.out / "columns.png")
    claims.finish()


if __name__ == "__main__":
    main()
