"""The mutation score in pytest: options, judges, and what the command says."""

import subprocess
import sys

import pytest
from plugin_runs import BY_NAME, HEAD, WARNINGS, Run
from plugin_runs import run as run

from tinygrad_cnn import ArgumentError
from tinygrad_cnn.testing.mutation.judged_by_tests import found_op

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]


# --------------------------------------------------------------------------- the mutation score
def test_mutants_of_an_op_that_is_well_tested(run: Run) -> None:
    result = run("def test_a(): pass", "--grad-mutate=Neg", "--grad-mutate=Exp", "--grad-examples=20", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*grad-mutate?Neg? PASSED*", "*grad-mutate?Exp? PASSED*"])


def test_survivors_fail(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(my_cases=HEAD + """
from tinygrad_cnn.testing import Case, Problem

class Square(HalfSquare):
    def backward(self, g, x): return (g * x * 2,)

# At 0 alone, where the gradient is 0 whatever is done to it.
CASES = {Square: Case(st.just(0).map(lambda _: Problem(Square, [np.zeros(2)])), lambda op, x: x * x)}
""")  # fmt: skip
    pytester.syspathinsert()
    result = run("def test_a(): pass", "--grad-mutate=my_cases", "--grad-examples=3", "-k", "mutate")
    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines(["Square: * altered derivatives*", "*survived: Square, operand 0: sign"])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("op", "words"), [("no_such_op", "No module named 'no_such_op'"), ("json", "json has no table CASES")]
)
def test_an_unknown_op_is_a_usage_error(run: Run, op: str, words: str) -> None:
    result = run("", f"--grad-mutate={op}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--grad-mutate: {words}*"])


def test_the_seed_reaches_the_problems_of_the_mutants(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(seeded_cases=HEAD + """
from tinygrad_cnn import ops
from tinygrad_cnn.testing import Case, Problem

drawn = []
numbers = st.integers(1, 10**6).map(lambda n: drawn.append(n) or Problem(ops.Neg, [np.full(2, n * 1e-6)]))
CASES = {ops.Neg: Case(numbers, lambda op, x: -x)}
""")  # fmt: skip
    pytester.syspathinsert()
    code = """
def test_after():
    import seeded_cases
    print("drawn", seeded_cases.drawn)
    seeded_cases.drawn.clear()
"""
    mutant = "--grad-mutate=seeded_cases"
    pytester.makeconftest("def pytest_collection_modifyitems(items): items.reverse()")
    options = (mutant, "--grad-examples=3", "-rP", "-p", "no:randomly")
    runs = [run(code, *options, f"--grad-seed={n}") for n in (1, 1, 2)]
    drawn = [next(line for line in r.outlines if line.startswith("drawn")) for r in runs]
    assert drawn[0] == drawn[1] != drawn[2]


# --------------------------------------------------------------------------- one's own tests as judges
SQUARE = """
import numpy as np
from tinygrad_cnn import Op, Tensor

class Square(Op):
    keep = (0,)
    def forward(self, x): return x * x
    def backward(self, g, x): return (g * x * 2,)
"""


def test_ones_own_tests_judge_ones_own_op(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(my_ops=SQUARE)
    code = """
from my_ops import Square
from tinygrad_cnn import Tensor

def test_square(gradcheck): gradcheck(lambda x: Square()(x), np.array([[0.5, -1.0], [2.0, 3.0]]), order=2)
"""
    pytester.syspathinsert()
    result = run(code, "--grad-mutate=my_ops:Square")
    result.assert_outcomes(passed=2)


def test_what_ones_own_tests_do_not_notice(pytester: pytest.Pytester) -> None:
    """A test that looks at sizes only; the op stands in the test file; the command says the same."""
    path = pytester.makepyfile(test_weak=SQUARE + """
def test_size():
    x = Tensor(np.array([0.5, 2.0]), requires_grad=True)
    Square()(x).sum().backward()
    assert abs(x.grad.numpy()).max() > 2
""")  # fmt: skip
    options = ("-p", "no:cacheprovider", "--strict-markers")
    result = pytester.runpytest_inprocess(*BY_NAME, *WARNINGS, "--grad-mutate=test_weak:Square")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["test_weak:Square: 6 of 8 *", "  survived: Square, operand 0: sign"])
    command = (sys.executable, "-m", "tinygrad_cnn.testing.mutation", "test_weak:Square", "--tests")
    done = subprocess.run(
        [*command, path.name, *options], capture_output=True, text=True, cwd=pytester.path
    )
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert "survived: Square, operand 0: sign" in lines and "noticed:  Square, operand 0: dropped" in lines
    assert "idle:     Square, operand 0: = for +=" in lines
    assert lines[-1] == "2 of 8 mutants noticed, 4 had no effect in these tests"


def test_an_op_that_no_test_meets(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(my_ops=SQUARE)
    pytester.syspathinsert()
    result = run("def test_nothing(): pass", "--grad-mutate=my_ops:Square")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*my_ops:Square: no test runs its backward*"])


@pytest.mark.parametrize("target", ["tinygrad_cnn.ops:Cube", "nowhere:Neg", "tinygrad_cnn.ops:np"])
def test_there_is_no_such_op(target: str) -> None:
    with pytest.raises(ArgumentError, match="no such op; module:Class fits"):
        found_op(target)
