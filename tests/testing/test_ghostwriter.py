"""Tests that are written for functions: right functions pass them, and wrong ones do not."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase

from tinygrad_cnn import Op, Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.testing import GradientError, assert_gradients
from tinygrad_cnn.testing.ghostwriter import gradient_tests
from tinygrad_cnn.testing.ghostwriter.command_line import main


class Cube(Op):
    """Wrong: 2 where 3 belongs."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x * x * x

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (2 * g * x * x,)


def cube(x: Tensor) -> Any:
    return Cube()(x)


def shares(x: Any, axis: int) -> Any:
    return x / x.sum(axis=axis, keepdims=True)


def shares_vjp(g: Any, x: Any, axis: int) -> Any:
    total = x.sum(axis=axis, keepdims=True)
    return g / total - (g * x).sum(axis=axis, keepdims=True) / total**2


def shares_wrong(g: Any, x: Any, axis: int) -> Any:
    return g / x.sum(axis=axis, keepdims=True)


def inverse(x: Any) -> Any:
    return np.linalg.inv(x)


def inverse_vjp(g: Any, x: Any) -> Any:
    y = np.linalg.inv(x)
    return -y.T @ g @ y.T


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that holds them."""
    module = ModuleType("mine")
    for function in (cube, shares, shares_vjp, shares_wrong, inverse, inverse_vjp):
        setattr(module, function.__name__, function)
        monkeypatch.setattr(function, "__module__", "mine")
    monkeypatch.setitem(sys.modules, "mine", module)
    return module


def run(text: str) -> None:
    """Run each test of a module that was written."""
    written: dict[str, Any] = {"Phase": Phase}
    few = "deadline=None, max_examples=4, database=None, phases=[Phase.generate]"
    exec(text.replace("deadline=None", few), written)
    for name in [name for name in written if name.startswith("test_")]:
        written[name](gradcheck=assert_gradients)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", [F.log, F.matmul, F.where, "tinygrad_cnn.functional.cross_entropy"])
def test_tests_of_right_functions_pass(function: Callable[..., Any]) -> None:
    run(gradient_tests(function))


def test_tests_of_a_wrong_function_fail(mine: ModuleType) -> None:
    text = gradient_tests(cube, F.tanh)
    assert "gradcheck(mine.cube, x)" in text and "def test_gradients_of_tanh" in text
    with pytest.raises(GradientError):
        run(text)


@pytest.mark.filterwarnings("ignore")
def test_a_numpy_function_has_its_derivative_by_hand(mine: ModuleType) -> None:
    text = gradient_tests(shares, vjp=shares_vjp)
    assert "gradcheck(mine.shares, x, 1, vjp=mine.shares_vjp)" in text
    run(text)
    with pytest.raises(GradientError):
        run(gradient_tests("mine.shares", vjp="mine.shares_wrong"))


@pytest.mark.filterwarnings("ignore")
def test_inputs_that_a_function_refuses_are_passed_over(mine: ModuleType) -> None:
    text = gradient_tests(inverse, vjp=inverse_vjp)
    assert "except (numpy.linalg.LinAlgError,):" in text
    run(text)


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ((), "no function was given"),
        (("mine.nothing",), "module mine has no nothing"),
        (("no_such_package.thing",), "no function 'no_such_package.thing'"),
        (("math.pi",), "math.pi is no function"),
        ((lambda x: x,), "'<lambda>' cannot be imported"),
        ((np.sin,), "numpy.sin is a NumPy function, which needs gradient=, vjp= or jvp="),
        (("tinygrad_cnn.functional.einsum",), "no inputs were found"),
    ],
)
def test_what_does_not_fit_is_refused(mine: ModuleType, functions: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match="gradient_tests: ") as caught:
        gradient_tests(*functions)
    assert words in str(caught.value)


def test_one_function_fits_a_derivative(mine: ModuleType) -> None:
    with pytest.raises(ArgumentError, match="one function fits a derivative, got 2"):
        gradient_tests(shares, inverse, vjp=shares_vjp)


def test_the_command_writes_a_file(
    mine: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "test_written.py"
    assert main(["mine.shares", "--vjp=mine.shares_vjp", f"--out={path}"]) == 0
    assert path.read_text(encoding="utf-8") == gradient_tests(shares, vjp=shares_vjp)
    assert (
        main(["tinygrad_cnn.functional.tanh"]) == 0
        and "def test_gradients_of_tanh" in capsys.readouterr().out
    )
