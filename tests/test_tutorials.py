"""Gradients written by hand as tutorials have them: each defect is caught, and explained to a learner."""

import numpy as np
import pytest

from tinygrad_cnn import Op
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import assert_gradients, check_op, check_optimizer, gradcheck

X = np.random.default_rng(0).normal(size=(3, 4))


class TutorialReLU(Op):
    """D5: the gradient is changed in place."""

    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return (dout,)


class TutorialPooling(Op):
    """D4: 2 × 2 maxima; each element that equals its window's maximum gets the whole gradient."""

    keep = (0,)

    def forward(self, x):
        n, c, h, w = x.shape
        self.windows = x.reshape(n, c, h // 2, 2, w // 2, 2)
        return self.windows.max(axis=(3, 5))

    def backward(self, dout, x):
        top = x.reshape(self.windows.shape) == self.windows.max(axis=(3, 5), keepdims=True)
        return ((top * dout[:, :, :, None, :, None]).reshape(x.shape),)


class TutorialPoolingWithoutReshape(TutorialPooling):
    """D4: and the result of the reshape is dropped."""

    def backward(self, dout, x):
        dx = super().backward(dout, x)[0].reshape(-1)
        dx.reshape(x.shape)
        return (dx,)


class TutorialConvolution(Op):
    """D3: the derivative reads what the forward pass never stored."""

    def forward(self, x, w):
        return F.conv2d(x, w)

    def backward(self, dout):
        return F.conv_transpose2d(dout, self.w), None


IMAGE = np.arange(16.0).reshape(1, 1, 4, 4)
TIED = np.ones((1, 1, 4, 4))


def test_the_relu_that_changes_its_gradient() -> None:
    with pytest.raises(AssertionError) as report:
        assert_gradients(lambda x: TutorialReLU()(x) + x, X)
    text = str(report.value)
    assert "first wrong op: TutorialReLU" in text
    assert "writes to the gradient that comes in, which others read too; write to a copy" in text


def test_the_pooling_that_doubles_ties() -> None:
    assert gradcheck(lambda x: TutorialPooling()(x), IMAGE * 0.1)
    with pytest.raises(AssertionError) as report:
        assert_gradients(lambda x: TutorialPooling()(x), TIED)
    text = str(report.value)
    assert "all elements alike" in text and "first wrong op: TutorialPooling" in text
    assert "too large by a factor of 4: a term counted 4 times?" in text


def test_the_pooling_that_drops_its_reshape() -> None:
    with pytest.raises(AssertionError) as report:
        assert_gradients(lambda x: TutorialPoolingWithoutReshape()(x), IMAGE)
    text = str(report.value)
    assert "fail: order 1, all inputs: the gradient cannot be computed: GraphError" in text
    assert "its backward gave shape (16,) for operand 0, whose shape is (1, 1, 4, 4)" in text


def test_the_convolution_that_reads_what_it_never_stored() -> None:
    with pytest.raises(AssertionError) as report:
        assert_gradients(lambda x, w: TutorialConvolution()(x, w), IMAGE, np.ones((1, 1, 2, 2)))
    assert "has no attribute 'w'" in str(report.value)
    assert "first wrong op: TutorialConvolution, called at" in str(report.value)


def test_the_relu_by_its_contract() -> None:
    """D5, with the contract of an op: each property says what it saw."""
    operands = [(X,)]
    report = check_op(TutorialReLU, operands, only=["gradient_is_right", "operands_are_not_written_to"])
    assert report["gradient_is_right"].status == "pass"  # alone, it does no harm
    assert "backward wrote to the incoming gradient" in report["operands_are_not_written_to"].reason


# --------------------------------------------------------------------------- an optimizer
class TutorialAdaGrad:
    """As it should be: each step divides the gradient by the root of its gathered squares."""

    def __init__(self, params, lr=0.1):
        self.params, self.lr, self.h = list(params), lr, None
        self.param_groups = [{"lr": lr, "params": self.params}]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        if self.h is None:
            self.h = [np.zeros_like(p.numpy()) for p in self.params]
        for p, h in zip(self.params, self.h, strict=True):
            if p.grad is not None:
                g = p.grad.numpy()
                h += g * g
                p.data = p.numpy() - self.param_groups[0]["lr"] * self.numerator(g, h) / (np.sqrt(h) + 1e-7)

    def numerator(self, g, h):
        return g

    def state_dict(self):
        return {"h": [h.copy() for h in self.h]}

    def load_state_dict(self, state):
        self.h = [h.copy() for h in state["h"]]


class WrongAdaGrad(TutorialAdaGrad):
    """D1: multiplies by what was gathered instead of by the gradient."""

    def numerator(self, g, h):
        return h


class MisspeltAdaGrad(TutorialAdaGrad):
    """D1: and calls a function that NumPy has not."""

    def step(self):
        self.h = [np.zero_like(p.numpy()) for p in self.params]


def test_the_adagrad_that_steps_by_its_gathered_squares() -> None:
    assert check_optimizer(TutorialAdaGrad).status == "pass"
    report = check_optimizer(WrongAdaGrad)
    assert report.status == "fail" and report["first_step_goes_downhill"].status == "fail"
    text = str(report["first_step_goes_downhill"])
    assert "uphill at entry" in text and "its gradient is -" in text and "the step changed it by -" in text
    assert "does the step use the square of the gradient in its place?" in text
    assert "it must" in report["decreases_a_quadratic"].reason


def test_the_adagrad_that_misspells_numpy() -> None:
    reason = check_optimizer(MisspeltAdaGrad)["first_step_goes_downhill"].reason
    assert reason.startswith("AttributeError") and "zero_like" in reason
