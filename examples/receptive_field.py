"""Receptive fields: which pixels of the image one number of a deep layer can see.

    python examples/receptive_field.py

A convolution sees 3×3 pixels; the next one sees what nine of the first see. You learn to count this
through windows, strides and poolings, to check the count by asking `backward()` which pixels change a
number at all, and that a pixel in the middle counts for more than one at the rim. You also see what
sharing weights means: the shifted image gives the shifted map. Writes growth.png and effective.png.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from claims import Claims, options

from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import models
from viz.plots import figure, finish, look


def stacks(seed: int) -> dict[str, list[nn.Module]]:
    """Five small stacks of windows, by name; in float64, where no slope is lost."""
    rng = np.random.default_rng(seed)

    def conv(inputs: int, kernel: int = 3, **options: int) -> nn.Conv2d:
        return nn.Conv2d(inputs, 4, kernel, rng=rng, dtype=np.float64, **options)

    return {
        "one 3×3": [conv(1)],
        "three 3×3": [conv(1), conv(4), conv(4)],
        "3×3, pool, 3×3": [conv(1), nn.AvgPool2d(2), conv(4)],
        "dilation 1, 2, 4": [conv(1), conv(4, dilation=2), conv(4, dilation=4)],
        "stride 2, 5×5 padded": [conv(1, stride=2), conv(4, 5, padding=2)],
    }


def seen(layers: list[nn.Module], side: int, place: tuple[int, int]) -> np.ndarray:
    """Sizes of the slopes of one output pixel with respect to every pixel of the image."""
    x = Tensor(np.random.default_rng(0).normal(size=(1, 1, side, side)), requires_grad=True)
    y: Tensor = x
    for layer in layers:
        y = layer(y)
    y[0, :, place[0], place[1]].sum().backward()
    return np.abs(x.grad.numpy()[0, 0])


def counted(claims: Claims) -> None:
    """The count beside the pixels that have a slope."""
    print("What one output pixel sees, counted and measured:")
    side = 24
    for (name, layers), size in zip(stacks(0).items(), (3, 7, 8, 15, 11), strict=True):
        field = nn.receptive_field(layers)
        claims.check(11, f"{name}: pixels a side", [size, size], list(field.size))
        wrong = 0
        for place in ((0, 0), (1, 3), (4, 2)):
            rows, columns = field.support(place, side)
            expected = np.zeros((side, side), bool)
            expected[np.ix_(rows, columns)] = True
            wrong += int((expected != (seen(layers, side, place) > 0)).sum())
        claims.check(11, f"{name}: pixels whose slope is not as counted, at three places", 0, wrong)


def hierarchy(claims: Claims, path: Path) -> None:
    """Show how the field grows through networks that are well known."""
    print("\nThrough networks, layer by layer:")
    networks = {
        "ConvNet": list(models.ConvNet(rng=0).children()),
        "DeepConvNet": list(models.deep_convnet(rng=0)),
        "VGG-16": list(models.vgg16(divisor=64, hidden=1, pooled=1, rng=0).features),
    }
    grown = {}
    for name, layers in networks.items():
        windows = [layer for layer in layers if isinstance(layer, (nn.Conv2d, nn.MaxPool2d))]
        fields = [nn.receptive_field(windows[: k + 1]) for k in range(len(windows))]
        grown[name] = [1, *(field.size[0] for field in fields)]
    ends = [sizes[-1] for sizes in grown.values()]
    claims.check(11, "pixels a side in the end: ConvNet, DeepConvNet, VGG-16", [10, 36, 212], ends)
    with look():
        drawn = figure("growth", (6.4, 3.6))
        axes = drawn.subplots()
        for (name, sizes), colour in zip(grown.items(), ("#8a9bb0", "#3b6ea5", "#c2410c"), strict=True):
            axes.semilogy(
                range(len(sizes)),
                sizes,
                marker="o",
                markersize=4,
                color=colour,
                label=f"{name}: {sizes[-1]} pixels",
            )
        axes.set_title("Pixels a side that one number sees", loc="left")
        axes.set_xlabel("convolutions and poolings so far")
        axes.set_xticks(range(0, 19, 3))
        axes.set_yticks([1, 3, 10, 30, 100, 200], ["1", "3", "10", "30", "100", "200"])
        axes.legend(frameon=False)
        finish("growth", drawn, path)


def effective(claims: Claims, path: Path) -> None:
    """Measure how much each pixel counts: mean over many random networks."""
    print("\nTen 3×3 convolutions see 21×21 pixels, and the middle most:")
    total, side = np.zeros((21, 21)), 21
    for seed in range(20):
        rng = np.random.default_rng(seed)
        layers = [nn.Conv2d(1 if k == 0 else 4, 4, 3, rng=rng, dtype=np.float64) for k in range(10)]
        total += seen(layers, side, (0, 0)) ** 2
    share = total / total.sum()
    middle = float(share[5:16, 5:16].sum())
    claims.check(
        11,
        "share of the squared slopes in the middle 11×11, 27 % of the pixels",
        "above 60 %",
        middle,
        holds=middle > 0.6,
    )
    with look():
        drawn = figure("effective", (4.0, 3.4))
        axes = drawn.subplots()
        shown = axes.imshow(np.sqrt(share / share.max()), cmap="inferno")
        axes.set_title("How much each of 21×21 pixels counts", loc="left")
        drawn.colorbar(shown)
        finish("effective", drawn, path)


def sharing(claims: Claims) -> None:
    """Local and shared weights: few of them, and a map that moves with the image."""
    print("\nLocal connections and shared weights, 28×28 pixels to 26×26:")
    dense, local, shared = 784 * 676, 676 * 9, 9
    layer = nn.Conv2d(1, 1, 3, bias=False, rng=0)
    claims.check(
        11,
        f"weights: {dense:,} dense, {local:,} local, and local and shared",
        shared,
        sum(p.size for p in layer.parameters()),
    )
    image = np.random.default_rng(0).normal(size=(1, 1, 28, 28)).astype(np.float32)
    moved = np.roll(image, (2, 3), axis=(2, 3))
    maps = [layer(x).numpy() for x in (image, moved)]
    apart = float(np.abs(maps[1][..., 2:, 3:] - maps[0][..., :-2, :-3]).max())
    claims.check(
        2,
        "shift by (2, 3), then convolve: farthest from the shifted map",
        "below 1e-6",
        apart,
        holds=apart < 1e-6,
    )
    values = [float(f(np.float64(-2.0))) for f in (F.relu, F.leaky_relu, F.sigmoid)]
    claims.check(11, "ReLU, leaky ReLU and sigmoid of -2", [0.0, -0.02, 0.11920292], values, within=1e-8)


def main() -> None:
    """Counts, growth, weight, sharing."""
    parser = options(__doc__, "receptive_field")
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    counted(claims)
    hierarchy(claims, chosen.out / "growth.png")
    effective(claims, chosen.out / "effective.png")
    sharing(claims)
    claims.finish()


if __name__ == "__main__":
    main()
