"""Sums of many numbers, of large ones and of float16: as exact as the type allows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F

MANY = np.ones(70_000, np.float16)
#: In float16: what is computed, and what exact arithmetic gives, rounded.
IN_HALF: dict[str, tuple[Callable[[Any], Any], Any, float]] = {
    "std": (F.std, np.float16([600, -600]), 600),
    "var": (F.var, np.float16([250, -250]), 62_496),
    "norm": (F.norm, np.float16([3e4, 4e4]), 5e4),
    "norm of order 3": (lambda x: F.norm(x, 3), np.float16([300, 0]), 300),
    "cumsum": (lambda x: F.cumsum(x)[-1], np.ones(4000, np.float16), 4000),
    "cumprod": (lambda x: F.cumprod(x)[-1], np.float16([300, 300, 0.01]), 900.5),
    "prod": (F.prod, np.float16([300, 300, 0.01]), 900.5),
    "softmax": (lambda x: F.softmax(x, axis=0)[0] * 2**14, MANY, 2**14 / 70_000),
    "log_softmax": (lambda x: F.log_softmax(x, axis=0)[0], MANY, -np.log(70_000)),
    "logsumexp": (F.logsumexp, MANY, 1 + np.log(70_000)),
    "mean of a long axis": (lambda x: F.mean(x.reshape(35_000, 2), 0)[0], MANY, 1),
    "a product with a vector": (lambda x: F.matmul(x[:4000], x[:4000]), MANY, 4000),
    "einsum": (lambda x: F.einsum("i,i->", x[:4000], x[:4000]), MANY, 4000),
    "mse_loss": (lambda x: F.mse_loss(x, -x), np.float16([600, 0, 0, 0, 0, 0, 0, 0] * 4), np.inf),
    "l1_loss": (lambda x: F.l1_loss(x, 0 * x), MANY, 1),
    "cross_entropy": (lambda x: F.cross_entropy(x[None], [0]), MANY, np.log(70_000)),
    "avg_pool1d": (lambda x: F.avg_pool1d(x[None, None, :4000], 4000), MANY, 1),
    "conv1d": (lambda x: F.conv1d(x[None, None, :4000], x[None, None, :4000]), MANY, 4000),
    "scatter": (lambda x: F.bincount(np.zeros(4000, int), x[:4000])[0], MANY, 4000),
    "nanmean": (F.nanmean, MANY, 1),
    "average": (lambda x: F.average(x, weights=x), MANY, 1),
    "cov": (F.cov, np.float16([250, -250, 250, -250, 0]), 62_500),
}


@pytest.mark.parametrize("name", IN_HALF)
@pytest.mark.filterwarnings("ignore:overflow")
def test_float16_is_added_up_in_float32(name: str) -> None:  # E8
    function, x, exact = IN_HALF[name]
    for operand in (x, Tensor(x, requires_grad=True)):
        y = function(operand)
        assert y.dtype == np.float16
        found = np.asarray(y.numpy() if isinstance(y, Tensor) else y, float).item()
        assert found == pytest.approx(float(np.float16(exact)), rel=2e-3)


def test_the_derivative_of_float16_is_computed_in_float32() -> None:  # E8
    x = Tensor(np.float16([600, -600]), requires_grad=True)
    F.std(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), [0.5, -0.5], rtol=1e-3)
    ones = Tensor(MANY[:4000], requires_grad=True)
    F.cumsum(ones).sum().backward()
    assert ones.grad[0].item() == 4000
    row = Tensor(np.ones((1, 2), np.float16), requires_grad=True)
    F.broadcast_to(row, (4000, 2)).sum().backward()
    assert row.grad.numpy().tolist() == [[4000, 4000]]


@pytest.mark.parametrize("function", [F.sum, F.mean, F.norm, F.var, F.std], ids=lambda f: f.__name__)
def test_the_error_of_a_sum_does_not_grow_with_the_number_of_rows(function: Any) -> None:
    x = np.random.default_rng(0).uniform(0.05, 0.15, (400_000, 2)).astype(np.float32)
    np.testing.assert_allclose(function(x, axis=0), function(x.astype(float), axis=0), rtol=2e-6)


def test_running_sums_of_float32_are_as_exact_as_pytorchs() -> None:
    x = np.full(400_000, 0.1, np.float32)
    np.testing.assert_allclose(F.cumsum(x), np.cumsum(x, dtype=float), rtol=1e-6)
    steps = np.float32(1) + x[:500]
    np.testing.assert_allclose(F.cumprod(steps), np.cumprod(steps.astype(float)), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_spread_beside_a_large_offset_and_squares_that_overflow(dtype: Any) -> None:
    info = np.finfo(dtype)
    offset = dtype(1 / info.eps / 64)
    x = offset + np.array([0, 1, 2, 3] * 100, dtype)
    assert F.var(x) == 1.25 and F.std(np.full(1000, dtype(1e5) + dtype(0.3))) == 0
    for size in (float(info.max) / 4, float(info.tiny) * 4):
        assert F.std(np.array([size, -size], dtype)) == pytest.approx(size, rel=1e-6)
        assert F.norm(np.array([0.3 * size, 0.4 * size], dtype)) == pytest.approx(0.5 * size, rel=1e-6)


def test_the_softmax_of_large_equal_numbers_sums_to_one() -> None:
    x = Tensor(np.float32([1e7, 1e7]), requires_grad=True)
    F.logsumexp(x).backward()
    assert x.grad.numpy().tolist() == [0.5, 0.5]


@pytest.mark.parametrize("function", [F.var, F.std], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_whose_sum_overflows_have_a_spread(function: Any, dtype: Any) -> None:  # E10
    x = Tensor(np.full((2, 3), np.finfo(dtype).max / 2), requires_grad=True, dtype=dtype)
    y = function(x, axis=1)
    y.sum().backward()
    assert not y.numpy().any() and x.grad is not None and not x.grad.numpy().any()


@pytest.mark.parametrize("order", [3, 1.5, 0.5, -1, -3])
@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_a_norm_whose_powers_overflow_or_vanish(order: float, size: float) -> None:  # E8
    near = np.array([[1.0, 2, 4], [0, 0, 0], [0, 3, 1]])
    found = []
    for scale, dtype in ((size, np.float32), (1.0, np.float64)):
        x = Tensor((near * scale).astype(dtype), requires_grad=True)
        y = F.norm(x, order, axis=1)
        y.backward(np.ones(3, dtype))
        assert x.grad is not None
        found.append((y.numpy() / scale, x.grad.numpy()))
    for got, right in zip(*found, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-5)


def test_the_slope_of_a_variance_in_float16_is_computed_in_float32() -> None:  # E8
    x, var = (Tensor(np.full(2, value, np.float16), requires_grad=True) for value in (300, 2))
    loss = F.gaussian_nll_loss(x, np.zeros(2, np.float16), var)
    loss.backward()
    assert loss.dtype == np.float16 and x.grad is not None and var.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), 75)
    np.testing.assert_allclose(var.grad.numpy(), -(300**2 / 4 - 0.5) / 4, rtol=1e-3)
