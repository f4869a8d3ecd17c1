"""Formulas and old programs: closed forms beside autograd, and what breaks in the documents' code."""

from __future__ import annotations

import inspect

import numpy as np

from ledger.check import Check, Given, difference, shows
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import mnist
from tinygrad_cnn.testing import gradcheck
from viz.plots import figure, finish, look


# --------------------------------------------------------------------------- closed forms
@shows(30)
def closed_forms(check: Check, given: Given) -> None:
    """Gradients of convolution and pooling as the theory writes them, in loops, and by backward()."""
    rng = given.rng()
    x = Tensor(rng.normal(size=(1, 1, 7, 6)), requires_grad=True)
    w, b = (
        Tensor(rng.normal(size=(1, 1, 3, 2)), requires_grad=True),
        Tensor(rng.normal(size=1), requires_grad=True),
    )
    z = F.conv2d(x, w, b)
    z.retain_grad()
    y = F.sigmoid(z)
    weights = rng.normal(size=y.shape)
    (y * weights).sum().backward()
    delta = (weights * y.numpy() * (1 - y.numpy()))[0, 0]
    check("δ = incoming · f'(z); difference", 0.0, difference(z.grad.numpy()[0, 0], delta), within=1e-10)
    image, kernel = x.numpy()[0, 0], w.numpy()[0, 0]
    by_loop = np.array([[(image[u : u + 5, v : v + 5] * delta).sum() for v in range(2)] for u in range(3)])
    check("dW = x ⋆ δ", 0.0, difference(w.grad.numpy()[0, 0], by_loop), within=1e-10)
    check("db = Σδ", 0.0, difference(b.grad, [delta.sum()]), within=1e-10)
    wide = np.zeros((9, 7))
    wide[2:7, 1:6] = delta
    turned = kernel[::-1, ::-1]
    by_loop = np.array([[(wide[i : i + 3, j : j + 2] * turned).sum() for j in range(6)] for i in range(7)])
    check(
        "dx = wide convolution of δ with the kernel turned by 180°",
        0.0,
        difference(x.grad.numpy()[0, 0], by_loop),
        within=1e-10,
    )
    sub_sampling(check, rng)


def sub_sampling(check: Check, rng: np.random.Generator) -> None:
    """A mean of 2×2, a weight and a bias, and a sigmoid."""
    layer = nn.SubSampling2d(1, 2, activation=F.sigmoid, dtype=np.float64)
    layer.weight.data[:], layer.bias.data[:] = 0.7, -0.2
    x = Tensor(rng.normal(size=(1, 1, 6, 4)), requires_grad=True)
    y = layer(x)
    g = rng.normal(size=y.shape)
    (y * g).sum().backward()
    delta = (g * y.numpy() * (1 - y.numpy()))[0, 0]
    down = x.numpy()[0, 0].reshape(3, 2, 2, 2).mean(axis=(1, 3))
    up = np.kron(delta, np.ones((2, 2))) / 4
    check("pooling, dx = w·up(δ)", 0.0, difference(x.grad.numpy()[0, 0], 0.7 * up), within=1e-10)
    found = [layer.weight.grad.numpy()[0], layer.bias.grad.numpy()[0]]
    check("pooling, dw = Σ down(x)·δ and db = Σδ", [(down * delta).sum(), delta.sum()], found, within=1e-10)


@shows(31)
def up_sampling(check: Check, given: Given) -> None:
    """Back to the size before a pooling: three ways, each with its own way back."""
    rng = given.rng()
    small = Tensor(rng.normal(size=(1, 1, 3, 2)), requires_grad=True)
    large = rng.normal(size=(1, 1, 6, 4))
    nearest = F.interpolate(small, scale_factor=2)
    check(
        "nearest: each pixel four times",
        0.0,
        difference(nearest, np.kron(small.numpy()[0, 0], np.ones((2, 2)))[None, None]),
    )
    (nearest * large).sum().backward()
    sums = large[0, 0].reshape(3, 2, 2, 2).sum(axis=(1, 3))
    check(
        "its gradient: the sum of the four", 0.0, difference(small.grad.numpy()[0, 0], sums), within=1e-12
    )
    x = Tensor(large, requires_grad=True)
    F.avg_pool2d(x, 2).backward(small.numpy())
    quarter = np.kron(small.numpy()[0, 0], np.ones((2, 2))) / 4
    check(
        "mean: a quarter to each; difference", 0.0, difference(x.grad.numpy()[0, 0], quarter), within=1e-12
    )
    best, places = F.max_pool2d(x, 2, return_indices=True)
    back = F.max_unpool2d(best, places, 2)
    blocks = large[0, 0].reshape(3, 2, 2, 2)
    only = np.where(blocks == blocks.max(axis=(1, 3), keepdims=True), blocks, 0).reshape(6, 4)
    check("max: only the largest comes back, at its place", 0.0, difference(back.numpy()[0, 0], only))
    x.grad = None
    (back * large).sum().backward()
    check(
        "its gradient reaches those places only",
        True,
        bool(((x.grad.numpy()[0, 0] != 0) == (only != 0)).all()),
    )


