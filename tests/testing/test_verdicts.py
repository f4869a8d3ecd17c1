"""Verdicts: no right function fails, every wrong one does; the whole table is tests/verdicts/table.py."""

import numpy as np
import pytest
from verdicts.right_compositions import COMPOSED
from verdicts.right_functions import RIGHT
from verdicts.table import judge_right, judge_wrong
from verdicts.wrong_rules import WRONG

NAMES = list(RIGHT)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("start", range(2))
def test_right_functions_never_fail(start: int) -> None:
    """Every seventh function at one point; which one, follows from its place."""
    for number, name in enumerate(NAMES[start * 3 :: 14]):
        *_, failure = judge_right(name, [number % 7])
        assert not failure, f"{name}, {failure}"


@pytest.mark.filterwarnings("ignore")
def test_compositions_never_fail() -> None:
    for name in [*list(COMPOSED)[::30], "correlation, points 0", "binary cross entropy of sure"]:
        *_, failure = judge_right(name, [0])
        assert not failure, f"{name}, {failure}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("cross entropy, sure, float64", 14),
        ("(exp x - 1) / x", 15),
        ("(exp x - 1) / x", 34),
        ("erf, large", 69),
        ("sin x / x", 29),
        ("sin x / x", 174),
        ("log(1 + x) / x", 19),
        ("log(1 + x) / x", 4),
    ],
)
def test_gradients_that_are_all_rounding_are_not_wrong(name: str, seed: int) -> None:
    *_, failure = judge_right(name, [seed])
    assert not failure


@pytest.mark.filterwarnings("ignore")
def test_a_gradient_that_is_not_finite_is_wrong_where_the_function_is_smooth() -> None:
    assert set(judge_wrong("inf in one entry", [0, 1])[1]) == {"fail"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("start", range(2))
def test_wrong_functions_fail_and_are_blamed(start: int) -> None:
    for name in list(WRONG)[start * 4 :: 16]:
        _, found, instead = judge_wrong(name, [0])
        if WRONG[name].reason:
            assert "fail" not in found, f"{name} is seen now: it needs no reason"
        else:
            assert set(found) == {"fail"}, name
            assert not instead, f"{name} is blamed on {instead}"


def test_the_sets_are_large_and_of_all_types() -> None:
    kinds = {points(np.random.default_rng(0))[0].dtype.name for _, points in RIGHT.values()}
    assert len(RIGHT) >= 150 and kinds == {"float16", "float32", "float64"}
    assert sum(not wrong.reason for wrong in WRONG.values()) >= 200
