"""A failure on a large input: an entry and the op are named, in bounded work and a short report."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import Op
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import GradientError, assert_gradients, gradcheck
from tinygrad_cnn.testing.check.comparisons import SECOND_OPINION

SIZE = SECOND_OPINION + 50


class Planted(Op):
    """Square whose derivative is wrong where a mask says so; it counts its calls."""

    keep = (0,)
    calls = 0

    def __init__(self, wrong: Callable[[int], Any]) -> None:
        self.wrong = wrong

    def forward(self, x: Any) -> Any:
        Planted.calls += 1
        return x * x

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * x * (2.0 + self.wrong(x.size).reshape(x.shape)),)


def one(size: int) -> Any:
    """The error of one entry alone."""
    return (np.arange(size) == size // 3) * 0.2


@pytest.mark.parametrize(("wrong", "entry"), [(one, f"({SIZE // 3},)"), (np.ones, "(")])
def test_one_entry_and_the_op_are_named_in_bounded_work(wrong: Callable[[int], Any], entry: str) -> None:
    x, Planted.calls = np.random.default_rng(0).normal(size=SIZE), 0
    with pytest.raises(GradientError) as caught:
        assert_gradients(lambda x: Planted(wrong)(x) * 1.5, x)
    report = caught.value.report
    assert f"input 0, entry {entry}" in report and "first wrong op: Planted" in report
    assert len(report.splitlines()) < 15 and len(report) < 1500
    assert Planted.calls < 160, "six evaluations for each halving, and a careful look, took 1,300"


@pytest.mark.parametrize("shape", [(SIZE,), (2, SIZE // 2 + 1)])
def test_the_larger_share_leads_to_the_entry_in_any_shape(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).normal(size=shape)
    found = gradcheck(lambda a, b: a + Planted(one)(b), np.zeros(shape), x, entries=True)
    index = tuple(int(i) for i in np.unravel_index(x.size // 3, shape))
    assert f"input 1, entry {index}" in str(found), str(found)


@pytest.mark.parametrize(
    "fn", [F.relu, abs, lambda x: F.max_pool1d(x.reshape(1, 1, -1), 2), lambda x: x.max()]
)
def test_kinks_among_many_elements_never_fail(fn: Callable[..., Any]) -> None:
    assert gradcheck(fn, np.random.default_rng(2).normal(size=SIZE)).status != "fail"
