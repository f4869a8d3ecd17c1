"""Alterations do to a derivative what their names say, and nothing once they are taken out."""

import numpy as np
import pytest
from hypothesis import strategies as st

from tinygrad_cnn import Op, Tensor, grad, ops
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import CASES, PROPERTIES, Case, Problem
from tinygrad_cnn.testing.mutation import survivors
from tinygrad_cnn.testing.mutation.altered_derivatives import (
    CONSTANT,
    DROPPED_TERM,
    GRADIENTS,
    KINDS,
    MISSING_SUM,
    OVERWRITTEN,
    Mutant,
    altered,
    mutants,
)
from tinygrad_cnn.testing.mutation.command_line import main

pytestmark = pytest.mark.slow

W = np.arange(1.0, 7).reshape(3, 2)
X, ROW = np.ones((3, 2)), np.ones(2)


def gradient(fn, *inputs: np.ndarray, place: int = 0, create_graph: bool = False) -> np.ndarray:
    """The gradient of sum(W * fn) by one input."""
    tensors = [Tensor(x, requires_grad=True) for x in inputs]
    y = fn(*tensors)
    return grad(y, tensors[place], W, create_graph=create_graph).numpy()


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (MISSING_SUM, [1, 2]),  # the first row's share
        (DROPPED_TERM, [9, 6]),  # all but the last element's
        (OVERWRITTEN, [5, 6]),  # the last row's share
        ("sign", [-9, -12]),
    ],
)
def test_the_sum_over_a_broadcast_axis_is_altered(kind: str, expected, create_graph: bool) -> None:
    with altered(Mutant(ops.Add, 1, kind)):
        found = gradient(F.add, X, ROW, place=1, create_graph=create_graph)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(gradient(F.add, X, ROW, place=1), [9, 12])


@pytest.mark.parametrize(("kind", "expected"), [(MISSING_SUM, [[1, 1]]), (OVERWRITTEN, [[5, 5]])])
def test_a_sum_that_the_derivative_makes_itself_is_altered_too(kind: str, expected) -> None:
    tensors = [Tensor(X, requires_grad=True), Tensor(ROW.reshape(1, 2), requires_grad=True)]
    with altered(Mutant(ops.Linear, 1, kind)):
        F.linear(*tensors).backward(W[:, :1])
    np.testing.assert_array_equal(tensors[1].grad.numpy(), expected)


def test_overwriting_differs_only_where_shares_meet() -> None:
    x = np.arange(3.0)
    index = Mutant(ops.Index, 0, OVERWRITTEN)
    for key, expected in ([0, 1, 2], [1, 2, 3]), ([1, 1, 1], [0, 3, 0]):
        tensor = Tensor(x, requires_grad=True)
        with altered(index):
            F.index(tensor, key).backward(np.array([1.0, 2.0, 3.0]))
        np.testing.assert_array_equal(tensor.grad.numpy(), expected)


def test_every_alteration_of_the_list_is_there() -> None:
    found = {mutant.kind for mutant in mutants(ops.Mul, 2)}
    assert found == {*GRADIENTS, DROPPED_TERM, MISSING_SUM, OVERWRITTEN, CONSTANT} == {*KINDS, CONSTANT}
    assert {"sign", "factor 2", "dropped", "transposed"} <= found
    assert CONSTANT not in {mutant.kind for mutant in mutants(ops.Neg, 1)}  # it keeps nothing


@pytest.mark.parametrize("op", [ops.Add, ops.Sum, ops.MatMul], ids=lambda op: op.__name__)
def test_the_checks_notice_all_and_weak_checks_do_not(op: type[Op]) -> None:
    left, total = survivors({op: CASES[op]}, max_examples=60)
    assert not left and total > 8
    assert op.forward is vars(op)["forward"]

    def gradient_has_a_shape(case: Case, problem: Problem) -> None:
        for x, g in zip(problem.operands, first(problem), strict=True):
            assert g.shape == x.shape

    def first(problem: Problem) -> list[np.ndarray]:
        tensors = [Tensor(x, requires_grad=True) for x in problem.operands]
        y = problem.make()(*tensors)
        return [g.numpy() for g in grad(y, tensors, np.ones(y.shape))]

    left, again = survivors({op: CASES[op]}, {"gradient": gradient_has_a_shape}, max_examples=20)
    assert Mutant(op, 0, "sign") in left and len(left) > again / 2


def test_the_seed_draws_other_problems() -> None:
    seen: list[int] = []
    case = Case(
        st.integers(1, 10**6).map(lambda n: seen.append(n) or Problem(ops.Neg, [np.full(2, n / 7)])),
        lambda op, x: -x,
    )
    draws = []
    for random_seed in (None, None, 1, 1, 2):
        seen.clear()
        checks = {"gradient": PROPERTIES["gradient_is_right"]}
        survivors({ops.Neg: case}, checks, 3, random_seed=random_seed)
        draws.append(list(seen))
    assert draws[0] == draws[1] != draws[2] == draws[3] != draws[4]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["my_ops:Square"], "say with --tests"),
        (["Neg", "--tests", "test_a.py"], "must be written module:Class"),
    ],
)
def test_bad_commands(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert words in capsys.readouterr().err
