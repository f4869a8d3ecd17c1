"""A kit for property tests of gradients: of this package's operations, and of one's own.

    gradcheck, assert_gradients      three answers: pass, fail, unchecked, with a report
    blame                            the first wrong operation of a composed function
    strategies, programs, cases      what to draw: tensors, geometries, whole random graphs
    contracts                        what an op, a module, a loss, an optimizer must keep to
    mutation                         which wrong derivatives would go unnoticed

The same from pytest: see `tinygrad_cnn.testing.plugin`. Names are loaded when they are first used:
hypothesis is an extra that not every project has.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tinygrad_cnn.errors import MissingExtraError

if TYPE_CHECKING:
    from tinygrad_cnn.testing.blaming import blame as blame
    from tinygrad_cnn.testing.cases import CASES as CASES
    from tinygrad_cnn.testing.cases import Case as Case
    from tinygrad_cnn.testing.cases import Problem as Problem
    from tinygrad_cnn.testing.contracts import check_layer_against as check_layer_against
    from tinygrad_cnn.testing.contracts import check_loss as check_loss
    from tinygrad_cnn.testing.contracts import check_module as check_module
    from tinygrad_cnn.testing.contracts import check_op as check_op
    from tinygrad_cnn.testing.contracts import check_optimizer as check_optimizer
    from tinygrad_cnn.testing.culprit import Blame as Blame
    from tinygrad_cnn.testing.gradients import GradcheckResult as GradcheckResult
    from tinygrad_cnn.testing.gradients import assert_gradients as assert_gradients
    from tinygrad_cnn.testing.gradients import gradcheck as gradcheck
    from tinygrad_cnn.testing.numeric import central_difference as central_difference
    from tinygrad_cnn.testing.program import Program as Program
    from tinygrad_cnn.testing.program import Step as Step
    from tinygrad_cnn.testing.properties import PROPERTIES as PROPERTIES

#: Public name -> the module of this package that has it.
_HOME = {
    "blame": "blaming",
    "Blame": "culprit",
    "CASES": "cases",
    "Case": "cases",
    "Problem": "cases",
    "GradcheckResult": "gradients",
    "assert_gradients": "gradients",
    "gradcheck": "gradients",
    "central_difference": "numeric",
    "Program": "program",
    "Step": "program",
    "PROPERTIES": "properties",
    "check_layer_against": "contracts",
    "check_loss": "contracts",
    "check_module": "contracts",
    "check_op": "contracts",
    "check_optimizer": "contracts",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name == "hypothesis":
            raise MissingExtraError(
                f"tinygrad_cnn.testing.{name} needs hypothesis: pip install 'tinygrad-cnn[test]'"
            ) from None
        raise


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
