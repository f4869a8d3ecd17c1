"""Every op of the package has a case, and every property holds of every case."""

import importlib
import pkgutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_cnn
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing import CASES, PROPERTIES

#: Ops without a case in the table, each with the reason and the place of its tests.
EXEMPT = {
    "_Borrowed": "a user's reference function, differentiated numerically; tests/test_contracts.py",
    "Checkpoint": "its forward and derivative are those of the function it holds; tests/test_transforms.py",
}

CHECKS = [
    pytest.param(op, check, id=f"{op.__name__}-{check}")
    for op, case in CASES.items()
    for check in PROPERTIES
    if check != "adjoint_identity" or case.linear_in
]


def every_op() -> set[type[Op]]:
    """All concrete ops that the package defines, wherever they are."""
    for module in pkgutil.walk_packages(tinygrad_cnn.__path__, "tinygrad_cnn."):
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


@pytest.mark.parametrize(("op", "check"), CHECKS)
def test_property(op: type[Op], check: str) -> None:
    case = CASES[op]

    @settings(max_examples=30)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        problem = data.draw(case.problems)
        assert type(problem.make()) is op
        PROPERTIES[check](case, problem)

    holds()
