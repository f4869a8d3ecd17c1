"""Checking gradients against numerical derivatives, with three answers: pass, fail, unchecked.

The check runs along random directions: with cotangent w and direction v, the number <w, f(x)> has a
slope along v, which reverse mode gives as <grad, v> and evaluations give numerically. Steps and
tolerance come from the measured noise of the function, not from a fixed epsilon; where nothing can be
told (a kink, a tie, a random draw, noise), the answer is 'unchecked', with the reason.
"""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import flags
from tinygrad_cnn.kernels.memory import keep_freed_memory
from tinygrad_cnn.testing.check.comparisons import Comparer
from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.framework_choice import framework_of
from tinygrad_cnn.testing.check.reproductions import reproduction
from tinygrad_cnn.testing.check.side_effects import side_effects
from tinygrad_cnn.testing.check.subjects import Subject
from tinygrad_cnn.testing.check.worst_entries import entries_of, kinked_entries, weak_entries
from tinygrad_cnn.testing.frameworks.base import Framework, NotSupportedError
from tinygrad_cnn.testing.frameworks.numpy_derivatives import NumpyDerivatives

#: A report prints so many findings; how many more there are is said.
PRINTED = 5

#: From so many elements on, freed memory is kept: a check makes the same arrays a hundred times, and to
#: fetch them from the system each time took more than to compute them.
LARGE = 4096


@dataclass
class GradcheckResult:
    """The answer of `gradcheck`: a status, and the comparisons behind it.

    Attributes:
        status: 'fail' if any comparison failed, else 'unchecked' if any with a numerical derivative
            could not be made, else 'pass'. Where there is no forward mode, the report says so.
        findings: the comparisons, and what else is wrong.
        reproduce: lines of Python that run the check again; '' if it passed.
        patterns: what was recognised in wrong gradients: 'input 0: a transpose: ...'.
        framework: whose functions were judged.
    """

    findings: list[Finding] = field(default_factory=list)
    reproduce: str = ""
    patterns: list[str] = field(default_factory=list)
    framework: str = "tinygrad_cnn"

    @property
    def status(self) -> str:
        """'pass', 'fail' or 'unchecked'.

        >>> GradcheckResult([Finding("pass", 1, "", 1, 1, 0)]).status
        'pass'
        """
        found = {f.status for f in self.findings if f.status == "fail" or f.against == "numeric"}
        return next((status for status in ("fail", "unchecked") if status in found), "pass")

    @property
    def headline(self) -> str:
        """The answer in one line: the status, and the first reason for it.

        >>> GradcheckResult([Finding("fail", 1, "input 0", -2.0, 2.0, 1e-9, "the sign is wrong")]).headline
        'input 0: the sign is wrong (analytic -2, numeric 2)'
        """
        shown = self.shown()
        if not shown:
            return f"gradient right along {len(self.findings)} comparisons"
        first, said = shown[0], self.patterns[0] if self.patterns else ""
        if first.status == "unchecked" or np.isnan(first.numeric):
            return f"{first.where}: {first.reason}"
        numbers = f"analytic {first.analytic:.6g}, numeric {first.numeric:.6g}"
        words = said or f"{first.where}: {first.reason or 'wrong derivative'}"
        return f"{words} ({numbers})"

    def shown(self) -> list[Finding]:
        """The findings that a report prints, single entries first and the worst first among them."""
        telling = [f for f in self.findings if f.status == "fail" or f.against == "numeric"]
        shown = [f for f in telling if f.status == self.status and f.status != "pass"]
        return sorted(shown, key=_rank) or [f for f in self.findings if f.status == "unchecked"]

    def __bool__(self) -> bool:
        return self.status == "pass"

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        return f"<pre>{html.escape(str(self))}</pre>"

    def __str__(self) -> str:
        shown = self.shown()
        whose = "" if self.framework == "tinygrad_cnn" else f" of a function of {self.framework}"
        head = f"gradcheck{whose}: {self.status} ({len(self.findings)} comparisons)"
        lines = [head, *(f"  {finding}" for finding in shown[:PRINTED])]
        if len(shown) > PRINTED:
            lines.append(f"  and {len(shown) - PRINTED} more")
        lines += [f"  {said}" for said in self.patterns]
        if self.status == "fail" and self.reproduce:
            lines += ["  to reproduce:", *(f"    {line}" for line in self.reproduce.splitlines())]
        return "\n".join(lines)