@shows(40)
def numpy_in_brief(check: Check, given: Given) -> None:
    """A matrix times a row, a range, and two curves."""
    product = Tensor([[1.0, 2.0], [3.0, 4.0]]) * Tensor([3.0, 6.0])
    check("[[1, 2], [3, 4]] · [3, 6], element by element", [[3, 12], [9, 24]], product)
    check("the same through @, with the row as a diagonal", [[3, 12], [9, 24]],
          Tensor([[1.0, 2.0], [3.0, 4.0]]) @ np.diag(np.array([3.0, 6.0], np.float32)))  # fmt: skip
    x = np.arange(0, 6, 0.1)
    check("numbers in arange(0, 6, 0.1)", 60, len(x))
    curves = {"sin": F.sin(x), "cos": F.cos(x)}
    check(
        "largest of sin² + cos² − 1",
        0.0,
        float(np.abs(curves["sin"] ** 2 + curves["cos"] ** 2 - 1).max()),
        within=1e-12,
    )
    with look():
        drawn = figure("sine", (6.0, 3.0))
        axes = drawn.subplots()
        for (name, y), colour, style in zip(
            curves.items(), ("#3b6ea5", "#c2410c"), ("-", "--"), strict=True
        ):
            axes.plot(x, y, style, color=colour, linewidth=1.8, label=name)
        axes.set_title("sin and cos", loc="left")
        axes.legend(frameon=False, loc="lower left")
        finish("sine", drawn, given.folder / "sine.png")
    check("sine.png is a PNG", True, (given.folder / "sine.png").read_bytes().startswith(b"\x89PNG"))


@shows(56)
def layers_by_differences(check: Check, given: Given) -> None:
    """Each layer's backward beside numerical slopes, to second order; inputs left as they are."""
    rng = given.rng()
    away = rng.uniform(0.2, 1.0, (3, 4)) * rng.choice([-1, 1], (3, 4))  # not near ReLU's corner
    w, b, labels = rng.normal(size=(5, 4)), rng.normal(size=5), np.array([1, 0, 3])
    layers = {
        "Relu": (F.relu, (away,)),
        "Sigmoid": (F.sigmoid, (away,)),
        "SoftmaxWithLoss": (lambda x: F.cross_entropy(x, labels), (away,)),
        "Affine": (F.linear, (away, w, b)),
        "Dropout": (lambda x: F.dropout(x, 0.4, rng=3), (away,)),
    }
    for name, (function, inputs) in layers.items():
        before = [value.copy() for value in inputs]
        found = gradcheck(function, *inputs, order=2)
        same = all(np.array_equal(a, c) for a, c in zip(before, inputs, strict=True))
        check(f"{name}: slopes agree, inputs unchanged", [True, True], [bool(found), same])
    layer = nn.Linear(4, 5, rng=1)
    layer(Tensor(away.astype(np.float32))).sum().backward()
    check("Affine keeps dW and db, in the shapes of W and b", "(5, 4), (5,)",
          f"{layer.weight.grad.shape}, {layer.bias.grad.shape}")  # fmt: skip


