"""A net of three layers that you can follow by hand: 2 inputs, 3 and 2 hidden units, 2 results.

    python examples/three_layers.py

A layer multiplies by a matrix, adds a bias, and bends the result. You learn that a forward pass is
nothing more than this three times over, and how the same net is written with modules, whose shapes
and parameters can be listed and drawn. Writes graph.png.
"""

from __future__ import annotations

import numpy as np
from claims import Claims, options

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F

X = np.array([1.0, 0.5])
# Rows are inputs and columns are outputs, so that x @ W + b reads as in a textbook.
LAYERS = [
    (np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), np.array([0.1, 0.2, 0.3])),
    (np.array([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]]), np.array([0.1, 0.2])),
    (np.array([[0.1, 0.3], [0.2, 0.4]]), np.array([0.1, 0.2])),
]


def forward(x: np.ndarray) -> np.ndarray:
    """By hand: two layers with a sigmoid, the third one gives its sums as they are."""
    for number, (w, b) in enumerate(LAYERS, start=1):
        a = x @ w + b
        x = F.sigmoid(a) if number < len(LAYERS) else a
        print(f"  layer {number}: sums {np.round(a, 4)}, passed on {np.round(x, 4)}")
    return x


def as_modules() -> nn.Sequential:
    """The same net of modules. A Linear keeps its weights (out, in): the textbook's, transposed."""
    model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 2), nn.Sigmoid(), nn.Linear(2, 2))
    state = {}
    for place, (w, b) in zip(("0", "2", "4"), LAYERS, strict=True):
        state[f"{place}.weight"], state[f"{place}.bias"] = w.T.astype("float32"), b.astype("float32")
    model.load_state_dict(state)
    return model


def main() -> None:
    """Forward by hand and by modules, the table of the layers, the graph."""
    chosen = options(__doc__, "three_layers").parse_args()
    claims = Claims(chosen.out)

    print(f"By hand, from x = {X}:")
    by_hand = forward(X)
    claims.check(44, "result for x = [1, 0.5]", [0.31682708, 0.69627909], by_hand, within=5e-9)

    print("\nBy modules:")
    model = as_modules()
    y = model(Tensor(X[None].astype("float32"), name="x"))
    claims.check(
        44, "the same from modules, in float32", [0.31682708, 0.69627909], y.numpy()[0], within=1e-6
    )
    table = nn.summary(model, (1, 2))
    claims.check(44, "parameters: 2·3 + 3 + 3·2 + 2 + 2·2 + 2", 23, table.parameters)
    print(f"\n{table}")

    y.name = "y"
    viz.render(y, chosen.out / "graph.png")
    claims.finish()


if __name__ == "__main__":
    main()
