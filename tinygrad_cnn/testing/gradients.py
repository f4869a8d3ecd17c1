"""Checking gradients against numerical derivatives, with three answers: pass, fail, unchecked.

The check runs along random directions: with cotangent w and direction v, the number <w, f(x)> has a
slope along v, which reverse mode gives as <grad, v> and two evaluations give numerically. Steps and
tolerance come from an estimate of the numerical error, not from a fixed epsilon; where that estimate
says that nothing can be told (a kink, a tie, a random draw, noise), the answer is 'unchecked'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.tensor import Tensor
from tinygrad_cnn.testing.blaming import blame
from tinygrad_cnn.testing.compare import Comparer, Finding, Function
from tinygrad_cnn.testing.culprit import Blame

Array = NDArray[Any]


@dataclass
class GradcheckResult:
    """The answer of `gradcheck`: a status, and the comparisons behind it.

    Attributes:
        status: 'fail' if any comparison failed, else 'unchecked' if any could not be made, else
            'pass'.
        findings: the comparisons.   reproduce: lines of Python that run the check again.
    """

    findings: list[Finding] = field(default_factory=list)
    reproduce: str = ""

    @property
    def status(self) -> str:
        """'pass', 'fail' or 'unchecked'.

        >>> GradcheckResult([Finding("pass", 1, "", 1, 1, 0)]).status
        'pass'
        """
        found = {finding.status for finding in self.findings}
        return next((status for status in ("fail", "unchecked") if status in found), "pass")

    def __bool__(self) -> bool:
        return self.status == "pass"

    def __str__(self) -> str:
        shown = [f for f in self.findings if f.status == self.status] if self.status != "pass" else []
        head = f"gradcheck: {self.status} ({len(self.findings)} comparisons)"
        lines = [head, *(f"  {finding}" for finding in shown)]
        if self.status == "fail" and self.reproduce:
            lines += ["  to reproduce:", *(f"    {line}" for line in self.reproduce.splitlines())]
        return "\n".join(lines)


class GradientError(AssertionError):
    """A wrong gradient.

    Attributes:
        report: in words.   blame: the op that is wrong, which can draw itself.
    """

    def __init__(self, report: str, blame: Blame) -> None:
        super().__init__(report)
        self.report, self.blame = report, blame


def gradcheck(
    fn: Function,
    *inputs: Any,
    order: int = 1,
    directions: int = 3,
    entries: bool = False,
    rtol: float = 1e-7,
    atol: float = 1e-9,
    seed: int = 0,
) -> GradcheckResult:
    """Compare the derivatives of `fn` at `inputs` with numerical ones.

    Args:
        fn: from Tensors to a Tensor.
        inputs: Tensors or arrays; the float ones are differentiated, at their own precision.
        order: 1, or 2 for the derivative of the gradient as well.
        directions: random directions to check along.
        entries: also check entry by entry, and so name the input and the index of a wrong one.
        rtol, atol: differences that are passed over, beside the estimated numerical error.
        seed: of directions and cotangents.
    Returns:
        A result whose `status` is 'pass', 'fail' or 'unchecked', true only if it passed; printed,
        it explains itself.
    Raises:
        ArgumentError: order is neither 1 nor 2.   DTypeError: no float input, or no Tensor returned.
    Source: Ridders 1982; random directions as in Griewank & Walther 2008, 3.

    >>> from tinygrad_cnn import functional as F
    >>> gradcheck(F.tanh, np.array([0.5, -1.0]), order=2).status
    'pass'
    >>> gradcheck(F.relu, np.array([0.0, 1.0])).status
    'unchecked'
    """
    if order not in (1, 2):
        raise ArgumentError(f"gradcheck: order must be 1 or 2, got {order!r}")
    points = [x.numpy() if isinstance(x, Tensor) else np.asarray(x) for x in inputs]
    active = [k for k, x in enumerate(points) if x.dtype.kind == "f"]
    if not active:
        raise DTypeError("gradcheck: none of the inputs is a float array")
    check = Comparer(fn, points, active, rtol, atol, np.random.default_rng(seed))
    result = GradcheckResult(reproduce=_reproduction(fn, points, order, seed))
    if not check.repeats():
        nan = float("nan")
        reason = "two evaluations at the same point differ: a random draw, or a state that changes"
        result.findings.append(Finding("unchecked", 1, "value", nan, nan, nan, reason))
        return result
    for number in range(directions):
        for k in range(1, order + 1):
            result.findings.append(check.along(k, f"all inputs, direction {number}", check.random()))
    if any("kink" in finding.reason for finding in result.findings):
        # Moved by the same amount, elements that tie stay tied: what a tie counts twice shows here.
        together = [np.ones(points[k].shape) for k in active]
        result.findings.append(check.along(1, "all inputs, all elements alike", together))
    if entries:
        for k in active:
            for index in np.ndindex(points[k].shape):
                unit = [np.zeros(points[j].shape) for j in active]
                unit[active.index(k)][index] = 1
                where = f"input {k}, entry {index}" if index else f"input {k}"
                result.findings.append(check.along(1, where, unit))
    return result


def assert_gradients(fn: Function, *inputs: Any, **options: Any) -> None:
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


def _reproduction(fn: Function, points: list[Array], order: int, seed: int) -> str:
    """Lines of Python that run the same check again."""
    name = getattr(fn, "__name__", type(fn).__name__)
    lines = ["import numpy as np", "from tinygrad_cnn.testing import gradcheck"]
    for k, x in enumerate(points):
        body = np.array2string(x, separator=", ", threshold=200, floatmode="unique").replace("\n", " ")
        lines.append(
            f"x{k} = np.array({body}, dtype={x.dtype.name!r})"
            if x.size <= 200
            else f"x{k} = ...  # {x.shape} {x.dtype.name}, {x.size} elements: save it with np.save"
        )
    arguments = ", ".join(f"x{k}" for k in range(len(points)))
    lines.append(f"print(gradcheck({name}, {arguments}, order={order}, seed={seed}, entries=True))")
    return "\n".join(lines)
