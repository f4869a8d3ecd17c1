"""The tests that `--grad-mutate` adds: one for each op whose derivative is altered."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest


class SurvivedError(AssertionError):
    """Altered derivatives that no check noticed."""


class ScoreTest(pytest.Item):
    """One op, whose derivative is altered in every way there is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_marker("gradcheck")

    def insist(self, op: str, survived: list[Any], total: int, advice: str) -> None:
        """Fail if an alteration survived."""
        if survived:
            lines = "\n".join(f"  survived: {mutant}" for mutant in survived)
            raise SurvivedError(
                f"{op}: {len(survived)} of {total} altered derivatives are noticed by no check"
                f"\n{lines}\n{advice}"
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The survivors, without a traceback."""
        if isinstance(excinfo.value, SurvivedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name it for the terminal."""
        return self.config.rootpath, None, self.name


class MutationTest(ScoreTest):
    """An op with a case: the properties of this package judge, on problems that are drawn."""

    def __init__(self, *, op: type[Any], case: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.op, self.case = op, case

    def runtest(self) -> None:
        """Fail if an alteration survives."""
        examples, seed = self.config.getoption("--grad-examples"), self.config.getoption("--grad-seed")
        options = {} if examples is None else {"max_examples": examples}
        mutation = import_module("tinygrad_cnn.testing.mutation")
        left, total = mutation.survivors({self.op: self.case}, random_seed=seed, **options)
        self.insist(
            self.op.__name__, left, total, "The problems of its case are too few, or too much alike."
        )


class SuiteTest(ScoreTest):
    """An op of the user's: the tests of this run judge, run anew for each alteration."""

    def __init__(self, *, target: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target

    def runtest(self) -> None:
        """Fail if an alteration survives."""
        found = import_module("tinygrad_cnn.testing.mutation.judged_by_tests").score(
            self.target, judges(self.config), self.config.invocation_params.dir
        )
        total = len(found.noticed) + len(found.survived)
        self.insist(self.target, found.survived, total, "A test that notices them is missing.")


def judges(config: pytest.Config) -> list[str]:
    """The arguments of this run of pytest, without those that started the mutation score, and xdist's."""
    kept: list[str] = []
    given = iter(str(argument) for argument in config.invocation_params.args)
    for argument in given:
        if argument in ("-n", "--numprocesses", "--dist", "--grad-report"):
            next(given, None)
        elif not argument.startswith(("--grad-mutate", "--grad-report", "-n", "--numprocesses", "--dist")):
            kept.append(argument)
    return kept


class Outcomes:
    """Notes that a test failed."""

    failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
