"""What is run: the example scripts and the checks, with the rows that each one shows.

An entry for an example names the rows of its `claims.check(...)` calls; a test compares the two.
"""

from __future__ import annotations

from typing import NamedTuple


class Program(NamedTuple):
    """A script of the folder examples/, or the checks of a topic.

    Attributes:
        name: of the script without .py, or of the topic.   rows: keys of the rows that it shows.
        data: 'mnist' or 'cats_vs_dogs' if it takes that folder as --data-dir in a full run.
        seed: what it is given as --seed; None where it has no such option.
        minutes: its time limits, quick and full.   pictures: a row and a caption for each file.
        checks: whether it is a topic of checks.
    """

    name: str
    rows: str
    data: str = ""
    seed: int | None = None
    minutes: tuple[float, float] = (2, 10)
    pictures: dict[str, tuple[str, str]] = {}
    checks: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The rows, one by one."""
        return tuple(self.rows.split())


PROGRAMS = (
    Program("perceptrons", "41 42", seed=1, pictures={
        "gates.png": ("41", "What each gate says, over the plane of its two inputs; XOR needs a second layer"),
    }),
    Program("activations", "9 43 45", seed=1, pictures={
        "curves.png": ("43", "Step, sigmoid and ReLU"),
        "heads.png": ("45", "Three tasks, and the output that suits each"),
    }),
    Program("three_layers", "44", pictures={
        "graph.png": ("44", "The net 2-3-2-2 as a graph, from the input to the result"),
    }),
    Program("losses", "46 77 D10", data="mnist", pictures={
        "losses.png": ("46", "Half squared error and cross-entropy, by the share given to the right class"),
        "one_hot.png": ("77", "Labels as one-hot rows"),
    }),
    Program("numerical_gradient", "47 48 49 50 D6", pictures={
        "tangents.png": ("47", "The parabola, and its tangents at 5 and 10"),
        "step.png": ("48", "The error of a difference by its step: too large, and too small"),
        "field.png": ("49", "Downhill from each of 18 by 18 points"),
        "descent.png": ("50", "Four learning rates, from the same start"),
    }),
    Program("two_layer_numerical", "51", seed=1, minutes=(2, 60), pictures={
        "training.png": ("51", "A tiny net, trained by numerical gradients alone"),
    }),
    Program("two_layer_backprop", "52 58 D2 D5", data="mnist", seed=1, minutes=(2, 30), pictures={
        "loss.png": ("52", "The loss of each mini-batch"),
        "trailing_relu.png": ("D2", "With and without a ReLU before softmax"),
    }),
    Program("apple_graph", "53 54 55", pictures={
        "apple.png": ("53", "Values forward on the edges, slopes back on the same picture"),
        "shopping.png": ("55", "Apples and oranges: a sum of two products"),
        "square.png": ("54", "(x+y)², with its slopes"),
    }),
    Program("edges_and_smoothing", "3 23 24", pictures={
        "step.png": ("3", "An edge, and the Sobel kernel that sees it"),
        "signal.png": ("23", "A noisy signal, and its moving average"),
        "photograph.png": ("24", "A photograph: blurred, and its edges"),
    }),
    Program("convolution_arithmetic", "1 2 4 5 8 25 26 60 61", pictures={
        "arithmetic.png": ("60", "Windows over an image, with padding and with a stride"),
        "moves.png": ("61", "A small move, before and after pooling"),
    }),
    Program("im2col", "62 63", pictures={
        "columns.png": ("62", "Windows as columns of a matrix"),
        "overlaps.png": ("62", "How many windows each pixel lies in"),
    }),
    Program("optimizers", "66 D1", seed=1, pictures={
        "paths.png": ("66", "Four ways down the same valley"),
        "training.png": ("D1", "The same four on digits, and AdaGrad along h"),
    }),
    Program("initialisation", "6 7 76 D8", seed=1, pictures={
        "sigmoid.png": ("76", "Activations of each layer, sigmoid"),
        "tanh.png": ("76", "Activations of each layer, tanh"),
        "relu.png": ("76", "Activations of each layer, ReLU"),
        "depth.png": ("7", "Spread of activations and gradients over ten layers"),
    }),
    Program("recipe", "11 12 13 15 16 17 18 19 20 21 22 D9", data="mnist", seed=0, minutes=(2, 30), checks=True),
    Program("formulas", "30 31 38 40 D3 D4 D7", seed=0, checks=True, pictures={
        "sine.png": ("40", "sin and cos, drawn without a screen"),
    }),
    Program("layers", "34 35 36 37 56 57 59", seed=0, checks=True, pictures={
        "blocks.png": ("59", "Conv → ReLU → Pool, twice, then dense: each block in its own frame"),
    }),
    Program("training", "70 71 72 73", seed=0, checks=True, pictures={
        "curves.png": ("71", "Loss and accuracy of a small net, trained and held-back images"),
    }),
)  # fmt: skip
