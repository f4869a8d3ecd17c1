"""Lectures' layers with forward and backward(dout): trained in models of this package, and judged."""

import numpy as np
import pytest

from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError
from tinygrad_cnn.testing import check_module, numerical_gradient


class Affine:
    """As a lecture has it."""

    def __init__(self, w, b):
        self.W, self.b = w, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Relu:
    """As a lecture has it: it writes to what it is given."""

    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class Half(Affine):
    def backward(self, dout):
        return super().backward(dout) / 2


RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((20, 3)), RNG.integers(0, 2, 20)


def affine(inputs, outputs, layer=Affine):
    return nn.HandWritten(layer(RNG.standard_normal((inputs, outputs)), np.zeros(outputs)), ("W", "b"))


def test_a_net_of_them_is_trained():
    model = nn.Sequential(affine(3, 8), nn.HandWritten(Relu()), affine(8, 2))
    assert list(model.state_dict()) == ["0.W", "0.b", "2.W", "2.b"]
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(30):
        loss = F.cross_entropy(model(X), LABELS)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_its_gradients_are_those_that_measuring_finds():
    layer = affine(3, 2)
    (layer(X) ** 2).sum().backward()
    for parameter in layer.parameters():
        measured = numerical_gradient(lambda _: (layer(X) ** 2).sum(), parameter)
        np.testing.assert_allclose(parameter.grad.numpy(), measured, rtol=1e-6)


def test_a_layer_may_be_called_twice_before_the_derivative():
    layer = nn.HandWritten(Relu())
    a, b = Tensor(X, requires_grad=True), Tensor(-X, requires_grad=True)
    (layer(a) + layer(b)).sum().backward()
    np.testing.assert_array_equal(a.grad.numpy(), X > 0)
    np.testing.assert_array_equal(b.grad.numpy(), X < 0)


def test_the_contract_tells_right_from_wrong():
    properties = ["gradients_in_training"]
    assert check_module(affine(3, 2), X[:2], only=properties).status == "pass"
    report = check_module(affine(3, 2, Half), X[:2], only=properties)
    assert report.status == "fail" and "factor of" in str(report)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DTypeError, match="no method backward"):
        nn.HandWritten(nn.ReLU())
    with pytest.raises(ArgumentError, match="'V' is not an attribute of Affine"):
        nn.HandWritten(Affine(np.ones((2, 2)), np.zeros(2)), ("V",))
    x = Tensor(X, requires_grad=True)
    with pytest.raises(GraphError, match="written for arrays"):
        nn.HandWritten(Relu())(x).sum().backward(create_graph=True)


def test_the_gradient_by_measuring_moves_what_a_net_reads():
    weights = {"W": RNG.standard_normal((3, 2))}
    before = weights["W"].copy()
    found = numerical_gradient(lambda _: ((X @ weights["W"]) ** 2).sum(), weights["W"])
    np.testing.assert_allclose(found, 2 * X.T @ (X @ before), rtol=1e-6)
    np.testing.assert_array_equal(weights["W"], before)
    with pytest.raises(DTypeError, match="a float array or Tensor fits, got list"):
        numerical_gradient(sum, [1.0])


class Thinned:
    """A layer with the names of a Sequential library in NumPy: it is told whether it trains."""

    def __init__(self, w):
        self._w, self._dw = w, None

    def forward_pass(self, a_prev, training):
        self.kept = a_prev * (0.5 if training else 1.0)
        return self.kept @ self._w

    def backward_pass(self, da_curr):
        self._dw = self.kept.T @ da_curr
        return da_curr @ self._w.T * 0.5


def test_forward_pass_and_backward_pass_serve_and_are_told_of_training():
    w, x = np.arange(6.0).reshape(3, 2), np.ones((4, 3))
    layer = nn.HandWritten(Thinned(w), ("_w",), ("_dw",))
    given = Tensor(x, requires_grad=True)
    y = layer(given)
    np.testing.assert_array_equal(y.numpy(), 0.5 * x @ w)
    y.sum().backward()
    np.testing.assert_array_equal(dict(layer.named_parameters())["_w"].grad.numpy(), np.full((3, 2), 2.0))
    np.testing.assert_array_equal(given.grad.numpy(), 0.5 * np.ones((4, 2)) @ w.T)
    np.testing.assert_array_equal(layer.eval()(x).numpy(), x @ w)
