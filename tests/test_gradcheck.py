"""gradcheck: right gradients pass, wrong ones fail with a report, the rest is left unchecked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_cnn import ArgumentError, DTypeError, Op, Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import assert_gradients, gradcheck

X = np.array([0.5, -1.2, 2.0])
SMOOTH = {
    "tanh": F.tanh,
    "sigmoid": F.sigmoid,
    "exp": F.exp,
    "cube": lambda x: x**3,
    "softmax": F.softmax,
    "reciprocal": lambda x: 1 / (x + 4),
    "norm": lambda x: (x * x).sum() ** 0.5,
    "logsumexp": lambda x: F.exp(x).sum().log(),
}


class Scaled(Op):
    """x * x with its derivative times a factor."""

    keep = (0,)

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def forward(self, x):
        return x * x

    def backward(self, g, x):
        return (g * 2 * x * self.factor,)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("order", [1, 2])
def test_smooth_functions_pass(name: str, order: int) -> None:
    result = gradcheck(SMOOTH[name], X, order=order, entries=True)
    assert result.status == "pass", str(result)
    assert result


@settings(max_examples=50)
@given(st.integers(0, 2**16), st.sampled_from(sorted(SMOOTH)), st.sampled_from([1e-3, 1.0, 1e3]))
def test_smooth_functions_never_fail(seed: int, name: str, scale: float) -> None:
    x = np.random.default_rng(seed).uniform(-1, 1, 4) * (scale if name in ("cube", "norm") else 1)
    assert gradcheck(SMOOTH[name], x, order=2, seed=seed).status != "fail"


@pytest.mark.parametrize(
    ("factor", "words"),
    [(-1.0, "sign"), (2.0, "factor of 2"), (0.5, "factor of 2"), (0.0, "no gradient"), (1 + 1e-5, "")],
)
def test_wrong_factors_fail_and_are_named(factor: float, words: str) -> None:
    result = gradcheck(lambda x: Scaled(factor)(x), X)
    assert result.status == "fail" and not result
    assert words in str(result) and "analytic" in str(result) and "np.array(" in str(result)


def test_the_report_names_input_and_entry() -> None:
    class OneEntryOff(Op):
        keep = (0, 1)

        def forward(self, a, b):
            return a * b

        def backward(self, g, a, b):
            return g * b, g * a * (np.arange(3) != 1)

    with pytest.raises(AssertionError, match=r"input 1, entry \(1,\)") as error:
        assert_gradients(lambda a, b: OneEntryOff()(a, b), X, X + 1)
    assert "entry (0,)" not in str(error.value)


def test_only_the_second_derivative_is_wrong() -> None:
    class CachedSoftmax(Op):
        """Softmax that takes its own result for a constant."""

        def forward(self, x):
            e = np.exp(x - x.max())
            self._y = e / e.sum()
            return self._y

        def backward(self, g):
            gy = g * self._y
            return (gy - self._y * gy.sum(),)

    function = lambda x: CachedSoftmax()(x)  # noqa: E731
    assert gradcheck(function, X).status == "pass"
    result = gradcheck(function, X, order=2)
    assert result.status == "fail" and "order 2" in str(result)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (F.relu, np.array([0.0, 1.0])),
        (F.max, np.array([1.0, 1.0, 0.0])),
        (lambda x: F.max_pool2d(x.reshape(1, 1, 2, 2), 2), np.ones(4)),
    ],
)
def test_kinks_and_ties_are_left_unchecked(function, x) -> None:
    result = gradcheck(function, x)
    assert result.status == "unchecked" and "kink or a tie" in str(result)


def test_random_functions_are_left_unchecked() -> None:
    rng = np.random.default_rng(0)
    result = gradcheck(lambda x: F.dropout(x, 0.5, rng=rng), X)
    assert result.status == "unchecked" and "random draw" in str(result)
    assert gradcheck(lambda x: F.dropout(x, 0.5, rng=3), X).status == "pass"


def test_functions_that_are_not_finite_are_left_unchecked() -> None:
    with np.errstate(all="ignore"):
        result = gradcheck(F.log, np.array([0.0, 1.0]))
    assert result.status == "unchecked"


def test_float32_passes_or_is_left_unchecked_and_large_errors_still_fail() -> None:
    x = X.astype(np.float32)
    for function in SMOOTH.values():
        assert gradcheck(function, x).status != "fail"
    assert gradcheck(lambda t: Scaled(2.0)(t), x).status == "fail"


def test_other_inputs_are_passed_through() -> None:
    labels = np.array([0, 2])
    assert_gradients(F.cross_entropy, np.random.default_rng(0).normal(size=(2, 3)), labels, order=2)
    assert_gradients(lambda x, w: F.conv2d(x, w, padding=1), *conv_operands())


def conv_operands() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 2, 5, 5)), rng.normal(size=(3, 2, 3, 3))


def test_bad_arguments() -> None:
    with pytest.raises(ArgumentError, match="order"):
        gradcheck(F.exp, X, order=3)
    with pytest.raises(DTypeError, match="float"):
        gradcheck(F.relu, np.arange(3))
    with pytest.raises(DTypeError, match="Tensor"):
        gradcheck(lambda x: 3.0, X)


def test_inputs_are_left_as_they_were() -> None:
    x, t = X.copy(), Tensor(X, requires_grad=True)
    gradcheck(F.exp, x)
    gradcheck(F.exp, t)
    np.testing.assert_array_equal(x, X)
    assert t.grad is None
