"""Gradients as assertions: `assert_gradients` fails a test, with a report and the op that is to blame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.testing.blaming import Blame, blame
from tinygrad_cnn.testing.check.gradchecks import GradcheckResult, gradcheck


class GradientError(AssertionError):
    """A wrong gradient, or under `strict` one that could not be checked.

    Attributes:
        headline: the report in one line.   report: in words.   script: a program that runs the check.
        blame: the op that is wrong, which can draw itself; None for functions of other frameworks.
    """

    def __init__(self, result: GradcheckResult, blame: Blame | None = None) -> None:
        lines = [str(result), f"  first wrong op: {blame}" if blame is not None else ""]
        self.report, self.headline = "\n".join(filter(None, lines)), result.headline
        self.script, self.blame = result.reproduce, blame
        super().__init__(self.report)


def assert_gradients(fn: Callable[..., Any], *inputs: Any, strict: bool = False, **options: Any) -> None:
    """Raise if `gradcheck(fn, *inputs, **options)` fails.

    Args:
        fn, inputs, options: as `gradcheck`.
        strict: also raise if it is unchecked; without, that is let pass.
    Raises:
        GradientError: an AssertionError with the printed report.

    >>> assert_gradients(lambda x: x * x, np.array([1.0, 2.0]))
    """
    __tracebackhide__ = True
    flag("assert_gradients", "strict", strict)
    insist(gradcheck(fn, *inputs, **options), strict, fn, *inputs, **options)


def insist(
    result: GradcheckResult, strict: bool, fn: Callable[..., Any], *inputs: Any, **options: Any
) -> None:
    """Raise if a result fails, or under `strict` is unchecked; a failure is looked at entry by entry."""
    __tracebackhide__ = True
    if result.status == "unchecked" and strict:
        raise GradientError(result)
    if result.status != "fail":
        return
    detailed = gradcheck(fn, *inputs, **(options | {"entries": True}))
    result = detailed if detailed.status == "fail" else result
    culprit = None
    if result.framework == "tinygrad_cnn":
        chosen = {key: options[key] for key in ("order", "seed", "kwargs") if key in options}
        culprit = blame(fn, *inputs, **chosen)
    raise GradientError(result, culprit)
