"""Activations at their edges, and as layers.

Values, gradients and second order away from edges are in test_every_op.py.
"""

import math

import numpy as np
import pytest

from tinygrad_cnn import Tensor, grad, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError

RNG = np.random.default_rng(0)

#: Function, points on both sides of its kinks and at them, and the derivatives there.
KINKS = [
    (F.relu, [-1, 0, 1], [0, 0, 1]),
    (F.relu6, [-1, 0, 3, 6, 7], [0, 0, 1, 0, 0]),
    (F.hardtanh, [-2, -1, 0, 1, 2], [0, 0, 1, 0, 0]),
    (F.hardsigmoid, [-4, -3, 0, 3, 4], [0, 0, 1 / 6, 0, 0]),
    (F.hardswish, [-4, -3, 0, 1.5, 3, 4], [0, 0, 0.5, 1, 1, 1]),
    (F.leaky_relu, [-1, 0, 1], [0.01, 0.01, 1]),
    (F.elu, [0, 1], [1, 1]),
    (lambda x: F.elu(x, 2.5), [0, 1], [2.5, 1]),
    (F.selu, [0, 1], [1.7580993408473766, 1.0507009873554805]),
    (lambda x: F.celu(x, 2.5), [0, 1], [1, 1]),
    (F.softsign, [-1, 0, 1], [0.25, 1, 0.25]),
    (F.softplus, [0, 20.5], [0.5, 1]),
    (F.silu, [0], [0.5]),
    (F.mish, [0], [0.6]),
    (F.gelu, [0], [0.5]),
    (lambda x: F.gelu(x, "tanh"), [0], [0.5]),
    (F.identity, [-1, 0, 1], [1, 1, 1]),
]

SMOOTH = [F.sigmoid, F.tanh, F.gelu, lambda x: F.gelu(x, "tanh"), F.silu, F.mish, F.softplus, F.softsign,
          lambda x: F.softplus(x, threshold=math.inf), F.elu, F.selu, F.celu]  # fmt: skip


@pytest.mark.parametrize(("function", "points", "expected"), KINKS)
def test_derivatives_at_kinks(function, points, expected):
    x = Tensor(np.array(points, float), requires_grad=True)
    np.testing.assert_allclose(grad(function(x).sum(), x).numpy(), expected, rtol=1e-14)


@pytest.mark.parametrize("function", SMOOTH)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_arguments_overflow_nowhere(function, dtype):
    x = Tensor(np.array([-1000.0, -90.0, 90.0, 1000.0], dtype), requires_grad=True)
    y = function(x)
    slope = grad(y.sum(), x, create_graph=True)
    bend = grad(slope.sum(), x)
    for value in (y, slope, bend):
        assert np.isfinite(value.numpy()).all() and value.dtype == dtype


@pytest.mark.parametrize(
    ("function", "outside"),
    [(F.relu, -1), (F.relu6, 7), (F.hardtanh, 2), (F.hardsigmoid, 4), (F.hardswish, -4)],
)
def test_where_an_activation_is_flat_even_an_infinite_gradient_stops(function, outside):
    x = Tensor([outside], requires_grad=True)
    assert grad(function(x), x, [np.inf]).tolist() == [0.0]


def test_elu_keeps_the_precision_of_its_tail():
    x = Tensor(np.array([-30.0]), requires_grad=True)
    np.testing.assert_allclose(grad(F.elu(x), x).numpy(), math.exp(-30), rtol=1e-14)


def test_selu_keeps_mean_0_and_variance_1():
    z = np.linspace(-12, 12, 480001)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    y = F.selu(z)
    assert abs(np.trapezoid(y * density, z)) < 1e-8
    assert abs(np.trapezoid(y * y * density, z) - 1) < 1e-8


def test_the_forms_of_gelu_are_as_close_as_their_docstring_says():
    x = np.linspace(-6, 6, 2001)
    distance = np.abs(F.gelu(x) - F.gelu(x, approximate="tanh")).max()
    assert 1e-4 < distance < 5e-4
    with pytest.raises(ArgumentError, match="gelu: approximate must be one of 'none', 'tanh', got 'erf'"):
        F.gelu(x, "erf")


