"""Ways in which weights start: too large and signals explode, too small and they fade away.

    python examples/initialisation.py

A deep net multiplies by a matrix again and again, and so does backward(). You learn how the spread of
the weights decides whether values survive ten layers, why sigmoids saturate, what Xavier and He do about
it, and the size of a mistake that divides by n and not by its root. Writes sigmoid.png, tanh.png,
relu.png and depth.png.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from claims import Claims, options

import viz
from tinygrad_cnn import Tensor, grad, nn
from tinygrad_cnn import functional as F
from viz.plots import figure, finish, look

WIDTH, DEPTH = 100, 10
Init = Callable[[Tensor, np.random.Generator], Tensor]
INITS: dict[str, Init] = {
    "std 1": lambda w, rng: nn.init.normal_(w, std=1.0, rng=rng),
    "std 0.01": lambda w, rng: nn.init.normal_(w, std=0.01, rng=rng),
    "Xavier": lambda w, rng: nn.init.xavier_normal_(w, rng=rng),
    "He": lambda w, rng: nn.init.kaiming_normal_(w, nonlinearity="relu", rng=rng),
}
COLOURS = {"std 1": "#c2410c", "std 0.01": "#8a9bb0", "Xavier": "#3b6ea5", "He": "#0f766e"}


def variances(claims: Claims) -> None:
    """Var(W) = 1/n_in for a 3×3 kernel of one channel, and what dividing by 9 gives."""
    print("Variance of the weights of a 3×3 kernel, n_in = 9:")
    # The variance of m normal numbers is known to within 1 ± 3.3·sqrt(2/m), in 999 of 1,000 draws.
    kernels = nn.init.lecun_normal_(Tensor(np.zeros((20_000, 1, 3, 3))), rng=0).numpy()
    room = 3.3 * np.sqrt(2 / kernels.size)
    claims.check(
        6, f"lecun_normal_, 1/9; {kernels.size:,} weights", 1 / 9, float(kernels.var()), within=room / 9
    )
    divided = np.random.default_rng(0).normal(size=kernels.shape) / 9
    claims.check(
        "D8", "N(0,1) divided by 9 gives 1/81, not 1/9", 1 / 81, float(divided.var()), within=room / 81
    )
    matrix = nn.init.xavier_normal_(Tensor(np.zeros((400, 400))), rng=0).numpy()
    room = 3.3 * np.sqrt(2 / matrix.size) / 400
    claims.check(
        6, "xavier_normal_ of 400 to 400, 2/(n_in + n_out)", 1 / 400, float(matrix.var()), within=room
    )


def through(
    activation: Callable[[Any], Any], init: Init, seed: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Activations of ten layers of 100 for 500 random inputs, and the gradients that come back to them."""
    rng = np.random.default_rng(seed)
    x = Tensor(rng.normal(size=(500, WIDTH)), requires_grad=True)
    layers = []
    for _ in range(DEPTH):
        x = activation(F.linear(x, init(Tensor(np.zeros((WIDTH, WIDTH))), rng)))
        layers.append(x)
    # Any loss will do; this one has slopes of about 1 at the last layer.
    slopes = grad((layers[-1] * rng.normal(size=(500, WIDTH))).sum(), layers)
    return [layer.numpy() for layer in layers], [slope.numpy() for slope in slopes]


def grid(
    activation: Callable[[Any], Any], names: tuple[str, ...], path: Path, seed: int
) -> dict[str, list[np.ndarray]]:
    """Histograms of the first five layers, a column for each way to start."""
    outputs = {name: through(activation, INITS[name], seed)[0] for name in names}
    rows = {name: {f"layer {k + 1}": layers[k] for k in range(5)} for name, layers in outputs.items()}
    viz.histograms(rows, path=path)
    return outputs


