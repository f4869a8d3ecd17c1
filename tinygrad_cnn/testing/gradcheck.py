"""Checking gradients against numerical derivatives, with three answers: pass, fail, unchecked.

The check runs along random directions: with cotangent w and direction v, the number <w, f(x)> has a
slope along v, which reverse mode gives as <grad, v> and two evaluations give numerically. Steps and
tolerance come from an estimate of the numerical error, not from a fixed epsilon; where that estimate
says that nothing can be told (a kink, a tie, a random draw, noise), the answer is 'unchecked'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.tensor import Tensor, grad
from tinygrad_cnn.testing.numeric import Slope, slope

Array = NDArray[Any]
Function = Callable[..., Tensor]

#: An analytic slope may differ from the numerical one by so many estimated errors.
MARGIN = 10.0


@dataclass
class Finding:
    """One comparison of an analytic with a numerical derivative.

    Attributes:
        status: 'pass', 'fail' or 'unchecked'.   order: 1 or 2.
        where: which input, and along what: 'all inputs, direction 0' or 'input 1, entry (0, 2)'.
        analytic, numeric: the two derivatives.   error: estimated error of the numerical one.
        reason: why it failed or could not be checked.
    """

    status: str
    order: int
    where: str
    analytic: float
    numeric: float
    error: float
    reason: str = ""

    def __str__(self) -> str:
        absolute = abs(self.analytic - self.numeric)
        scale = max(abs(self.analytic), abs(self.numeric))
        relative = absolute / scale if scale else 0.0
        ratio = self.analytic / self.numeric if self.numeric else np.nan
        text = (
            f"{self.status}: order {self.order}, {self.where}: analytic {self.analytic:.10g}, numeric "
            f"{self.numeric:.10g} ± {self.error:.1g}, difference {absolute:.3g} (relative {relative:.3g}), "
            f"ratio {ratio:.6g}"
        )
        return f"{text}; {self.reason}" if self.reason else text


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
    check = _Check(fn, points, active, rtol, atol, np.random.default_rng(seed))
    result = GradcheckResult(reproduce=_reproduction(fn, points, order, seed))
    if not check.repeats():
        nan = float("nan")
        reason = "two evaluations at the same point differ: a random draw, or a state that changes"
        result.findings.append(Finding("unchecked", 1, "value", nan, nan, nan, reason))
        return result
    for number in range(directions):
        for k in range(1, order + 1):
            result.findings.append(check.along(k, f"all inputs, direction {number}", check.random()))
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
        AssertionError: with the printed report.

    >>> assert_gradients(lambda x: x * x, np.array([1.0, 2.0]))
    """
    result = gradcheck(fn, *inputs, entries=options.pop("entries", False), **options)
    if result.status == "fail":
        raise AssertionError(str(gradcheck(fn, *inputs, entries=True, **options)))


