"""Checking gradients against numerical derivatives, with three answers: pass, fail, unchecked.

The check runs along random directions: with cotangent w and direction v, the number <w, f(x)> has a
slope along v, which reverse mode gives as <grad, v> and two evaluations give numerically. Steps and
tolerance come from an estimate of the numerical error, not from a fixed epsilon; where that estimate
says that nothing can be told (a kink, a tie, a random draw, noise), the answer is 'unchecked'.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.check.comparisons import Comparer, Finding, Function
from tinygrad_cnn.testing.check.reproductions import reproduction

Array = NDArray[Any]


@dataclass
class GradcheckResult:
    """The answer of `gradcheck`: a status, and the comparisons behind it.

    Attributes:
        status: 'fail' if any comparison failed, else 'unchecked' if any with a numerical derivative
            could not be made, else 'pass'. Where there is no forward mode, the report says so.
        findings: the comparisons.   reproduce: lines of Python that run the check again.
        patterns: what was recognised in wrong gradients: 'input 0: a transpose: ...'.
    """

    findings: list[Finding] = field(default_factory=list)
    reproduce: str = ""
    patterns: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """'pass', 'fail' or 'unchecked'.

        >>> GradcheckResult([Finding("pass", 1, "", 1, 1, 0)]).status
        'pass'
        """
        found = {f.status for f in self.findings if f.status == "fail" or f.against == "numeric"}
        return next((status for status in ("fail", "unchecked") if status in found), "pass")

    def __bool__(self) -> bool:
        return self.status == "pass"

    def __str__(self) -> str:
        shown = [f for f in self.findings if f.status == self.status and f.status != "pass"]
        shown = shown or [f for f in self.findings if f.status == "unchecked"]
        head = f"gradcheck: {self.status} ({len(self.findings)} comparisons)"
        lines = [head, *(f"  {finding}" for finding in shown), *(f"  {said}" for said in self.patterns)]
        if self.status == "fail" and self.reproduce:
            lines += ["  to reproduce:", *(f"    {line}" for line in self.reproduce.splitlines())]
        return "\n".join(lines)


def gradcheck(
    fn: Function,
    *inputs: Any,
    order: int = 1,
    directions: int = 3,
    entries: bool = False,
    forward: bool = True,
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
        forward: also compare reverse with forward mode (`transforms.jvp`), which must agree to
            rounding, along the first direction. It needs derivatives that can be recorded; those that
            only arrays can go through are left out, and the report says so.
        rtol, atol: differences that are passed over, beside the estimated numerical error.
        seed: of directions and cotangents.
    Returns:
        A result whose `status` is 'pass', 'fail' or 'unchecked', true only if it passed; printed,
        it explains itself.
    Raises:
        ArgumentError: order is neither 1 nor 2, or there is no direction.
        DTypeError: no float input, or no Tensor returned.
    Source: Ridders 1982; random directions as in Griewank & Walther 2008, 3.

    >>> from tinygrad_cnn import functional as F
    >>> gradcheck(F.tanh, np.array([0.5, -1.0]), order=2).status
    'pass'
    >>> gradcheck(F.relu, np.array([0.0, 1.0])).status
    'unchecked'
    """
    if order not in (1, 2):
        raise ArgumentError(f"gradcheck: order must be 1 or 2, got {order!r}")
    if directions < 1:
        raise ArgumentError(f"gradcheck: directions must be at least 1, got {directions!r}")
    points = [x.numpy() if isinstance(x, Tensor) else np.asarray(x) for x in inputs]
    active = [k for k, x in enumerate(points) if x.dtype.kind == "f"]
    if not active:
        raise DTypeError("gradcheck: none of the inputs is a float array")
    check = Comparer(fn, points, active, rtol, atol, np.random.default_rng(seed))
    options = {"directions": directions, "forward": forward, "rtol": rtol, "atol": atol}
    options = {k: v for k, v in options.items() if v != _DEFAULTS[k]}  # what is not as usual is said
    result = GradcheckResult(reproduce=reproduction(fn, points, {"order": order, "seed": seed} | options))
    nan = float("nan")
    if not check.repeats():
        reason = "two evaluations at the same point differ: a random draw, or a state that changes"
        result.findings.append(Finding("unchecked", 1, "value", nan, nan, nan, reason))
        return result
    try:
        check.gradients(points, create_graph=order == 2)
    except Exception as raised:
        reason = f"the gradient cannot be computed: {type(raised).__name__}: {raised}"
        result.findings.append(Finding("fail", order, "all inputs", nan, nan, nan, reason))
        return result
    result.findings = _compared(check, order, directions, entries, forward)
    result.patterns = _patterns(check, result.findings)
    return result


_DEFAULTS = {name: option.default for name, option in inspect.signature(gradcheck).parameters.items()}


def _compared(check: Comparer, order: int, directions: int, entries: bool, forward: bool) -> list[Finding]:
    """Along random directions, by forward mode, along ties, entry by entry."""
    findings = []
    for number in range(directions):
        where = f"all inputs, direction {number}"
        for k in range(1, order + 1):
            direction = check.random()
            findings.append(check.along(k, where, direction))
            if forward and number == 0 and k == 1:
                findings.append(check.forward(where, direction))
    if any("kink" in finding.reason for finding in findings):
        # Moved by the same amount, elements that tie stay tied: what a tie counts twice shows here.
        together = [np.ones(check.points[k].shape) for k in check.active]
        findings.append(check.along(1, "all inputs, all elements alike", together))
    for k in check.active if entries else ():
        for index in np.ndindex(check.points[k].shape):
            unit = [np.zeros(check.points[j].shape) for j in check.active]
            unit[check.active.index(k)][index] = 1
            where = f"input {k}, entry {index}" if index else f"input {k}"
            findings.append(check.along(1, where, unit))
    return findings


def _patterns(check: Comparer, findings: list[Finding]) -> list[str]:
    """What is recognised in the gradients, if one of first order is wrong and no tie confuses it."""
    wrong = any(f.status == "fail" and f.order == 1 and f.against == "numeric" for f in findings)
    if not wrong or any("kink" in finding.reason for finding in findings):
        return []
    found = {k: check.pattern(place) for place, k in enumerate(check.active)}
    return [f"input {k}: {words}" for k, words in found.items() if words]
