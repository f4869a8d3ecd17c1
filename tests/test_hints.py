"""Hints: each is given once, at the line of the program, with what would fit; and not where all is well."""

import re
import warnings

import numpy as np
import pytest

import tinygrad_cnn
from tinygrad_cnn import Tensor, hints, nn, no_grad, optim, other_names
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import DataLoader

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


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: nn.Dense, "module 'tinygrad_cnn.nn' has no attribute 'Dense'; here it is nn.Linear"),
        (lambda: nn.Conv2D, "the nearest is 'Conv2d'"),
        (lambda: nn.functional, "tinygrad_cnn has it"),
        (lambda: nn.init.xavier_uniform, "the nearest is 'xavier_uniform_'"),
        (lambda: nn.models.ResNet18, "the nearest is 'resnet18'"),
        (lambda: tinygrad_cnn.relu, "tinygrad_cnn.functional has it"),
        (lambda: tinygrad_cnn.no_gradd, "the nearest is 'no_grad'"),
        (lambda: tinygrad_cnn.train.ModelCheckpoint, "here it is train.Checkpoint"),
        (lambda: tinygrad_cnn.data.Dataloader, "the nearest is 'DataLoader'"),
        (lambda: optim.lr_scheduler, "here it is optim itself"),
        (lambda: F.crossentropy, "the nearest is 'cross_entropy'"),
        (lambda: tinygrad_cnn.nothing_like_it, "has no attribute 'nothing_like_it'$"),
        (lambda: tinygrad_cnn.__wrapped__, "has no attribute '__wrapped__'$"),
    ],
)
def test_a_name_that_is_not_here_gets_a_word_of_help(ask, words):
    with pytest.raises(AttributeError, match=words):
        ask()


def test_names_of_elsewhere_are_not_here_and_what_is_named_is():
    packages = [tinygrad_cnn, F, nn, optim, tinygrad_cnn.data, tinygrad_cnn.train, tinygrad_cnn.serial]
    for name, here in other_names.ELSEWHERE.items():
        assert not any(name in package.__all__ for package in packages), name
        for package, what in re.findall(r"\b(functional|nn|optim|data|train|serial)\.(\w+)", here):
            assert hasattr(getattr(tinygrad_cnn, package), what), here


def test_packages_are_there_without_a_word():
    assert tinygrad_cnn.data.DataLoader is DataLoader
    assert tinygrad_cnn.array_api.__name__ == "tinygrad_cnn.array_api"
