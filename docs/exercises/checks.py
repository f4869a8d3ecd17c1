"""Checks of the exercises: each says in words what is wrong, or that all is right.

A notebook that lies beside this file imports it. Values are compared with what the package computes,
or with slopes that are measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import viz
from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import numerical_gradient as measured

RNG = np.random.default_rng


class NotYetError(AssertionError):
    """The exercise is not solved yet; the message says what to look at."""


def demand(holds: Any, words: str) -> None:
    """Raise `NotYetError` unless something holds.

    >>> demand(1 + 1 == 2, "addition is wrong")
    """
    if not holds:
        raise NotYetError(words)


def given(name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """A result as an array, if there is one and it has this shape."""
    demand(value is not None and value is not ..., f"{name} gives nothing yet: write its body")
    array = np.asarray(value, dtype=float)
    demand(array.shape == shape, f"{name} gives the shape {array.shape}, {shape} is right")
    demand(np.isfinite(array).all(), f"{name} gives NaN or infinity")
    return array


def equal(name: str, value: Any, right: Any, hints: dict[str, Any] | None = None) -> None:
    """Compare a result with the right one, and with wrong ones that are known.

    Args:
        name: what was computed.   value, right: arrays.
        hints: words -> what comes out if that was done.
    """
    right = np.asarray(right, dtype=float)
    array = given(name, value, right.shape)
    if np.allclose(array, right, rtol=1e-5, atol=1e-7):
        return
    for words, wrong in (hints or {}).items():
        if np.shape(wrong) == right.shape and np.allclose(array, wrong, rtol=1e-5, atol=1e-7):
            raise NotYetError(f"{name} is wrong: {words}")
    at = np.unravel_index(abs(array - right).argmax(), right.shape)
    place = f" at {tuple(map(int, at))}" if right.shape else ""
    known = abs(right) > 1e-9
    ratios = array[known] / right[known]
    if ratios.size and np.allclose(ratios, ratios.flat[0], rtol=1e-5) and abs(ratios.flat[0]) > 1e-9:
        raise NotYetError(
            f"{name} is {ratios.flat[0]:.4g} times what it should be, everywhere: a factor is wrong"
        )
    raise NotYetError(f"{name} is wrong{place}: it gives {array[at]:.6g}, {right[at]:.6g} is right")


def praise(name: str) -> str:
    """What is said at the end."""
    return f"{name}: right."


def gradient_by_hand(slope: Callable[..., Any], partials: Callable[..., Any]) -> str:
    """Check the slope of (3x - 1)², and both partial derivatives of (x y + y)²."""
    for x in (2.0, -0.5, 0.0):
        inner = {"the derivative of what stands inside the square, 3, is missing": 2 * (3 * x - 1)}
        equal(f"slope({x})", slope(x), 6 * (3 * x - 1), inner)
    for x, y in ((1.0, 2.0), (-2.0, 0.5)):
        z = x * y + y
        answer = partials(x, y)
        demand(isinstance(answer, tuple) and len(answer) == 2, "partials gives two numbers: by x, and by y")
        equal(f"the derivative by x at ({x}, {y})", answer[0], 2 * z * y)
        forgot = {"y stands at two places, and both ways count": 2 * z * x, "y also stands alone": 2 * z}
        equal(f"the derivative by y at ({x}, {y})", answer[1], 2 * z * (x + 1), forgot)
    return praise("The gradients")


def im2col(columns: Callable[..., Any]) -> str:
    """Check the windows of images as rows of a matrix."""
    for n, c, size, k in ((1, 1, 3, 2), (2, 3, 5, 3)):
        x = RNG(0).normal(size=(n, c, size, size))
        out = size - k + 1
        windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
        right = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * out * out, c * k * k)
        shape = f"for images of shape {x.shape} and k = {k}"
        value = columns(x, k)
        demand(value is not None, "columns gives nothing yet: write its body")
        turned = np.shape(value) == right.T.shape != right.shape
        demand(not turned, f"{shape} rows and columns are exchanged: a row is a window")
        channels_last = windows.transpose(0, 2, 3, 4, 5, 1).reshape(right.shape)
        hints = {"the channel changes fastest in your rows; it should change slowest": channels_last}
        equal(f"columns {shape}", value, right, hints)
    return praise("The windows")


def convolution_backward(gradients: Callable[..., Any]) -> str:
    """Check the gradients of a convolution by x, w and b."""
    x, w, b = (RNG(k).normal(size=shape) for k, shape in enumerate(((2, 2, 5, 5), (3, 2, 3, 3), (3,))))
    g = RNG(4).normal(size=(2, 3, 3, 3))
    tensors = [Tensor(a, requires_grad=True) for a in (x, w, b)]
    F.conv2d(*tensors).backward(Tensor(g))
    dx, dw, db = (t.grad.numpy() for t in tensors)
    answer = gradients(g, x, w)
    demand(
        isinstance(answer, tuple) and len(answer) == 3, "gradients gives three arrays: of x, of w, and of b"
    )
    equal(
        "the gradient of b",
        answer[2],
        db,
        {"sum over images, rows and columns, no mean": g.mean((0, 2, 3))},
    )
    flipped = {"its kernels are turned by 180 degrees: nothing is flipped here": dw[:, :, ::-1, ::-1]}
    equal(
        "the gradient of w",
        answer[1],
        dw,
        flipped | {"it is the mean over images, the sum is right": dw / 2},
    )
    other = F.conv_transpose2d(g, w[:, :, ::-1, ::-1].copy())
    equal(
        "the gradient of x", answer[0], dx, {"the kernels are turned by 180 degrees once too often": other}
    )
    return praise("The gradients of a convolution")


def dropout(layer: Any) -> str:
    """Check a class with forward(x, training) and backward(g), made as layer(p, rng)."""
    x = np.ones((50, 40))
    made = layer(0.25, RNG(0))
    y = given("forward", made.forward(x, True), x.shape)
    demand((x == 1).all(), "forward writes to its input: make a new array")
    share = (y == 0).mean()
    demand(share > 0, "nothing is dropped in training")
    demand(abs(share - 0.25) < 0.05, f"{share:.0%} are dropped, 25% is right: p is the share that goes")
    kept = y[y != 0]
    demand(not np.allclose(kept, 1), "what stays is not scaled: divide by 1 - p, so that the mean stays")
    equal("what stays", kept[:1], np.array([1 / 0.75]))
    dx = given("backward", made.backward(np.ones_like(x)), x.shape)
    demand(((dx == 0) == (y == 0)).all(), "backward lets through what forward dropped: use the same mask")
    equal("backward", dx, y, {"backward must scale as forward did": (y != 0) * 1.0})
    equal("forward with training=False", made.forward(x, False), x)
    return praise("Dropout")


def batch_norm(forward: Callable[..., Any], backward: Callable[..., Any]) -> str:
    """Check batch norm over the rows of a matrix, and its gradient by x, gamma and beta."""
    x, gamma, beta = RNG(0).normal(2, 3, (6, 4)), RNG(1).normal(size=4), RNG(2).normal(size=4)
    tensors = [Tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    y = F.batch_norm(tensors[0], None, None, tensors[1], tensors[2], training=True, eps=1e-5)
    answer = forward(x, gamma, beta)
    demand(isinstance(answer, tuple), "forward gives two things: the result, and what backward needs")
    centred = x - x.mean(0)
    sample = gamma * centred / np.sqrt(x.var(0, ddof=1) + 1e-5) + beta
    hints = {
        "the variance is divided by N here, not by N - 1": sample,
        "the mean is still there": y.numpy() * 0,
    }
    equal("forward", answer[0], y.numpy(), hints)
    g = RNG(3).normal(size=x.shape)
    y.backward(Tensor(g))
    dx, dgamma, dbeta = (t.grad.numpy() for t in tensors)
    answer = backward(g, answer[1])
    demand(
        isinstance(answer, tuple) and len(answer) == 3, "backward gives the gradients of x, gamma and beta"
    )
    equal("the gradient of beta", answer[2], dbeta)
    equal(
        "the gradient of gamma",
        answer[1],
        dgamma,
        {"gamma's factor is x after normalising": (g * x).sum(0)},
    )
    constant = g * gamma / np.sqrt(x.var(0) + 1e-5)
    words = "mean and variance depend on x, too, and give two more terms"
    equal("the gradient of x", answer[0], dx, {words: constant})
    return praise("Batch norm")


def optimisers(momentum: Callable[..., Any], adagrad: Callable[..., Any], adam: Callable[..., Any]) -> str:
    """Check three rules, each (p, g, state, t) -> None, which move p in place."""
    rules = {
        "momentum": (momentum, lambda p: optim.SGD([p], lr=0.1, momentum=0.9)),
        "adagrad": (adagrad, lambda p: optim.Adagrad([p], lr=0.1)),
        "adam": (adam, lambda p: optim.Adam([p], lr=0.1)),
    }
    for name, (rule, make) in rules.items():
        right = Tensor(np.array([1.0, -2.0]), requires_grad=True)
        mine, state, optimizer = np.array([1.0, -2.0]), {}, make(right)
        for t in range(1, 4):
            g = np.array([2.0, 0.5]) * mine
            right.grad = Tensor(g)
            before = mine.copy()
            rule(mine, g.copy(), state, t)
            optimizer.step()
            demand(
                not np.array_equal(mine, before), f"{name} does not move p: write p -= ... or p[...] = ..."
            )
            hints = {}
            if t == 1:
                hints = {
                    "it climbs: the sign is wrong": 2 * before - right.numpy(),
                    "the squares are added up, and then g is what is divided by their root": (
                        before - 0.1 * (g * g) / np.sqrt(g * g)
                    ),
                    "divide both means by 1 - beta^t: they start at 0": (
                        before - 0.1 * (0.1 * g) / (np.sqrt(0.001 * g * g) + 1e-8)
                    ),
                }
            equal(f"{name}, p after step {t}", mine, right.numpy(), hints)
    return praise("The three rules")


def lenet(make: Callable[[], Any]) -> str:
    """Check a LeNet for images (N, 1, 32, 32): its layers, its size, and that it learns."""
    model = make()
    demand(model is not None, "make gives nothing yet: build the network and return it")
    demand(isinstance(model, nn.Module), f"make gives a {type(model).__name__}, a Module is right")
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    demand(len(convolutions) == 2, f"there are {len(convolutions)} convolutions, 2 are right")
    sizes = [(m.weight.shape[1], m.weight.shape[0], m.weight.shape[2]) for m in convolutions]
    demand(
        sizes == [(1, 6, 5), (6, 16, 5)],
        f"the convolutions are {sizes}; (1, 6, 5) and (6, 16, 5) are right",
    )
    x = RNG(0).normal(size=(4, 1, 32, 32)).astype("float32")
    y = model(x)
    demand(y.shape == (4, 10), f"four images give the shape {y.shape}, (4, 10) is right: ten scores each")
    count = sum(p.size for p in model.parameters())
    demand(
        count == 61706, f"the network has {count:,} parameters, 61,706 is right: look at the linear layers"
    )
    positive = (y.numpy() >= 0).all() and np.allclose(y.numpy().sum(1), 1, atol=1e-3)
    demand(not positive, "the scores add up to 1: leave the softmax to the loss")
    optimizer, losses = optim.Adam(model.parameters(), lr=0.002), []
    for _ in range(8):
        loss = F.cross_entropy(model(x), np.arange(4))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    unused = [name for name, p in model.named_parameters() if p.grad is None]
    demand(not unused, f"these parameters get no gradient, so forward does not use them: {unused}")
    demand(losses[-1] < losses[0], "the loss does not fall: is there a ReLU between the layers?")
    return praise("LeNet")


def gradient_checking(slopes: Callable[..., Any]) -> str:
    """Check a function (f, x, h) -> the slopes of f, one for each element of x, by central differences."""
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    kept = x.copy()

    def cubes(a: Any) -> Any:
        return (a**3).sum()

    value = slopes(cubes, x, 1e-2)
    demand(np.array_equal(x, kept), "x is not as it was: put each element back after moving it")
    right = np.array([cubes_slope(v, 1e-2) for v in x.flat]).reshape(x.shape)
    forward = ((x + 1e-2) ** 3 - x**3) / 1e-2
    hints = {
        "that is a forward difference; (f(x + h) - f(x - h)) / 2h has a much smaller error": forward,
        "the distance between the two points is 2h": right * 2,
    }
    equal("slopes", value, right, hints)
    integers = slopes(cubes, np.array([1, 2]), 1e-4)
    words = "for an array of integers the slopes are wrong: x + h is cut off; compute in a copy of floats"
    demand(np.allclose(integers, [3, 12], atol=1e-3), words)
    return praise("The measured slopes")


def cubes_slope(v: float, h: float) -> float:
    """The central difference of a cube."""
    return ((v + h) ** 3 - (v - h) ** 3) / (2 * h)


def wrong_gradient(name: Any, layers: dict[str, tuple[Any, Any]], repaired: Callable[..., Any]) -> str:
    """Check that the wrong layer was found, and mended.

    Args:
        name: of the layer whose backward is wrong.   layers: name -> (forward, backward).
        repaired: its backward, (g, x) -> the gradient of x.
    """
    demand(isinstance(name, str), "wrong is to be the name of a layer, such as 'square'")
    demand(name in layers, f"there is no layer {name!r}; there are {sorted(layers)}")
    x = RNG(0).normal(size=(3, 4))
    forward, backward = layers[name]
    g = RNG(1).normal(size=np.shape(forward(x)))
    right = measured(lambda v: float((forward(v) * g).sum()), x)
    is_right = np.allclose(backward(g, x), right, atol=1e-5)
    demand(not is_right, f"the backward of {name} is right: measure the others, too")
    value = repaired(g, x)
    demand(value is not None, "repaired gives nothing yet: write the derivative")
    demand(not np.allclose(value, backward(g, x)), "repaired computes what the wrong one does")
    equal("repaired", np.asarray(value).round(6), right.round(6))
    return praise("Found and mended")


def pictures(operations: Any, unused: Any, mended: Callable[[], Any], broken: Callable[[], Any]) -> str:
    """Check what was read from a drawing, and the network that was mended by it."""
    x = RNG(0).normal(size=(16, 3)).astype("float32")
    model = broken()
    loss = F.cross_entropy(model(x), np.arange(16) % 2)
    loss.backward()
    right = int(str(viz.graph(loss)).split(" operations")[0].split()[-1])
    demand(operations is not None, "operations is to be the number of operations in the drawing")
    demand(operations == right, f"{operations} operations is not what the first line of the drawing says")
    idle = [name for name, p in model.named_parameters() if p.grad is None]
    demand(unused is not None, "unused is to be the path of the layer that the drawing does not show")
    demand(
        unused in {name.rpartition(".")[0] for name in idle}, f"{unused} is in the drawing; another is not"
    )
    better = mended()
    demand(better is not None, "mended gives nothing yet: return a network")
    F.cross_entropy(better(x), np.arange(16) % 2).backward()
    left = [name for name, p in better.named_parameters() if p.grad is None]
    demand(not left, f"these still get no gradient: {left}")
    zero = [name for name, p in better.named_parameters() if not p.grad.numpy().any()]
    demand(not zero, f"the gradient of {zero} is zero everywhere: a unit before it is never positive")
    return praise("The drawing")
