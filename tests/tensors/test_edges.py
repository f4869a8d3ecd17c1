"""Derivatives at infinities and zeros, copies of leaves, errors by their kind, floating-point flags."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, ShapeError, Tensor, checkpoint, grad, nn, ops
from tinygrad_cnn import functional as F

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "gelu": F.gelu,
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "hardswish": F.hardswish,
    "softplus": F.softplus,
    "elu": F.elu,
    "relu": F.relu,
    "leaky_relu, slope 0": lambda x: F.leaky_relu(x, 0.0),
}


@pytest.mark.parametrize("function", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_far_out_an_activation_has_the_slope_of_its_asymptote(function: Any, dtype: Any) -> None:  # E11
    far = [x for x in (60, 108, 6e4, 1e14, 1e38, 1e300) if x <= float(np.finfo(dtype).max)]
    x = Tensor(np.array([*far, np.inf, *(-x for x in far), -np.inf], dtype), requires_grad=True)
    with np.errstate(all="ignore"):
        y = function(x)
        slope = grad(y, x, np.ones(y.shape, dtype), create_graph=True)
        bend = grad(slope.sum(), x, allow_unused=True) if slope.requires_grad else None
    expected = [1.0] * (len(far) + 1) + [0.0] * (len(far) + 1)
    np.testing.assert_allclose(slope.numpy(), expected, atol=1e-20)
    if bend is not None:
        assert not np.isnan(bend.numpy()[np.isfinite(x.numpy())]).any()


def test_a_power_of_zero_falls_without_bound_below_and_is_flat_above() -> None:  # E11
    a = Tensor(np.array([0.0, 0.0, 0.0, 2.0]), requires_grad=True)
    b = Tensor(np.array([-1.0, 0.0, 2.0, 3.0]), requires_grad=True)
    with np.errstate(divide="ignore"):
        (a**b).sum().backward()
    assert a.grad is not None and a.grad.tolist() == [-np.inf, 0.0, 0.0, 12.0]
    assert b.grad is not None
    np.testing.assert_allclose(b.grad.numpy(), [-np.inf, 0.0, 0.0, 8 * np.log(2)])


def test_an_empty_batch_has_second_derivatives_of_zero() -> None:  # E11
    x = Tensor(np.zeros((0, 3, 2, 2)), requires_grad=True)
    w, b = Tensor(np.ones(3), requires_grad=True), Tensor(np.zeros(3), requires_grad=True)
    y = F.batch_norm(x, None, None, w, b, training=True)
    slopes = grad(y.sum(), [x, w, b], create_graph=True)
    total = sum((s * s).sum() for s in slopes)
    for g in grad(total, [x, w, b], allow_unused=True):
        assert g is None or not np.isnan(g.numpy()).any()


def test_a_copy_of_a_leaf_has_its_gradient() -> None:  # E15
    model = nn.Linear(2, 2)
    model(np.ones((1, 2), np.float32)).sum().backward()
    other = copy.deepcopy(model)
    assert other.weight.grad is not None and other.weight.grad is not model.weight.grad
    np.testing.assert_array_equal(other.weight.grad.numpy(), model.weight.grad.numpy())
    other.weight.grad.data *= 0
    assert model.weight.grad.numpy().any()


def test_only_what_is_about_shapes_is_told_as_such() -> None:  # E28
    with pytest.raises(ArgumentError, match="Pow: Integers to negative"):
        F.pow(np.array([1, 2]), -1)
    with pytest.raises(ShapeError, match=r"Add: operands of shapes \(2,\), \(3,\) do not fit"):
        ops.Add()(np.ones(2), np.ones(3))


DROPOUT = nn.Dropout(0.5, rng=0)


def test_a_checkpoint_repeats_the_draws_of_any_generator() -> None:  # E29
    inner, x = nn.Dropout(0.5, rng=1), Tensor(np.ones(50), requires_grad=True)
    for function in (lambda t: DROPOUT(t) * t, lambda t: inner(t) * t, nn.Sequential(inner, nn.Tanh())):
        x.grad = None
        y = checkpoint(function, x)
        before = DROPOUT.rng.bit_generator.state, inner.rng.bit_generator.state
        y.sum().backward()
        assert x.grad is not None
        np.testing.assert_array_equal(x.grad.numpy() != 0, y.numpy() != 0)
        assert before == (DROPOUT.rng.bit_generator.state, inner.rng.bit_generator.state)


UNDERFLOWING: dict[str, Callable[[Any], Any]] = {
    "exp": F.exp, "softmax": lambda x: F.softmax(x, axis=0),
    "log_softmax": lambda x: F.log_softmax(x, axis=0), "sigmoid": F.sigmoid,
    "gelu": F.gelu, "silu": F.silu, "softplus": F.softplus, "mish": F.mish,
    "elu": F.elu, "erf": F.erf, "logsumexp": F.logsumexp, "expm1": F.expm1,
    "square": lambda x: F.square(x * 1e-40),
    "cross_entropy": lambda x: F.cross_entropy(F.reshape(x, (1, -1)), np.array([1])),
    "bce": lambda x: F.binary_cross_entropy_with_logits(x, np.ones(x.shape, x.dtype)),
    "norm": lambda x: F.norm(x * 1e-30), "var": lambda x: F.var(x * 1e-25), "mul": lambda x: x * 1e-45,
}  # fmt: skip


@pytest.mark.parametrize("function", UNDERFLOWING.values(), ids=UNDERFLOWING)
def test_what_is_too_small_is_zero_and_no_error(function: Any) -> None:  # R19
    for x in (np.array([-700.0, -80.0, 0.0, 5.0]), np.array([-100.0, -80.0, 0.0, 5.0], np.float32)):
        leaf = Tensor(x, requires_grad=True)
        with np.errstate(all="raise"):
            y = function(leaf)
            y.sum().backward()
            function(x)
        leaf_again = Tensor(x, requires_grad=True)
        with np.errstate(all="ignore"):
            function(leaf_again).sum().backward()
        assert leaf.grad is not None and leaf_again.grad is not None
        np.testing.assert_array_equal(leaf.grad.numpy(), leaf_again.grad.numpy())


def test_what_is_too_large_is_still_told() -> None:
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
        F.exp(Tensor([1e4], requires_grad=True))
