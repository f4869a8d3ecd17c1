"""A kit for property tests of gradients: of this package's operations, and of one's own.

    gradcheck, assert_gradients      three answers: pass, fail, unchecked, with a report
    blame                            the first wrong operation of a composed function
    strategies, cases                what to draw: tensors, geometries, whole random graphs
    contracts                        what an op, a module, a loss, an optimizer must keep to
    mutation                         which wrong derivatives would go unnoticed

From pytest: the fixture and the marker `gradcheck`, and the options `--grad-...`. What needs hypothesis,
an extra, is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.testing.assertions import GradientError, assert_gradients
from tinygrad_cnn.testing.blaming import Blame, blame
from tinygrad_cnn.testing.check import (
    Finding,
    GradcheckResult,
    central_difference,
    complex_step,
    gradcheck,
)
from tinygrad_cnn.testing.check.numerical import numerical_gradient
from tinygrad_cnn.testing.program_steps import Program, Step

__all__ = [
    "CASES",
    "PROPERTIES",
    "Blame",
    "Case",
    "Finding",
    "GradcheckResult",
    "GradientError",
    "Problem",
    "Program",
    "Step",
    "TensorMachine",
    "assert_gradients",
    "backward_branches",
    "blame",
    "central_difference",
    "check_layer_against",
    "check_loss",
    "check_module",
    "check_op",
    "check_optimizer",
    "check_optimizer_against",
    "complex_step",
    "gradcheck",
    "numerical_gradient",
]

if TYPE_CHECKING:  # and so a name that is not here is an error to type checkers
    from tinygrad_cnn.testing.cases import CASES, Case, Problem
    from tinygrad_cnn.testing.contracts import (
        PROPERTIES,
        backward_branches,
        check_layer_against,
        check_loss,
        check_module,
        check_op,
        check_optimizer,
        check_optimizer_against,
    )
    from tinygrad_cnn.testing.tensor_machine import TensorMachine
else:
    #: The modules whose names need hypothesis.
    _WITH_HYPOTHESIS = {
        "CASES": "cases",
        "Case": "cases",
        "Problem": "cases",
        "TensorMachine": "tensor_machine",
    }

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            home = importlib.import_module(f"{__name__}.{_WITH_HYPOTHESIS.get(name, 'contracts')}")
        except ModuleNotFoundError as error:
            if error.name == "hypothesis":
                raise MissingExtraError(
                    f"tinygrad_cnn.testing.{name} needs hypothesis: pip install hypothesis"
                ) from None
            raise
        value = globals()[name] = getattr(home, name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
