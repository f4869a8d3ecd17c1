"""The programs that are run: the example scripts and the checks, with the rows that each one shows.

An entry for an example names the rows of its `claims.check(...)` calls; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
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
    minutes: tuple[float, float] = (5, 10)
    pictures: Mapping[str, tuple[str, str]] = MappingProxyType({})
    checks: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The rows, one by one."""
        return tuple(self.rows.split())


PROGRAMS = (
    Program("perceptrons", "41 42", seed=1, pictures={
        "gates.png": ("41", "What each gate says over its two inputs; XOR needs a second layer"),
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
    Program("two_layer_numerical", "51", seed=1, minutes=(5, 60), pictures={
        "training.png": ("51", "A tiny net, trained by numerical gradients alone"),
    }),
    Program("two_layer_backprop", "52 58 D2 D5", data="mnist", seed=1, minutes=(5, 30), pictures={
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
    Program("receptive_field", "2 11", pictures={
        "growth.png": ("11", "What one output pixel sees, layer by layer"),
        "effective.png": ("11", "How much each pixel of the field counts"),
    }),
    Program("untrained_cnn", "5 8 9 10", data="mnist", seed=1, pictures={
        "forward.png": ("10", "A digit on its way through the untrained net"),
        "guesses.png": ("10", "What the untrained net says of the test images"),
    }),
    Program("shift_invariance", "32", data="mnist", seed=1, minutes=(5, 120), pictures={
        "accuracy.png": ("32", "Accuracy by how far the images are moved"),
        "moved.png": ("32", "The same digits, moved"),
    }),
    Program("sequential_nhwc", "33 34 35 36 37 38 39", data="mnist", seed=1, minutes=(5, 60), pictures={
        "cnn_acc.png": ("39", "Accuracy on images held back"),
        "cnn_loss.png": ("39", "Loss while training"),
        "cm.png": ("39", "Confusion matrix: rows are digits, columns what the net says"),
    }),
    Program("lenet5", "27 28 29", data="mnist", seed=1, minutes=(5, 240), pictures={
        "table.png": ("27", "Which maps of S2 each map of C3 sees"),
        "graph.png": ("29", "LeNet-5 of 1998 as a graph, one training step"),
        "features.png": ("29", "A digit in the maps of C1, S2, C3 and S4"),
        "dense-curves.png": ("29", "With a linear layer at the output: loss and accuracy by epoch"),
        "rbf-curves.png": ("29", "With ten drawings at the output: loss and accuracy by epoch"),
    }),
    Program("simple_convnet", "59 64", data="mnist", seed=1, minutes=(5, 240), pictures={
        "blocks.png": ("59", "Conv → ReLU → Pool, then dense layers"),
        "filters.png": ("64", "The first filters, before and after training"),
        "curves.png": ("64", "Loss and accuracy by epoch"),
    }),
    Program("deep_convnet", "78", data="mnist", seed=1, minutes=(5, 480), pictures={
        "filters.png": ("78", "The first filters, before and after training"),
        "features.png": ("78", "A digit in the maps of three layers"),
        "misread.png": ("78", "Test images that it misreads"),
        "curves.png": ("78", "DeepConvNet: loss and accuracy by epoch"),
    }),
    Program("hyperparameter_search", "78", data="mnist", seed=1, minutes=(5, 240), pictures={
        "search.png": ("78", "Trials over learning rate and weight decay"),
        "curves.png": ("78", "The best trials, epoch by epoch"),
    }),
    Program("overfitting", "37 78", data="mnist", seed=1, minutes=(5, 240), pictures={
        "overfitting.png": ("37", "Few images: plain, with weight decay, with dropout"),
        "batch_norm.png": ("78", "With and without batch norm, over many starts"),
    }),
    Program("vgg", "65", data="mnist", seed=1, minutes=(5, 480), pictures={
        "graph.png": ("65", "VGG-16, its repeated blocks folded"),
        "blocks.png": ("65", "Features, then the classifier"),
        "curves.png": ("65", "A thin VGG: loss and accuracy by epoch"),
    }),
    Program("residual_and_inception", "59", data="mnist", seed=1, minutes=(5, 240), pictures={
        "residual.png": ("59", "A residual block: the sum closes it"),
        "inception.png": ("59", "An inception block: four branches that join"),
        "depth.png": ("59", "Gradients over depth, with and without the sums"),
        "curves.png": ("59", "Residual and inception nets: loss and accuracy by epoch"),
    }),
    Program("best_of_all", "67 78", data="mnist", seed=1, minutes=(5, 960), pictures={
        "sheet.png": ("67", "Digits before and after small moves"),
        "rate.png": ("78", "The learning rate over the training"),
        "misread.png": ("78", "What the best net still misreads"),
        "curves.png": ("78", "The best net: loss and accuracy by epoch"),
    }),
    Program("cats_dogs", "67 68 70 71", data="cats_vs_dogs", seed=1, minutes=(5, 960), pictures={
        "sheet.png": ("67", "Images of cats and dogs, before and after each change"),
        "comparison.png": ("67", "The same net without and with changed images"),
        "without-1-curves.png": ("71", "Without changes, seed 1: loss and accuracy by epoch"),
        "with-1-curves.png": ("71", "With changes, seed 1: loss and accuracy by epoch"),
        "without-2-curves.png": ("71", "Without changes, seed 2: loss and accuracy by epoch"),
        "with-2-curves.png": ("71", "With changes, seed 2: loss and accuracy by epoch"),
    }),
    Program("mnist_mpi", "22", data="mnist", seed=1, minutes=(5, 60)),
    Program("alexnet", "69 70", data="cats_vs_dogs", seed=1, minutes=(5, 240), pictures={
        "shapes.png": ("69", "An image on its way through the windows"),
    }),
    Program("recipe", "12 13 15 16 17 18 19 20 21 22 D9", data="mnist", seed=0, minutes=(5, 60),
            checks=True),
    Program("formulas", "30 31 40 56 57 D3 D4 D7", seed=0, checks=True, pictures={
        "sine.png": ("40", "sin and cos, drawn without a screen"),
    }),
    Program("files", "72 73 74 75", seed=0, checks=True),
)  # fmt: skip
