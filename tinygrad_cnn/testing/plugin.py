"""The pytest plugin: a fixture and a marker `gradcheck`, options `--grad-...`, reports with failures.

    def test_mine(gradcheck):
        gradcheck(my_function, np.array([0.5, -1.0]))

This package imports pytest and the standard library; NumPy, hypothesis and tinygrad_cnn are imported
when a test needs them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tinygrad_cnn.testing.scores import MutationTest, Outcomes, SuiteTest

#: Options that a marker `gradcheck` may give; those of `testing.gradcheck`.
OPTIONS = ("order", "directions", "entries", "forward", "rtol", "atol", "seed")


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
    group.addoption("--grad-alter", metavar="FILE", help=argparse.SUPPRESS)  # see `testing.suite`
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
        "gradcheck(order=1, directions=3, entries=False, forward=True, rtol=1e-7, atol=1e-9, seed=0): "
        "options of the fixture gradcheck in this test.",
    )
    _tolerance(config)


def _tolerance(config: pytest.Config) -> dict[str, float]:
    """The tolerance of the ini file, as options."""
    text = str(config.getini("grad_tolerance")).strip()
    try:
        value = float(text or 0)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise pytest.UsageError(f"grad_tolerance: a number in [0, 1) fits, such as 1e-6, got {text!r}")
    return {"rtol": value} if text else {}


# --------------------------------------------------------------------------- the fixture
class Gradcheck:
    """What the fixture `gradcheck` is: `testing.gradcheck`, bound to the options of the test.

    Options come from, last one first: the ini file, the command line, the marker, the call.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.item: pytest.Item | None = None

    def __repr__(self) -> str:
        return "<gradcheck>"  # stands among the arguments of a failing hypothesis test

    @property
    def bound(self) -> dict[str, Any]:
        """The options that hold in the test that runs, but those of a call."""
        options: dict[str, Any] = _tolerance(self.config)
        examples, seed = self.config.getoption("--grad-examples"), self.config.getoption("--grad-seed")
        options |= {} if examples is None else {"directions": examples}
        options |= {} if seed is None else {"seed": seed}
        return options | _marked(self.item)

    def __call__(self, fn: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
        """The result of `testing.gradcheck`; a wrong gradient fails the test with its report.

        Args:
            fn, inputs, options: as `testing.gradcheck`.
        Raises:
            AssertionError: the gradient is wrong.
        """
        __tracebackhide__ = True
        testing = import_module("tinygrad_cnn.testing.gradients")
        options = self.bound | options
        result = testing.gradcheck(fn, *inputs, **options)
        if result.status == "fail":
            testing.assert_gradients(fn, *inputs, **options)
        if result.status == "unchecked" and self.item is not None:
            self.item.add_report_section("call", "gradcheck", str(result))
        return result

    def op(self, op: Callable[[], Any], cases: Any, **options: Any) -> Any:
        """The report of `testing.contracts.check_op`; a property that fails fails the test.

        Args:
            op, cases, options: as `check_op`; the seed and the number of examples are the command
                line's, where it gives some.
        Raises:
            AssertionError: a property failed.
        """
        __tracebackhide__ = True
        examples, seed = self.config.getoption("--grad-examples"), self.config.getoption("--grad-seed")
        given = {} if examples is None else {"max_examples": examples}
        given |= {} if seed is None else {"random_seed": seed}
        report = import_module("tinygrad_cnn.testing.contracts").check_op(op, cases, **(given | options))
        return report.raise_if_failed()


def _marked(item: pytest.Item | None) -> dict[str, Any]:
    """The options of the markers of a test, the closest marker's first."""
    options: dict[str, Any] = {}
    for marker in item.iter_markers("gradcheck") if item is not None else ():
        unknown = [repr(x) for x in marker.args] + [key for key in marker.kwargs if key not in OPTIONS]
        if unknown:
            raise pytest.UsageError(
                f"marker gradcheck: got {', '.join(unknown)}; keywords {', '.join(OPTIONS)} fit"
            )
        options = dict(marker.kwargs) | options
    return options


@pytest.fixture(scope="session")
def gradcheck(pytestconfig: pytest.Config) -> Gradcheck:
    """`tinygrad_cnn.testing.gradients`, bound to the marker, the command line and the ini file.

    It raises AssertionError where a gradient is wrong, and returns the result otherwise. Its method
    `op` checks an op of one's own. It may be used in hypothesis tests.
    """
    # Of the session, because hypothesis warns of fixtures that are made anew for each test: which
    # test runs is noted by `pytest_runtest_protocol`.
    return pytestconfig.stash.setdefault(_FIXTURE, Gradcheck(pytestconfig))


_FIXTURE: pytest.StashKey[Gradcheck] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Tell the fixture which test runs."""
    fixture = item.config.stash.setdefault(_FIXTURE, Gradcheck(item.config))
    fixture.item = item
    try:
        return (yield)
    finally:
        fixture.item = None


# --------------------------------------------------------------------------- collection
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
        mutation = import_module("tinygrad_cnn.testing.mutation")
        try:
            cases = mutation.cases_of([target for target in targets if target and target not in own])
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
    """In a run for `testing.suite`: the tests again and again, with one alteration after the other."""
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

    import_module("tinygrad_cnn.testing.suite").trials(order, passes)
    return True


# --------------------------------------------------------------------------- reports
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Attach the reports that a failure carries, and write them to the folder of --grad-report."""
    report = yield
    if call.excinfo is None or not report.failed:
        return report
    for number, error in enumerate(_carriers(call.excinfo.value)):
        name = re.sub(r"[^\w.=-]+", "_", item.nodeid).strip("_")[-150:] + (f"_{number}" if number else "")
        lines = _attached(error, name, item.config.getoption("--grad-report"))
        report.sections.append(("gradcheck report", "\n".join(lines)))
    return report


def _carriers(error: BaseException) -> Iterator[Any]:
    """The errors of a failure, and of a group of them, that carry a report."""
    if isinstance(error, AssertionError) and hasattr(error, "report"):
        yield error
    for other in getattr(error, "exceptions", ()):
        yield from _carriers(other)


def _attached(error: Any, name: str, folder: str | None) -> list[str]:
    """The lines of a report; with a folder, it is written there, and so is a picture of the culprit."""
    lines = [str(error.report)]
    if folder is None:
        return lines
    path = _write(Path(folder) / f"{name}.txt", lines[0])
    lines.append(f"report: {path}")
    blame = getattr(error, "blame", None)
    if blame is not None and blame.roots:
        try:
            lines.append(f"picture: {blame.draw(path.with_suffix('.png'))}")
        except Exception as why:  # a missing engine must not hide the report
            lines.append(f"no picture: {type(why).__name__}: {why}")
    return lines


def _write(path: Path, text: str) -> Path:
    """Write a file, whole or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path.resolve()
