"""Gradients as assertions: `assert_gradients` fails a test, with a report and the op that is to blame."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.testing.blaming import Blame, blame
from tinygrad_cnn.testing.check.comparisons import SECOND_OPINION
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
    insist(fn, *inputs, strict=strict, **options)


def insist(fn: Callable[..., Any], *inputs: Any, strict: bool = False, **options: Any) -> GradcheckResult:
    """The result of `gradcheck`; raises if it fails, or under `strict` is unchecked.

    A failure is looked at entry by entry, and its op is looked for, where somebody will read of it:
    while hypothesis makes an example smaller, that it fails is all that is asked.
    """
    __tracebackhide__ = True
    read = is_read()
    at_once = read and _many(inputs)  # a second check would take as long again
    chosen = {"entries": True} if at_once else {"brief": True}
    result = gradcheck(fn, *inputs, **(chosen | options))
    if result.status == "unchecked" and strict:
        raise GradientError(result)
    if result.status == "fail":
        culprit = None
        if read:
            result, culprit = _explained(result, fn, *inputs, **options)
        raise GradientError(result, culprit)
    return result


def _explained(
    result: GradcheckResult, fn: Callable[..., Any], *inputs: Any, **options: Any
) -> tuple[GradcheckResult, Blame | None]:
    """A failure with its entries, and the op that is to blame."""
    if not _many(inputs):
        again = gradcheck(fn, *inputs, **(options | {"entries": True}))
        result = again if again.status == "fail" else result
    if result.framework != "tinygrad_cnn":
        return result, None
    chosen = {key: options[key] for key in ("order", "seed", "kwargs") if key in options}
    return result, blame(fn, *inputs, **chosen)


def _many(inputs: Sequence[Any]) -> bool:
    """Whether the arrays among the inputs have so many elements that each evaluation takes long."""
    return sum(math.prod(x.shape) for x in inputs if hasattr(x, "shape")) > SECOND_OPINION


def is_read() -> bool:
    """Whether a report will be read: outside of hypothesis, and in the example that it shows at last."""
    control = sys.modules.get("hypothesis.control")  # not imported for the question
    if control is None or not control.currently_in_test_context():
        return True
    return bool(control.should_note())
