"""Every op of the package has a case, and every property holds of every case.

`make test` tries 10 problems of each op, `make test-slow` 50. More, or other ones:

    .venv/bin/python -m pytest tests/test_every_op.py --grad-examples=1000 --grad-seed=1
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

import tinygrad_cnn
from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing import CASES, PROPERTIES, Problem

#: Ops without a case in the table, each with the reason and the place of its tests.
EXEMPT = {
    "_Borrowed": "a user's reference function, differentiated numerically; tests/test_contracts.py",
    "SumOverRanks": "it needs several processes; tests/parallel",
    "Written": "a user's derivative, as lectures write it; tests/nn/test_hand_written.py",
    "_Applied": "a user's derivative, as PyTorch's autograd.Function; tests/torch_names",
    "Checkpoint": "its forward and derivative are those of the function it holds; tests/test_transforms.py",
}

#: All properties of an op are checked at each problem: to draw one takes longer than to check it.
OPS = [pytest.param(op, id=f"{op.__name__}-properties") for op in CASES]


def every_op() -> set[type[Op]]:
    """All concrete ops that the package defines, wherever they are."""
    for module in pkgutil.walk_packages(tinygrad_cnn.__path__, "tinygrad_cnn."):
        with suppress(ImportError, RuntimeError):  # an extra that is not here, or a library of MPI
            importlib.import_module(module.name)
    found, stack = set(), [Op]
    while stack:
        subclasses = stack.pop().__subclasses__()
        stack += subclasses
        found |= {
            op for op in subclasses if "forward" in vars(op) and op.__module__.startswith("tinygrad_cnn.")
        }
    return found


def test_every_op_has_a_case() -> None:
    missing = {op.__name__ for op in every_op()} - {op.__name__ for op in CASES} - EXEMPT.keys()
    assert not missing, f"ops without a case under tinygrad_cnn/testing/cases/: {sorted(missing)}"


@pytest.fixture(scope="module")
def count(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """Counts examples; says how many where the command line asks for a number."""
    counted: Counter[str] = Counter()
    yield counted
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and request.config.getoption("--grad-examples") is not None:
        reporter.write_line(f"\n{counted.total()} examples of {len(counted)} ops")


@pytest.mark.parametrize("op", OPS)
def test_properties(op: type[Op], pytestconfig: pytest.Config, count: Counter[str]) -> None:
    case = CASES[op]
    chosen = pytestconfig.getoption("--grad-seed")
    checks = [name for name in PROPERTIES if name != "adjoint_identity" or case.linear_in]

    @settings(max_examples=pytestconfig.getoption("--grad-examples") or 10, derandomize=chosen is None)
    @given(st.data())
    def hold(data: st.DataObject) -> None:
        problem = data.draw(case.problems)
        assert type(problem.make()) is op
        for check in checks:
            try:
                PROPERTIES[check](case, problem)
            except Exception as error:
                error.add_note(f"the property {check} of {op.__name__} does not hold")
                raise
            count[op.__name__] += 1

    (hold if chosen is None else seed(chosen)(hold))()


@pytest.mark.parametrize("op", [op for op in CASES if op.pointwise])
def test_an_op_that_works_point_by_point_moves_no_other_element(op: type[Op]) -> None:
    @settings(max_examples=15)
    @given(CASES[op].problems)
    def holds(problem: Problem) -> None:
        made = problem.make()
        y = made(*problem.operands)
        for k, x in enumerate(problem.operands):
            if x.shape != y.shape or not x.size:
                continue
            moved = [np.array(x) for x in problem.operands]
            at = tuple(n // 2 for n in x.shape)
            moved[k][at] += 0.01
            other = made(*moved)
            other[at] = y[at]
            np.testing.assert_array_equal(other, y)

    holds()


def test_every_op_says_what_family_it_is_of() -> None:
    assert {op for op in CASES if op.family == "other"} == set()


@pytest.mark.parametrize(
    ("op", "result", "operands", "expected"),
    [
        (ops.MatMul(), (2, 3), ((2, 5), (5, 3)), 30),
        (ops.Linear(), (4, 3), ((4, 5), (3, 5), (3,)), 60),
        (ops.Einsum("ij,jk,kl->il"), (2, 5), ((2, 3), (3, 4), (4, 5)), 240),
        (ops.Conv(None), (1, 4, 6, 6), ((1, 3, 8, 8), (4, 3, 3, 3)), 144 * 27),
        (ops.ConvImage(None), (1, 3, 8, 8), ((1, 4, 6, 6), (4, 3, 3, 3)), 144 * 27),
        (ops.ConvKernel(None), (4, 3, 3, 3), ((1, 3, 8, 8), (1, 4, 6, 6)), 144 * 27),
        (ops.Add(), (2,), ((2,), (2,)), 0),
    ],
    ids=lambda x: getattr(x, "name", None),
)
def test_an_op_knows_its_multiply_adds(op, result, operands, expected: int) -> None:  # type: ignore[no-untyped-def]
    assert op.multiply_adds(result, operands) == expected
