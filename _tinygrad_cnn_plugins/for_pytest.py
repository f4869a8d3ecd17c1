"""The pytest plugin: a fixture and a marker `gradcheck`, options `--grad-...`, reports with failures.

    def test_mine(gradcheck):
        gradcheck(my_function, np.array([0.5, -1.0]))

NumPy, hypothesis and tinygrad_cnn are imported when a test needs them.
"""

from __future__ import annotations

import argparse
import contextlib
from importlib import import_module
from typing import Any

import pytest

from _tinygrad_cnn_plugins.failure_reports import pytest_runtest_makereport, pytest_terminal_summary
from _tinygrad_cnn_plugins.gradcheck_fixture import gradcheck, pytest_runtest_protocol, tolerance
from _tinygrad_cnn_plugins.mutation_items import MutationTest, Outcomes, SuiteTest

__all__ = [
    "gradcheck",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_terminal_summary",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options on the command line and in the ini file."""
    group = parser.getgroup("tinygrad-cnn", "checks of gradients (tinygrad-cnn)")
    group.addoption(
        "--grad-examples", type=_count, metavar="N",
        help="random directions of each gradcheck; examples of each hypothesis test that is marked "
        "gradcheck or uses the fixture, and has no count of its own; problems of gradcheck.op and of "
        "each check of --grad-mutate",
    )  # fmt: skip
    group.addoption(
        "--grad-seed", type=_natural, metavar="N", help="seed of those directions, examples and problems"
    )
    group.addoption(
        "--grad-mutate", action="append", nargs="?", const="", metavar="OP",
        help="add a test for each op named, or each in the table CASES of a module named, or all ops "
        "of tinygrad-cnn: its derivative is altered, and the test fails if no check notices; OP may also "
        "be module:Class, an op of your own, and then the tests of this run are what must notice; write "
        "--grad-mutate=OP, and once for each",
    )  # fmt: skip
    group.addoption(
        "--grad-alter", metavar="FILE", help=argparse.SUPPRESS
    )  # see `testing.mutation.judged_by_tests`
    group.addoption(
        "--grad-strict", action="store_true", help="fail tests whose gradients could not be checked"
    )
    group.addoption("--grad-report", metavar="DIR", help="folder for reports of failures, and pictures")
    parser.addini("grad_tolerance", "rtol of the fixture gradcheck", default="")


def _count(text: str) -> int:
    """An integer of at least 1, from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(text)
    return int(text)


def _natural(text: str) -> int:
    """An integer of at least 0, from the command line."""
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and check the ini file's tolerance."""
    config.addinivalue_line(
        "markers",
        "gradcheck(order=1, directions=3, entries=False, forward=True, rtol=1e-7, atol=0.0, seed=0, "
        "strict=False): options of the fixture gradcheck in this test.",
    )
    tolerance(config)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark tests that use the fixture, and give marked hypothesis tests the command line's options."""
    if "gradcheck" in getattr(item, "fixturenames", ()) and item.get_closest_marker("gradcheck") is None:
        item.add_marker("gradcheck")
    if item.get_closest_marker("gradcheck") is None:
        return
    examples, seed = item.config.getoption("--grad-examples"), item.config.getoption("--grad-seed")
    function = getattr(item, "function", None)
    function = getattr(function, "__func__", function)
    done = item.config.stash.setdefault(_SET_UP, set())
    # Several items share one function where a test has parameters: it is set up once.
    if (examples, seed) == (None, None) or function in done or not hasattr(function, "is_hypothesis_test"):
        return
    done.add(function)
    hypothesis = import_module("hypothesis")
    if seed is not None:
        hypothesis.seed(seed)(function)
    if examples is not None:
        # A test with settings of its own keeps them: hypothesis refuses a second set.
        with contextlib.suppress(hypothesis.errors.InvalidArgument):
            hypothesis.settings(max_examples=examples)(function)


_SET_UP: pytest.StashKey[set[Any]] = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add a test for each op whose derivative is to be altered; -k and -m choose among them too."""
    targets = session.config.getoption("--grad-mutate")
    if targets is None:
        return
    own = [target for target in targets if ":" in target]
    if not own or len(own) < len(targets):
        commands = import_module("tinygrad_cnn.testing.mutation.command_line")
        try:
            cases = commands.cases_of([target for target in targets if target and target not in own])
        except (ImportError, ValueError) as error:
            raise pytest.UsageError(f"--grad-mutate: {error}") from error
        items += [
            MutationTest.from_parent(session, name=f"grad-mutate[{op.__name__}]", op=op, case=case)
            for op, case in cases.items()
        ]
    items += [
        SuiteTest.from_parent(session, name=f"grad-mutate[{target.split(':')[-1]}]", target=target)
        for target in own
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """In a run for a mutation score: the tests again and again, with one alteration after the other."""
    order = session.config.getoption("--grad-alter")
    if order is None or session.testsfailed or session.config.option.collectonly:
        return None
    watch = Outcomes()
    session.config.pluginmanager.register(watch)

    def passes() -> bool:
        for item in session.items:
            # Fixtures of modules and of the session are torn down too, so that it can end after any test.
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            if watch.failed:
                watch.failed = False
                return False
        return True

    import_module("tinygrad_cnn.testing.mutation.judged_by_tests").trials(order, passes)
    return True
