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