class _Check:
    """What the comparisons share: the function, the point and the tolerances."""

    def __init__(
        self, fn: Function, points: list[Array], active: list[int], rtol: float, atol: float,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.fn, self.points, self.active, self.rtol, self.atol, self.rng = (
            fn, points, active, rtol, atol, rng,
        )  # fmt: skip
        self.value = self.call(points).numpy()
        self.cotangent = rng.uniform(-1, 1, self.value.shape)
        self.vectors = self.random()  # what the gradient is weighed with at second order
        types = [points[k].dtype for k in active] + [self.value.dtype]
        self.noise = float(max(np.finfo(t).eps for t in types if t.kind == "f"))

    def call(self, arrays: Sequence[Array], requires_grad: bool = False) -> Tensor:
        """The function's result at some arrays."""
        tensors = [
            Tensor(x, requires_grad=requires_grad and k in self.active) for k, x in enumerate(arrays)
        ]
        return self.result(tensors)

    def result(self, tensors: list[Tensor]) -> Tensor:
        with enable_grad():
            y = self.fn(*tensors)
        if not isinstance(y, Tensor) or y.dtype.kind != "f":
            got = y.dtype if isinstance(y, Tensor) else type(y).__name__
            raise DTypeError(f"gradcheck: the function must return a float Tensor, got {got}")
        return y

    def repeats(self) -> bool:
        """Whether the function gives the same values again."""
        return np.array_equal(self.value, self.call(self.points).numpy(), equal_nan=True)

    def random(self) -> list[Array]:
        """A random direction for each active input."""
        return [self.rng.uniform(-1, 1, self.points[k].shape) for k in self.active]

    def moved(self, t: float, direction: list[Array]) -> list[Array]:
        """The point, t along a direction, in the inputs' own types."""
        arrays = list(self.points)
        for k, v in zip(self.active, direction, strict=True):
            arrays[k] = (arrays[k].astype(np.float64) + t * v).astype(arrays[k].dtype)
        return arrays

    def gradients(self, arrays: list[Array], create_graph: bool = False) -> tuple[list[Tensor], list[Any]]:
        """The active leaves, and the gradients of <cotangent, result>; None where there is none."""
        tensors = [Tensor(x, requires_grad=k in self.active) for k, x in enumerate(arrays)]
        y = self.result(tensors)
        leaves = [tensors[k] for k in self.active]
        if not y.requires_grad:
            return leaves, [None] * len(leaves)
        w = Tensor(self.cotangent.astype(y.dtype))
        return leaves, list(grad(y, leaves, w, create_graph=create_graph, allow_unused=True))

    def first(self, arrays: list[Array], vectors: list[Array]) -> tuple[float, float]:
        """<gradient, vectors> at some arrays, and the size of its terms."""
        _, gs = self.gradients(arrays)
        return _inner(gs, vectors)

    def second(self, vectors: list[Array]) -> tuple[float, float]:
        """The derivative of <gradient, self.vectors> along other vectors, by the recorded walk."""
        leaves, gs = self.gradients(self.points, create_graph=True)
        weighed = [
            (g * v.astype(g.dtype)).sum()
            for g, v in zip(gs, self.vectors, strict=True)
            if g is not None and g.requires_grad
        ]
        if not weighed:
            return 0.0, 0.0
        total = sum(weighed[1:], weighed[0])
        return _inner(list(grad(total, leaves, allow_unused=True)), vectors)

    def along(self, order: int, where: str, direction: list[Array]) -> Finding:
        """One comparison along one direction."""
        if order == 1:
            analytic, terms = self.first(self.points, direction)

            def f(t: float) -> float:
                y = self.call(self.moved(t, direction)).numpy()
                return float((y.astype(np.float64) * self.cotangent).sum())
        else:
            analytic, terms = self.second(direction)

            def f(t: float) -> float:
                return self.first(self.moved(t, direction), self.vectors)[0]

        with np.errstate(all="ignore"):
            # Rounding limits small steps, curvature large ones: start higher for coarser types.
            found = slope(f, first_step=self.noise**0.25 * 4, noise=self.noise)
        return self.judge(order, where, analytic, MARGIN * self.noise * terms, found)

    def judge(self, order: int, where: str, analytic: float, rounding: float, found: Slope) -> Finding:
        """Pass, fail or unchecked, with the reason; `rounding` is what the analytic value may be off."""
        numeric, error, jump = found
        allowed = (
            self.atol + rounding + self.rtol * max(abs(analytic), abs(numeric) if numeric == numeric else 0)
        )
        apart = abs(analytic - numeric)

        def finding(status: str, reason: str = "") -> Finding:
            return Finding(status, order, where, analytic, numeric, error, reason)

        if not np.isfinite(numeric):
            return finding("unchecked", "the function is not finite around this point")
        # A kink comes first: there a symmetric difference may agree with a subgradient by accident.
        if jump > MARGIN * error + 1e-3 * (abs(numeric) + abs(analytic)) + self.atol:
            return finding("unchecked", f"a kink or a tie: the one-sided slopes differ by {jump:.3g}")
        if apart <= allowed + MARGIN * error and error <= max(allowed, 1e-3 * abs(numeric), 1e-6):
            return finding("pass")
        if apart > allowed + MARGIN * error:
            return finding("fail", explain(analytic, numeric))
        return finding("unchecked", f"the numerical derivative is only good to {error:.1g}")


def explain(analytic: float, numeric: float) -> str:
    """What a wrong ratio of analytic to numerical derivative usually means, or nothing.

    >>> explain(2.0, -2.0)
    'the sign is wrong'
    """
    if analytic == 0:
        return "no gradient arrives: a term is missing, or the graph was cut"
    if numeric == 0:
        return "a gradient where there should be none"
    ratio = analytic / numeric
    if abs(ratio + 1) < 1e-6:
        return "the sign is wrong"
    for factor in (2, 3, 4):
        if abs(ratio - factor) < 1e-6 * factor:
            return f"too large by a factor of {factor}: a term counted {factor} times?"
        if abs(ratio - 1 / factor) < 1e-6:
            return f"too small by a factor of {factor}: a term missing?"
    return ""


def _inner(gradients: list[Any], vectors: list[Array]) -> tuple[float, float]:
    """sum_k <gradient_k, vector_k> over the gradients that are there, and the sum of the |terms|."""
    pairs = zip(gradients, vectors, strict=True)
    terms = [g.numpy().astype(np.float64) * v for g, v in pairs if g is not None]
    return float(sum(t.sum() for t in terms)), float(sum(abs(t).sum() for t in terms))


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