def test_softplus_is_the_argument_itself_above_its_threshold():
    x = np.array([0.9, 1.1])
    y = F.softplus(x, beta=2.0, threshold=2.0)
    assert y[1] == 1.1 and y[0] == pytest.approx(math.log(1 + math.exp(1.8)) / 2, rel=1e-15)
    for beta in (0, math.inf):
        with pytest.raises(ArgumentError, match="softplus: beta must be finite and not 0"):
            F.softplus(x, beta=beta)
    with pytest.raises(DTypeError, match="softplus: threshold must be a number, got 'high'"):
        F.softplus(x, threshold="high")


def test_leaky_relu_with_a_negative_slope_and_with_none():
    x = np.array([-2.0, 0.0, 3.0])
    assert F.leaky_relu(x, -1).tolist() == [2.0, 0.0, 3.0]
    assert F.leaky_relu(x, 0).tolist() == [0.0, 0.0, 3.0]
    with pytest.raises(ArgumentError, match="leaky_relu: negative_slope must be finite, got inf"):
        F.leaky_relu(x, math.inf)


def test_prelu_with_a_slope_per_channel():
    x = RNG.normal(size=(4, 3, 2, 2))
    w = Tensor(np.array([0.1, 0.2, -0.3]), requires_grad=True)
    y = F.prelu(x, w)
    expected = np.stack([np.where(x[:, c] > 0, x[:, c], w.tolist()[c] * x[:, c]) for c in range(3)], 1)
    np.testing.assert_array_equal(y.numpy(), expected)
    y.sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), np.minimum(x, 0).sum(axis=(0, 2, 3)), rtol=1e-13)


@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 0), (2, 1)])
def test_prelu_with_one_slope(shape):
    x = Tensor(-np.ones(shape), requires_grad=True)
    w = Tensor(np.array([0.5]), requires_grad=True)
    dx, dw = grad(F.prelu(x, w).sum(), [x, w])
    assert dx.shape == shape and (dx.numpy() == 0.5).all()
    assert dw.tolist() == [-float(np.prod(shape))]


def test_prelu_says_which_slopes_fit():
    with pytest.raises(
        ShapeError, match=r"prelu: weight has shape \(2,\), x \(4, 3\) expects \(1,\) or \(3,\)"
    ):
        F.prelu(np.zeros((4, 3)), np.zeros(2))
    with pytest.raises(ShapeError, match=r"prelu: weight has shape \(3,\), x \(3,\) expects \(1,\)$"):
        F.prelu(np.zeros(3), np.zeros(3))
    with pytest.raises(DTypeError, match="prelu: weight has dtype int64"):
        F.prelu(np.zeros(3), np.array([1]))


def test_options_are_checked():
    x = np.zeros(2)
    with pytest.raises(ArgumentError, match="hardtanh: min_val must be below max_val, got 1 and 1"):
        F.hardtanh(x, 1, 1)
    for alpha in (0, -1):
        with pytest.raises(ArgumentError, match=f"celu: alpha must be above 0, got {alpha}"):
            F.celu(x, alpha)
    with pytest.raises(ArgumentError, match="elu: alpha must lie in"):
        F.elu(x, math.nan)


FUNCTIONS = [F.step, F.gelu, F.silu, F.mish, F.softplus, F.softsign, F.relu6, F.hardtanh, F.hardsigmoid,
             F.hardswish, F.leaky_relu, F.elu, F.selu, F.celu]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_types_shapes_and_nan(function):
    for dtype in ("float16", "float32", "float64"):
        for shape in ((), (0, 3), (2, 3)):
            y = function(np.full(shape, 0.5, dtype))
            assert type(y) is np.ndarray and y.dtype == dtype and y.shape == shape
    assert math.isnan(function(np.array(np.nan)))
    with pytest.raises(DTypeError, match=rf"{function.__name__}: x has dtype int64, a float dtype fits"):
        function(np.array([1]))


def test_identity_is_a_node_of_its_own_over_the_same_memory():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = F.identity(x)
    assert y.node is not x.node and y.node.op.name == "Identity"
    assert np.shares_memory(y.numpy(), x.numpy())
    assert F.identity(np.array([1, 2])).dtype == np.int64


