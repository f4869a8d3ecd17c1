"""Tensors made of shapes, ranges and random numbers: NumPy's values, and a seed that fixes all."""

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import ArgumentError, DTypeError, Tensor


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: tg.zeros((2, 3)), np.zeros((2, 3), "f4")),
        (lambda: tg.ones(3, "float64"), np.ones(3)),
        (lambda: tg.full((2,), 2.5), np.full(2, 2.5, "f4")),
        (lambda: tg.arange(2, 11, 3), np.arange(2, 11, 3)),
        (lambda: tg.arange(1.0, dtype="float64"), np.arange(1.0)),
        (lambda: tg.linspace(0, 1, 5, endpoint=False), np.linspace(0, 1, 5, False, dtype="f4")),
        (lambda: tg.logspace(0, 3, 4, base=2.0), np.logspace(0, 3, 4, base=2.0, dtype="f4")),
        (lambda: tg.bartlett(5), np.bartlett(5).astype("f4")),
        (lambda: tg.blackman(6, "float64"), np.blackman(6)),
        (lambda: tg.hamming(1), np.hamming(1).astype("f4")),
        (lambda: tg.hanning(7), np.hanning(7).astype("f4")),
        (lambda: tg.kaiser(4, 8.6), np.kaiser(4, 8.6).astype("f4")),
        (lambda: tg.eye(2, 3, 1), np.eye(2, 3, 1, "f4")),
        (lambda: tg.tri(3, k=-1), np.tri(3, k=-1, dtype="f4")),
        (lambda: tg.zeros_like(np.ones(2, "i4")), np.zeros(2, "i4")),
        (lambda: tg.full_like(Tensor([1.0]), 3, "int64"), np.full(1, 3)),
    ],
)
def test_numpys_values_in_the_default_type(made, expected):
    found = made()
    assert isinstance(found, Tensor) and found.dtype == expected.dtype
    np.testing.assert_array_equal(found.numpy(), expected)


RANDOM = {
    "rand": lambda rng: tg.rand(3, 4, rng=rng),
    "randn": lambda rng: tg.randn((3, 4), rng=rng),
    "rand_like": lambda rng: tg.rand_like(np.zeros(3, "f2"), rng=rng),
    "randn_like": lambda rng: tg.randn_like(Tensor([0.0] * 4), rng=rng),
    "uniform": lambda rng: tg.uniform(2, 3, (5,), rng=rng),
    "normal": lambda rng: tg.normal(1, 2, (5,), rng=rng),
    "randint": lambda rng: tg.randint(100, size=(6,), rng=rng),
    "randperm": lambda rng: tg.randperm(9, rng=rng),
    "bernoulli": lambda rng: tg.bernoulli(np.full(64, 0.5), rng=rng),
    "multinomial": lambda rng: tg.multinomial(np.ones((3, 9)), 4, rng=rng),
}


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_fixes_every_draw(name):
    draw = RANDOM[name]
    first, again, other = (draw(seed).numpy() for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    drawn = []
    for _ in range(2):
        tg.manual_seed(5)
        drawn.append(draw(None).numpy())
    np.testing.assert_array_equal(*drawn)


def test_draws_have_their_ranges_and_types():
    x = tg.uniform(2, 3, 1000, rng=0).numpy()
    assert x.dtype == np.float32 and x.min() >= 2 and x.max() <= 3
    assert abs(tg.normal(1, 2, 20000, rng=0).numpy().mean() - 1) < 0.05
    assert set(tg.randint(2, 5, 200, rng=0).tolist()) == {2, 3, 4}
    rows = tg.multinomial([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]], 2, rng=0).numpy()
    assert sorted(rows[0]) == [1, 2] and sorted(rows[1]) == [0, 2]
    assert (
        tg.rand(2, requires_grad=True).requires_grad and tg.rand_like(np.zeros(1, "f2")).dtype == np.float16
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tg.zeros(2.5), DTypeError, "zeros: shape must be an integer, got 2.5"),
        (lambda: tg.ones(2, "complex64"), DTypeError, "ones: dtype complex64 does not hold real numbers"),
        (lambda: tg.zeros(2, requires_grad="yes"), DTypeError, "zeros: requires_grad is True or False"),
        (lambda: tg.zeros(2, "nothing"), DTypeError, "zeros: 'nothing' is not a dtype"),
        (lambda: tg.zeros(2, 3), DTypeError, r"zeros: 3 is not a dtype; several sizes are one tuple"),
        (lambda: tg.randint(3, 3), ArgumentError, "randint: low must be below high, got 3 and 3"),
        (lambda: tg.bernoulli([2.0]), ArgumentError, "bernoulli: probabilities"),
        (lambda: tg.multinomial([1.0, 0.0], 2), ArgumentError, "multinomial: 2 draws without replacement"),
        (lambda: tg.multinomial([-1.0], 1), ArgumentError, "multinomial: weights need"),
        (lambda: tg.rand(2, rng="seed"), DTypeError, "rng: "),
    ],
)
def test_what_does_not_fit_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