def activations(claims: Claims, folder: Path, seed: int) -> None:
    """Where the values of each layer lie."""
    print("\nActivations of layer 5, of 100 units each:")
    outputs = grid(F.sigmoid, ("std 1", "std 0.01", "Xavier"), folder / "sigmoid.png", seed)
    fifth = {name: layers[4] for name, layers in outputs.items()}
    at_the_ends = float(((fifth["std 1"] < 0.05) | (fifth["std 1"] > 0.95)).mean())
    claims.check(
        76,
        "sigmoid, std 1: share within 0.05 of 0 or 1, where it is flat",
        "above half",
        at_the_ends,
        holds=at_the_ends > 0.5,
    )
    spread = float(fifth["std 0.01"].std())
    claims.check(76, "sigmoid, std 0.01: all units say 0.5; std", "below 0.05", spread, holds=spread < 0.05)
    slope = float((fifth["std 1"] * (1 - fifth["std 1"])).mean())
    other = float((fifth["Xavier"] * (1 - fifth["Xavier"])).mean())
    claims.check(
        76,
        "mean slope of the sigmoids, std 1 and Xavier; at most 0.25",
        "Xavier is larger",
        [slope, other],
        holds=slope < other <= 0.25,
    )
    outputs = grid(F.tanh, ("std 1", "Xavier", "He"), folder / "tanh.png", seed)
    spread = float(outputs["Xavier"][4].std())
    claims.check(76, "tanh, Xavier: std", "0.2 to 0.8", spread, holds=0.2 < spread < 0.8)
    outputs = grid(F.relu, ("std 0.01", "Xavier", "He"), folder / "relu.png", seed)
    spreads = [float(outputs[name][4].std()) for name in ("Xavier", "He")]
    claims.check(
        76,
        "ReLU, Xavier and He: He keeps the spread",
        "He is larger, 0.5 to 1.5",
        spreads,
        holds=spreads[0] < spreads[1] and 0.5 < spreads[1] < 1.5,
    )


def depth(claims: Claims, path: Path, seed: int) -> None:
    """Spread of activations and of gradients, layer by layer, in a net of ReLUs."""
    print("\nTen layers of ReLUs, from the last to the first:")
    with look():
        drawn = figure("depth", (9.0, 3.9))
        panels = drawn.subplots(1, 2)
        for name, init in INITS.items():
            outputs, slopes = through(F.relu, init, seed)
            spreads = [[float(a.std()) for a in arrays] for arrays in (outputs, slopes)]
            growth = spreads[1][0] / spreads[1][-1]
            expected = {
                "std 1": growth > 1e6,
                "std 0.01": growth < 1e-6,
                "Xavier": 1e-3 < growth < 0.3,
                "He": 0.3 < growth < 3,
            }[name]
            words = {
                "std 1": "explodes, above 1e6",
                "std 0.01": "vanishes, below 1e-6",
                "Xavier": "shrinks a little",
                "He": "keeps its size, 0.3 to 3",
            }[name]
            claims.check(7, f"{name}: growth of the gradient", words, growth, holds=expected)
            for axes, values in zip(panels, spreads, strict=True):
                axes.semilogy(
                    range(1, DEPTH + 1), values, marker="o", markersize=3.5, color=COLOURS[name], label=name
                )
        for axes, title in zip(panels, ("Activations", "Gradients"), strict=True):
            axes.set_title(f"{title}: standard deviation", loc="left")
            axes.set_xlabel("layer")
            axes.set_xticks(range(1, DEPTH + 1))
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0e}" if value != 1 else "1")
        panels[0].legend(frameon=False, ncols=2)
        finish("depth", drawn, path)


def main() -> None:
    """Variances, histograms, depth."""
    parser = options(__doc__, "initialisation")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    claims = Claims(chosen.out)
    variances(claims)
    activations(claims, chosen.out, chosen.seed)
    depth(claims, chosen.out / "depth.png", chosen.seed)
    claims.finish()


if __name__ == "__main__":
    main()