@shows(57)
def dropout_in_two_forms(check: Check, given: Given) -> None:
    """Scale while training, or in the test: the same on average."""
    x, rng = given.rng().normal(2.0, 1.0, 400), given.rng()
    means = {}
    for mode in ("classic", "inverted"):
        layer = nn.Dropout(0.25, mode=mode, rng=rng)
        means[mode] = np.mean([layer(x) for _ in range(2000)], axis=0).mean()
        tested = layer.eval()(x).mean()
        check(
            f"{mode}: mean of 2,000 trainings beside the test",
            float(tested),
            float(means[mode]),
            within=0.01,
        )
    classic = nn.Dropout(0.25, mode="classic").eval()
    check(
        "classic, in the test: x times 1 − 0.25; difference",
        0.0,
        difference(classic(x), 0.75 * x),
        within=1e-12,
    )
    check(
        "classic is inverted times 1 − 0.25",
        0.75,
        float(means["classic"] / means["inverted"]),
        within=0.005,
    )


# --------------------------------------------------------------------------- defects
class BrokenConvolution:
    """As one document has it: self.x is read before it is set, and `=` stands for a minus."""

    def __init__(self, w: np.ndarray) -> None:
        self.w = w

    def forward(self, x: np.ndarray) -> int:
        """The height of the result, or so it says."""
        height = self.x.shape[2]
        self.x = x
        return height - self.w.shape[2] + 1


class BrokenPooling:
    """As one document has it: neither x nor arg_max is kept, and reshape's result is dropped."""

    def forward(self, x: np.ndarray, k: int) -> np.ndarray:
        """The largest of each window, in one long row."""
        n, c, h, w = x.shape
        columns = F.unfold(x, k, stride=k).reshape(n, c, k * k, -1)
        y = columns.max(axis=2)
        y.reshape(n, c, h // k, w // k)
        return y

    def backward(self, g: np.ndarray) -> np.ndarray:
        """The gradient of the images, if forward had kept what this needs."""
        return np.zeros_like(self.x) + g.sum() * self.arg_max


@shows("D3")
def convolution_without_x(check: Check, given: Given) -> None:
    """The document's class, and the library's."""
    x, w = given.rng().normal(size=(1, 2, 5, 5)), given.rng().normal(size=(3, 2, 3, 3))
    check("the document's forward", "AttributeError", error_of(BrokenConvolution(w).forward, x))
    check(
        "`out_h = 1 = 2` in place of `out_h = 1 - 2`",
        "SyntaxError",
        error_of(compile, "out_h = 1 = 2", "", "exec"),
    )
    loop = [[[(x[0, :, i : i + 3, j : j + 3] * k).sum() for j in range(3)] for i in range(3)] for k in w]
    check(
        "the library's, beside the loops; difference",
        0.0,
        difference(F.conv2d(x, w)[0], np.array(loop)),
        within=1e-12,
    )


@shows("D4")
def pooling_without_memory(check: Check, given: Given) -> None:
    """The document's class, and the library's."""
    x = given.rng().normal(size=(1, 2, 4, 4))
    broken = BrokenPooling()
    check("shape of the document's result", [1, 2, 4], broken.forward(x, 2).shape)
    check("the document's backward", "AttributeError", error_of(broken.backward, np.ones((1, 2, 2, 2))))
    image = Tensor(x, requires_grad=True)
    y = nn.MaxPool2d(2)(image)
    y.sum().backward()
    check("shape of the library's result", [1, 2, 2, 2], y.shape)
    check("what comes back: one for each window", 8.0, float(image.grad.numpy().sum()))


@shows("D7")
def names_and_ranges(check: Check, given: Given) -> None:
    """The option's name, and where numbers of a normal distribution lie."""
    check("mnist(..., one_hot_laobel=True)", "TypeError", error_of(mnist, ".", one_hot_laobel=True))
    check("the option is called one_hot", True, "one_hot" in inspect.signature(mnist).parameters)
    draws = given.rng().standard_normal(100_000)
    outside = float(((draws < 0) | (draws >= 1)).mean())
    check("share of randn outside [0, 1): 1 − (Φ(1) − Φ(0))", 0.6587, outside, within=0.006)
    draws = given.rng().random(100_000)
    check("share of rand outside [0, 1)", 0.0, float(((draws < 0) | (draws >= 1)).mean()))


def error_of(function: object, *arguments: object, **options: object) -> str:
    """The class of the error that a call ends with, or 'none'."""
    try:
        function(*arguments, **options)  # type: ignore[operator]
    except Exception as error:
        return type(error).__name__
    return "none"
