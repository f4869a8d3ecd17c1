"""Comparisons of an analytic with a numerical derivative, along a direction.

With cotangent w and direction v, the number <w, f(x)> has a slope along v, which reverse mode gives
as <grad, v> and evaluations along v give numerically, with an estimate of the error. What looks wrong
is looked at again before it fails: with other steps, with the noise of both sides measured, and in a
wider type where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.testing.check.error_patterns import recognise
from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.one_comparison import (
    CLOSER,
    MARGIN,
    NOISE_SPACINGS,
    ROUNDINGS,
    Comparison,
    inner,
    scale_of,
)
from tinygrad_cnn.testing.check.quick_looks import LAST_STEP
from tinygrad_cnn.testing.check.slopes import slope
from tinygrad_cnn.testing.check.subjects import Subject
from tinygrad_cnn.testing.frameworks.base import NotSupportedError

Array = NDArray[Any]

#: A numerical Jacobian is computed for inputs of so many elements, and of so many entries, at most.
FEW_ELEMENTS, FEW_ENTRIES = 1000, 10**6

#: A second opinion in a wider type is asked for up to so many elements; beyond, a failure that is clear
#: is believed at once, and one wrong entry is enough.
SECOND_OPINION = 10**5

#: Incoming gradients are made so many times larger and smaller, a power of 2 that adds no rounding; in
#: coarse types a smaller one.
FAR, FAR_IN_HALF = 1024.0, 8.0

#: From so many on, random numbers are of fewer digits.
MANY = 4096

#: What it means when they differ.
MODES_DIFFER = (
    "forward and reverse mode differ: a derivative is not linear in the gradient that comes in, or takes "
    "that gradient out of the graph (.numpy(), .detach())"
)


def drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random numbers in (-1, 1): those of `rng.uniform`; many are of 16 bits, never 0, and quicker.

    >>> bool(drawn(np.random.default_rng(0), (1,)) == np.random.default_rng(0).uniform(-1, 1, 1))
    True
    """
    size = math.prod(shape)
    if size >= MANY:
        found = rng.bit_generator.random_raw(size // 4 + 1).view(np.int16)[:size].reshape(shape) + 0.5
        found *= 2.0**-15
        return found
    found = np.asarray(rng.random(shape))
    found *= 2
    found -= 1
    return found


def same(a: Array, b: Array) -> bool:
    """Whether two arrays have equal elements, NaN where the other has NaN.

    >>> same(np.array([np.nan]), np.array([np.nan])), same(np.array([0]), np.array([1]))
    (True, False)
    """
    kinds = a.dtype.kind + b.dtype.kind
    return np.array_equal(a, b) or (kinds == "ff" and np.array_equal(a, b, equal_nan=True))


class Comparer:
    """Shared by the comparisons: the function, the point and the tolerances."""

    def __init__(self, subject: Subject, rtol: float, atol: float, rng: np.random.Generator) -> None:
        self.subject, self.rtol, self.atol, self.rng = subject, rtol, atol, rng
        self.points, self.active = subject.points, subject.active
        with np.errstate(all="ignore"):
            self.values = subject.outputs(self.points)
        # Of one number the slope itself is compared, in the user's units; several are weighed.
        one = sum(y.size for y in self.values) == 1
        self.cotangents = [np.ones(y.shape) if one else drawn(rng, y.shape) for y in self.values]
        self.eps = max(subject.eps, *(float(np.finfo(y.dtype).eps) for y in self.values))
        #: How far each active input moves.
        self.scales = [scale_of(self.points[k]) for k in self.active]
        #: For each input whether the function wrote to it; `repeats` finds out.
        self.written: list[bool] = []
        self._gradients: list[Array | None] | None = None
        self._scaled: list[list[Array | None]] | None = None
        self._values_size: float | None = None
        self._wider: Comparer | None = None
        #: What the function raised at a point beside the given one.
        self.raised = ""
        #: Orders at which a failure was doubted and stood: later ones are believed.
        self.sure: set[int] = set()

    @cached_property
    def vectors(self) -> list[Array]:
        """Weights of the gradient, where its own derivative is judged."""
        return [drawn(self.rng, self.points[k].shape) for k in self.active]

    @cached_property
    def displacement(self) -> float:
        """The distance that the value moves when each element of the inputs is rounded."""
        rounded = 0.0
        for g, k in zip(self.gradients(), self.active, strict=True):
            if g is not None:
                terms = np.multiply(g, self.points[k], dtype=np.float64)
                rounded += float(np.vdot(terms, terms))
        return float(self.eps * np.sqrt(rounded))

    @cached_property
    def huge(self) -> bool:
        """Whether each evaluation takes long."""
        return sum(np.size(x) for x in self.points) + sum(y.size for y in self.values) > SECOND_OPINION

    def repeats(self) -> bool:
        """Whether the function gives the same values again; where it can be, its gradients are kept."""

        def note(left: list[Array]) -> None:
            self.written = [not same(x, before) for x, before in zip(left, self.points, strict=True)]

        with np.errstate(all="ignore"):
            again, walks = self.subject.again(self.points, self._several_weights, note)
        if walks:
            self._gradients, *scaled = walks
            self._scaled = scaled or None
            if scaled and _shared(walks[0], scaled[0]):  # a later walk has written to the first gradient
                self._gradients = None
        return len(again) == len(self.values) and all(map(same, self.values, again))

    # ----------------------------------------------------------------------- directions
    def random(self) -> list[Array]:
        """A random direction, of the scale of each input: of its largest element, and 1 at most."""
        return [draw * scale for draw, scale in zip(self._draws(), self.scales, strict=True)]

    def relative(self) -> list[Array]:
        """A random direction in which each element moves by a share of itself."""
        moves = []
        for draw, k in zip(self._draws(), self.active, strict=True):
            size = np.abs(self.points[k].astype(np.float64, copy=False))
            if size.size and not size.min() > 0:
                size = np.where(size > 0, size, min(1.0, float(size.max()) or 1.0))
            moves.append(draw * size)
        return moves

    def _draws(self) -> list[Array]:
        """Random numbers for each element; 1 if it is one alone: so the slope itself is seen."""
        shapes = [self.points[k].shape for k in self.active]
        if sum(map(math.prod, shapes)) == 1:
            return [np.ones(shape) for shape in shapes]
        return [drawn(self.rng, shape) for shape in shapes]

    def together(self) -> list[Array]:
        """The direction in which all elements move alike, so that those that tie stay tied."""
        return [
            np.full(self.points[k].shape, scale) for k, scale in zip(self.active, self.scales, strict=True)
        ]

    def only(self, place: int, chosen: Array, sizes: Array | float = 1.0) -> list[Array]:
        """A direction that moves the chosen elements (a mask) of one active input."""
        vectors = [np.zeros(self.points[k].shape) for k in self.active]
        vectors[place] = np.where(chosen, sizes, 0.0) * self.scales[place]
        return vectors

    def moved(self, t: float, direction: Sequence[Array]) -> list[Array]:
        """The point, t along a direction, in the inputs' own types."""
        arrays = list(self.points)
        for k, v in zip(self.active, direction, strict=True):
            x = arrays[k]
            wide = np.promote_types(x.dtype, np.float64)
            step = np.multiply(v, t, dtype=wide)
            arrays[k] = np.add(x, step, out=step if step.ndim else None).astype(x.dtype, copy=False)
        return arrays

    # ----------------------------------------------------------------------- evaluations
    def gradients(self) -> list[Array | None]:
        """The gradients of the active inputs, computed once."""
        if self._gradients is None:
            (found,) = self.subject.gradients(self.points, [self._weights()])
            self._gradients = [None if g is None else g.copy() for g in found]  # it may be a buffer
        return self._gradients

    @property
    def far(self) -> float:
        """How many times larger and smaller incoming gradients are made."""
        return FAR if self.eps < 1e-5 else FAR_IN_HALF

    def scaled_gradients(self) -> list[list[Array | None]]:
        """The gradients of two walks over one recording, of weights times -far, and times 1 / far."""
        if self._scaled is None:
            self._scaled = self.subject.gradients(self.points, self._scaled_weights())
        return self._scaled

    def _several_weights(self) -> list[list[Array]]:
        """Those of all walks over one recording; where a wider type is judged, one walk is enough."""
        narrow = self.eps > np.finfo(np.float64).eps
        return [self._weights(), *([] if narrow else self._scaled_weights())]

    def _scaled_weights(self) -> list[list[Array]]:
        w = self._weights()
        return [[-self.far * x for x in w], [x / self.far for x in w]]

    def _weights(self) -> list[Array]:
        return [w.astype(y.dtype) for w, y in zip(self.cotangents, self.values, strict=True)]

    def _first(self, arrays: Sequence[Array], vectors: Sequence[Array]) -> float:
        """<gradient, vectors> at some arrays."""
        try:
            (found,) = self.subject.gradients(arrays, [self._weights()])
        except Exception as error:
            return self._outside(error)
        return inner(found, vectors)[0]

    def _analytic(self, order: int) -> list[Array | None]:
        """The derivative that is judged: the gradient, or that of <gradient, self.vectors>."""
        if order == 1:
            return self.gradients()
        return self.subject.second(self.points, self._weights(), self.vectors)

    def _value_change(self, arrays: Sequence[Array], spare: Sequence[int] = ()) -> float:
        """<w, f(arrays) - f(points)>: differences first, so that large results lose no digits.

        Args:
            spare: the numbers of arrays that nobody needs afterwards.
        """
        try:
            return self.subject.seen(arrays, self._change_of, spare)
        except Exception as error:
            return self._outside(error)

    def _outside(self, error: Exception) -> float:
        """NaN, for a point beside the given one may be outside the domain; what was raised is kept."""
        self.raised = f"it raises {type(error).__name__}: {str(error)[:100]}"
        return float("nan")

    def _change_of(self, values: Sequence[Array]) -> float:
        total: Any = 0.0
        for y, before, w in zip(values, self.values, self.cotangents, strict=True):
            if y.shape != before.shape:
                return float("nan")
            change = np.subtract(y, before, dtype=None if y.itemsize > 4 else np.float64)
            total += np.longdouble(np.vdot(change, w))
        return float(total)

    def _size(self, order: int) -> float:
        """The size of what is differentiated, as its rounding goes."""
        if order == 2:
            rows = zip(self.gradients(), self.vectors, strict=True)
            return _length([np.multiply(g, v, dtype=np.float64) for g, v in rows if g is not None])
        if self._values_size is None:
            pairs = zip(self.values, self.cotangents, strict=True)
            self._values_size = _length([np.multiply(y, w, dtype=np.float64) for y, w in pairs])
        return self._values_size

    # ----------------------------------------------------------------------- one comparison
    def along(self, order: int, where: str, direction: list[Array]) -> Finding:
        """One comparison along one direction; narrow inputs are judged in float64 where that can be."""
        with np.errstate(all="ignore"):
            wider = self.wider() if self.eps > np.finfo(np.float64).eps else None
            return Comparison(wider or self, order, where, direction).finding()

    def wider(self) -> Comparer | None:
        """The same comparisons in the next wider type, where the function gives the same value."""
        if self._wider is None:
            if self.huge:
                return None
            subject = self.subject.widened()
            if subject is None:
                return None
            try:
                made = Comparer(subject, self.rtol, self.atol, np.random.default_rng(0))
                made.cotangents = [
                    w.astype(y.dtype) for w, y in zip(self._weights(), self.values, strict=True)
                ]
                made.vectors = self.vectors
                made.repeats()  # one recording gives the gradients of several walks
                made.gradients()
            except Exception:  # a function that takes its own type alone
                return None
            if made.eps >= self.eps or [y.shape for y in made.values] != [y.shape for y in self.values]:
                return None
            self._wider = made
        return self._wider

    def looks_wrong(self, direction: list[Array]) -> bool:
        """Whether the gradient along a direction seems wrong, by six evaluations."""
        with np.errstate(all="ignore"):
            look = Comparison(self, 1, "", direction)
            found = slope(look.change, LAST_STEP, look.floor, levels=3)
            room = self.atol + MARGIN * (found.error + self.eps * look.terms) + found.jump
            return not abs(look.analytic - found.value) <= room + 1e-6 * abs(found.value)

    def unresolved(self) -> str:
        """Why the function's value is no more than rounding, judged by a wider type; '' if it is not."""
        wider = self.wider()
        if wider is None:
            return ""
        limit = max(1e-4, 30 * self.eps**0.75)
        with np.errstate(all="ignore"):
            for y, z in zip(self.values, wider.values, strict=True):
                size = np.abs(z).max(initial=0)
                if np.isfinite(z).all() and not np.isfinite(y).all():
                    return f"the function is not finite in {y.dtype}, and is in {z.dtype}"
                if np.abs(y - z).max(initial=0) > limit * size:
                    return f"the function's own rounding in {y.dtype} is larger than what is to be seen"
        return ""

    def forward(self, where: str, direction: list[Array]) -> Finding:
        """Reverse mode <Jᵀw, v> against forward mode <w, J·v>: equal but for rounding."""
        with np.errstate(all="ignore"):
            moves = [v.astype(self.points[k].dtype) for k, v in zip(self.active, direction, strict=True)]
            analytic, terms = inner(self.gradients(), moves)
            try:
                moved = self.subject.forward(self.points, moves)
            except NotSupportedError as why:
                return Finding("unchecked", 1, where, analytic, np.nan, np.nan, str(why), "forward")
            forward, size = inner(moved, self._weights())
            error = ROUNDINGS * self.eps * max(terms, size, self._size(1))
            finding = Finding("pass", 1, where, analytic, forward, error, against="forward")
            if not np.isfinite([analytic, forward]).all():
                finding.status, finding.reason = "unchecked", "forward or reverse mode is not finite here"
            elif abs(analytic - forward) > self.atol + error + self.rtol * max(abs(analytic), abs(forward)):
                finding.status, finding.reason = "fail", MODES_DIFFER
                wider = self.wider()
                if wider is not None and wider.come_closer(where, direction, abs(analytic - forward)):
                    finding.status = "unchecked"
                    finding.reason = "rounding: in a wider type the modes come closer"
            return finding

    def come_closer(self, where: str, direction: list[Array], apart: float) -> bool:
        """Whether both modes differ by less than they are `apart` in a narrower type, or tell nothing."""
        found = self.forward(where, direction)
        return found.status == "unchecked" or abs(found.analytic - found.numeric) <= CLOSER * apart

    def complex_step(self, where: str, direction: list[Array]) -> Finding:
        """The gradient against a complex step, which is exact but for rounding."""
        with np.errstate(all="ignore"):
            analytic, terms = inner(self.gradients(), direction)
            nan = float("nan")
            try:
                moved = self.subject.along_complex(direction)
            except NotSupportedError as why:
                return Finding("unchecked", 1, where, analytic, nan, nan, f"no complex step: {why}")
            exact, size = inner(moved, self.cotangents)
            error = ROUNDINGS * self.eps * max(terms, size)
            finding = Finding("pass", 1, where, analytic, exact, error)
            if not np.isfinite(exact):
                finding.status, finding.reason = "unchecked", "no complex step: it is not finite here"
            elif not abs(analytic - exact) <= self.atol + error:
                noise = Comparison(self, 1, where, direction).own_noise(NOISE_SPACINGS)
                if abs(analytic - exact) > self.atol + error + MARGIN * noise or not np.isfinite(analytic):
                    finding.status, finding.reason = "fail", "it differs from the complex step"
            return finding

    def pattern(self, place: int) -> str:
        """Compare the first-order gradient of one active input with the numerical Jacobian."""
        x = self.points[self.active[place]]
        if len(self.values) > 1 or x.size > FEW_ELEMENTS or x.size * self.values[0].size > FEW_ENTRIES:
            return ""
        wider = self.wider() if self.eps > np.finfo(np.float64).eps else None
        if wider is not None:
            return wider.pattern(place)
        found = self.gradients()[place]
        analytic = np.zeros(x.shape) if found is None else found.astype(np.float64)
        step = self.eps ** (1 / 3) * scale_of(x)
        columns = []
        with np.errstate(all="ignore"):
            for index in np.ndindex(x.shape):
                unit = [np.zeros(self.points[k].shape) for k in self.active]
                unit[place][index] = 1
                ahead, behind = (self.subject.outputs(self.moved(t, unit))[0] for t in (step, -step))
                columns.append((ahead.astype(np.float64) - behind.astype(np.float64)) / (2 * step))
        shape = self.values[0].shape
        jacobian = np.stack(columns, axis=-1) if columns else np.zeros((*shape, 0))
        jacobian = jacobian.reshape((*shape, *x.shape))
        return recognise(analytic, jacobian, self.cotangents[0], max(1e-6, 1e3 * self.eps))


def _shared(some: Sequence[Array | None], others: Sequence[Array | None]) -> bool:
    """Whether a gradient lies in the memory of the same input's other one."""
    pairs = zip(some, others, strict=True)
    return any(a is not None and b is not None and np.shares_memory(a, b) for a, b in pairs)


def _length(terms: list[Array]) -> float:
    return float(np.sqrt(sum(float(np.vdot(t, t)) for t in terms)))
