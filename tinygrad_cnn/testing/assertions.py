"""Gradients as assertions: `assert_gradients` fails a test, with a report and the op that is to blame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_cnn.testing.blaming import Blame, blame
from tinygrad_cnn.testing.check.gradchecks import gradcheck


class GradientError(AssertionError):
    """A wrong gradient.

    Attributes:
        report: in words.   blame: the op that is wrong, which can draw itself.
    """

    def __init__(self, report: str, blame: Blame) -> None:
        super().__init__(report)
        self.report, self.blame = report, blame


def assert_gradients(fn: Callable[..., Any], *inputs: Any, **options: Any) -> None:
    """Raise if `gradcheck(fn, *inputs, **options)` fails; what cannot be checked is let pass.

    Args:
        fn, inputs, options: as `gradcheck`.
    Raises:
        GradientError: an AssertionError with the printed report.

    >>> assert_gradients(lambda x: x * x, np.array([1.0, 2.0]))
    """
    result = gradcheck(fn, *inputs, entries=options.pop("entries", False), **options)
    if result.status == "fail":
        report = gradcheck(fn, *inputs, entries=True, **options)
        culprit = blame(fn, *inputs, order=options.get("order", 1), seed=options.get("seed", 0))
        raise GradientError(f"{report}\n  first wrong op: {culprit}", culprit)
