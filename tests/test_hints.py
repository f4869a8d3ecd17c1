"""Hints: each is given once, at the line of the program, with what would fit; and not where all is well."""

import warnings

import numpy as np
import pytest

from tinygrad_cnn import Tensor, hints, nn, no_grad, optim
from tinygrad_cnn import functional as F

X, LABELS = np.random.default_rng(0).standard_normal((4, 3)).astype("float32"), np.array([0, 2, 1, 1])


class Stacked(nn.Module):
    def __init__(self):
        self.layers = [nn.Linear(3, 3), nn.Linear(3, 3)]
        self.heads = {"a": nn.Linear(3, 1)}


def leaf_replaced():
    w = Tensor([1.0], requires_grad=True)
    (w * 2).sum().backward()
    w = w - 0.1 * w.grad
    (w * 2).sum().backward()
    assert w.grad is None


def nan_loss():
    x = Tensor([1.0], requires_grad=True)
    (x * np.nan).sum().backward()


#: A program, and words of the hint that it gets.
PROGRAMS = {
    "softmax before cross_entropy": (
        lambda: F.cross_entropy(F.softmax(Tensor(X, requires_grad=True)), LABELS), "leave the softmax out",
    ),
    "softmax before nll_loss": (
        lambda: F.nll_loss(F.softmax(Tensor(X, requires_grad=True)), LABELS), "use log_softmax",
    ),
    "sigmoid before its loss": (
        lambda: F.binary_cross_entropy_with_logits(F.sigmoid(Tensor(X, requires_grad=True)), X * 0 + 1),
        "x was made by sigmoid",
    ),
    "a plain list": (
        lambda: list(Stacked().parameters()), r"layers is a plain list of 2 modules.*nn\.ModuleList",
    ),
    "channels last": (lambda: F.max_pool2d(np.zeros((2, 28, 28, 3), "float32"), 2), "channels last"),
    "a loss that is NaN": (nan_loss, "the loss is NaN"),
    "a leaf replaced": (leaf_replaced, r"made by Sub.*w -= lr \* w.grad"),
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_hint_is_given_once_at_the_programs_line(program):
    run, words = PROGRAMS[program]
    hints.again()
    with pytest.warns(hints.Hint, match=words) as caught:
        run()
    assert len(caught) == 1 and caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run()


def right_program():
    """A program that does all of this as it should be done."""
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3))
    optimizer = optim.SGD(model.parameters(), 0.1)
    for _ in range(2):
        loss = F.cross_entropy(model(Tensor(X)), LABELS)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    F.nll_loss(F.log_softmax(model(Tensor(X))), LABELS)
    F.max_pool2d(np.zeros((2, 3, 28, 28), "float32"), 2)
    F.max_pool2d(np.zeros((2, 28, 28, 3), "float32"), 2, data_format="NHWC")
    w = Tensor([1.0], requires_grad=True)
    y = w * 2
    y.retain_grad()
    y.sum().backward()
    with no_grad():
        w -= 0.1 * w.grad
    assert y.grad is not None and w.is_leaf


def test_a_right_program_gets_none():
    hints.again()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right_program()


def test_a_convolution_says_that_channels_are_last():
    with pytest.raises(ValueError, match="channels last"):
        nn.Conv2d(3, 8, 3)(np.zeros((2, 28, 28, 3), "float32"))
