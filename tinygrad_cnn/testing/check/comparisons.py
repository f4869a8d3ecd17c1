"""One comparison of an analytic with a numerical derivative, and its verdict.

With cotangent w and direction v, the number <w, f(x)> has a slope along v, which reverse mode gives
as <grad, v> and evaluations along v give numerically, with an estimate of the error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.check.error_patterns import explain, recognise
from tinygrad_cnn.testing.check.slopes import Slope, slope
from tinygrad_cnn.transforms import jvp

Array = NDArray[Any]
Function = Callable[..., Tensor]

#: An analytic slope may differ from the numerical one by so many estimated errors.
MARGIN = 10.0

#: Forward and reverse mode may differ by so many rounding errors of their largest terms.
ROUNDINGS = 1e3

#: A numerical Jacobian is computed for inputs of so many elements, and of so many entries, at most.
FEW_ELEMENTS, FEW_ENTRIES = 1000, 10**6


#: What it means when they differ.
MODES_DIFFER = (
    "forward and reverse mode differ: a derivative is not linear in the gradient that comes in, or takes "
    "that gradient out of the graph (.numpy(), .detach())"
)


@dataclass
class Finding:
    """One comparison of an analytic with a numerical derivative, or of reverse with forward mode.

    Attributes:
        status: 'pass', 'fail' or 'unchecked'.   order: 1 or 2.
        where: which input, and along what: 'all inputs, direction 0' or 'input 1, entry (0, 2)'.
        analytic: the derivative by reverse mode.
        numeric: what it is compared with.   error: estimated error of that.
        reason: why it failed or could not be checked.
        against: 'numeric', or 'forward' if it was forward mode that it was compared with.
    """

    status: str
    order: int
    where: str
    analytic: float
    numeric: float
    error: float
    reason: str = ""
    against: str = "numeric"

    def __str__(self) -> str:
        if np.isnan(self.analytic):
            return f"{self.status}: order {self.order}, {self.where}: {self.reason}"
        absolute = abs(self.analytic - self.numeric)
        scale = max(abs(self.analytic), abs(self.numeric))
        relative = absolute / scale if scale else 0.0
        ratio = self.analytic / self.numeric if self.numeric else np.nan
        ours, other = ("reverse", "forward") if self.against == "forward" else ("analytic", "numeric")
        text = (
            f"{self.status}: order {self.order}, {self.where}: {ours} {self.analytic:.10g}, {other} "
            f"{self.numeric:.10g} ± {self.error:.1g}, difference {absolute:.3g} (relative {relative:.3g}), "
            f"ratio {ratio:.6g}"
        )
        return f"{text}; {self.reason}" if self.reason else text


class Comparer:
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
        coarsest = max((np.finfo(t) for t in types if t.kind == "f"), key=lambda info: info.eps)
        self.noise, self.coarsest = float(coarsest.eps), coarsest.dtype.name

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

    def forward(self, where: str, direction: list[Array]) -> Finding:
        """Reverse mode <Jᵀw, v> against forward mode <w, J·v>: equal but for rounding."""
        analytic, terms = self.first(self.points, direction)
        moves = [v.astype(self.points[k].dtype) for k, v in zip(self.active, direction, strict=True)]
        try:
            with np.errstate(all="ignore"):
                moved = jvp(self.by_active, tuple(self.points[k] for k in self.active), tuple(moves))[1]
        except Exception as raised:
            why = f"no forward mode, for a derivative cannot be recorded: {type(raised).__name__}: {raised}"
            return Finding("unchecked", 1, where, analytic, np.nan, np.nan, why, "forward")
        forward, size = _inner([moved], [self.cotangent])
        error = ROUNDINGS * self.noise * max(terms, size)
        finding = Finding("pass", 1, where, analytic, forward, error, against="forward")
        if not np.isfinite([analytic, forward]).all():
            finding.status, finding.reason = "unchecked", "forward or reverse mode is not finite here"
        elif abs(analytic - forward) > self.atol + error + self.rtol * max(abs(analytic), abs(forward)):
            finding.status, finding.reason = "fail", MODES_DIFFER
        return finding

    def by_active(self, *leaves: Tensor) -> Tensor:
        """The function of its active inputs alone."""
        tensors = [Tensor(x) for x in self.points]
        for k, leaf in zip(self.active, leaves, strict=True):
            tensors[k] = leaf
        return self.result(tensors)

    def pattern(self, place: int) -> str:
        """What the first-order gradient of one active input looks like, beside the numerical Jacobian."""
        x = self.points[self.active[place]]
        if x.size > FEW_ELEMENTS or x.size * self.value.size > FEW_ENTRIES:
            return ""
        found = self.gradients(self.points)[1][place]
        analytic = np.zeros(x.shape) if found is None else found.numpy().astype(np.float64)
        step = self.noise ** (1 / 3)
        columns = []
        with np.errstate(all="ignore"):
            for index in np.ndindex(x.shape):
                unit = [np.zeros(self.points[k].shape) for k in self.active]
                unit[place][index] = 1
                ahead, behind = (
                    self.call(self.moved(t, unit)).numpy().astype(np.float64) for t in (step, -step)
                )
                columns.append((ahead - behind) / (2 * step))
        jacobian = np.stack(columns, axis=-1) if columns else np.zeros((*self.value.shape, 0))
        jacobian = jacobian.reshape((*self.value.shape, *x.shape))
        return recognise(analytic, jacobian, self.cotangent, max(1e-6, 1e3 * self.noise))

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
            blur = min(MARGIN * error / abs(numeric), 1e-2) if numeric else 0.0
            return finding("fail", explain(analytic, numeric, max(1e-6, blur)))
        why = f": noise of {self.coarsest}" if self.coarsest != "float64" else ""
        return finding("unchecked", f"the numerical derivative is only good to {error:.1g}{why}")


def _inner(gradients: list[Any], vectors: list[Array]) -> tuple[float, float]:
    """sum_k <gradient_k, vector_k> over the gradients that are there, and the sum of the |terms|."""
    pairs = zip(gradients, vectors, strict=True)
    terms = [g.numpy().astype(np.float64) * v for g, v in pairs if g is not None]
    return float(sum(t.sum() for t in terms)), float(sum(abs(t).sum() for t in terms))
