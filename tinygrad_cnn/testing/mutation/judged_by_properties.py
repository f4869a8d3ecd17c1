"""Find the altered derivatives that the properties of this package notice, on problems that are drawn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases import Case
from tinygrad_cnn.testing.contracts.op_properties import (
    PROPERTIES,
    Check,
    directions,
    first_order,
    second_order,
)
from tinygrad_cnn.testing.mutation.altered_derivatives import OVERWRITTEN, Mutant, altered, mutants


def survivors(
    cases: Mapping[type[Op], Case],
    checks: Mapping[str, Check] = PROPERTIES,
    max_examples: int = 300,
    report: Callable[[str], Any] = lambda line: None,
    random_seed: int | None = None,
) -> tuple[list[Mutant], int]:
    """The mutants that no check notices, and how many there were.

    An alteration that leaves every first and second derivative of every problem as it was is no
    mutant and does not count: the sign of a gradient that is 0, say.

    Args:
        cases: by op, as the table of this package.   checks: by name, as `PROPERTIES`.
        max_examples: problems that each check tries on each mutant.   report: is told of each op.
        random_seed: of the problems; None draws the same ones each time.

    >>> from tinygrad_cnn import ops
    >>> from tinygrad_cnn.testing import CASES
    >>> survivors({ops.Neg: CASES[ops.Neg]})
    ([], 9)
    """
    left: list[Mutant] = []
    total = 0
    # Layouts and types are not what a wrong derivative shows in: the derivatives' checks are.
    wanted = [check for name, check in checks.items() if "gradient" in name or "order" in name]
    for op, case in cases.items():
        draws = _Draws(case, max_examples, random_seed)
        every = [mutant for mutant in mutants(op, draws.operands()) if draws.shows(_effect(mutant))]
        alive = [m for m in every if not any(draws.shows(_notices(m, case, check)) for check in wanted)]
        total += len(every)
        left += alive
        report(f"{op.__name__:24} {len(every) - len(alive):3d} of {len(every):3d} noticed")
    return left, total


class _FoundError(Exception):
    """Ends a search: what was looked for has been seen."""


class _Draws:
    """The problems of a case, drawn the same way for each question."""

    def __init__(self, case: Case, max_examples: int, random_seed: int | None) -> None:
        self.case, self.max_examples, self.seed = case, max_examples, random_seed

    def each(self, look: Callable[[Any], Any], most: int) -> None:
        """Call a function with so many problems."""

        @settings(_SETTINGS, max_examples=most, derandomize=self.seed is None)
        @given(self.case.problems)
        def run(problem: Any) -> None:
            look(problem)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (run if self.seed is None else seed(self.seed)(run))()

    def operands(self) -> int:
        """The largest number of operands among some problems."""
        counts = [0]
        self.each(lambda problem: counts.append(len(problem.operands)), 20)
        return max(counts)

    def shows(self, sees: Callable[[Any], bool]) -> bool:
        """Whether some problem shows what is looked for; the search ends there."""

        def look(problem: Any) -> None:
            if sees(problem):
                raise _FoundError

        try:
            self.each(look, self.max_examples)
        except _FoundError:
            return True
        return False


def _notices(mutant: Mutant, case: Case, check: Check) -> Callable[[Any], bool]:
    """Whether a check fails with the mutant planted."""

    def sees(problem: Any) -> bool:
        try:
            with altered(mutant):
                check(case, problem)
        except Exception:
            return True  # an assertion, or an error: either way somebody notices
        return False

    return sees


def _effect(mutant: Mutant) -> Callable[[Any], bool]:
    """Whether a mutant changes a first or second derivative."""

    def sees(problem: Any) -> bool:
        # What overwriting leaves at first order, it leaves at second: the same shares are alone.
        second = mutant.kind != OVERWRITTEN
        plain = _derivatives(problem, second)
        try:
            with altered(mutant):
                pairs = zip(plain, _derivatives(problem, second), strict=True)
                return any(not np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs)
        except Exception:
            return True

    return sees


def _derivatives(problem: Any, second: bool) -> list[Any]:
    """All first and perhaps second derivatives of a problem, to compare; 0 where there is none."""
    found = list(first_order(problem)[2])
    found += second_order(problem, directions(problem, 2)) if second else []
    return [0.0 if g is None else g.numpy() for g in found]


_SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
