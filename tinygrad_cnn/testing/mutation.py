"""Mutation score: alter the derivative of each op, one way at a time, and see who notices.

A mutant is an op whose `backward` is wrong on purpose. A test suite that is worth something kills
every mutant; one that survives shows a gap, or an alteration that changes nothing (a second
derivative that is 0 anyway). From the command line, on the ops of this package or on one's own:

    python -m tinygrad_cnn.testing.mutation                       # every op that has a case
    python -m tinygrad_cnn.testing.mutation Conv Linear           # some of them
    python -m tinygrad_cnn.testing.mutation my_package.my_cases   # a module with a table CASES
    python -m tinygrad_cnn.testing.mutation my_ops:Swish --tests tests/test_swish.py

The first three are judged by `PROPERTIES` on drawn problems; the last by one's own tests, see `suite`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.alterations import KINDS as KINDS
from tinygrad_cnn.testing.alterations import OVERWRITTEN, altered, mutants
from tinygrad_cnn.testing.alterations import Mutant as Mutant
from tinygrad_cnn.testing.cases import CASES, Case
from tinygrad_cnn.testing.properties import (
    PROPERTIES,
    Check,
    directions,
    first_order,
    second_order,
)
from tinygrad_cnn.testing.suite import score


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


def cases_of(targets: Sequence[str]) -> dict[type[Op], Case]:
    """The cases of some ops of this package, and of modules with a table CASES; all ops if no targets.

    Args:
        targets: names of ops, or of modules that can be imported.
    Raises:
        ImportError: neither.   ArgumentError: a module without such a table.

    >>> [op.__name__ for op in cases_of(["Neg"])]
    ['Neg']
    """
    cases = dict(CASES) if not targets else {}
    by_name = {op.__name__: op for op in CASES}
    for target in targets:
        if target in by_name:
            cases[by_name[target]] = CASES[by_name[target]]
        else:
            module = importlib.import_module(target)
            if not hasattr(module, "CASES"):
                raise ArgumentError(
                    f"{target} has no table CASES; the name of an op of this package fits, a module with "
                    "such a table, or module:Class for an op that your own tests judge"
                )
            cases.update(module.CASES)
    return cases


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns 1 if a mutant survived.

    >>> main(["Neg"])
    Neg                        9 of   9 noticed
    9 of 9 mutants noticed
    0
    """
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad_cnn.testing.mutation",
        description="Alter derivatives, and see whether the checks notice.",
    )
    parser.add_argument(
        "targets", nargs="*", metavar="OP",
        help="an op of this package, a module with a table CASES, or module:Class with --tests",
    )  # fmt: skip
    parser.add_argument("--examples", type=int, default=300, help="problems per check and mutant")
    parser.add_argument("--seed", type=int, help="other problems; the same number repeats a run")
    parser.add_argument(
        "--tests", nargs=argparse.REMAINDER, metavar="ARG",
        help="your own tests judge the op module:Class: arguments of pytest, to the end of the line",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    custom = [target for target in options.targets if ":" in target]
    if options.tests is None and custom:
        parser.error(f"{custom[0]}: say with --tests which tests judge it")
    if options.tests is not None and len(custom) != len(options.targets):
        parser.error("with --tests, each OP must be written module:Class")
    if custom:
        scores = [score(target, options.tests) for target in custom]
        print(*scores, sep="\n")
        return 1 if any(found.survived for found in scores) else 0
    left, total = survivors(
        cases_of(options.targets), max_examples=options.examples, report=print, random_seed=options.seed
    )
    for mutant in left:
        print(f"survived: {mutant}")
    print(f"{total - len(left)} of {total} mutants noticed")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