def _rank(finding: Finding) -> tuple[bool, bool, float]:
    """Side effects first, then single entries, the largest difference first."""
    apart = abs(finding.analytic - finding.numeric)
    return (
        finding.against != "itself",
        "entry" not in finding.where,
        -apart if np.isfinite(apart) else -np.inf,
    )


def gradcheck(
    fn: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    directions: int = 3,
    entries: bool = False,
    forward: bool = True,
    rtol: float = 1e-7,
    atol: float = 0.0,
    seed: int = 0,
    kwargs: Mapping[str, Any] | None = None,
    framework: str | Framework | None = None,
    gradient: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    hvp: Callable[..., Any] | None = None,
    complex_step: bool = False,
    brief: bool = False,
) -> GradcheckResult:
    """Compare the derivatives of `fn` at `inputs` with numerical ones.

    Float inputs are differentiated: arrays, and Tensors that require grad (all Tensors if none does).
    float16 and float32 ones are judged in float64, where the function takes it; then their gradients are
    compared with the float64 ones. Also compared: a second walk, scaled incoming gradients, one array as
    two inputs, other memory layouts, and the inputs before and after.

    Args:
        fn: from Tensors to a Tensor, or of another framework, see `framework`. Inputs and results may
            be tuples, lists, dicts and dataclasses of them; what holds no array is handed over as it is.
        inputs: Tensors or arrays, or containers of them.   kwargs: keyword arguments of `fn`.
        order: 1, or 2 for the derivative of the gradient as well.
        directions: random directions to check along; every second one moves each element by a share
            of itself.
        entries: also check entry by entry, and so name the input and the index of a wrong one; where
            there are many, some wrong ones are found by halving.
        forward: also compare reverse with forward mode (`transforms.jvp`), which must agree to
            rounding, along the first direction. It needs derivatives that can be recorded; those that
            only arrays can go through are left out, and the report says so.
        rtol, atol: differences that are passed over, in addition to the estimated numerical error.
        seed: of directions and cotangents.
        framework: 'tinygrad_cnn', 'torch', 'jax', 'autograd', 'numpy', an object of a subclass of
            `frameworks.Framework`, or None: by the inputs.
        gradient, vjp, jvp: the derivative by hand of a NumPy function, one of them or vjp and jvp:
            gradient(*inputs) for a function that returns one number, vjp(g, *inputs),
            jvp(tangents, *inputs).
        hvp: with order=2, the product of its Hessian with a vector by hand: hvp(v, *inputs).
        complex_step: also compare with a complex step, which sees differences of 1e-12, for a NumPy
            function of analytic functions that takes complex numbers.
        brief: stop at the first comparison that fails: the status is the same, and the time of a
            failure a fraction. What is wrong with the gradient as a whole is not looked at.
    Returns:
        A result whose `status` is 'pass', 'fail' or 'unchecked', true only if it passed; printed,
        it explains itself.
    Raises:
        ArgumentError: order is neither 1 nor 2, there is no direction, or no such framework; or
            complex_step for another framework than NumPy.
        DTypeError: no float input, or no float result.   MissingExtraError: the framework is not here.
    Source: Ridders 1982; random directions as in Griewank & Walther 2008, 3; Moré & Wild 2011.

    >>> from tinygrad_cnn import functional as F
    >>> gradcheck(F.tanh, np.array([0.5, -1.0]), order=2).status
    'pass'
    >>> gradcheck(F.relu, np.array([0.0, 1.0])).status
    'unchecked'
    >>> gradcheck(lambda x: (x**3).sum(), np.array([1.0, 2.0]), gradient=lambda x: 3 * x**2).status
    'pass'
    >>> off = lambda g, x: g * np.cos(x) * (1 + 1e-10)
    >>> gradcheck(np.sin, np.array([1.0]), vjp=off, complex_step=True).status
    'fail'
    """
    flags("gradcheck", entries=entries, forward=forward, complex_step=complex_step, brief=brief)
    if order not in (1, 2):
        raise ArgumentError(f"gradcheck: order must be 1 or 2, got {order!r}")
    if directions < 1:
        raise ArgumentError(f"gradcheck: directions must be at least 1, got {directions!r}")
    given = [*inputs, *(kwargs or {}).values()]
    whose = framework_of("gradcheck", framework, given, gradient, vjp, jvp, hvp)
    if complex_step and whose.name != "numpy":
        raise ArgumentError(
            f"gradcheck: complex_step is for NumPy functions, and this one is of {whose.name}"
        )
    subject = Subject(whose, fn, inputs, kwargs)
    if isinstance(whose, NumpyDerivatives):
        whose.filled = subject.positional
    if sum(x.size for x in subject.points) >= LARGE:
        keep_freed_memory()
    check = Comparer(subject, rtol, atol, np.random.default_rng(seed))
    options: dict[str, Any] = {"directions": directions, "forward": forward, "rtol": rtol, "atol": atol}
    options = {k: v for k, v in options.items() if v != _DEFAULTS[k]}  # what is not as usual is said
    options |= {"framework": framework} if isinstance(framework, str) else {}
    result = GradcheckResult(framework=whose.name)
    hindered = _hindered(check, order)
    looks = [hindered] if hindered else _compared(check, order, directions, entries, forward, complex_step)
    for finding in looks:
        result.findings.append(finding)
        if brief and finding.status == "fail":
            break
    if result.status != "pass":
        result.reproduce = reproduction(fn, subject, {"order": order, "seed": seed} | options)
    result.patterns = [] if brief or hindered else _patterns(check, result.findings)
    return result


