"""detect_anomaly names the op, its module and the line that first made a NaN or an infinity."""

import inspect

import numpy as np
import pytest

from tinygrad_cnn import AnomalyError, Tensor, detect_anomaly, nn, no_grad
from tinygrad_cnn import functional as F


class Bad(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.second = Logarithm()

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x)).sum()


class Logarithm(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.log(x - x)


def test_an_op_that_makes_an_infinity_is_named_with_its_module_and_line() -> None:
    lines, start = inspect.getsourcelines(Logarithm)
    at = start + next(k for k, line in enumerate(lines) if "F.log" in line)
    with detect_anomaly(), np.errstate(divide="ignore"), pytest.raises(AnomalyError) as told:
        Bad()(np.ones((1, 2), np.float32))
    error = told.value
    assert (error.op, error.module, error.site, error.backward) == ("Log", "second", (__file__, at), False)
    assert str(error) == (
        f"Log of module 'second', called at {__file__}:{at}, gave 2 infinities among 2 elements"
    )


def test_a_derivative_that_makes_an_infinity_is_named_with_the_line_of_its_op() -> None:
    x = Tensor([0.0, 4.0], requires_grad=True)
    with detect_anomaly(), np.errstate(divide="ignore"), pytest.raises(AnomalyError) as told:
        y = x.sqrt()
        y.sum().backward()
    assert told.value.op == "Sqrt" and told.value.backward and x.grad is None
    assert told.value.site is not None and told.value.site[0] == __file__
    assert "the derivative of Sqrt" in str(told.value) and "1 infinity among 2 elements" in str(told.value)


def test_an_operand_that_came_in_with_nan_is_named() -> None:
    x = Tensor([np.nan, 1.0], requires_grad=True)
    with detect_anomaly(), pytest.raises(AnomalyError, match="operand 0 came in with 1 NaN"):
        x * 2


def test_the_gradient_that_a_walk_begins_with_is_looked_at() -> None:
    x = Tensor([1.0], requires_grad=True)
    with detect_anomaly(), pytest.raises(AnomalyError, match="the gradient that comes to Mul"):
        (x * 2).backward(np.array([np.nan], np.float32))


def test_masks_of_infinities_may_be_let_pass() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    with detect_anomaly(infinities=False):
        F.softmax(F.where([True, False], x, -np.inf), axis=0).sum().backward()
    with detect_anomaly(infinities=False), np.errstate(invalid="ignore"), pytest.raises(AnomalyError):
        F.where([True, False], x, np.inf) * 0


def test_nothing_is_said_of_sound_numbers_or_outside_the_block() -> None:
    x = Tensor([0.0], requires_grad=True)
    with detect_anomaly():
        (x * x + 1).sum().backward(create_graph=True)
        with no_grad(), np.errstate(divide="ignore"):
            F.log(x)
    with np.errstate(divide="ignore"):
        assert F.log(x).numpy() == -np.inf
