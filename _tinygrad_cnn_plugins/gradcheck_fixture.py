"""The fixture `gradcheck`, and the options that hold in the test that runs."""

from __future__ import annotations

from collections.abc import Callable, Generator
from importlib import import_module
from typing import Any

import pytest

#: Options that a marker `gradcheck` may give; those of `testing.gradcheck`.
OPTIONS = ("order", "directions", "entries", "forward", "rtol", "atol", "seed", "strict")

#: So many reasons are printed.
FEW = 3

#: Key of a test's property, under which it is noted that nothing could be checked.
UNCHECKED = "gradcheck_unchecked"


class Gradcheck:
    """The value of the fixture `gradcheck`: `testing.gradcheck`, bound to the options of the test.

    Options come from, last one first: the ini file, the command line, the marker, the call.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.item: pytest.Item | None = None
        #: Of the test that runs: how many calls passed, and why others were unchecked.
        self.passed, self.unchecked = 0, dict[str, str]()

    def __repr__(self) -> str:
        return "<gradcheck>"  # stands among the arguments of a failing hypothesis test

    @property
    def bound(self) -> dict[str, Any]:
        """The options that hold in the test that runs, but those of a call."""
        options: dict[str, Any] = tolerance(self.config)
        examples, seed = self.config.getoption("--grad-examples"), self.config.getoption("--grad-seed")
        options |= {} if examples is None else {"directions": examples}
        options |= {} if seed is None else {"seed": seed}
        options |= {"strict": True} if self.config.getoption("--grad-strict") else {}
        return options | _marked(self.item)

    def __call__(self, fn: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
        """The result of `testing.gradcheck`; a wrong gradient fails the test with its report.

        Args:
            fn, inputs, options: as `testing.gradcheck`; and strict, as `testing.assert_gradients`.
        Raises:
            AssertionError: the gradient is wrong, or under `strict` unchecked.
        """
        __tracebackhide__ = True
        assertions = import_module("tinygrad_cnn.testing.assertions")
        options = self.bound | options
        result = assertions.insist(fn, *inputs, **options)
        if result.status == "unchecked":
            self.unchecked.setdefault(result.headline, str(result))
        else:
            self.passed += 1
        return result

    def told(self) -> str:
        """Why calls of the test that runs were unchecked; of many reasons the first few."""
        reports = list(self.unchecked.values())
        more = [f"and {len(reports) - FEW} more reasons"] if len(reports) > FEW else []
        return "\n".join([*reports[:FEW], *more])

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
    """`tinygrad_cnn.testing.gradcheck`, bound to the marker, the command line and the ini file.

    It raises AssertionError where a gradient is wrong, and returns the result otherwise. Its method
    `op` checks an op of one's own. It may be used in hypothesis tests.
    """
    # What a first call would import, it is given before: hypothesis counts an example's seconds.
    import_module("tinygrad_cnn.testing.assertions")
    # Of the session, because hypothesis warns of fixtures that are made anew for each test: which
    # test runs is noted by `pytest_runtest_protocol`.
    return pytestconfig.stash.setdefault(FIXTURE, Gradcheck(pytestconfig))


FIXTURE: pytest.StashKey[Gradcheck] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Tell the fixture which test runs."""
    fixture = item.config.stash.setdefault(FIXTURE, Gradcheck(item.config))
    fixture.item, fixture.passed, fixture.unchecked = item, 0, {}
    try:
        return (yield)
    finally:
        fixture.item = None


def tolerance(config: pytest.Config) -> dict[str, float]:
    """The tolerance of the ini file, as options."""
    text = str(config.getini("grad_tolerance")).strip()
    try:
        value = float(text or 0)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise pytest.UsageError(f"grad_tolerance: a number in [0, 1) fits, such as 1e-6, got {text!r}")
    return {"rtol": value} if text else {}