_DEFAULTS = {name: option.default for name, option in inspect.signature(gradcheck).parameters.items()}


def _hindered(check: Comparer, order: int) -> Finding | None:
    """What makes all comparisons impossible, or None."""
    nan = float("nan")
    if not check.repeats():
        reason = "two evaluations at the same point differ: a random draw, or a state that changes"
        return Finding("unchecked", 1, "value", nan, nan, nan, reason)
    try:
        check.gradients()
        if order == 2:
            check.subject.second(check.points, check._weights(), check.vectors)
    except NotSupportedError as why:
        raise ArgumentError(f"gradcheck: order=2: {why}") from why
    except ArgumentError:
        raise
    except Exception as raised:
        reason = f"the gradient cannot be computed: {type(raised).__name__}: {raised}"
        return Finding("fail", order, "all inputs", nan, nan, nan, reason)
    return None


def _compared(
    check: Comparer, order: int, directions: int, entries: bool, forward: bool, complex_step: bool
) -> Iterator[Finding]:
    """Find what else is wrong: along random directions, by forward mode, along ties, entry by entry."""
    yield from side_effects(check)
    kinked = failed = False
    for number in range(directions):
        where = f"all inputs, direction {number}"
        for k in range(1, order + 1):
            direction = check.relative() if number % 2 else check.random()
            finding = check.along(k, where, direction)
            kinked |= "kink" in finding.reason
            failed |= finding.status == "fail" and k == 1
            yield finding
            if forward and number == 0 and k == 1:
                yield check.forward(where, direction)
        if failed and check.huge:
            break
    for finding in weak_entries(check) if not (failed and check.huge) else ():
        failed |= finding.status == "fail"
        yield finding
    if kinked:
        # Moved by the same amount, elements that tie stay tied: what a tie counts twice shows here.
        finding = check.along(1, "all inputs, all elements alike", check.together())
        failed |= finding.status == "fail"
        yield finding
        # Along one entry the one-sided slopes bound every subgradient.
        yield from (f for f in kinked_entries(check) if f.status == "fail") if not entries else ()
    if entries:
        yield from entries_of(check, failed)
    if complex_step:
        draws = [check.relative() if number % 2 else check.random() for number in range(directions)]
        yield from (check.complex_step(f"all inputs, direction {k}", v) for k, v in enumerate(draws))


def _patterns(check: Comparer, findings: list[Finding]) -> list[str]:
    """Recognise patterns in the gradients, if one of first order is wrong and no tie confuses it."""
    wrong = any(f.status == "fail" and f.order == 1 and f.against == "numeric" for f in findings)
    if not wrong or any("kink" in finding.reason for finding in findings):
        return []
    paths = [check.subject.paths[k] for k in check.active]
    found = {path: check.pattern(place) for place, path in enumerate(paths)}
    return [f"{path}: {words}" for path, words in found.items() if words]