# --------------------------------------------------------------------------- layers
LAYERS = [
    (nn.Identity(), F.identity, "Identity()"),
    (nn.ReLU6(), F.relu6, "ReLU6()"),
    (nn.LeakyReLU(), F.leaky_relu, "LeakyReLU(negative_slope=0.01)"),
    (nn.LeakyReLU(0.2), lambda x: F.leaky_relu(x, 0.2), "LeakyReLU(negative_slope=0.2)"),
    (nn.PReLU(dtype="float64"), lambda x: F.prelu(x, [0.25]), "PReLU(num_parameters=1)"),
    (nn.PReLU(3, 0.5, dtype="float64"), lambda x: F.leaky_relu(x, 0.5), "PReLU(num_parameters=3)"),
    (nn.ELU(), F.elu, "ELU(alpha=1.0)"),
    (nn.ELU(2), lambda x: F.elu(x, 2), "ELU(alpha=2.0)"),
    (nn.SELU(), F.selu, "SELU()"),
    (nn.CELU(0.5), lambda x: F.celu(x, 0.5), "CELU(alpha=0.5)"),
    (nn.GELU(), F.gelu, "GELU(approximate='none')"),
    (nn.GELU("tanh"), lambda x: F.gelu(x, "tanh"), "GELU(approximate='tanh')"),
    (nn.SiLU(), F.silu, "SiLU()"),
    (nn.Mish(), F.mish, "Mish()"),
    (nn.Softplus(), F.softplus, "Softplus(beta=1.0, threshold=20.0)"),
    (nn.Softplus(2, 1), lambda x: F.softplus(x, 2, 1), "Softplus(beta=2.0, threshold=1.0)"),
    (nn.Softsign(), F.softsign, "Softsign()"),
    (nn.Hardtanh(), F.hardtanh, "Hardtanh(min_val=-1.0, max_val=1.0)"),
    (nn.Hardtanh(0, 0.5), lambda x: F.hardtanh(x, 0, 0.5), "Hardtanh(min_val=0.0, max_val=0.5)"),
    (nn.Hardsigmoid(), F.hardsigmoid, "Hardsigmoid()"),
    (nn.Hardswish(), F.hardswish, "Hardswish()"),
    (nn.Softmax(-1), F.softmax, "Softmax(dim=-1)"),
    (nn.LogSoftmax(0), lambda x: F.log_softmax(x, 0), "LogSoftmax(dim=0)"),
]


@pytest.mark.parametrize(("layer", "function", "text"), LAYERS, ids=[text for *_, text in LAYERS])
def test_layers_are_the_functions_in_one_node(layer, function, text):
    x = Tensor(RNG.normal(size=(4, 3, 2)) * 3, requires_grad=True)
    y = layer(x)
    np.testing.assert_allclose(y.numpy(), function(x.numpy()), rtol=1e-15)
    assert repr(layer) == text
    assert y.node.parents[0] is x.node


def test_layers_with_wrong_options():
    with pytest.raises(ArgumentError, match="GELU: approximate must be one of"):
        nn.GELU("erf")
    with pytest.raises(DTypeError, match="Softplus: beta must be a number"):
        nn.Softplus("steep")
    with pytest.raises(ArgumentError, match="PReLU: num_parameters must be at least 1, got 0"):
        nn.PReLU(0)
    with pytest.raises(ShapeError, match=r"^0: prelu: weight has shape \(2,\)"):
        nn.Sequential(nn.PReLU(2))(np.zeros((1, 3), np.float32))


def test_prelu_learns_its_slopes():
    layer = nn.PReLU(2, init=0.1)
    assert list(layer.state_dict()) == ["weight"] and layer.weight.dtype == np.float32
    layer(np.full((3, 2), -1.0, "float32")).sum().backward()
    assert layer.weight.grad.tolist() == [-3.0, -3.0]


@pytest.mark.parametrize(("shape", "axis"), [((3,), 0), ((2, 3), 1), ((2, 3, 4), 0), ((2, 3, 4, 5), 1)])
def test_softmax_without_an_axis_takes_the_one_that_pytorch_takes(shape, axis):
    x = RNG.normal(size=shape)
    np.testing.assert_array_equal(nn.Softmax()(x), F.softmax(x, axis))
    np.testing.assert_array_equal(nn.LogSoftmax()(x), F.log_softmax(x, axis))
